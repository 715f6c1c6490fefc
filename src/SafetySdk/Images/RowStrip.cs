namespace SafetySdk.Images;

/// <summary>Consecutive source rows in memory; what follows a row up to the stride, or the last row, may be anything.</summary>
internal readonly ref struct RowStrip(ReadOnlySpan<byte> pixels, int stride, int top, int count)
{
    /// <summary>From the first sample of the first row on.</summary>
    public ReadOnlySpan<byte> Pixels { get; } = pixels;

    /// <summary>Bytes from one row to the next.</summary>
    public int Stride { get; } = stride;

    /// <summary>Number of the first row.</summary>
    public int Top { get; } = top;

    /// <summary>Rows, at least 1.</summary>
    public int Count { get; } = count;

    /// <summary>Number after the last row.</summary>
    public int End => Top + Count;

    /// <summary>A rectangle of a picture, its rows counted from its top.</summary>
    public static RowStrip Of(PixelBuffer image, PixelRectangle source)
    {
        int stride = image.Width * PixelBuffer.BytesPerPixel;
        return new(image.Pixels[((source.Top * stride) + (source.Left * PixelBuffer.BytesPerPixel))..], stride, 0, source.Height);
    }

    /// <summary>So many bytes of a row of the strip.</summary>
    public ReadOnlySpan<byte> Row(int y, int length) => Pixels.Slice((y - Top) * Stride, length);
}
