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
        Resize(image.Pixels, PixelFormat.Rgb, image.Width, image.Height, mode, precision, width, height, destination);
    }

    /// <summary>Resizes interleaved samples, proportions not kept.</summary>
    /// <remarks>
    /// RGBA: the antialiased resamplings multiply colours by alpha first and divide afterwards, as Pillow does, so that the colour of
    /// transparent pixels does not bleed; OpenCV's and the nearest sample treat alpha as a fourth colour, as OpenCV and Pillow do.
    /// </remarks>
    /// <param name="source">width × height pixels, row-major, without padding.</param>
    /// <param name="format">What a pixel holds, in the source and in the destination.</param>
    /// <param name="width">Width of the source, at least 1.</param>
    /// <param name="height">Height of the source, at least 1.</param>
    /// <param name="mode">A resampling to whole levels: of Pillow, torchvision, OpenCV, or the nearest sample.</param>
    /// <param name="precision">Whether the bytes must be the reference's.</param>
    /// <param name="newWidth">Width wanted, at least 1.</param>
    /// <param name="newHeight">Height wanted, at least 1.</param>
    /// <param name="destination">Receives newWidth × newHeight pixels; must not overlap the source.</param>
    /// <param name="degree">Bands of rows that are worked on at a time, each by a thread of the pool; at least 1. The bytes are the same at
    /// any degree; below about 2 million source pixels more than 1 does not pay.</param>
    /// <exception cref="ArgumentException">A buffer does not fit its sides, or the resampling does not give whole levels.</exception>
    public static void Resize(
        ReadOnlySpan<byte> source, PixelFormat format, int width, int height, ResampleMode mode, ResamplePrecision precision, int newWidth,
        int newHeight, Span<byte> destination, int degree = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(newWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(newHeight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(degree, 1);
        int channels = format.Channels();
        if (source.Length != (long)channels * width * height)
        {
            throw new ArgumentException($"{width}x{height} {format} has {(long)channels * width * height} bytes, got {source.Length}.", nameof(source));
        }

        if (destination.Length < (long)channels * newWidth * newHeight)
        {
            throw new ArgumentException(
                $"{newWidth}x{newHeight} {format} needs {(long)channels * newWidth * newHeight} bytes, got {destination.Length}.",
                nameof(destination));
        }

        if (mode.IsUnrounded())
        {
            throw new ArgumentException($"{mode.Name()} gives values between levels: make a tensor instead.", nameof(mode));
        }

        var geometry = new TensorGeometry(width, height, newWidth, newHeight, 0, 0, new(0, 0, newWidth, newHeight));
        ResamplePlan plan = ResamplePlan.Of(new(0, 0, width, height), geometry, mode, precision) with { Channels = channels };
        if (degree > 1)
        {
            ResizeInBands(source, plan, destination, degree);
            return;
        }

        var writer = new PixelRowWriter(destination);
        Resample(new RowStrip(source, channels * width, 0, height), plan, ref writer);
    }

    /// <summary>The one place that chooses the implementation of a resampling to whole levels.</summary>
    internal static void Resample<TWriter>(scoped RowStrip rows, in ResamplePlan plan, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        if (!plan.Mode.IsAntialiased())
        {
            var sampled = new SampledResampler(plan);
            try
            {
                sampled.Push(rows, ref writer);
            }
            finally
            {
                sampled.Dispose();
            }

            return;
        }

        using var antialias = AntialiasResampler.Rent(plan);
        antialias.Push(rows, ref writer);
    }

    /// <summary>Works on bands of the wanted rows, each on a thread of the pool.</summary>
    internal static void InBands(in ResamplePlan plan, int degree, Action<ResamplePlan> work)
    {
        ResamplePlan whole = plan;
        int bands = Math.Min(degree, plan.Rows);
        Parallel.For(0, bands, new ParallelOptions { MaxDegreeOfParallelism = bands }, i => work(whole.Band(i, bands)));
    }

    // Spans cannot be captured; the buffers stay fixed until every band is done.
    private static unsafe void ResizeInBands(ReadOnlySpan<byte> source, in ResamplePlan plan, Span<byte> destination, int degree)
    {
        (int sourceLength, int destinationLength) = (source.Length, destination.Length);
        fixed (byte* fixedSource = source)
        fixed (byte* fixedDestination = destination)
        {
            byte* from = fixedSource;
            byte* to = fixedDestination;
            InBands(plan, degree, band =>
            {
                var writer = new PixelRowWriter(new Span<byte>(to, destinationLength));
                var rows = new RowStrip(new ReadOnlySpan<byte>(from, sourceLength), band.Channels * band.Width, 0, band.Height);
                Resample(rows, band, ref writer);
            });
        }
    }
}
