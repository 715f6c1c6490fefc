using SafetySdk.Classification;
using SafetySdk.Prompts;

namespace SafetySdk.Pipeline;

/// <summary>Third stage: what the user asks for, typed or written into a picture.</summary>
internal sealed class PromptCheck(TextExamination texts)
{
    public StageResult Check(SafetyRequest request, IReadOnlyList<ExaminedImage> uploads)
    {
        var signals = new List<Signal>();
        var failures = new List<CheckFailure>();
        bool any = request.Prompt is not null;
        if (request.Prompt is { } prompt)
        {
            texts.Examine(prompt, TextOrigin.Prompt, "prompt", signals, failures);
        }

        foreach (ExaminedImage upload in uploads)
        {
            if (upload.Text is { } text)
            {
                any = true;
                texts.Examine(text, TextOrigin.Picture, $"text in {upload.Source}", signals, failures);
            }
        }

        signals.AddRange(SignalComposer.InText(signals));
        return any ? new StageResult(signals, failures) : StageResult.NothingToCheck;
    }
}
