using System.Diagnostics.CodeAnalysis;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>Takes files through the header reader and the decoder and says what is wrong with how they end.</summary>
internal static class HostileRun
{
    private static readonly byte[] GoodFile = Samples.Get("png rgb");

    /// <summary>What is wrong with the outcomes of a file; nothing where both are as stated.</summary>
    public static IEnumerable<string> Faults(VipsImageDecoder decoder, HostileFile file, byte[] bytes)
    {
        string? header = OutcomeOfHeader(bytes, ImageLimits.Default, out ImageError? headerError, out (int, int) headerSize);
        string? decode = Outcome(decoder, bytes, ImageLimits.Default, out ImageError? error, out (int, int) size);
        if (header is not null || decode is not null)
        {
            yield return $"{file.Name}: {header ?? decode}";
            yield break;
        }

        if (file.Judge(error, size) is string fault)
        {
            yield return fault;
        }

        // The header reader may leave damage to the decoder, but what it refuses is refused, and the sizes that it tells are true.
        if (headerError is not null ? headerError != error : error is null && headerSize != size)
        {
            yield return $"{file.Name}: the header reader says {headerError} {headerSize}, the decoder {error} {size}";
        }
    }

    /// <summary>What is wrong after a good file was decoded; null where nothing is.</summary>
    public static string? FaultOfGoodFile(VipsImageDecoder decoder)
        => Outcome(decoder, GoodFile, ImageLimits.Default, out ImageError? error, out (int, int) size) is string fault ? fault
            : error is not null || size != (21, 33) ? $"a good file ended in {error} {size}" : null;

    /// <summary>Decodes; gives what no file may cause, null where the outcome is pixels or an error that files may cause.</summary>
    public static string? Outcome(VipsImageDecoder decoder, byte[] bytes, ImageLimits limits, out ImageError? error, out (int Width, int Height) size)
    {
        byte[]? none = null;
        return Outcome(decoder, bytes, limits, out error, out size, ref none);
    }

    /// <summary>Like <see cref="Outcome(VipsImageDecoder, byte[], ImageLimits, out ImageError?, out ValueTuple{int, int})"/>, and gives the pixels where there are any and the caller's array is not null.</summary>
    public static string? Outcome(
        VipsImageDecoder decoder, byte[] bytes, ImageLimits limits, out ImageError? error, out (int Width, int Height) size, [NotNullIfNotNull(nameof(pixels))] ref byte[]? pixels)
    {
        (error, size) = (null, default);
        try
        {
            using DecodedImage image = Decode(decoder, bytes, limits);
            size = (image.Info.Width, image.Info.Height);
            pixels = pixels is null ? null : image.Pixels.Pixels.ToArray();
            return image.Pixels.ByteCount == image.Info.Width * image.Info.Height * 3 && size == (image.Pixels.Width, image.Pixels.Height)
                ? null
                : $"{image.Pixels.Width}x{image.Pixels.Height} pixels for a picture of {size}";
        }
        catch (ImageException e)
        {
            error = e.Error;
            return e.Error is ImageError.Unsupported or ImageError.LimitExceeded or ImageError.Truncated or ImageError.Corrupt or ImageError.TimedOut
                ? null
                : $"ends in {e.Error}";
        }
#pragma warning disable CA1031 // Any other exception is what these tests look for.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return $"throws {e.GetType().Name}";
        }
    }

    /// <summary>Decodes all frames as options say; gives what no file may cause, null where the outcome is pixels or an error that files may cause.</summary>
    /// <param name="decoder">The decoder.</param>
    /// <param name="bytes">The file.</param>
    /// <param name="options">How to decode.</param>
    /// <param name="pixels">Pixels of all frames; null where there are none.</param>
    public static string? OutcomeOfFrames(VipsImageDecoder decoder, byte[] bytes, DecodeOptions options, out byte[]? pixels)
    {
        pixels = null;
        try
        {
            using DecodedFrames frames = decoder.DecodeFrames(bytes, options);
            ImageInfo told = decoder.ReadInfo(bytes, options);
            pixels = [.. frames.SelectMany(f => f.Pixels.Pixels.ToArray())];
            return told with { ColourProfile = frames.Info.ColourProfile, IsDamaged = frames.Info.IsDamaged } != frames.Info
                ? $"{frames.Info} after the header said {told}"
                : frames.Any(f => (f.Pixels.Width, f.Pixels.Height) != (told.Width, told.Height)) ? "frames of another size"
                : frames.Info.IsDamaged && !options.AllowTruncated ? "damaged without leave" : null;
        }
        catch (ImageException e)
        {
            return e.Error is ImageError.Unsupported or ImageError.LimitExceeded or ImageError.Truncated or ImageError.Corrupt or ImageError.TimedOut
                ? null
                : $"ends in {e.Error}";
        }
#pragma warning disable CA1031 // Any other exception is what these tests look for.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return $"throws {e.GetType().Name}";
        }
    }

    /// <summary>Reads the header; gives what no file may cause, null where the outcome is a sound header or an error that files may cause.</summary>
    public static string? OutcomeOfHeader(byte[] bytes, ImageLimits limits, out ImageError? error, out (int Width, int Height) size)
    {
        (error, size) = (null, default);
        try
        {
            ImageHeader header = ImageHeaderReader.Read(bytes, limits);
            ImageInfo info = header.ToInfo();
            size = (info.Width, info.Height);
            bool sound = header is { StoredWidth: > 0, StoredHeight: > 0, Orientation: >= 1 and <= 8, Frames: >= 1, TrailingBytes: >= 0 }
                && header.StoredWidth <= limits.MaxSide
                && header.StoredHeight <= limits.MaxSide
                && (long)header.StoredWidth * header.StoredHeight <= limits.MaxPixels
                && header.EndPosition <= bytes.Length
                && (!header.IsComplete || header.EndPosition + header.TrailingBytes == bytes.Length)
                && header.FirstFrame is { Left: >= 0, Top: >= 0, Width: >= 0, Height: >= 0 };
            return sound ? null : $"header reader lets pass what it should not: {header}";
        }
        catch (ImageException e)
        {
            error = e.Error;
            return e.Error is ImageError.Unsupported or ImageError.LimitExceeded or ImageError.Truncated or ImageError.Corrupt ? null : $"header reader ends in {e.Error}";
        }
#pragma warning disable CA1031 // Any other exception is what these tests look for.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return $"header reader throws {e.GetType().Name}";
        }
    }

    // The one place where hostile files meet the decoder.
    private static DecodedImage Decode(VipsImageDecoder decoder, byte[] bytes, ImageLimits limits)
        => decoder.Decode(bytes, DecodeOptions.Default with { Limits = limits });
}
