using SafetySdk.Classification;
using SafetySdk.Prompts;

namespace SafetySdk.Pipeline;

/// <summary>Last stage: what the model made, judged like an upload and together with what was asked and given.</summary>
internal sealed class OutputCheck(ImageExamination examination, TextExamination texts)
{
    public async ValueTask<StageResult> CheckAsync(
        SafetyRequest request, IReadOnlyList<Signal> textSignals, IReadOnlyList<Signal> uploadSignals, StageBudget budget)
    {
        if (request.OutputImages.Count == 0 && request.OutputText is null)
        {
            return StageResult.NothingToCheck;
        }

        var signals = new List<Signal>();
        var failures = new List<CheckFailure>();
        var notes = new List<CheckNote>();
        if (request.OutputText is { } answer)
        {
            await texts.ExamineAsync(
                [new TextPart(answer, TextOrigin.Picture, "output text")], request.Operation, budget, signals, failures).ConfigureAwait(false);
        }

        // A child who was shown to the model is the child that it may have shown.
        Signal[] children =
        [
            .. uploadSignals.Where(static s => s.Category is SafetyCategory.ChildPhoto or SafetyCategory.ChildDrawing),
        ];
        var outputs = new List<StageResult>();
        foreach (ExaminedImage output in await examination.ExamineAsync(
            request.OutputImages, "output image", request.Operation, budget).ConfigureAwait(false))
        {
            var seen = new List<Signal>();
            var failed = new List<CheckFailure>(output.Failures);
            if (output.Text is { } text)
            {
                await texts.ExamineAsync(
                    [new TextPart(text, TextOrigin.Picture, $"text in {output.Source}")], request.Operation, budget, seen, failed).ConfigureAwait(false);
            }

            // A prompt that speaks of a minor makes sexual output worse, whatever the age estimate says; each picture stands alone.
            Signal[] shown = [.. seen, .. output.Signals];
            Signal[] together = [.. textSignals, .. shown];
            Signal[] composed =
            [
                .. SignalComposer.SexualMinors(together),
                .. SignalComposer.SexualMinors([.. children, .. shown]),
                // A name in the prompt makes an explicit picture one of a real person.
                .. SignalComposer.InText(together).Where(c => c.Category == SafetyCategory.SexualRealPerson && c.Modality != Modality.Text),
            ];
            outputs.Add(new StageResult([.. output.Signals, .. seen, .. composed.Distinct()], failed));
            notes.AddRange(output.Notes);
        }

        return new StageResult(
            [.. signals, .. outputs.SelectMany(static o => o.Signals)], [.. failures, .. outputs.SelectMany(static o => o.Failures)])
        {
            Notes = notes,
            Outputs = outputs,
        };
    }
}
