using SafetySdk.Classification;
using SafetySdk.Images;
using SafetySdk.Matching;

namespace SafetySdk.Pipeline;

/// <summary>
/// What UploadCheck and OutputCheck have in common: decode each picture, look it up, and — unless one of them is known content, which
/// decides by itself and must not be looked at any longer than needed — run the detectors.
/// </summary>
internal sealed class ImageExamination(
    IImageDecoder? decoder, IImageAnalyzer? analyzer, IReadOnlyList<IKnownContentMatcher> matchers, ImageLimits limits)
{
    private const string DecodeCheck = "decode";
    private const string AnalyzeCheck = "image-detectors";
    private const string MatchCheck = "known-content";
    private const string FramesCheck = "frames";

    private readonly DecodeOptions _options = DecodeOptions.Default with { Limits = limits };

    public IReadOnlyList<ExaminedImage> Examine(
        IReadOnlyList<ReadOnlyMemory<byte>> images, string source, CancellationToken cancellationToken)
    {
        var decoded = new DecodedImage?[images.Count];
        var examined = new ExaminedImage[images.Count];
        try
        {
            bool known = false;
            for (int i = 0; i < images.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                examined[i] = DecodeAndMatch(images[i].Span, $"{source} {i}", out decoded[i], cancellationToken);
                known |= examined[i].Signals.Any(s => s.Category == SafetyCategory.KnownContent);
            }

            for (int i = 0; i < images.Count && !known; i++)
            {
                if (decoded[i] is { } image)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    examined[i] = Analyze(examined[i], image.Pixels, cancellationToken);
                }
            }

            return examined;
        }
        finally
        {
            foreach (DecodedImage? image in decoded)
            {
                image?.Dispose();
            }
        }
    }

    private ExaminedImage DecodeAndMatch(
        ReadOnlySpan<byte> encoded, string source, out DecodedImage? image, CancellationToken cancellationToken)
    {
        image = null;
        var result = new ExaminedImage(source);
        if (decoder is null)
        {
            return Failed(result, DecodeCheck, CheckFailureKind.Unavailable, "no image decoder is registered; add one, for example AddVipsDecoder().");
        }

        try
        {
            image = decoder.Decode(encoded, _options, cancellationToken);
        }
        catch (ImageException e)
        {
            return Failed(result, DecodeCheck, KindOf(e.Error), $"{source}: {e.Message}");
        }

        if (image.Info.Frames > 1)
        {
            // A harmless first frame must not carry the others through.
            result = Failed(
                result, FramesCheck, CheckFailureKind.InvalidInput,
                $"{source}: an animation of {image.Info.Frames} frames, of which only the first is examined. Send the frames as pictures.");
        }

        var signals = new List<Signal>();
        foreach (IKnownContentMatcher matcher in matchers)
        {
            try
            {
                foreach (KnownContentMatch match in matcher.Match(encoded, image.Pixels).Matches)
                {
                    signals.Add(new Signal(
                        SafetyCategory.KnownContent, 1, $"{MatchCheck}:{match.List}:{match.Algorithm}:{match.Form}", VersionOf(matcher, match.List))
                    {
                        Source = source,
                        Modality = Modality.Image,
                    });
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                result = Failed(
                    result, MatchCheck, CheckFailureKind.Fault, $"{source}: the look-up failed ({e.GetType().Name}).", SafetyCategory.KnownContent);
            }
        }

        return result with { Signals = signals };
    }

    private ExaminedImage Analyze(ExaminedImage examined, PixelBuffer pixels, CancellationToken cancellationToken)
    {
        if (analyzer is null)
        {
            return Failed(
                examined, AnalyzeCheck, CheckFailureKind.Unavailable, "no image detectors are registered; add them, for example AddOnnxDetectors().");
        }

        try
        {
            ImageAnalysis analysis = analyzer.Analyze(pixels, cancellationToken);
            return examined with
            {
                Analysis = analysis,
                Signals =
                [
                    .. examined.Signals,
                    .. analysis.Signals.Select(s => s with { Source = examined.Source, Modality = Modality.Image }),
                    new Signal(SafetyCategory.Photorealistic, analysis.Photo, AnalyzeCheck, string.Empty)
                    {
                        Source = examined.Source,
                        Modality = Modality.Image,
                    },
                ],
                Failures = [.. examined.Failures, .. analysis.Failures.Select(f => f with { Source = examined.Source })],
            };
        }
        catch (ModelException e)
        {
            return Failed(examined, AnalyzeCheck, CheckFailureKind.Unavailable, e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A detector may quote its input in a message: the type alone is safe to pass on.
            return Failed(examined, AnalyzeCheck, CheckFailureKind.Fault, $"{examined.Source}: the detectors failed ({e.GetType().Name}).");
        }
    }

    private static ExaminedImage Failed(
        ExaminedImage examined, string check, CheckFailureKind kind, string message, params SafetyCategory[] categories)
        => examined with
        {
            Failures = [.. examined.Failures, new CheckFailure(check, kind, message) { Source = examined.Source, Categories = categories }],
        };

    private static CheckFailureKind KindOf(ImageError error) => error switch
    {
        ImageError.DecoderMissing or ImageError.DecoderTooOld => CheckFailureKind.Unavailable,
        ImageError.TimedOut => CheckFailureKind.TimedOut,
        _ => CheckFailureKind.InvalidInput,
    };

    private static string VersionOf(IKnownContentMatcher matcher, string list)
        => matcher.Lists.FirstOrDefault(l => l.Name == list).Digest ?? string.Empty;
}
