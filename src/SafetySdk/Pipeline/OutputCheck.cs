using SafetySdk.Classification;
using SafetySdk.Prompts;

namespace SafetySdk.Pipeline;

/// <summary>Last stage: what the model made, judged like an upload and together with what was asked.</summary>
internal sealed class OutputCheck(ImageExamination examination, TextExamination texts)
{
    public StageResult Check(SafetyRequest request, IReadOnlyList<Signal> textSignals, CancellationToken cancellationToken)
    {
        IReadOnlyList<ExaminedImage> outputs = examination.Examine(request.OutputImages, "output image", cancellationToken);
        if (outputs.Count == 0)
        {
            return StageResult.NothingToCheck;
        }

        StageResult pictures = StageResult.Of(outputs);
        var signals = new List<Signal>(pictures.Signals);
        var failures = new List<CheckFailure>(pictures.Failures);
        foreach (ExaminedImage output in outputs)
        {
            var read = new List<Signal>();
            if (output.Text is { } text)
            {
                texts.Examine(text, TextOrigin.Picture, $"text in {output.Source}", read, failures);
            }

            signals.AddRange(read);
            // A prompt that speaks of a minor makes sexual output worse, whatever the age estimate says; each picture stands alone.
            Signal[] together = [.. textSignals, .. read, .. output.Signals];
            signals.AddRange(SignalComposer.SexualMinors(together));
            // A name in the prompt makes an explicit picture one of a real person.
            signals.AddRange(SignalComposer.InText(together).Where(c => c.Category == SafetyCategory.SexualRealPerson && c.Modality != Modality.Text));
        }

        return new StageResult(signals, failures);
    }
}
