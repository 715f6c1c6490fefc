using System.Buffers;
using System.Diagnostics;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>
/// The default decoder: libvips behind a loader allow-list of JPEG, PNG, WebP and GIF, loaded at run time from its own file.
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
/// Orientation is applied while rows are copied. Alpha over white is <c>round((c·a + 255·(255 − a)) / 255)</c>; 16-bit samples are reduced
/// by <c>v &gt;&gt; 8</c> before that. CMYK and YCCK JPEGs are taken as inverted (Adobe's convention) and converted by
/// <c>nk − round(ink·nk / 255)</c>, <c>nk = 255 − K</c>. Colour profiles are reported, not applied.
/// </para>
/// </remarks>
public sealed unsafe class VipsImageDecoder : IImageDecoder
{
    // Larger strips fall out of the cache and to fresh pages.
    private const int StripRows = 16;
    private const int UnsignedByte = 0, UnsignedShort = 2, CmykInterpretation = 15;

    private readonly VipsLibrary _vips;

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
        Version = _vips.Version.ToString();
    }

    /// <inheritdoc/>
    public string Name => "libvips";

    /// <inheritdoc/>
    public string Version { get; }

    internal VipsLibrary Library => _vips;

    /// <inheritdoc/>
    public ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, ImageLimits limits) => ImageHeaderReader.Read(encoded, limits).ToInfo();

    /// <inheritdoc/>
    public DecodedImage Decode(ReadOnlySpan<byte> encoded, ImageLimits limits, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long start = Stopwatch.GetTimestamp();
        ImageHeader header = ImageHeaderReader.Read(encoded, limits);
        if (!header.IsComplete)
        {
            throw new ImageException(
                ImageError.Truncated,
                $"The {header.Format} picture is not complete: the data ends at byte {encoded.Length}, before its end mark.");
        }

        try
        {
            fixed (byte* pinned = encoded)
            {
                using VipsImage image = VipsImage.Open(_vips, pinned, encoded.Length, header.Format);
                return Decode(image, header, limits, start, cancellationToken);
            }
        }
        catch (ImageException)
        {
            // The buffer is the process's, grows until cleared, and quotes files.
            _vips.ErrorClear();
            throw;
        }
        finally
        {
            // Frees what libvips keeps per thread; the pool's threads live on.
            _vips.ThreadShutdown();
        }
    }

    private static DecodedImage Decode(
        VipsImage image, ImageHeader header, ImageLimits limits, long start, CancellationToken cancellationToken)
    {
        // nsgif distrusts some GIF screen sizes and then gives only the part that the first frame reaches; the rest is transparent.
        bool whole = image.Width == header.StoredWidth && image.Height == header.StoredHeight;
        if (!whole
            && !(header.Format == ImageFormat.Gif && image.Width <= header.StoredWidth && image.Height <= header.StoredHeight))
        {
            throw new ImageException(
                ImageError.Corrupt,
                $"The {header.Format} picture contradicts itself: {header.StoredWidth}x{header.StoredHeight} by its header, "
                + $"{image.Width}x{image.Height} by its data.");
        }

        SampleLayout layout = image.Interpretation == CmykInterpretation ? SampleLayout.Cmyk : (SampleLayout)image.Bands;
        if (image.Bands is < 1 or > 4
            || (layout == SampleLayout.Cmyk && image.Bands != 4)
            || image.BandFormat is not (UnsignedByte or UnsignedShort))
        {
            throw new ImageException(
                ImageError.Unsupported, $"A {header.Format} picture of {image.Bands} channels in this coding is not read.");
        }

        bool sixteenBit = image.BandFormat == UnsignedShort;
        int width = image.Width, height = image.Height, rowBytes = width * 3;
        ImageInfo info = header.ToInfo();
        PixelBuffer? pixels = PixelBuffer.Rent(info.Width, info.Height);
        bool direct = whole && header.Orientation == 1;
        byte[]? strip = direct ? null : ArrayPool<byte>.Shared.Rent(rowBytes * Math.Min(StripRows, height));
        try
        {
            Span<byte> displayed = pixels.Pixels;
            if (!whole)
            {
                displayed.Fill(byte.MaxValue);
            }

            for (int top = 0; top < height; top += StripRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Stopwatch.GetElapsedTime(start) > limits.MaxDecodeTime)
                {
                    throw new ImageException(
                        ImageError.TimedOut,
                        $"Decoding took longer than {limits.MaxDecodeTime.TotalSeconds:0.###} s; stopped at row {top} of {height}.");
                }

                int rows = Math.Min(StripRows, height - top);
                byte* samples = image.FetchRows(top, rows, out long length);
                try
                {
                    if (samples is null || length != (long)rows * width * image.Bands * (sixteenBit ? 2 : 1))
                    {
                        throw new ImageException(
                            ImageError.Corrupt,
                            $"The {header.Format} picture's data is damaged between rows {top} and {top + rows} of {height}.");
                    }

                    Span<byte> rgb = direct ? displayed.Slice(top * rowBytes, rows * rowBytes) : strip.AsSpan(0, rows * rowBytes);
                    RowConverter.ToRgb(new Span<byte>(samples, (int)length), layout, sixteenBit, rgb);
                    RowConverter.WhiteOutside(rgb, top, width, header.FirstFrame);
                    if (whole && !direct)
                    {
                        RowConverter.Place(rgb, top, width, height, header.Orientation, displayed);
                    }
                    else if (!whole)
                    {
                        for (int row = 0; row < rows; row++)
                        {
                            rgb.Slice(row * rowBytes, rowBytes).CopyTo(displayed[((top + row) * info.Width * 3)..]);
                        }
                    }
                }
                finally
                {
                    image.Free(samples);
                }
            }

            var result = new DecodedImage(info, pixels);
            pixels = null;
            return result;
        }
        finally
        {
            pixels?.Dispose();
            if (strip is not null)
            {
                strip.AsSpan(0, rowBytes * Math.Min(StripRows, height)).Clear();
                ArrayPool<byte>.Shared.Return(strip);
            }
        }
    }
}
