using System.Buffers;
using System.Diagnostics;
using SafetySdk.Images;
using SkiaSharp;

namespace SafetySdk.Decoding.Skia;

/// <summary>An optional decoder: SkiaSharp behind the same contract as the default one.</summary>
/// <remarks>
/// <para>
/// Limits and completeness are judged by <see cref="ImageHeaderReader"/> before Skia sees the bytes. Skia decodes a picture whole, into memory
/// of this class, so that peak memory is 4 bytes a pixel; clock and cancellation are looked at before and after, which interrupts nothing.
/// </para>
/// <para>
/// Samples are taken without colour management. What Skia cannot do as the contract says is refused with
/// <see cref="NotSupportedException"/>, before anything is decoded: <see cref="ColourTreatment.ToSrgb"/> and
/// <see cref="DecodeOptions.ShrinkTowards"/>. AVIF is <see cref="ImageError.Unsupported"/>.
/// </para>
/// <para>Thread-safe; one instance serves all threads. It does not bound how many decode at a time.</para>
/// </remarks>
public sealed class SkiaImageDecoder : IImageDecoder
{
    private const int SkiaPixel = 4;

    /// <inheritdoc/>
    public string Name => "skia";

    /// <inheritdoc/>
    public string Version { get; } = typeof(SKCodec).Assembly.GetName().Version?.ToString(3) ?? "unknown";

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The options ask for what Skia cannot do.</exception>
    public ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, DecodeOptions options) => ReadHeader(encoded, options).ToInfo(options);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The options ask for what Skia cannot do.</exception>
    public DecodedImage Decode(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
    {
        using var picture = new DisplayedPicture();
        ImageInfo info = DecodeRows(encoded, options, picture, cancellationToken);
        return new DecodedImage(info, picture.Take());
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The options ask for what Skia cannot do.</exception>
    public ImageInfo DecodeRows(
        ReadOnlySpan<byte> encoded, DecodeOptions options, IImageRowReceiver receiver, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        long start = Stopwatch.GetTimestamp();
        ImageHeader header = Begin(encoded, options, cancellationToken);
        bool isDamaged = Deliver(encoded, header, options, frame: 0, receiver, start, cancellationToken);
        return header.ToInfo(options) with { IsDamaged = isDamaged };
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The options ask for what Skia cannot do.</exception>
    public DecodedFrames DecodeFrames(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
    {
        long start = Stopwatch.GetTimestamp();
        ImageHeader header = Begin(encoded, options, cancellationToken);
        IReadOnlyList<int> wanted = DecodedFrames.Spread(ImageHeaderReader.ReadFrames(encoded, options.Limits).Count, options.MaxFrames);
        ImageRowFormat format = header.RowsFor(options);
        long bytes = (long)PixelBuffer.BytesPerPixel * format.Width * format.Height * wanted.Count;
        if (bytes > options.Limits.MaxDecodedBytes)
        {
            throw new ImageException("bytes of all frames together", bytes, options.Limits.MaxDecodedBytes);
        }

        var frames = new List<DecodedFrame>(wanted.Count);
        bool isDone = false, isDamaged = false;
        try
        {
            foreach (int frame in wanted)
            {
                using var picture = new DisplayedPicture();
                isDamaged |= Deliver(encoded, header, options, frame, picture, start, cancellationToken);
                frames.Add(new DecodedFrame(frame, picture.Take()));
            }

            isDone = true;
            return new DecodedFrames(header.ToInfo(options) with { IsDamaged = isDamaged }, frames);
        }
        finally
        {
            for (int i = 0; !isDone && i < frames.Count; i++)
            {
                frames[i].Pixels.Dispose();
            }
        }
    }

    private static ImageHeader ReadHeader(ReadOnlySpan<byte> encoded, DecodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Colour != ColourTreatment.AsIs || options.ShrinkTowards is not null)
        {
            throw new NotSupportedException("The Skia decoder neither applies colour profiles nor decodes smaller; use the libvips decoder.");
        }

        return ImageHeaderReader.Read(encoded, options.Limits);
    }

    private static ImageHeader Begin(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ImageHeader header = ReadHeader(encoded, options);
        return header.IsComplete || options.AllowTruncated
            ? header
            : throw new ImageException(
                ImageError.Truncated,
                $"The {header.Format} picture is not complete: the data ends at byte {encoded.Length}, before its end mark.");
    }

    // Whether the picture is damaged.
    private static unsafe bool Deliver(
        ReadOnlySpan<byte> encoded, ImageHeader header, DecodeOptions options, int frame, IImageRowReceiver receiver, long start,
        CancellationToken cancellationToken)
    {
        int width = header.StoredWidth, height = header.StoredHeight;
        byte[] pixels = Rent((long)width * height * SkiaPixel);
        try
        {
            bool isDamaged;
            fixed (byte* source = encoded, target = pixels)
            {
                // Skia reads lazily: the bytes stay pinned until the codec is gone.
                using SKData data = SKData.Create((nint)source, encoded.Length);
                using SKCodec codec = SKCodec.Create(data)
                    ?? throw new ImageException(
                        header.IsComplete ? ImageError.Corrupt : ImageError.Truncated, $"The header of the {header.Format} picture cannot be read.");
                if (codec.EncodedFormat != FormatOf(header.Format) || codec.Info.Width != width || codec.Info.Height != height)
                {
                    throw new ImageException(
                        ImageError.Corrupt,
                        $"The {header.Format} picture contradicts itself: {width}x{height} by its header, "
                        + $"{codec.Info.Width}x{codec.Info.Height} by its data.");
                }

                // No colour space: samples as they are.
                var info = new SKImageInfo(width, height, SKColorType.Rgba8888, header.HasAlpha || header.Format is ImageFormat.Gif or ImageFormat.WebP
                    ? SKAlphaType.Unpremul : SKAlphaType.Opaque);
                SKCodecResult result = frame == 0 && header.Frames == 1
                    ? codec.GetPixels(info, (nint)target)
                    : codec.GetPixels(info, (nint)target, new SKCodecOptions(frame));
                isDamaged = result != SKCodecResult.Success;
                bool isUsable = result is SKCodecResult.Success
                    || (options.AllowTruncated && result is SKCodecResult.IncompleteInput or SKCodecResult.ErrorInInput);
                if (!isUsable)
                {
                    throw new ImageException(
                        header.IsComplete ? ImageError.Corrupt : ImageError.Truncated, $"The {header.Format} picture's data is damaged.");
                }
            }

            Send(pixels, header.RowsFor(options), options, receiver, start, cancellationToken);
            return isDamaged || !header.IsComplete;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(pixels, clearArray: true);
        }
    }

    private static void Send(
        ReadOnlySpan<byte> pixels, ImageRowFormat format, DecodeOptions options, IImageRowReceiver receiver, long start,
        CancellationToken cancellationToken)
    {
        receiver.Begin(format);
        byte[] strip = ArrayPool<byte>.Shared.Rent(format.Width * IImageRowReceiver.StripRows * PixelBuffer.BytesPerPixel);
        try
        {
            for (int top = 0; top < format.Height; top += IImageRowReceiver.StripRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Stopwatch.GetElapsedTime(start) > options.Limits.MaxDecodeTime)
                {
                    throw new ImageException(
                        ImageError.TimedOut, $"Decoding took longer than {options.Limits.MaxDecodeTime.TotalSeconds:0.###} s.");
                }

                int count = Math.Min(IImageRowReceiver.StripRows, format.Height - top);
                Span<byte> rgb = strip.AsSpan(0, count * format.Width * PixelBuffer.BytesPerPixel);
                Lay(pixels.Slice(top * format.Width * SkiaPixel, count * format.Width * SkiaPixel), rgb, options);
                receiver.Receive(rgb, top, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(strip, clearArray: true);
        }
    }

    // Over a background b: round((c·a + b·(255 − a)) / 255), halves upward.
    private static void Lay(ReadOnlySpan<byte> rgba, Span<byte> rgb, DecodeOptions options)
    {
        ReadOnlySpan<byte> background = [options.Background.Red, options.Background.Green, options.Background.Blue];
        for (int from = 0, to = 0; to < rgb.Length; from += SkiaPixel, to += PixelBuffer.BytesPerPixel)
        {
            int alpha = options.Alpha == AlphaTreatment.Drop ? byte.MaxValue : rgba[from + 3];
            for (int c = 0; c < PixelBuffer.BytesPerPixel; c++)
            {
                int sum = (rgba[from + c] * alpha) + (background[c] * (byte.MaxValue - alpha)) + 128;
                rgb[to + c] = (byte)((sum + (sum >> 8)) >> 8);
            }
        }
    }

    private static byte[] Rent(long length)
    {
        if (length > Array.MaxLength)
        {
            throw new ImageException("bytes for one picture in this decoder", length, Array.MaxLength);
        }

        try
        {
            // Cleared: what a damaged picture leaves out must not show another one's memory.
            byte[] pixels = ArrayPool<byte>.Shared.Rent((int)length);
            pixels.AsSpan().Clear();
            return pixels;
        }
        catch (OutOfMemoryException e)
        {
            throw new ImageException(ImageError.OutOfMemory, $"No memory for {length} bytes of pixels.", e);
        }
    }

    private static SKEncodedImageFormat FormatOf(ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => SKEncodedImageFormat.Jpeg,
        ImageFormat.Png => SKEncodedImageFormat.Png,
        ImageFormat.WebP => SKEncodedImageFormat.Webp,
        _ => SKEncodedImageFormat.Gif,
    };
}
