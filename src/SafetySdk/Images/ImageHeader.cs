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
    public bool HasColourProfile => ProfileBytes > 0;

    /// <summary>
    /// Whether a decoder needs the whole picture in memory: WebP, GIF, interlaced PNG, JPEG that is progressive or has several scans.
    /// </summary>
    public bool NeedsWholePicture { get; init; }

    /// <summary>Scans of a JPEG; 0 for other formats.</summary>
    public int JpegScans { get; init; }

    /// <summary>Bytes of the largest metadata block as stored (EXIF, XMP, text), the parts of a divided one added up.</summary>
    public long LargestMetadata { get; init; }

    /// <summary>Bytes of the ICC profile as stored (PNG: deflated), its parts added up; 0 where there is none.</summary>
    public long ProfileBytes { get; init; }

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

    /// <summary>The picture that would be delivered with the default options.</summary>
    public ImageInfo ToInfo() => ToInfo(DecodeOptions.Default);

    /// <summary>What the header says of the picture that would be delivered.</summary>
    /// <param name="options">How it would be decoded.</param>
    public ImageInfo ToInfo(DecodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ImageRowFormat rows = RowsFor(options);
        return new ImageInfo(Format, rows.DisplayedWidth, rows.DisplayedHeight, Orientation, Frames, HasAlpha, HasColourProfile)
        {
            StoredWidth = StoredWidth,
            StoredHeight = StoredHeight,
            Channels = Channels,
            BitDepth = BitDepth,
            IsOrientationApplied = options.Orientation == OrientationTreatment.Apply,
            ColourProfile = !HasColourProfile ? ColourProfileUse.None
                : ProfileBytes > options.Limits.MaxMetadataBytes ? ColourProfileUse.TooLarge
                : ColourProfileUse.NotApplied,
            Alpha = HasAlpha ? options.Alpha : null,
            ShrinkFactor = ShrinkFactorFor(options),
            TrailingBytes = TrailingBytes,
            IsDamaged = !IsComplete,
        };
    }

    /// <summary>The rows that a decoder delivers with these options: as stored, divided by the shrink factor and rounded down.</summary>
    /// <param name="options">How the picture is decoded.</param>
    public ImageRowFormat RowsFor(DecodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        int factor = ShrinkFactorFor(options);
        return new ImageRowFormat(
            StoredWidth / factor,
            StoredHeight / factor,
            options.Orientation == OrientationTreatment.Apply ? Orientation : 1);
    }

    /// <summary>The factor 1, 2, 4 or 8 that <see cref="DecodeOptions.ShrinkTowards"/> allows for this picture; 1 for all but JPEG.</summary>
    /// <param name="options">How the picture is decoded.</param>
    public int ShrinkFactorFor(DecodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (Format != ImageFormat.Jpeg || options.ShrinkTowards is not { } target)
        {
            return 1;
        }

        bool swapped = SwapsSides && options.Orientation == OrientationTreatment.Apply;
        long width = swapped ? target.Height : target.Width, height = swapped ? target.Width : target.Height;
        int factor = 8;

        // 10 x stored / factor >= 33 x target: at least 3.3 times the target is left on both axes.
        while (factor > 1 && (10L * StoredWidth < 33 * width * factor || 10L * StoredHeight < 33 * height * factor))
        {
            factor /= 2;
        }

        return factor;
    }
}
