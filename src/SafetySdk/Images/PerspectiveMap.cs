namespace SafetySdk.Images;

/// <summary>
/// The projective map that takes a rectangle of width × height, corner by corner, to a quadrilateral (P. Heckbert, "Fundamentals of Texture
/// Mapping and Image Warping", 1989, section 2.2.3).
/// </summary>
internal readonly struct PerspectiveMap
{
    private readonly double _a;
    private readonly double _b;
    private readonly double _c;
    private readonly double _d;
    private readonly double _e;
    private readonly double _f;
    private readonly double _g;
    private readonly double _h;

    private PerspectiveMap(double a, double b, double c, double d, double e, double f, double g, double h) =>
        (_a, _b, _c, _d, _e, _f, _g, _h) = (a, b, c, d, e, f, g, h);

    /// <summary>Computes the map; false where the quadrilateral is degenerate.</summary>
    /// <param name="corners">Images of (0,0), (w,0), (w,h), (0,h).</param>
    /// <param name="width">Width of the rectangle.</param>
    /// <param name="height">Height of the rectangle.</param>
    /// <param name="map">The map.</param>
    public static bool TryCreate(ReadOnlySpan<double> corners, double width, double height, out PerspectiveMap map)
    {
        double x0 = corners[0], y0 = corners[1], x1 = corners[2], y1 = corners[3];
        double x2 = corners[4], y2 = corners[5], x3 = corners[6], y3 = corners[7];
        double sx = x0 - x1 + x2 - x3;
        double sy = y0 - y1 + y2 - y3;
        double dx1 = x1 - x2, dx2 = x3 - x2, dy1 = y1 - y2, dy2 = y3 - y2;
        double determinant = (dx1 * dy2) - (dx2 * dy1);
        map = default;
        if (Math.Abs(determinant) < 1e-9)
        {
            return false;
        }

        double g = ((sx * dy2) - (dx2 * sy)) / determinant;
        double h = ((dx1 * sy) - (sx * dy1)) / determinant;

        // The denominator must keep its sign over the rectangle: it is linear, so the corners decide.
        if (!(1 + g > 1e-9 && 1 + h > 1e-9 && 1 + g + h > 1e-9))
        {
            return false;
        }

        map = new(
            (x1 - x0 + (g * x1)) / width, (x3 - x0 + (h * x3)) / height, x0,
            (y1 - y0 + (g * y1)) / width, (y3 - y0 + (h * y3)) / height, y0,
            g / width, h / height);
        return true;
    }

    /// <summary>Where a point of the rectangle lies in the picture.</summary>
    public (double X, double Y) Apply(double x, double y)
    {
        double w = (_g * x) + (_h * y) + 1;
        return (((_a * x) + (_b * y) + _c) / w, ((_d * x) + (_e * y) + _f) / w);
    }
}
