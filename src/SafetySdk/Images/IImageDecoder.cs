namespace SafetySdk.Images;

/// <summary>Picture formats on the allow-list.</summary>
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
}

/// <summary>What is known of a picture from its header alone.</summary>
/// <param name="Format">Format, found by content.</param>
/// <param name="Width">Width as displayed (EXIF orientation applied), pixels.</param>
/// <param name="Height">Height as displayed, pixels.</param>
/// <param name="Orientation">EXIF orientation 1–8 that was found; 1 where none is.</param>
/// <param name="Frames">Frames that the file declares, at least 1.</param>
/// <param name="HasAlpha">Whether a fourth channel was present.</param>
/// <param name="HasColourProfile">Whether an ICC profile was embedded. It is not applied.</param>
public sealed record ImageInfo(
    ImageFormat Format, int Width, int Height, int Orientation, int Frames, bool HasAlpha, bool HasColourProfile)
{
    /// <summary>
    /// Whether data was missing or damaged and the picture is what remains; only with <see cref="DecodeOptions.AllowTruncated"/>.
    /// </summary>
    public bool IsDamaged { get; init; }
}

/// <summary>A decoded picture and what was done to get it. Owns its pixels.</summary>
/// <param name="Info">What the header said.</param>
/// <param name="Pixels">8-bit RGB as displayed; owned by this object.</param>
public sealed record DecodedImage(ImageInfo Info, PixelBuffer Pixels) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Pixels.Dispose();
}

/// <summary>
/// Turns untrusted bytes into pixels as a person sees them: first frame, EXIF orientation applied, alpha composited over white,
/// grey and palette expanded, 16 bit reduced by <c>v &gt;&gt; 8</c>, CMYK by the inverted Adobe convention, embedded colour profile not
/// applied.
/// </summary>
/// <remarks>Implementations are thread-safe. Every failure caused by the bytes is an <see cref="ImageException"/>.</remarks>
public interface IImageDecoder
{
    /// <summary>Name of the decoder, for verdicts and error messages.</summary>
    string Name { get; }

    /// <summary>Version of the decoder library.</summary>
    string Version { get; }

    /// <summary>Reads the header and judges it by the limits; decodes nothing.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="limits">Bounds.</param>
    /// <exception cref="ImageException">The bytes are not an allowed picture, or a limit would be exceeded.</exception>
    ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, ImageLimits limits);

    /// <summary>Decodes the picture.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="limits">Bounds, judged before any pixel buffer exists.</param>
    /// <param name="cancellationToken">Looked at between strips of rows.</param>
    /// <returns>The picture; the caller disposes it.</returns>
    /// <exception cref="ImageException">The bytes are not an allowed picture, a limit would be exceeded, or the data is truncated or
    /// damaged.</exception>
    DecodedImage Decode(ReadOnlySpan<byte> encoded, ImageLimits limits, CancellationToken cancellationToken = default);
}
