namespace SafetySdk.Images;

/// <summary>
/// Holds a decoder to the contract of <see cref="IImageRowReceiver"/>: kernels read rows without looking at bounds, and a row that never
/// came would be what the memory held before.
/// </summary>
internal struct StripSequence
{
    private ImageRowFormat _format;
    private int _next;

    /// <summary>Whether every row has come.</summary>
    public readonly bool IsComplete => _format.Height > 0 && _next == _format.Height;

    /// <summary>Starts a picture.</summary>
    /// <exception cref="InvalidOperationException">There is no such format.</exception>
    public void Begin(ImageRowFormat format)
    {
        _format = default;
        _next = 0;
        if (format is not { Width: >= 1, Height: >= 1, Orientation: >= 1 and <= 8 })
        {
            throw new InvalidOperationException(
                $"The decoder began a picture of {format.Width}x{format.Height} in orientation {format.Orientation}.");
        }

        _format = format;
    }

    /// <summary>Takes note of a strip.</summary>
    /// <param name="bytes">Its length.</param>
    /// <param name="top">Its first row.</param>
    /// <param name="count">Its rows.</param>
    /// <param name="anyHeight">Whether a strip may have any number of rows, for a receiver that treats each for itself.</param>
    /// <exception cref="InvalidOperationException">It is not the next one.</exception>
    public void Take(int bytes, int top, int count, bool anyHeight = false)
    {
        bool fits = _format.Height > 0 && top == _next && count >= 1 && count <= _format.Height - top
            && (anyHeight || count % IImageRowReceiver.StripRows == 0 || top + count == _format.Height)
            && bytes == (long)PixelBuffer.BytesPerPixel * _format.Width * count;
        if (!fits)
        {
            throw new InvalidOperationException(
                $"The decoder delivered {bytes} bytes as {count} rows from row {top} on, where rows from {_next} on of a picture of "
                + $"{_format.Width}x{_format.Height} were due.");
        }

        _next += count;
    }
}
