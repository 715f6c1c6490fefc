namespace SafetySdk.Images;

/// <summary>Picture formats that can be read.</summary>
public enum ImageFormat
{
    /// <summary>JPEG.</summary>
    Jpeg,

    /// <summary>PNG.</summary>
    Png,

    /// <summary>WebP.</summary>
    WebP,

    /// <summary>GIF.</summary>
    Gif,

    /// <summary>AVIF; only with <see cref="DecodeOptions.AllowAvif"/>.</summary>
    Avif,
}

/// <summary>What became of a colour profile.</summary>
public enum ColourProfileUse
{
    /// <summary>None was embedded, and none was needed.</summary>
    None,

    /// <summary>One is embedded; the options left it alone.</summary>
    NotApplied,

    /// <summary>The embedded one was applied: samples are sRGB.</summary>
    Applied,

    /// <summary>CMYK without a profile of its own was converted by the decoder's: samples are sRGB.</summary>
    BuiltIn,

    /// <summary>The embedded one is broken or does not fit the picture; it was ignored.</summary>
    Broken,

    /// <summary>The embedded one exceeds <see cref="ImageLimits.MaxMetadataBytes"/>; it was ignored.</summary>
    TooLarge,
}

/// <summary>What is known of a picture, and what was done to decode it.</summary>
/// <param name="Format">Format, found by content.</param>
/// <param name="Width">
/// Width in pixels as delivered: turned where <paramref name="Orientation"/> was applied, and divided by <see cref="ShrinkFactor"/>, rounded
/// down: pixel i covers the stored pixels from factor × i on, and a last column or row that is not full is left out.
/// </param>
/// <param name="Height">Height in pixels as delivered.</param>
/// <param name="Orientation">EXIF orientation 1–8 that was found; 1 where none is or the value is outside 1–8.</param>
/// <param name="Frames">Frames that the file declares, at least 1.</param>
/// <param name="HasAlpha">Whether transparency was declared.</param>
/// <param name="HasColourProfile">Whether an ICC profile is embedded; <see cref="ColourProfile"/> says what became of it.</param>
public sealed record ImageInfo(
    ImageFormat Format, int Width, int Height, int Orientation, int Frames, bool HasAlpha, bool HasColourProfile)
{
    /// <summary>Width as stored, pixels: neither turned nor shrunk.</summary>
    public int StoredWidth { get; init; }

    /// <summary>Height as stored, pixels.</summary>
    public int StoredHeight { get; init; }

    /// <summary>Channels as stored, alpha included; a palette counts as 3.</summary>
    public int Channels { get; init; }

    /// <summary>Bits of one sample or palette index as stored.</summary>
    public int BitDepth { get; init; }

    /// <summary>Whether the picture was turned by <see cref="Orientation"/>; true also where that is 1.</summary>
    public bool IsOrientationApplied { get; init; }

    /// <summary>What became of the colour profile.</summary>
    public ColourProfileUse ColourProfile { get; init; }

    /// <summary>What was done with transparency; null where there is none.</summary>
    public AlphaTreatment? Alpha { get; init; }

    /// <summary>1, 2, 4 or 8: by what a JPEG was decoded smaller than stored.</summary>
    public int ShrinkFactor { get; init; } = 1;

    /// <summary>Bytes after the end of the picture; a file that is two things at once deserves a second look.</summary>
    public long TrailingBytes { get; init; }

    /// <summary>
    /// Whether data was missing or damaged and the picture is what remains; only with <see cref="DecodeOptions.AllowTruncated"/>.
    /// </summary>
    public bool IsDamaged { get; init; }
}

/// <summary>A decoded picture and what was done to get it. Owns its pixels.</summary>
/// <param name="Info">What was done.</param>
/// <param name="Pixels">8-bit RGB as displayed; owned by this object.</param>
public sealed record DecodedImage(ImageInfo Info, PixelBuffer Pixels) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Pixels.Dispose();
}
