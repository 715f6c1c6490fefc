using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>Fourth stage: prompt and pictures together, for harm that no single part shows.</summary>
internal sealed class JointCheck(TextExamination texts)
{
    public async ValueTask<StageResult> CheckAsync(
        SafetyRequest request, IReadOnlyList<ExaminedImage> uploads, IReadOnlyList<Signal> textSignals, StageBudget budget)
    {
        bool hasPictures = uploads.Count > 0;
        if (!hasPictures && !request.ChatRefused)
        {
            // Text alone is whole in PromptCheck; a picture alone is not in UploadCheck: what it shows, and shows together, meets here.
            return StageResult.NothingToCheck;
        }

        var failures = new List<CheckFailure>();
        IReadOnlyList<Signal> joined = await JoinedTextAsync(request, uploads, textSignals, budget, failures).ConfigureAwait(false);
        var signals = new List<Signal>(joined);
        IReadOnlyList<Signal> allText = [.. textSignals, .. joined];
        IReadOnlyList<Signal> pictures = [.. uploads.SelectMany(u => u.Signals)];

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

    // A sentence split between what was typed and pictures is judged as one; so is one where a picture stands for a word.
    private async ValueTask<IReadOnlyList<Signal>> JoinedTextAsync(
        SafetyRequest request,
        IReadOnlyList<ExaminedImage> uploads,
        IReadOnlyList<Signal> parts,
        StageBudget budget,
        List<CheckFailure> failures)
    {
        var found = new List<Signal>();
        foreach (string text in JointText.Of(PromptCheck.Typed(request), uploads))
        {
            var failed = new List<CheckFailure>();
            IReadOnlyList<Signal> known = found.Count == 0 ? parts : [.. parts, .. found];
            found.AddRange(await texts.JoinedAsync(text, "prompt and text in images", request.Operation, budget, known, failed).ConfigureAwait(false));
            failures.AddRange(failed.Where(f => !failures.Exists(k => (k.Check, k.Kind, k.Message) == (f.Check, f.Kind, f.Message))));
        }

        return found;
    }
}
