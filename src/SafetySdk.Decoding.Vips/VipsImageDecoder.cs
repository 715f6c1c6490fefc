using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>
/// The default decoder: libvips behind a loader allow-list of JPEG, PNG, WebP, GIF and, on request, AVIF, loaded at run time from its own
/// file.
/// </summary>
/// <remarks>
/// <para>
/// Limits and completeness are judged by <see cref="ImageHeaderReader"/> before libvips sees the bytes. Pixels are fetched in strips of
/// 16 rows on the calling thread; clock and cancellation are looked at between strips, which does not interrupt a codec that needs the
/// whole picture first. Damage within the scans of a JPEG that ends properly is mended by its codec, as viewers do, and is no error.
/// </para>
/// <para>
/// Thread-safe; one instance serves all threads. The library is started once per process and never shut down, and its loader settings
/// hold for the process: a host that uses libvips itself should load its own copy of the file.
/// </para>
/// <para>
/// Orientation is applied while rows are copied. Alpha over a background b is <c>round((c·a + b·(255 − a)) / 255)</c>; 16-bit samples are
/// reduced by <c>v &gt;&gt; 8</c> before that. CMYK and YCCK JPEGs are taken as inverted (Adobe's convention) and converted by
/// <c>nk − round(ink·nk / 255)</c>, <c>nk = 255 − K</c>, unless sRGB is asked for: then by their profile, or libvips' own.
/// </para>
/// <para>
/// sRGB is reached by <c>icc_transform</c>, relative colorimetric, without black-point compensation.
/// </para>
/// <para>
/// AVIF: the first picture that is asked for opens libvips' HEIF loader for the process, if libheif is 1.23.5 or newer. What reaches it is
/// decided picture by picture: by our sniffing, by the types of the coded items (AV1 only, so that HEIC never does), and by the loader's
/// class. Turns and mirrors of the container (irot, imir) are the orientation; its EXIF is not.
/// </para>
/// </remarks>
public sealed unsafe class VipsImageDecoder : IImageDecoder
{
    private readonly VipsLibrary _vips;
    private readonly bool _acceptUnknownCodecVersions;

    /// <summary>Loads libvips from <see cref="SafetyHome.RuntimeDirectory"/>, where <c>native/restore.sh</c> puts it.</summary>
    /// <param name="home">The folder of native libraries; null for <see cref="SafetyHome.Find"/>.</param>
    /// <exception cref="ImageException"><see cref="ImageError.DecoderMissing"/> or <see cref="ImageError.DecoderTooOld"/>.</exception>
    public VipsImageDecoder(SafetyHome? home = null)
        : this((home ?? SafetyHome.Find()).RuntimeDirectory)
    {
    }

    /// <summary>
    /// Loads libvips from a path of the caller's. A copy that this class started earlier in this process is used instead.
    /// </summary>
    /// <param name="fileOrDirectory">The library file, or the folder that holds it. <c>versions.json</c> is looked for beside the
    /// file.</param>
    /// <param name="acceptUnknownCodecVersions">
    /// Accepts a libvips whose codec versions are not stated by a <c>versions.json</c>. Versions that are stated must reach the floor all
    /// the same: libvips 8.18.7, libpng 1.6.58, libwebp 1.6.0.
    /// </param>
    /// <exception cref="ImageException"><see cref="ImageError.DecoderMissing"/> or <see cref="ImageError.DecoderTooOld"/>.</exception>
    public VipsImageDecoder(string fileOrDirectory, bool acceptUnknownCodecVersions = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileOrDirectory);
        _vips = VipsLibrary.Load(fileOrDirectory, acceptUnknownCodecVersions);
        _acceptUnknownCodecVersions = acceptUnknownCodecVersions;
        Version = _vips.Version.ToString();
    }

    /// <inheritdoc/>
    public string Name => "libvips";

    /// <inheritdoc/>
    public string Version { get; }

    internal VipsLibrary Library => _vips;

    /// <summary>
    /// How many pictures all decoders of this class decode at a time in this process, at least 1; default the core count. Others wait, as long
    /// as their cancellation token lets them; <see cref="ImageLimits.MaxDecodeTime"/> runs from when they start. A change holds for decodes
    /// that start afterwards and does not count those that run.
    /// </summary>
    /// <remarks>
    /// Peak memory of one decode, beside the file and what the caller keeps: about 1 MB for what streams (baseline JPEG, PNG), the decoded
    /// picture (progressive JPEG: its coefficients, 6 bytes a pixel) for what does not, which
    /// <see cref="ImageLimits.MaxPixelsWithoutStreaming"/> bounds.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public static int MaxConcurrentDecodes
    {
        get => DecodeGate.Limit;
        set => DecodeGate.Limit = value;
    }

    /// <inheritdoc/>
    public ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, DecodeOptions options) => ImageHeaderReader.ReadInfo(encoded, options);

    /// <inheritdoc/>
    public DecodedImage Decode(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
    {
        using var picture = new DisplayedPicture();
        ImageInfo info = DecodeRows(encoded, options, picture, cancellationToken);
        return new DecodedImage(info, picture.Take());
    }

    /// <inheritdoc/>
    public ImageInfo DecodeRows(
        ReadOnlySpan<byte> encoded, DecodeOptions options, IImageRowReceiver receiver, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        ImageHeader header = ReadHeader(encoded, options, cancellationToken);
        SemaphoreSlim slots = DecodeGate.Enter(cancellationToken);
        bool isDone = false;
        try
        {
            fixed (byte* pinned = encoded)
            {
                ImageInfo info = new VipsDecoding(_vips, pinned, encoded.Length, header, options, cancellationToken).DeliverRows(receiver);
                isDone = true;
                return info;
            }
        }
        finally
        {
            Leave(slots, isDone);
        }
    }

    /// <inheritdoc/>
    public DecodedFrames DecodeFrames(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
    {
        ImageHeader header = ReadHeader(encoded, options, cancellationToken);
        IReadOnlyList<ImageFrame> places = ImageHeaderReader.ReadFrames(encoded, options.Limits);
        SemaphoreSlim slots = DecodeGate.Enter(cancellationToken);
        bool isDone = false;
        try
        {
            fixed (byte* pinned = encoded)
            {
                DecodedFrames frames =
                    new VipsDecoding(_vips, pinned, encoded.Length, header, options, cancellationToken).DecodeFrames(places);
                isDone = true;
                return frames;
            }
        }
        finally
        {
            Leave(slots, isDone);
        }
    }

    private ImageHeader ReadHeader(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        cancellationToken.ThrowIfCancellationRequested();
        ImageHeader header = ImageHeaderReader.Read(encoded, options);
        if (!header.IsComplete && !options.AllowTruncated)
        {
            throw new ImageException(
                ImageError.Truncated,
                $"The {header.Format} picture is not complete: the data ends at byte {encoded.Length}, before its end mark.");
        }

        if (header.Format == ImageFormat.Avif)
        {
            _vips.OpenAvif(_acceptUnknownCodecVersions);
        }

        return header;
    }

    private void Leave(SemaphoreSlim slots, bool isDone)
    {
        if (!isDone)
        {
            // The buffer is the process's, grows until cleared, and quotes files.
            _vips.ErrorClear();
        }

        // Frees what libvips keeps per thread; the pool's threads live on.
        _vips.ThreadShutdown();
        slots.Release();
    }
}
