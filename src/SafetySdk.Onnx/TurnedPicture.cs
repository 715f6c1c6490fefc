using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>
/// Quarter turns of a picture or a part of it. The networks know upright faces only: a photograph laid on its side or stood on its head
/// would pass, to be turned back afterwards.
/// </summary>
internal static class TurnedPicture
{
    /// <summary>Turns that differ from none: 1 to 3 quarters, clockwise.</summary>
    public const int MostTurns = 3;

    /// <summary>A turned copy, by nearest neighbour, reduced so that no side exceeds <paramref name="maxSide"/>. The caller disposes it.</summary>
    public static PixelBuffer Turn(PixelBuffer image, PixelRectangle source, int quarters, int maxSide)
    {
        double scale = Math.Min(1, (double)maxSide / Math.Max(source.Width, source.Height));
        int across = Math.Max(1, (int)(source.Width * scale));
        int down = Math.Max(1, (int)(source.Height * scale));
        PixelBuffer turned = quarters == 2 ? PixelBuffer.Rent(across, down) : PixelBuffer.Rent(down, across);
        ReadOnlySpan<byte> from = image.Pixels;
        Span<byte> to = turned.Pixels;
        for (int y = 0, at = 0; y < turned.Height; y++)
        {
            for (int x = 0; x < turned.Width; x++, at += PixelBuffer.BytesPerPixel)
            {
                (double u, double v) = Source((x + 0.5) / turned.Width, (y + 0.5) / turned.Height, quarters);
                int column = source.Left + Math.Min((int)(u * source.Width), source.Width - 1);
                int row = source.Top + Math.Min((int)(v * source.Height), source.Height - 1);
                from.Slice(((row * image.Width) + column) * PixelBuffer.BytesPerPixel, PixelBuffer.BytesPerPixel).CopyTo(to[at..]);
            }
        }

        return turned;
    }

    /// <summary>A box of the turned picture, in pixels of the picture it was made of.</summary>
    public static BoundingBox Back(BoundingBox box, PixelBuffer turned, int quarters, int width, int height)
    {
        (double u0, double v0) = Source(box.Left / turned.Width, box.Top / turned.Height, quarters);
        (double u1, double v1) = Source(box.Right / turned.Width, box.Bottom / turned.Height, quarters);
        return new(
            (float)(Math.Min(u0, u1) * width), (float)(Math.Min(v0, v1) * height),
            (float)(Math.Max(u0, u1) * width), (float)(Math.Max(v0, v1) * height));
    }

    // Where a point of the turned picture lies in its source, both as fractions of their sides.
    private static (double U, double V) Source(double u, double v, int quarters) => quarters switch
    {
        1 => (v, 1 - u),
        2 => (1 - u, 1 - v),
        3 => (1 - v, u),
        _ => throw new ArgumentOutOfRangeException(nameof(quarters)),
    };
}
