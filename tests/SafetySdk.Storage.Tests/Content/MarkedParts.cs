using Microsoft.Extensions.AI;
using SafetySdk.Classification;
using SafetySdk.External;
using SafetySdk.Images;
using SafetySdk.Reporting;
using SafetySdk.Reports.CyberTipline;
using SafetySdk.Tests.Reports.CyberTipline;

namespace SafetySdk.Storage.Tests.Content;

/// <summary>A host's parts, each of which knows the content and may quote it where it fails.</summary>
internal sealed class MarkedParts(string mark) : IImageDecoder, IImageAnalyzer, IExternalDetector, IChatClient, ICyberTipSource
{
    public const int Side = 128;

    /// <summary>Which part fails; empty for none.</summary>
    public string Fault { get; set; } = string.Empty;

    public string[] Evidence { get; set; } = [];


    string IImageDecoder.Name => "decoder";

    string IImageDecoder.Version => "1";

    string IExternalDetector.Name => "partner";

    string IExternalDetector.Version => "1";

    public IReadOnlyList<DetectorVersion> Detectors => [new("analyzer", "1")];

    public ExternalInputs Inputs => ExternalInputs.Text | ExternalInputs.Images;

    public IReadOnlyList<SafetyCategory> Categories => [SafetyCategory.Hate];

    /// <summary>The picture of a file: different files, different pictures.</summary>
    public static PixelBuffer Picture(ReadOnlySpan<byte> file)
    {
        var random = new Random(file.Length + file[0]);
        byte[] pixels = new byte[Side * Side * 3];
        double[] waves = [.. Enumerable.Range(0, 8).Select(_ => random.NextDouble() * 0.4)];
        for (int i = 0; i < Side * Side; i++)
        {
            double value = waves.Select((w, k) => Math.Sin((w * (i % Side)) + (k * w * (i / Side)))).Sum();
            pixels.AsSpan(3 * i, 3).Fill((byte)Math.Clamp(128 + (value * 30), 0, 255));
        }

        return PixelBuffer.FromRgb(pixels, Side, Side);
    }

    public ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, DecodeOptions options) => new(ImageFormat.Png, Side, Side, 1, 1, false, false);

    public DecodedImage Decode(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
    {
        FailWhere("decoder");
        return new DecodedImage(ReadInfo(encoded, options), Picture(encoded));
    }

    public ImageInfo DecodeRows(
        ReadOnlySpan<byte> encoded, DecodeOptions options, IImageRowReceiver receiver, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();

    public DecodedFrames DecodeFrames(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();

    public ImageAnalysis Analyze(PixelBuffer image, CancellationToken cancellationToken = default)
    {
        FailWhere("analyzer");
        return new ImageAnalysis { Person = PersonPresence.None, Photo = 0.2, Signals = [], Text = [new TextLine($"{mark} sign", 1, [])] };
    }

    public ValueTask<ExternalReply> ExamineAsync(ExternalQuery query, CancellationToken cancellationToken)
    {
        FailWhere("detector");
        return new(new ExternalReply(Fault == "lying detector" ? [new ExternalFinding(SafetyCategory.Weapons, 3)] : []));
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        FailWhere("monitor");
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, Fault == "lying monitor" ? $"{mark} {{\"nonce\": \"{mark}\"" : "{}")));
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    public ValueTask<CyberTip?> BuildAsync(OutboxReport report, CancellationToken cancellationToken)
    {
        FailWhere("source");
        return new(SampleTips.Full with
        {
            AdditionalInfo = mark,
            Files = [.. Evidence.Select(id => SampleTips.File(id) with { OriginalName = $"{mark}.png" })],
        });
    }

    private void FailWhere(string part)
    {
        if (Fault == part)
        {
            throw new PlantedException(mark);
        }
    }
}
