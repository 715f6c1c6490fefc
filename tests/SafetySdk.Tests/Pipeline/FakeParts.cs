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
    private int _analyzed;

    public Dictionary<byte, ImageAnalysis> Analyses { get; } = [];

    public Dictionary<string, Signal[]> Texts { get; } = [];

    public HashSet<byte> Known { get; } = [];

    public int Frames { get; set; } = 1;

    public Exception? DecoderFault { get; set; }

    public Exception? AnalyzerFault { get; set; }

    public Exception? ClassifierFault { get; set; }

    public Exception? MatcherFault { get; set; }

    public int Analyzed => _analyzed;

    string IImageDecoder.Name => "fake-decoder";

    string IImageDecoder.Version => "1";

    string IPromptClassifier.Name => "fake-prompts";

    string IPromptClassifier.Version => "1";

    public IReadOnlyList<DetectorVersion> Detectors => [new("fake-detector", "1")];

    public IReadOnlyList<(string Name, string Digest)> Lists => [("list", "digest")];

    public Func<byte, KnownContentMatch> Match { get; set; } = static _ => new KnownContentMatch("list", "1", "pdq", 0, "original", []);

    public HashSet<byte> KnownFiles { get; } = [];

    public bool TooLittleDetail { get; set; }

    public IReadOnlyList<string> NotAsked { get; set; } = [];

    public IReadOnlyList<VetoedMatch> Vetoed { get; set; } = [];

    /// <summary>Runs before each analysis, on the detectors' thread.</summary>
    public Action<CancellationToken>? Analyzing { get; set; }

    /// <summary>The most frames that fit in memory.</summary>
    public int MostFrames { get; set; } = 256;

    public SafetyPipelineParts Parts(string policy = "balanced") => new()
    {
        Policy = SafetyPolicy.BuiltIn(policy),
        Decoder = this,
        Analyzer = this,
        PromptClassifiers = [this],
        Matchers = [this],
    };

    public SafetyPipeline Pipeline(string policy = "balanced") => new(Parts(policy));

    public static ImageAnalysis Picture(PersonPresence person = PersonPresence.None, params Signal[] signals)
        => new() { Person = person, Photo = 1, Signals = signals };

    public static Signal Seen(SafetyCategory category, double score = 0.9) => new(category, score, "fake-detector", "1");

    public ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, DecodeOptions options) => new(ImageFormat.Png, 1, 1, 1, Math.Max(Frames, encoded.Length), false, false);

    public DecodedImage Decode(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
        => DecoderFault is { } fault
            ? throw fault
            : new DecodedImage(ReadInfo(encoded, options), PixelBuffer.FromRgb([encoded[0], encoded[0], encoded[0]], 1, 1));

    public ImageInfo DecodeRows(
        ReadOnlySpan<byte> encoded, DecodeOptions options, IImageRowReceiver receiver, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();

    public DecodedFrames DecodeFrames(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
    {
        // Each byte is a frame; a file of one byte repeats it.
        byte[] file = encoded.ToArray();
        return options.MaxFrames > MostFrames
            ? throw new ImageException("bytes", options.MaxFrames, MostFrames)
            : new DecodedFrames(
                ReadInfo(encoded, options),
                [.. DecodedFrames.Spread(Math.Max(Frames, encoded.Length), options.MaxFrames)
                    .Select(i => new DecodedFrame(i, PixelBuffer.FromRgb([.. Enumerable.Repeat(file[i % file.Length], 3)], 1, 1)))]);
    }

    public ImageAnalysis Analyze(PixelBuffer image, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _analyzed);
        Analyzing?.Invoke(cancellationToken);
        return AnalyzerFault is { } fault ? throw fault : Analyses.GetValueOrDefault(image.Pixels[0], Picture());
    }

    public IReadOnlyList<Signal> Classify(string text, TextOrigin origin)
        => ClassifierFault is { } fault ? throw fault : Texts.GetValueOrDefault(text, []);

    KnownContentResult IKnownContentMatcher.Match(ReadOnlySpan<byte> encoded, PixelBuffer image)
        => MatcherFault is { } fault
            ? throw fault
            : new KnownContentResult(Known.Contains(image.Pixels[0]) ? [Match(image.Pixels[0])] : [], TooLittleDetail)
            {
                NotAsked = NotAsked,
                Vetoed = Vetoed,
            };

    public KnownContentResult MatchFile(ReadOnlySpan<byte> encoded)
        => new(KnownFiles.Contains(encoded[0]) ? [new KnownContentMatch("list", "1", "sha256", 0, "file", [])] : [], false);
}
