namespace SafetySdk.Images;

/// <summary>Bounds that are judged from the header, before a pixel is decoded.</summary>
public sealed record ImageLimits
{
    /// <summary>The defaults.</summary>
    public static ImageLimits Default { get; } = new();

    /// <summary>Largest encoded size in bytes. Default 32 MiB.</summary>
    public long MaxBytes { get; init; } = 32L << 20;

    /// <summary>Most pixels of one frame. Default 100 million.</summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>
    /// Most pixels where the codec needs the whole picture in memory (WebP, GIF, interlaced PNG, progressive JPEG). Default 40 million.
    /// </summary>
    public long MaxPixelsWithoutStreaming { get; init; } = 40_000_000;

    /// <summary>
    /// Most frames of an animation of which <see cref="IImageDecoder.DecodeFrames"/> is asked for some: each is drawn on those before it, so
    /// that the last costs all. Default 20,000. The first frame can be had of any animation that
    /// <see cref="MaxStoredFrames"/> lets in.
    /// </summary>
    public int MaxAnimationFrames { get; init; } = 20_000;

    /// <summary>Most bytes of all frames that are kept together: 3 × width × height × frames. Default 400 million.</summary>
    public long MaxDecodedBytes { get; init; } = 400_000_000;

    /// <summary>Longest side in pixels. Default 16,384.</summary>
    public int MaxSide { get; init; } = 16_384;

    /// <summary>Most scans of a progressive JPEG. Default 100.</summary>
    public int MaxJpegScans { get; init; } = 100;

    /// <summary>Most markers of a JPEG before its first scan. Default 4,096.</summary>
    public int MaxJpegMarkers { get; init; } = 4_096;

    /// <summary>Most scans × pixels of a progressive JPEG. Default 1,000 million.</summary>
    public long MaxJpegScanPixels { get; init; } = 1_000_000_000;

    /// <summary>
    /// Most frames that a GIF or WebP file may hold, whether they are decoded or not. Default 20,000. Codecs keep something for each and
    /// some look for each from the first on: 600,000 frames in a WebP of 32 MB take libvips more than 5 minutes to open.
    /// </summary>
    public int MaxStoredFrames { get; init; } = 20_000;

    /// <summary>Most chunks of a WebP beside its frames. Default 4,096; codecs keep about 60 bytes for each.</summary>
    public int MaxWebPChunks { get; init; } = 4_096;

    /// <summary>
    /// Largest metadata block (EXIF, XMP, text) in bytes. Default 4 MiB. A larger colour profile is no error: it is ignored and reported.
    /// </summary>
    public long MaxMetadataBytes { get; init; } = 4L << 20;

    /// <summary>Wall clock allowed for decoding one picture. Default 5 s; checked between strips.</summary>
    public TimeSpan MaxDecodeTime { get; init; } = TimeSpan.FromSeconds(5);
}
