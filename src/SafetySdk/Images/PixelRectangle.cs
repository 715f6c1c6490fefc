namespace SafetySdk.Images;

/// <summary>A rectangle of whole pixels, from the top left corner of a picture.</summary>
/// <param name="Left">First column.</param>
/// <param name="Top">First row.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
public readonly record struct PixelRectangle(int Left, int Top, int Width, int Height)
{
    /// <summary>
    /// The square of <paramref name="scale"/> times the longer side of a box, centred on it. At the border of the picture it is shifted or
    /// cut, not padded: that is how the age networks were measured.
    /// </summary>
    /// <param name="x">Left edge of the box, in pixels.</param>
    /// <param name="y">Top edge of the box.</param>
    /// <param name="width">Width of the box.</param>
    /// <param name="height">Height of the box.</param>
    /// <param name="scale">Side of the square as a multiple of the longer side, above 0.</param>
    /// <param name="imageWidth">Width of the picture.</param>
    /// <param name="imageHeight">Height of the picture.</param>
    /// <returns>At least one pixel, inside the picture.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive or not finite.</exception>
    public static PixelRectangle SquareAround(
        double x, double y, double width, double height, double scale, int imageWidth, int imageHeight)
    {
        double side = scale * Math.Max(width, height);
        if (!(side > 0 && double.IsFinite(side) && double.IsFinite(x) && double.IsFinite(y)))
        {
            throw new ArgumentOutOfRangeException(nameof(width), "The box must be finite and not empty.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(imageWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(imageHeight, 1);
        int left = (int)Math.Clamp(Math.Floor(x + (width / 2) - (side / 2)), 0, imageWidth - 1);
        int top = (int)Math.Clamp(Math.Floor(y + (height / 2) - (side / 2)), 0, imageHeight - 1);
        double whole = Math.Max(1, Math.Floor(side));
        return new(left, top, (int)Math.Min(imageWidth - left, whole), (int)Math.Min(imageHeight - top, whole));
    }
}
