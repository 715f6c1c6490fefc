using System.Buffers;
using SafetySdk.Classification;

namespace SafetySdk.Onnx;

/// <summary>Four corners of a line of text in whole pixels of the picture: top left, top right, bottom right, bottom left.</summary>
internal readonly record struct TextQuadrilateral(ImagePoint TopLeft, ImagePoint TopRight, ImagePoint BottomRight, ImagePoint BottomLeft)
{
    /// <summary>As x, y, x, y, … in the order of the corners.</summary>
    public void CopyTo(Span<double> corners)
    {
        ReadOnlySpan<ImagePoint> points = [TopLeft, TopRight, BottomRight, BottomLeft];
        for (int i = 0; i < 4; i++)
        {
            corners[2 * i] = points[i].X;
            corners[(2 * i) + 1] = points[i].Y;
        }
    }
}

/// <summary>
/// From the text probability map to quadrilaterals in reading order, after the post-processing of differentiable binarisation (Liao et al.
/// 2020) as PaddleOCR has it: components, rectangle of least area, score, growth, order.
/// </summary>
internal static class TextRegions
{
    /// <summary>Pixels above this belong to text.</summary>
    public const float PixelThreshold = 0.3f;

    /// <summary>Regions whose mean probability is below this are dropped.</summary>
    public const double RegionThreshold = 0.6;

    private const double SmallestSide = 3;
    private const double SmallestGrownSide = 5;
    private const double SmallestEdge = 3;
    private const double UnclipRatio = 1.6;
    private const double SameLine = 10;

    /// <summary>Finds the regions.</summary>
    /// <param name="map">Probabilities, row-major.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="imageWidth">Width of the picture.</param>
    /// <param name="imageHeight">Height of the picture.</param>
    public static List<TextQuadrilateral> Find(ReadOnlySpan<float> map, int width, int height, int imageWidth, int imageHeight)
    {
        var regions = new List<TextQuadrilateral>();
        byte[] open = ArrayPool<byte>.Shared.Rent(width * height);
        int[] stack = ArrayPool<int>.Shared.Rent(width * height);
        (int Left, int Right)[] extent = new (int, int)[height];
        try
        {
            for (int i = 0; i < width * height; i++)
            {
                open[i] = map[i] > PixelThreshold ? (byte)1 : (byte)0;
            }

            for (int start = 0; start < width * height; start++)
            {
                if (open[start] == 0)
                {
                    continue;
                }

                (int top, int bottom) = Fill(open, stack, extent, start, width, height);
                OrientedRectangle rectangle = OrientedRectangle.Around(Hull(extent, top, bottom));
                if (rectangle.ShortSide < SmallestSide || rectangle.Mean(map, width, height) < RegionThreshold)
                {
                    continue;
                }

                double distance = rectangle.Length * rectangle.Breadth * UnclipRatio / (2 * (rectangle.Length + rectangle.Breadth));
                OrientedRectangle grown = rectangle.Grow(distance);
                if (grown.ShortSide >= SmallestGrownSide
                    && Scale(grown, imageWidth / (double)width, imageHeight / (double)height, imageWidth, imageHeight) is { } region)
                {
                    regions.Add(region);
                }
            }
        }
        finally
        {
            // The outline of text tells something of the picture.
            open.AsSpan(0, width * height).Clear();
            ArrayPool<byte>.Shared.Return(open);
            stack.AsSpan(0, width * height).Clear();
            ArrayPool<int>.Shared.Return(stack);
        }

        SortForReading(regions);
        return regions;
    }

    /// <summary>Top to bottom; neighbours whose tops differ by less than 10 pixels left to right.</summary>
    internal static void SortForReading(List<TextQuadrilateral> regions)
    {
        // List.Sort is not stable: the remaining keys make the order total.
        regions.Sort(static (a, b) =>
            a.TopLeft.Y != b.TopLeft.Y ? a.TopLeft.Y.CompareTo(b.TopLeft.Y)
            : a.TopLeft.X != b.TopLeft.X ? a.TopLeft.X.CompareTo(b.TopLeft.X)
            : a.BottomRight.Y != b.BottomRight.Y ? a.BottomRight.Y.CompareTo(b.BottomRight.Y)
            : a.BottomRight.X.CompareTo(b.BottomRight.X));
        for (int i = 0; i + 1 < regions.Count; i++)
        {
            for (int j = i; j >= 0; j--)
            {
                if (!(Math.Abs(regions[j + 1].TopLeft.Y - regions[j].TopLeft.Y) < SameLine && regions[j + 1].TopLeft.X < regions[j].TopLeft.X))
                {
                    break;
                }

                (regions[j], regions[j + 1]) = (regions[j + 1], regions[j]);
            }
        }
    }

    /// <summary>Scales to the picture, rounds, clips and orders the corners; null where too little remains.</summary>
    private static TextQuadrilateral? Scale(OrientedRectangle rectangle, double sx, double sy, int imageWidth, int imageHeight)
    {
        Span<double> corners = stackalloc double[8];
        rectangle.Corners(corners);
        Span<ImagePoint> points = stackalloc ImagePoint[4];
        for (int i = 0; i < 4; i++)
        {
            points[i] = new(
                Math.Clamp(Math.Round(corners[2 * i] * sx), 0, imageWidth - 1),
                Math.Clamp(Math.Round(corners[(2 * i) + 1] * sy), 0, imageHeight - 1));
        }

        points.Sort(static (a, b) => a.X != b.X ? a.X.CompareTo(b.X) : a.Y.CompareTo(b.Y));
        (ImagePoint topLeft, ImagePoint bottomLeft) = points[0].Y <= points[1].Y ? (points[0], points[1]) : (points[1], points[0]);
        (ImagePoint topRight, ImagePoint bottomRight) = points[2].Y <= points[3].Y ? (points[2], points[3]) : (points[3], points[2]);
        bool large = Math.Floor(Distance(topLeft, topRight)) > SmallestEdge && Math.Floor(Distance(topLeft, bottomLeft)) > SmallestEdge;
        return large ? new TextQuadrilateral(topLeft, topRight, bottomRight, bottomLeft) : null;
    }

    private static double Distance(ImagePoint a, ImagePoint b) => double.Hypot(a.X - b.X, a.Y - b.Y);

    // Removes the 8-connected component of a pixel and notes its leftmost and rightmost pixel per row.
    private static (int Top, int Bottom) Fill(
        byte[] open, int[] stack, (int Left, int Right)[] extent, int start, int width, int height)
    {
        int top = start / width;
        int bottom = top;
        extent[top] = (int.MaxValue, -1);
        int depth = 0;
        stack[depth++] = start;
        open[start] = 0;
        while (depth > 0)
        {
            int at = stack[--depth];
            int x = at % width;
            int y = at / width;
            while (y > bottom)
            {
                extent[++bottom] = (int.MaxValue, -1);
            }

            extent[y] = (Math.Min(extent[y].Left, x), Math.Max(extent[y].Right, x));
            for (int ny = Math.Max(0, y - 1); ny <= Math.Min(height - 1, y + 1); ny++)
            {
                for (int nx = Math.Max(0, x - 1); nx <= Math.Min(width - 1, x + 1); nx++)
                {
                    int next = (ny * width) + nx;
                    if (open[next] != 0)
                    {
                        open[next] = 0;
                        stack[depth++] = next;
                    }
                }
            }
        }

        return (top, bottom);
    }

    // Andrew's monotone chain (1979) over the rows' ends, which come sorted.
    private static ReadOnlySpan<(int X, int Y)> Hull((int Left, int Right)[] extent, int top, int bottom)
    {
        var points = new List<(int X, int Y)>();
        for (int y = top; y <= bottom; y++)
        {
            points.Add((extent[y].Left, y));
            if (extent[y].Right != extent[y].Left)
            {
                points.Add((extent[y].Right, y));
            }
        }

        if (points.Count < 3)
        {
            return points.ToArray();
        }

        var hull = new (int X, int Y)[points.Count * 2];
        int n = 0;
        for (int i = 0; i < points.Count; i++)
        {
            n = Add(hull, n, 0, points[i]);
        }

        int lower = n - 1;
        for (int i = points.Count - 2; i >= 0; i--)
        {
            n = Add(hull, n, lower, points[i]);
        }

        return hull.AsSpan(0, n - 1);
    }

    private static int Add((int X, int Y)[] hull, int n, int fixedCorners, (int X, int Y) point)
    {
        while (n - fixedCorners >= 2 && Turn(hull[n - 2], hull[n - 1], point) <= 0)
        {
            n--;
        }

        hull[n] = point;
        return n + 1;
    }

    private static long Turn((int X, int Y) a, (int X, int Y) b, (int X, int Y) c) =>
        ((long)(b.X - a.X) * (c.Y - a.Y)) - ((long)(b.Y - a.Y) * (c.X - a.X));
}
