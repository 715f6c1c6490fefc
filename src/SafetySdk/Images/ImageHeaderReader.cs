using System.Buffers.Binary;

namespace SafetySdk.Images;

/// <summary>
/// Reads formats, sizes and structure from untrusted bytes and judges them by <see cref="ImageLimits"/>, before any codec sees the bytes
/// and before any pixel buffer exists.
/// </summary>
/// <remarks>
/// Managed, without unsafe code, recursion or allocation beyond the result; one pass, time linear in the length, at most once over every
/// byte. Lengths from the file are compared before they are used. Thread-safe.
/// </remarks>
public static partial class ImageHeaderReader
{
    private static ReadOnlySpan<byte> JpegSignature => [0xFF, 0xD8, 0xFF];

    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Tells the format by content.</summary>
    /// <param name="encoded">The file's bytes; the first 1,024 suffice.</param>
    /// <returns>The format, AVIF also where it is not allowed; null where the bytes are none that can be read.</returns>
    public static ImageFormat? Sniff(ReadOnlySpan<byte> encoded)
    {
        if (encoded.StartsWith(JpegSignature))
        {
            return ImageFormat.Jpeg;
        }

        if (encoded.StartsWith(PngSignature))
        {
            return ImageFormat.Png;
        }

        if (encoded.StartsWith("GIF87a"u8) || encoded.StartsWith("GIF89a"u8))
        {
            return ImageFormat.Gif;
        }

        return encoded.StartsWith("RIFF"u8) && encoded.Length >= 12 && encoded[8..].StartsWith("WEBP"u8) ? ImageFormat.WebP
            : IsAvif(encoded) ? ImageFormat.Avif
            : null;
    }

    /// <summary>What a decoder's <see cref="IImageDecoder.ReadInfo"/> says.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="options">How the picture would be decoded.</param>
    /// <exception cref="ImageException">As <see cref="Read(ReadOnlySpan{byte}, ImageLimits, bool)"/>.</exception>
    public static ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, DecodeOptions options) => Read(encoded, options).ToInfo(options);

    /// <summary>Reads the structure of a picture and judges it.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="options">How the picture would be decoded.</param>
    /// <exception cref="ImageException">As <see cref="Read(ReadOnlySpan{byte}, ImageLimits, bool)"/>.</exception>
    public static ImageHeader Read(ReadOnlySpan<byte> encoded, DecodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Read(encoded, options.Limits, options.AllowAvif);
    }

    /// <summary>Reads the structure of a picture and judges it.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="allowAvif">Whether AVIF is read; otherwise it is unsupported.</param>
    /// <returns>The header. Data that stops after the header is no error here: see <see cref="ImageHeader.IsComplete"/>.</returns>
    /// <exception cref="ImageException">
    /// <see cref="ImageError.Unsupported"/>, <see cref="ImageError.LimitExceeded"/>, <see cref="ImageError.Truncated"/> (within the header)
    /// or <see cref="ImageError.Corrupt"/>.
    /// </exception>
    public static ImageHeader Read(ReadOnlySpan<byte> encoded, ImageLimits limits, bool allowAvif = false)
    {
        ArgumentNullException.ThrowIfNull(limits);
        Judge("encoded bytes", encoded.Length, limits.MaxBytes);
        ImageHeader header = Sniff(encoded) switch
        {
            ImageFormat.Jpeg => ReadJpeg(encoded, limits),
            ImageFormat.Png => ReadPng(encoded, limits),
            ImageFormat.Gif => ReadGif(encoded, limits),
            ImageFormat.WebP => ReadWebP(encoded, limits),
            ImageFormat.Avif when allowAvif => ReadAvif(encoded, limits),
            ImageFormat.Avif => throw new ImageException(
                ImageError.Unsupported, "The picture is AVIF, which is not read unless DecodeOptions.AllowAvif is set."),
            _ => throw new ImageException(
                ImageError.Unsupported, $"The {encoded.Length} bytes are no JPEG, PNG, WebP or GIF by content; no other format is read."),
        };
        Judge("bytes of one metadata block", header.LargestMetadata, limits.MaxMetadataBytes);
        return header.IsComplete ? header with { TrailingBytes = encoded.Length - header.EndPosition } : header;
    }

    /// <summary>Reads where the frames of an animation lie.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="limits">Bounds; <see cref="ImageLimits.MaxAnimationFrames"/> among them.</param>
    /// <returns>The frames of a GIF or WebP animation; of any other picture one that is the whole.</returns>
    /// <exception cref="ImageException">As <see cref="Read(ReadOnlySpan{byte}, ImageLimits, bool)"/>.</exception>
    public static IReadOnlyList<ImageFrame> ReadFrames(ReadOnlySpan<byte> encoded, ImageLimits limits)
    {
        ImageHeader header = Read(encoded, limits, allowAvif: true);
        if (header.Frames > 1 && header.Format is ImageFormat.Gif or ImageFormat.WebP)
        {
            Judge("frames of an animation", header.Frames, limits.MaxAnimationFrames);
            var places = new List<ImageFrame>(header.Frames);
            _ = header.Format == ImageFormat.Gif ? ReadGif(encoded, limits, places) : ReadWebP(encoded, limits, places);
            if (places.Count > 0)
            {
                return places;
            }
        }

        return [new ImageFrame(header.FirstFrame.Left, header.FirstFrame.Top, header.FirstFrame.Width, header.FirstFrame.Height, FrameDisposal.Keep)];
    }

    private static void JudgeSize(long width, long height, bool needsWholePicture, ImageLimits limits)
    {
        if (width == 0 || height == 0)
        {
            throw Corrupt("The header declares a side of 0 pixels.");
        }

        Judge("pixels of the longest side", Math.Max(width, height), limits.MaxSide);
        Judge("pixels", width * height, limits.MaxPixels);
        Judge("pixels for one buffer", width * height, Array.MaxLength / PixelBuffer.BytesPerPixel);
        if (needsWholePicture)
        {
            Judge("pixels of a picture that cannot be streamed", width * height, limits.MaxPixelsWithoutStreaming);
        }
    }

    private static void Judge(string what, long found, long allowed)
    {
        if (found > allowed)
        {
            throw new ImageException(what, found, allowed);
        }
    }

    private static ImageException Corrupt(string message) => new(ImageError.Corrupt, message);

    private static ImageException TruncatedHeader(ImageFormat format, int length)
        => new(ImageError.Truncated, $"The data ends at byte {length}, inside the header of the {format} picture.");

    // EXIF is a TIFF header and a directory of 12-byte entries; only tag 0x0112 of the first directory matters. Null: none.
    private static int? ReadExifOrientation(ReadOnlySpan<byte> tiff)
    {
        const int OrientationTag = 0x0112, ShortType = 3;
        bool littleEndian = tiff.StartsWith("II"u8);
        if (tiff.Length < 8 || !(littleEndian || tiff.StartsWith("MM"u8)) || Read16(tiff[2..], littleEndian) != 42)
        {
            return null;
        }

        uint directory = Read32(tiff[4..], littleEndian);
        if (directory > (uint)tiff.Length - 2)
        {
            return null;
        }

        ReadOnlySpan<byte> entries = tiff[(int)directory..];
        int count = Read16(entries, littleEndian);
        entries = entries[2..];
        for (int i = 0; i < count && entries.Length >= 12; i++, entries = entries[12..])
        {
            if (Read16(entries, littleEndian) == OrientationTag)
            {
                return Read16(entries[2..], littleEndian) == ShortType && Read32(entries[4..], littleEndian) == 1
                    ? Read16(entries[8..], littleEndian)
                    : null;
            }
        }

        return null;
    }

    private static int OrientationOrDefault(int? found) => found is >= 1 and <= 8 ? found.Value : 1;

    private static int Read16(ReadOnlySpan<byte> bytes, bool littleEndian)
        => littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint Read32(ReadOnlySpan<byte> bytes, bool littleEndian)
        => littleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
