namespace SafetySdk.Images;

/// <summary>Puts the rows of a picture together as displayed. For decoders, and for tests of them; not thread-safe.</summary>
public sealed class DisplayedPicture : IImageRowReceiver, IDisposable
{
    private ImageRowFormat _format;
    private PixelBuffer? _pixels;
    private StripSequence _strips;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">There is no such format.</exception>
    public void Begin(ImageRowFormat format)
    {
        _pixels?.Dispose();
        _pixels = null;
        _strips.Begin(format);
        _format = format;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The strip is not the one that is due.</exception>
    /// <exception cref="ImageException"><see cref="ImageError.OutOfMemory"/>.</exception>
    public void Receive(ReadOnlySpan<byte> rgb, int top, int count)
    {
        _strips.Take(rgb.Length, top, count, anyHeight: true);

        // Not before there is something to put into it: a header that only promises pixels must not cost what they would.
        _pixels ??= Rent(_format);
        Place(rgb, top, count, _format, _pixels.Pixels);
    }

    /// <summary>Gives the picture away; it then belongs to the caller.</summary>
    /// <exception cref="InvalidOperationException">There is none, or rows of it are missing.</exception>
    public PixelBuffer Take()
    {
        PixelBuffer pixels = _strips.IsComplete && _pixels is not null
            ? _pixels
            : throw new InvalidOperationException("There is no picture, or rows of it are missing.");
        _pixels = null;
        _strips = default;
        return pixels;
    }

    /// <summary>Disposes the picture if it was not taken.</summary>
    public void Dispose()
    {
        _pixels?.Dispose();
        _pixels = null;
        _strips = default;
    }

    private static PixelBuffer Rent(ImageRowFormat format)
    {
        try
        {
            return PixelBuffer.Rent(format.DisplayedWidth, format.DisplayedHeight);
        }
        catch (OutOfMemoryException e)
        {
            throw new ImageException(
                ImageError.OutOfMemory, $"No memory for a picture of {format.DisplayedWidth}x{format.DisplayedHeight} pixels.", e);
        }
    }

    private static void Place(ReadOnlySpan<byte> rows, int top, int count, ImageRowFormat format, Span<byte> displayed)
    {
        int width = format.Width, height = format.Height, orientation = format.Orientation;
        if (orientation < 2)
        {
            rows.CopyTo(displayed[(top * width * 3)..]);
            return;
        }

        if (orientation < 5)
        {
            bool mirrored = orientation is 2 or 3, upsideDown = orientation is 3 or 4;
            for (int row = 0; row < count; row++)
            {
                ReadOnlySpan<byte> source = rows.Slice(row * width * 3, width * 3);
                int y = upsideDown ? height - 1 - top - row : top + row;
                Span<byte> target = displayed.Slice(y * width * 3, width * 3);
                if (!mirrored)
                {
                    source.CopyTo(target);
                    continue;
                }

                for (int from = 0, to = target.Length - 3; to >= 0; from += 3, to -= 3)
                {
                    target[to] = source[from];
                    target[to + 1] = source[from + 1];
                    target[to + 2] = source[from + 2];
                }
            }

            return;
        }

        // Stored rows become displayed columns; column by column, so that writes of one strip stay together.
        bool rowsReversed = orientation is 6 or 7, columnsReversed = orientation is 7 or 8;
        int stride = height * 3, left = (rowsReversed ? height - top - count : top) * 3;
        for (int x = 0; x < width; x++)
        {
            int y = columnsReversed ? width - 1 - x : x;
            Span<byte> target = displayed.Slice((y * stride) + left, count * 3);
            for (int i = 0; i < count; i++)
            {
                int from = (((rowsReversed ? count - 1 - i : i) * width) + x) * 3;
                target[3 * i] = rows[from];
                target[(3 * i) + 1] = rows[from + 1];
                target[(3 * i) + 2] = rows[from + 2];
            }
        }
    }
}
