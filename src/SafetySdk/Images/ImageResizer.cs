namespace SafetySdk.Images;

/// <summary>
/// Resizes pictures to whole levels. Thread-safe; after the first call of a size nothing is allocated but pooled scratch, which is cleared.
/// </summary>
public static class ImageResizer
{
    /// <summary>Resizes a picture, proportions not kept.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="mode">A resampling to whole levels: of Pillow, torchvision, OpenCV, or the nearest sample.</param>
    /// <param name="precision">Whether the bytes must be the reference's.</param>
    /// <param name="width">Width wanted, at least 1.</param>
    /// <param name="height">Height wanted, at least 1.</param>
    /// <param name="destination">Receives 3 × width × height bytes, R G B R G B …; must not overlap the picture.</param>
    /// <exception cref="ArgumentException">The destination is too short, or the resampling does not give whole levels.</exception>
    public static void Resize(
        PixelBuffer image, ResampleMode mode, ResamplePrecision precision, int width, int height, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (destination.Length < 3L * width * height)
        {
            throw new ArgumentException(
                $"{width}x{height} RGB needs {3L * width * height} bytes, got {destination.Length}.", nameof(destination));
        }

        if (mode.IsUnrounded())
        {
            throw new ArgumentException($"{mode.Name()} gives values between levels: make a tensor instead.", nameof(mode));
        }

        var writer = new PixelRowWriter(destination);
        var geometry = new TensorGeometry(image.Width, image.Height, width, height, 0, 0, new(0, 0, width, height));
        Resample(image, new(0, 0, image.Width, image.Height), geometry, mode, precision, ref writer);
    }

    /// <summary>The one place that chooses the implementation of a resampling to whole levels.</summary>
    internal static void Resample<TWriter>(
        PixelBuffer image, PixelRectangle source, in TensorGeometry geometry, ResampleMode mode, ResamplePrecision precision,
        ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        if (mode is ResampleMode.OpenCvLinear or ResampleMode.Nearest)
        {
            SampledResampler.Resample(image, source, geometry, mode, ref writer);
        }
        else
        {
            AntialiasResampler.Resample(image, source, geometry, mode, precision, ref writer);
        }
    }
}
