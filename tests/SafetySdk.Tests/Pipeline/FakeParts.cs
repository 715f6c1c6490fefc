using SafetySdk.Classification;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Tests.Pipeline;

/// <summary>A pipeline whose parts answer as the test says: a picture is one byte, and that byte chooses the answer.</summary>
internal sealed class FakeParts : IImageDecoder, IImageAnalyzer, IPromptClassifier, IKnownContentMatcher
{
    public Dictionary<byte, ImageAnalysis> Analyses { get; } = [];

    public Dictionary<string, Signal[]> Texts { get; } = [];

    public HashSet<byte> Known { get; } = [];

    public int Frames { get; set; } = 1;

    public Exception? DecoderFault { get; set; }

    public Exception? AnalyzerFault { get; set; }

    public Exception? ClassifierFault { get; set; }

    public Exception? MatcherFault { get; set; }

    public int Analyzed { get; private set; }

    string IImageDecoder.Name => "fake-decoder";

    string IImageDecoder.Version => "1";

    string IPromptClassifier.Name => "fake-prompts";

    string IPromptClassifier.Version => "1";

    public IReadOnlyList<DetectorVersion> Detectors => [new("fake-detector", "1")];

    public IReadOnlyList<(string Name, string Digest)> Lists => [("list", "digest")];

    public SafetyPipeline Pipeline(string policy = "balanced") => new(new SafetyPipelineParts
    {
        Policy = SafetyPolicy.BuiltIn(policy),
        Decoder = this,
        Analyzer = this,
        PromptClassifiers = [this],
        Matchers = [this],
    });

    public static ImageAnalysis Picture(PersonPresence person = PersonPresence.None, params Signal[] signals)
        => new() { Person = person, Photo = 1, Signals = signals };

    public static Signal Seen(SafetyCategory category, double score = 0.9) => new(category, score, "fake-detector", "1");

    public ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, DecodeOptions options) => new(ImageFormat.Png, 1, 1, 1, Frames, false, false);

    public DecodedImage Decode(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
        => DecoderFault is { } fault
            ? throw fault
            : new DecodedImage(ReadInfo(encoded, options), PixelBuffer.FromRgb([encoded[0], encoded[0], encoded[0]], 1, 1));

    public ImageInfo DecodeRows(
        ReadOnlySpan<byte> encoded, DecodeOptions options, IImageRowReceiver receiver, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();

    public DecodedFrames DecodeFrames(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();

    public ImageAnalysis Analyze(PixelBuffer image, CancellationToken cancellationToken = default)
    {
        Analyzed++;
        return AnalyzerFault is { } fault ? throw fault : Analyses.GetValueOrDefault(image.Pixels[0], Picture());
    }

    public IReadOnlyList<Signal> Classify(string text, TextOrigin origin)
        => ClassifierFault is { } fault ? throw fault : Texts.GetValueOrDefault(text, []);

    public KnownContentResult Match(ReadOnlySpan<byte> encoded, PixelBuffer image)
        => MatcherFault is { } fault
            ? throw fault
            : new KnownContentResult(
                Known.Contains(encoded[0]) ? [new KnownContentMatch("list", "1", "pdq", 0, "original", [])] : [], false);
}
