using SafetySdk.Classification;
using SafetySdk.External;
using SafetySdk.Images;
using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>
/// What UploadCheck and OutputCheck have in common: decode each picture, look it up, and — unless one of them is known content, which
/// decides by itself and must not be looked at any longer than needed — run the detectors, ours and others', at the same time.
/// </summary>
internal sealed class ImageExamination(ImageLoading loading, IImageAnalyzer? analyzer, ExternalExamination external)
{
    private const string AnalyzeCheck = "image-detectors";

    // Fainter objects would put words into mouths.
    private const double LeastObject = 0.5;

    public async ValueTask<IReadOnlyList<ExaminedImage>> ExamineAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> images, string source, Operation operation, StageBudget budget)
    {
        if (images.Count == 0)
        {
            return [];
        }

        int[] places = [.. Enumerable.Range(0, images.Count)];
        LoadedImage[] loaded = await budget.ComputeAsync(
            places,
            (i, token) => loading.Load(images[i].Span, $"{source} {i}", token),
            i => new LoadedImage(Late(new ExaminedImage($"{source} {i}"), ImageLoading.DecodeCheck), null, []),
            static l => l.Release()).ConfigureAwait(false);
        try
        {
            if (loaded.Any(static l => l.Examined.IsKnown))
            {
                return [.. loaded.Select(static l => l.Examined)];
            }

            ValueTask<ExternalOutcome[]> others = external.ExamineAsync(
                [.. places.Select(i => new ExternalQuery
                {
                    Stage = budget.Stage,
                    Operation = operation,
                    Source = $"{source} {i}",
                    Image = images[i],
                })],
                budget);
            ExaminedImage[] examined = await budget.ComputeAsync(
                loaded, Analyze, static l => Late(l.Examined, AnalyzeCheck)).ConfigureAwait(false);
            foreach (ExternalOutcome outcome in await others.ConfigureAwait(false))
            {
                string? about = outcome.Failure?.Source ?? (outcome.Signals.Count > 0 ? outcome.Signals[0].Source : null);
                int i = Array.FindIndex(examined, e => e.Source == about);
                if (i >= 0)
                {
                    examined[i] = examined[i] with
                    {
                        Signals = [.. examined[i].Signals, .. outcome.Signals],
                        Failures = outcome.Failure is { } failure ? [.. examined[i].Failures, failure] : examined[i].Failures,
                    };
                }
            }

            return examined;
        }
        finally
        {
            foreach (LoadedImage image in loaded)
            {
                image.Release();
            }
        }
    }

    private ExaminedImage Analyze(LoadedImage image, CancellationToken cancellationToken)
    {
        ExaminedImage examined = image.Examined;
        if (image.Analyzed.Count == 0)
        {
            return examined;
        }

        if (analyzer is null)
        {
            return examined.Failed(
                AnalyzeCheck, CheckFailureKind.Unavailable, "no image detectors are registered; add them, for example AddOnnxDetectors().");
        }

        if (!image.TryHold())
        {
            // The stage is over.
            return Late(examined, AnalyzeCheck);
        }

        try
        {
            var signals = new List<Signal>(examined.Signals);
            var failures = new List<CheckFailure>(examined.Failures);
            var text = new List<string>();
            var objects = new SortedSet<string>(StringComparer.Ordinal);
            foreach (DecodedFrame frame in image.Analyzed)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ImageAnalysis analysis = analyzer.Analyze(frame.Pixels, cancellationToken);
                signals.AddRange(analysis.Signals.Select(s => s with { Source = examined.Source, Modality = Modality.Image }));
                signals.Add(new Signal(SafetyCategory.Photorealistic, analysis.Photo, AnalyzeCheck, string.Empty)
                {
                    Source = examined.Source,
                    Modality = Modality.Image,
                });
                objects.UnionWith(analysis.Objects.Where(static o => o.Score >= LeastObject).Select(static o => o.Label));
                failures.AddRange(analysis.Failures.Select(f => f with { Source = examined.Source }));
                // What stays on the screen from frame to frame is written there once.
                string[] before = [.. text];
                text.AddRange(analysis.Text.Select(static l => l.Text).Where(l => !before.Contains(l)));
            }

            return examined with { Signals = signals, Failures = failures, Text = text.Count == 0 ? null : string.Join('\n', text), Objects = [.. objects] };
        }
        catch (ModelException e)
        {
            return examined.Failed(AnalyzeCheck, CheckFailureKind.Unavailable, e.Message);
        }
        catch (Exception e) when (StageBudget.IsFault(e, cancellationToken))
        {
            // A detector may quote its input in a message: the type alone is safe to pass on.
            return examined.Failed(AnalyzeCheck, CheckFailureKind.Fault, $"{examined.Source}: the detectors failed ({e.GetType().Name}).");
        }
        finally
        {
            image.Release();
        }
    }

    private static ExaminedImage Late(ExaminedImage examined, string check)
        => examined.Failed(check, CheckFailureKind.TimedOut, $"{examined.Source}: not done within the time of the stage.");
}
