using SafetySdk.Classification;
using SafetySdk.Prompts;

namespace SafetySdk.Pipeline;

/// <summary>Third stage: what the user asks for, typed now or in earlier turns, or written into a picture.</summary>
internal sealed class PromptCheck(TextExamination texts)
{
    public async ValueTask<StageResult> CheckAsync(SafetyRequest request, IReadOnlyList<ExaminedImage> uploads, StageBudget budget)
    {
        var parts = new List<TextPart>();
        for (int i = 0; i < request.Turns.Count; i++)
        {
            parts.Add(new TextPart(request.Turns[i], TextOrigin.Prompt, $"turn {i}"));
        }

        if (request.Prompt is { } prompt)
        {
            parts.Add(new TextPart(prompt, TextOrigin.Prompt, "prompt"));
        }

        int typed = parts.Count;
        foreach (ExaminedImage upload in uploads)
        {
            if (upload.Text is { } text)
            {
                parts.Add(new TextPart(text, TextOrigin.Picture, $"text in {upload.Source}"));
            }
        }

        if (parts.Count == 0)
        {
            return StageResult.NothingToCheck;
        }

        var signals = new List<Signal>();
        var failures = new List<CheckFailure>();
        await texts.ExamineAsync(parts, request.Operation, budget, signals, failures).ConfigureAwait(false);
        if (typed > 1)
        {
            signals.AddRange(await texts.JoinedAsync(
                Typed(request), "conversation", request.Operation, budget, [.. signals], failures).ConfigureAwait(false));
        }

        signals.AddRange(SignalComposer.InText(signals));
        return new StageResult(signals, failures);
    }

    /// <summary>All that was typed, as one text: what is split over turns is said all the same.</summary>
    public static string Typed(SafetyRequest request)
        => request.Turns.Count == 0 ? request.Prompt ?? string.Empty
            : string.Join(' ', request.Prompt is null ? request.Turns : request.Turns.Append(request.Prompt));
}
