using SafetySdk.Classification;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Pipeline;

/// <summary>Fourth stage: prompt and pictures together, for harm that no single part shows.</summary>
internal sealed class JointCheck(TextExamination texts)
{
    public StageResult Check(SafetyRequest request, IReadOnlyList<ExaminedImage> uploads, IReadOnlyList<Signal> textSignals)
    {
        bool hasPictures = uploads.Count > 0;
        if (!hasPictures && !request.ChatRefused)
        {
            // Text alone is whole in PromptCheck; a picture alone is not in UploadCheck: what it shows, and shows together, meets here.
            return StageResult.NothingToCheck;
        }

        var signals = new List<Signal>();
        var failures = new List<CheckFailure>();
        IReadOnlyList<Signal> allText = [.. textSignals, .. JoinedText(request, uploads, textSignals, failures)];
        IReadOnlyList<Signal> pictures = [.. uploads.SelectMany(u => u.Signals)];
        signals.AddRange(allText.Skip(textSignals.Count));
        // Halves of a sentence name a person and say the rest; what each half shows alone has been composed with the prompt.
        signals.AddRange(SignalComposer.InText(allText).Where(c => !textSignals.Any(t => t.Category == c.Category && t.Score >= c.Score)));
        signals.AddRange(SignalComposer.RequestAboutPictures(allText, pictures, hasPictures));
        if (request.Operation == Operation.Understand)
        {
            // Talking about several pictures does not merge them: each is judged with the text, not with the others.
            foreach (ExaminedImage upload in uploads)
            {
                signals.AddRange(SignalComposer.SexualMinors([.. allText, .. upload.Signals]));
            }
        }
        else
        {
            signals.AddRange(SignalComposer.SexualMinors([.. allText, .. pictures]));
        }

        if (request.ChatRefused)
        {
            signals.Add(new Signal(SafetyCategory.ChatRefusal, 1, "chat-model", "host"));
        }

        return new StageResult(signals, failures);
    }

    // A sentence split between the prompt and pictures is judged as one. Pictures are joined in the order of their text, not of the
    // request, so that their order leaves no trace. Only what is new or stronger than in the parts is kept.
    private List<Signal> JoinedText(
        SafetyRequest request, IReadOnlyList<ExaminedImage> uploads, IReadOnlyList<Signal> parts, List<CheckFailure> failures)
    {
        string[] read = [.. uploads.Select(u => u.Text).OfType<string>().Order(StringComparer.Ordinal)];
        var joined = new List<Signal>();
        if (read.Length + (request.Prompt is null ? 0 : 1) < 2)
        {
            return joined;
        }

        string text = string.Join('\n', request.Prompt is null ? read : [request.Prompt, .. read]);
        if (text.Length <= PromptLimits.MaxCharacters)
        {
            texts.Examine(text, TextOrigin.Prompt, "prompt and text in images", joined, failures);
        }
        else
        {
            failures.Add(new CheckFailure(
                "joint-text", CheckFailureKind.InvalidInput, $"prompt and text in images have {text.Length} characters together, at most {PromptLimits.MaxCharacters} are judged."));
        }

        // Spans would point into a text that nobody typed.
        return [.. joined.Where(j => !parts.Any(p => p.Category == j.Category && p.Score >= j.Score)).Select(j => j with { Span = null })];
    }
}
