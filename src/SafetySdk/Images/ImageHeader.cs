namespace SafetySdk.Images;

/// <summary>What <see cref="ImageHeaderReader"/> found in the bytes of a picture without decoding any of it.</summary>
public sealed record ImageHeader
{
    /// <summary>Format, found by content.</summary>
    public required ImageFormat Format { get; init; }

    /// <summary>
    /// Width as stored (EXIF orientation not applied), pixels, at least 1. Of a GIF: the canvas, grown to hold the first frame.
    /// </summary>
    public required int StoredWidth { get; init; }

    /// <summary>Height as stored, pixels, at least 1.</summary>
    public required int StoredHeight { get; init; }

    /// <summary>
    /// EXIF orientation 1–8; 1 where none was found or the value is outside 1–8. The first EXIF block of the file counts.
    /// </summary>
    public int Orientation { get; init; } = 1;

    /// <summary>Frames that the file holds or declares, at least 1.</summary>
    public int Frames { get; init; } = 1;

    /// <summary>
    /// Place of the first frame on the canvas, pixels; the whole canvas but for GIF and animated WebP. What lies outside is transparent.
    /// </summary>
    public required (int Left, int Top, int Width, int Height) FirstFrame { get; init; }

    /// <summary>Colour channels as stored, alpha included; a palette counts as 3. JPEG: 1, 3 or 4 (CMYK).</summary>
    public required int Channels { get; init; }

    /// <summary>Bits of one sample (or palette index) as stored: 1, 2, 4, 8 or 16.</summary>
    public int BitDepth { get; init; } = 8;

    /// <summary>Whether transparency is declared: an alpha channel, a transparent palette entry or a transparent colour.</summary>
    public bool HasAlpha { get; init; }

    /// <summary>Whether an ICC profile is embedded.</summary>
    public bool HasColourProfile { get; init; }

    /// <summary>
    /// Whether a decoder needs the whole picture in memory: WebP, GIF, interlaced PNG, JPEG that is progressive or has several scans.
    /// </summary>
    public bool NeedsWholePicture { get; init; }

    /// <summary>Scans of a JPEG; 0 for other formats.</summary>
    public int JpegScans { get; init; }

    /// <summary>Bytes of the largest metadata block as stored (EXIF, XMP, ICC, text), the parts of a divided one added up.</summary>
    public long LargestMetadata { get; init; }

    /// <summary>Position after the picture's end mark; -1 where the data stops before it.</summary>
    public required long EndPosition { get; init; }

    /// <summary>Whether the end mark was found. False: the data is truncated.</summary>
    public bool IsComplete => EndPosition >= 0;

    /// <summary>
    /// Bytes after the end of the picture; they are no part of it, but a file that is two things at once deserves a second look.
    /// </summary>
    public long TrailingBytes { get; init; }

    /// <summary>Whether the orientation exchanges width and height (5–8).</summary>
    public bool SwapsSides => Orientation >= 5;

    /// <summary>The part that a verdict reports, as displayed.</summary>
    public ImageInfo ToInfo() => new(
        Format,
        SwapsSides ? StoredHeight : StoredWidth,
        SwapsSides ? StoredWidth : StoredHeight,
        Orientation,
        Frames,
        HasAlpha,
        HasColourProfile);
}
