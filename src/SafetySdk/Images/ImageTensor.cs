using System.Buffers;

namespace SafetySdk.Images;

/// <summary>
/// Turns pictures into the tensors that networks are fed. Thread-safe; allocates nothing but pooled scratch, which is cleared.
/// </summary>
public static class ImageTensor
{
    /// <summary>Writes the whole picture.</summary>
    /// <param name="image">The picture as displayed.</param>
    /// <param name="recipe">What to make of it; its width and height must be set.</param>
    /// <param name="destination">Receives <see cref="TensorRecipe.ElementCount"/> floats in the recipe's layout, without a batch axis. Must
    /// not overlap the picture.</param>
    /// <exception cref="ArgumentException">The destination is too short, or the recipe has no size.</exception>
    public static void Write(PixelBuffer image, TensorRecipe recipe, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        Write(image, new PixelRectangle(0, 0, image.Width, image.Height), recipe, destination);
    }

    /// <summary>Writes a rectangle of the picture.</summary>
    /// <param name="image">The picture as displayed.</param>
    /// <param name="source">The rectangle: inside the picture, not empty.</param>
    /// <param name="recipe">What to make of it; its width and height must be set.</param>
    /// <param name="destination">Receives <see cref="TensorRecipe.ElementCount"/> floats in the recipe's layout, without a batch axis. Must
    /// not overlap the picture.</param>
    /// <param name="degree">Bands of rows that are worked on at a time, each by a thread of the pool; at least 1. The values are the same at
    /// any degree; below about 2 million source pixels more than 1 does not pay.</param>
    /// <exception cref="ArgumentException">The destination is too short, the recipe has no size, or the rectangle leaves the
    /// picture.</exception>
    /// <exception cref="ImageException"><see cref="ImageError.LimitExceeded"/>: the proportions are too extreme for the recipe.</exception>
    public static void Write(PixelBuffer image, PixelRectangle source, TensorRecipe recipe, Span<float> destination, int degree = 1)
        => WriteAs(image, source, recipe, destination, degree);

    /// <summary>Writes a rectangle of the picture as halves: each is the nearest to what the single precision tensor holds.</summary>
    /// <inheritdoc cref="Write(PixelBuffer, PixelRectangle, TensorRecipe, Span{float}, int)"/>
    public static void Write(PixelBuffer image, PixelRectangle source, TensorRecipe recipe, Span<Half> destination, int degree = 1)
        => WriteAs(image, source, recipe, destination, degree);

    /// <summary>
    /// Writes a rectangle of the picture as levels of 0 to 255, without normalisation; the unrounded resamplings are rounded, halves to
    /// even.
    /// </summary>
    /// <inheritdoc cref="Write(PixelBuffer, PixelRectangle, TensorRecipe, Span{float}, int)"/>
    public static void Write(PixelBuffer image, PixelRectangle source, TensorRecipe recipe, Span<byte> destination, int degree = 1)
        => WriteAs(image, source, recipe, destination, degree);

    /// <summary>
    /// Decodes a picture straight into a tensor, strip by strip: where the recipe allows, a picture of any size takes some hundred rows of
    /// memory. The values are those of decoding first and writing then; with <see cref="DecodeOptions.ShrinkTowards"/> within its bound.
    /// </summary>
    /// <remarks>
    /// Every antialiased recipe allows it in every orientation (but <see cref="TensorFit.PadTopLeft"/>), the others for pictures that are
    /// stored as displayed.
    /// </remarks>
    /// <param name="decoder">The decoder.</param>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="options">How to decode.</param>
    /// <param name="recipe">What to make of it; its width and height must be set.</param>
    /// <param name="destination">Receives <see cref="TensorRecipe.ElementCount"/> floats in the recipe's layout, without a batch axis; its
    /// contents are undefined after a failure.</param>
    /// <param name="cancellationToken">Looked at between strips of rows.</param>
    /// <returns>What the header said and what was done.</returns>
    /// <exception cref="ArgumentException">The destination is too short, or the recipe has no size.</exception>
    /// <exception cref="ImageException">The bytes are not an allowed picture, a limit would be exceeded, or the data is truncated or
    /// damaged.</exception>
    /// <exception cref="InvalidOperationException">The decoder broke the contract of <see cref="IImageRowReceiver"/>.</exception>
    public static ImageInfo Decode(
        IImageDecoder decoder, ReadOnlySpan<byte> encoded, DecodeOptions options, TensorRecipe recipe, Span<float> destination,
        CancellationToken cancellationToken = default)
        => DecodeAs(decoder, encoded, options, recipe, destination, cancellationToken);

    /// <summary>Decodes a picture straight into a tensor of halves.</summary>
    /// <inheritdoc cref="Decode(IImageDecoder, ReadOnlySpan{byte}, DecodeOptions, TensorRecipe, Span{float}, CancellationToken)"/>
    public static ImageInfo Decode(
        IImageDecoder decoder, ReadOnlySpan<byte> encoded, DecodeOptions options, TensorRecipe recipe, Span<Half> destination,
        CancellationToken cancellationToken = default)
        => DecodeAs(decoder, encoded, options, recipe, destination, cancellationToken);

    /// <summary>Decodes a picture straight into a tensor of levels.</summary>
    /// <inheritdoc cref="Decode(IImageDecoder, ReadOnlySpan{byte}, DecodeOptions, TensorRecipe, Span{float}, CancellationToken)"/>
    public static ImageInfo Decode(
        IImageDecoder decoder, ReadOnlySpan<byte> encoded, DecodeOptions options, TensorRecipe recipe, Span<byte> destination,
        CancellationToken cancellationToken = default)
        => DecodeAs(decoder, encoded, options, recipe, destination, cancellationToken);

    private static unsafe ImageInfo DecodeAs<T>(
        IImageDecoder decoder, ReadOnlySpan<byte> encoded, DecodeOptions options, TensorRecipe recipe, Span<T> destination,
        CancellationToken cancellationToken)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(options);
        CheckSize(recipe, destination.Length);
        fixed (T* target = destination)
        {
            using var receiver = new TensorRowReceiver<T>(recipe, target);
            ImageInfo info = decoder.DecodeRows(encoded, options, receiver, cancellationToken);
            receiver.CheckComplete();
            return info;
        }
    }

    internal static void WriteAs<T>(PixelBuffer image, PixelRectangle source, TensorRecipe recipe, Span<T> destination, int degree)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(degree, 1);
        CheckSize(recipe, destination.Length);
        if (source.Left < 0 || source.Top < 0 || source.Width < 1 || source.Height < 1
            || source.Width > image.Width - source.Left || source.Height > image.Height - source.Top)
        {
            throw new ArgumentException($"The rectangle {source} leaves the picture of {image.Width}x{image.Height}.", nameof(source));
        }

        var geometry = TensorGeometry.Of(recipe, source.Width, source.Height);
        var writer = new TensorRowWriter<T>(recipe, geometry, destination);
        bool unrounded = recipe.Resample.IsUnrounded();
        bool fillsTensor = geometry.Content.Width == recipe.Width && geometry.Content.Height == recipe.Height;
        if (!unrounded && geometry.KeepsEveryPixel && fillsTensor && source.Width == image.Width)
        {
            writer.WriteAll(image.Pixels.Slice(source.Top * image.Width * 3, source.Height * image.Width * 3));
            return;
        }

        if (!unrounded && geometry.ExtendsSource(source.Width, source.Height))
        {
            ResampleExtended(image, source, ResamplePlan.Of(
                new(0, 0, geometry.SourceWidth, geometry.SourceHeight), geometry, recipe.Resample, recipe.Precision), writer);
            return;
        }

        ResamplePlan plan = ResamplePlan.Of(source, geometry, recipe.Resample, recipe.Precision);
        if (degree > 1)
        {
            WriteInBands(RowStrip.Of(image, source), plan, recipe, destination, degree);
        }
        else
        {
            Resample(RowStrip.Of(image, source), plan, writer);
        }
    }

    private static void Resample<T>(scoped RowStrip rows, in ResamplePlan plan, TensorRowWriter<T> writer)
        where T : unmanaged
    {
        if (!plan.Mode.IsUnrounded())
        {
            ImageResizer.Resample(rows, plan, ref writer);
            return;
        }

        var bilinear = new BilinearResampler(plan);
        try
        {
            bilinear.Push(rows, writer);
        }
        finally
        {
            bilinear.Dispose();
        }
    }

    // Black up to a square takes part in the windows, so it has to be there, but strip by strip: a line of one row by 16,384 columns would
    // otherwise take 800 MB.
    private static void ResampleExtended<T>(PixelBuffer image, PixelRectangle source, in ResamplePlan plan, TensorRowWriter<T> writer)
        where T : unmanaged
    {
        int stride = checked(PixelBuffer.BytesPerPixel * plan.Width);
        int rowBytes = PixelBuffer.BytesPerPixel * source.Width;
        int length = checked(stride * IImageRowReceiver.StripRows);
        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> strip = rented.AsSpan(0, length);
        strip.Clear();
        AntialiasResampler? antialias = plan.Mode.IsAntialiased() ? AntialiasResampler.Rent(plan) : null;
        SampledResampler sampled = antialias is null ? new SampledResampler(plan) : default;
        try
        {
            for (int top = 0; top < plan.Height; top += IImageRowReceiver.StripRows)
            {
                int count = Math.Min(IImageRowReceiver.StripRows, plan.Height - top);
                for (int row = 0; row < count; row++)
                {
                    Span<byte> target = strip.Slice(row * stride, rowBytes);
                    if (top + row < source.Height)
                    {
                        image.Pixels.Slice((((source.Top + top + row) * image.Width) + source.Left) * PixelBuffer.BytesPerPixel, rowBytes)
                            .CopyTo(target);
                    }
                    else
                    {
                        target.Clear();
                    }
                }

                var rows = new RowStrip(strip, stride, top, count);
                if (antialias is not null)
                {
                    antialias.Push(rows, ref writer);
                }
                else
                {
                    sampled.Push(rows, ref writer);
                }
            }
        }
        finally
        {
            antialias?.Dispose();
            sampled.Dispose();
            strip.Clear();
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    // Spans cannot be captured; the buffers stay fixed until every band is done.
    private static unsafe void WriteInBands<T>(
        scoped RowStrip rows, in ResamplePlan plan, TensorRecipe recipe, Span<T> destination, int degree)
        where T : unmanaged
    {
        (int sourceLength, int stride, int count, int destinationLength) = (rows.Pixels.Length, rows.Stride, rows.Count, destination.Length);
        fixed (byte* fixedSource = rows.Pixels)
        fixed (T* fixedDestination = destination)
        {
            byte* from = fixedSource;
            T* to = fixedDestination;
            ImageResizer.InBands(plan, degree, band => Resample(
                new RowStrip(new ReadOnlySpan<byte>(from, sourceLength), stride, 0, count),
                band,
                new TensorRowWriter<T>(recipe, band.Geometry, new Span<T>(to, destinationLength), fills: false)));
        }
    }

    /// <summary>
    /// Writes a quadrilateral of the picture, straightened by the perspective transform that takes it to a rectangle of
    /// <see cref="QuadrilateralSize"/>, turned, and brought to the recipe's size by its resampling. Beyond the picture its border is
    /// repeated.
    /// </summary>
    /// <remarks>The straightened rectangle is sampled where needed instead of being stored, so memory does not depend on its
    /// size.</remarks>
    /// <param name="image">The picture as displayed.</param>
    /// <param name="corners">Top left, top right, bottom right, bottom left: x, y in pixels each; convex.</param>
    /// <param name="quarterTurns">Quarter turns counter-clockwise after straightening, 0 to 3.</param>
    /// <param name="recipe">What to make of it; <see cref="TensorFit.Squash"/> or <see cref="TensorFit.PadRight"/>; width and height must
    /// be set.</param>
    /// <param name="destination">Receives <see cref="TensorRecipe.ElementCount"/> floats in the recipe's layout, without a batch
    /// axis.</param>
    /// <exception cref="ArgumentException">The destination is too short, the recipe does not fit, or the quadrilateral is
    /// degenerate.</exception>
    public static void WriteQuadrilateral(
        PixelBuffer image, ReadOnlySpan<double> corners, int quarterTurns, TensorRecipe recipe, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        CheckSize(recipe, destination.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(quarterTurns);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quarterTurns, 3);
        if (recipe.Fit is not (TensorFit.Squash or TensorFit.PadRight) || !recipe.Resample.IsUnrounded())
        {
            throw new ArgumentException(
                "A quadrilateral is squashed or padded at the right, by one of the unrounded bilinear resamplings.", nameof(recipe));
        }

        (int width, int height) = QuadrilateralSize(corners);
        if (width < 1 || height < 1 || !PerspectiveMap.TryCreate(corners, width, height, out PerspectiveMap map))
        {
            throw new ArgumentException("The quadrilateral is empty or not convex.", nameof(corners));
        }

        (int turnedWidth, int turnedHeight) = (quarterTurns & 1) == 0 ? (width, height) : (height, width);
        var geometry = TensorGeometry.Of(recipe, turnedWidth, turnedHeight);
        int contentWidth = geometry.Content.Width;
        var writer = new TensorRowWriter<float>(recipe, geometry, destination);
        float[] row = ArrayPool<float>.Shared.Rent(contentWidth * 3);
        try
        {
            ReadOnlySpan<byte> pixels = image.Pixels;
            Span<float> a = stackalloc float[12];
            for (int y = 0; y < recipe.Height; y++)
            {
                (int y0, int y1, float wy) = Neighbours(y, turnedHeight, recipe.Height, recipe.Resample);
                for (int x = 0; x < contentWidth; x++)
                {
                    (int x0, int x1, float wx) = Neighbours(x, turnedWidth, contentWidth, recipe.Resample);
                    Sample(pixels, image, map, x0, y0, quarterTurns, width, height, a[..3]);
                    Sample(pixels, image, map, x1, y0, quarterTurns, width, height, a.Slice(3, 3));
                    Sample(pixels, image, map, x0, y1, quarterTurns, width, height, a.Slice(6, 3));
                    Sample(pixels, image, map, x1, y1, quarterTurns, width, height, a.Slice(9, 3));
                    for (int c = 0; c < 3; c++)
                    {
                        float upper = a[c] + ((a[3 + c] - a[c]) * wx);
                        float lower = a[6 + c] + ((a[9 + c] - a[6 + c]) * wx);
                        row[(x * 3) + c] = upper + ((lower - upper) * wy);
                    }
                }

                writer.Write(row.AsSpan(0, contentWidth * 3), y);
            }
        }
        finally
        {
            row.AsSpan(0, contentWidth * 3).Clear();
            ArrayPool<float>.Shared.Return(row);
        }
    }

    /// <summary>
    /// Size of a quadrilateral once straightened: the longer of its two horizontal and of its two vertical edges, rounded down.
    /// </summary>
    /// <param name="corners">Top left, top right, bottom right, bottom left: x, y in pixels each.</param>
    /// <exception cref="ArgumentException">Not eight finite numbers.</exception>
    public static (int Width, int Height) QuadrilateralSize(ReadOnlySpan<double> corners)
    {
        if (corners.Length != 8)
        {
            throw new ArgumentException($"A quadrilateral has 8 coordinates, got {corners.Length}.", nameof(corners));
        }

        foreach (double coordinate in corners)
        {
            // Far beyond any picture, and safe to convert.
            if (!(Math.Abs(coordinate) <= 1 << 24))
            {
                throw new ArgumentException("The corners must be finite and within 2^24 pixels.", nameof(corners));
            }
        }

        double width = Math.Max(Distance(corners, 0, 1), Distance(corners, 3, 2));
        double height = Math.Max(Distance(corners, 0, 3), Distance(corners, 1, 2));
        return ((int)width, (int)height);
    }

    private static double Distance(ReadOnlySpan<double> corners, int a, int b) =>
        double.Hypot(corners[2 * a] - corners[2 * b], corners[(2 * a) + 1] - corners[(2 * b) + 1]);

    internal static void CheckSize(TensorRecipe recipe, int length)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (recipe.Width < 1 || recipe.Height < 1)
        {
            throw new ArgumentException($"The recipe {recipe.Name} takes any size: set its width and height.", nameof(recipe));
        }

        if (length < recipe.ElementCount)
        {
            throw new ArgumentException(
                $"The recipe {recipe.Name} needs {recipe.ElementCount} elements, the destination has {length}.", nameof(length));
        }
    }

    private static (int First, int Second, float Weight) Neighbours(int i, int inLength, int outLength, ResampleMode mode)
    {
        double position = BilinearResampler.SourcePosition(i, inLength, outLength, mode);
        int first = Math.Min((int)position, inLength - 1);
        return (first, Math.Min(first + 1, inLength - 1), (float)(position - first));
    }

    private static void Sample(
        ReadOnlySpan<byte> pixels, PixelBuffer image, in PerspectiveMap map, int x, int y, int quarterTurns, int width, int height,
        Span<float> rgb)
    {
        (int u, int v) = quarterTurns switch
        {
            0 => (x, y),
            1 => (width - 1 - y, x),
            2 => (width - 1 - x, height - 1 - y),
            _ => (y, height - 1 - x),
        };
        (double sx, double sy) = map.Apply(u, v);
        sx = Math.Clamp(sx, 0, image.Width - 1);
        sy = Math.Clamp(sy, 0, image.Height - 1);
        int x0 = (int)sx;
        int y0 = (int)sy;
        int x1 = Math.Min(x0 + 1, image.Width - 1);
        int y1 = Math.Min(y0 + 1, image.Height - 1);
        float wx = (float)(sx - x0);
        float wy = (float)(sy - y0);
        int upper = y0 * image.Width;
        int lower = y1 * image.Width;
        for (int c = 0; c < 3; c++)
        {
            float a = pixels[((upper + x0) * 3) + c];
            float b = pixels[((upper + x1) * 3) + c];
            float d = pixels[((lower + x0) * 3) + c];
            float e = pixels[((lower + x1) * 3) + c];
            float top = a + ((b - a) * wx);
            float bottom = d + ((e - d) * wx);
            rgb[c] = top + ((bottom - top) * wy);
        }
    }
}
