namespace SafetySdk.Images;

/// <summary>Keeps the rows that a decoder delivers, as displayed. One picture at a time; not thread-safe.</summary>
public sealed class DisplayedRows : IImageRowReceiver, IDisposable
{
    private PixelBuffer? _pixels;
    private ImageRowFormat _format;

    /// <inheritdoc/>
    public void Begin(ImageRowFormat format)
    {
        _pixels?.Dispose();
        _format = format;
        _pixels = PixelBuffer.Rent(format.DisplayedWidth, format.DisplayedHeight);
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> rgb, int top, int count)
        => Place(rgb, top, count, _format, (_pixels ?? throw new InvalidOperationException("Rows came before their format.")).Pixels);

    /// <summary>Hands the picture over; the caller disposes it.</summary>
    /// <exception cref="InvalidOperationException">No picture was begun, or it was handed over.</exception>
    public PixelBuffer Take()
    {
        PixelBuffer pixels = _pixels ?? throw new InvalidOperationException("There is no picture to hand over.");
        _pixels = null;
        return pixels;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pixels?.Dispose();
        _pixels = null;
    }

    private static void Place(ReadOnlySpan<byte> rows, int top, int count, ImageRowFormat format, Span<byte> displayed)
    {
        (int width, int height, int orientation) = format;
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
