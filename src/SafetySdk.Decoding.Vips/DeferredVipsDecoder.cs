using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>Loads libvips when it is first needed. A failure is not remembered, so that a library restored later is found.</summary>
internal sealed class DeferredVipsDecoder(SafetyHome home) : IImageDecoder
{
    private readonly Lazy<VipsImageDecoder> _decoder = new(() => new VipsImageDecoder(home), LazyThreadSafetyMode.PublicationOnly);

    public string Name => "libvips";

    public string Version => _decoder.IsValueCreated ? _decoder.Value.Version : "not loaded";

    public ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, DecodeOptions options) => ImageHeaderReader.ReadInfo(encoded, options);

    public DecodedImage Decode(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
        => _decoder.Value.Decode(encoded, options, cancellationToken);

    public ImageInfo DecodeRows(
        ReadOnlySpan<byte> encoded, DecodeOptions options, IImageRowReceiver receiver, CancellationToken cancellationToken = default)
        => _decoder.Value.DecodeRows(encoded, options, receiver, cancellationToken);

    public DecodedFrames DecodeFrames(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
        => _decoder.Value.DecodeFrames(encoded, options, cancellationToken);
}
