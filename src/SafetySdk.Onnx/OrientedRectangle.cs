namespace SafetySdk.Onnx;

/// <summary>A rectangle at any angle.</summary>
/// <param name="CentreX">Centre.</param>
/// <param name="CentreY">Centre.</param>
/// <param name="AxisX">Unit vector along the first side.</param>
/// <param name="AxisY">Unit vector along the first side.</param>
/// <param name="Length">Length of the first side.</param>
/// <param name="Breadth">Length of the other.</param>
internal readonly record struct OrientedRectangle(
    double CentreX, double CentreY, double AxisX, double AxisY, double Length, double Breadth)
{
    /// <summary>The shorter side.</summary>
    public double ShortSide => Math.Min(Length, Breadth);

    /// <summary>The rectangle of least area around a convex polygon: one of its sides lies on a side of the polygon (Freeman and Shapira, 1975).</summary>
    /// <param name="hull">Corners of the polygon in order, x and y.</param>
    public static OrientedRectangle Around(ReadOnlySpan<(int X, int Y)> hull)
    {
        if (hull.Length == 0)
        {
            throw new ArgumentException("A polygon has at least one corner.", nameof(hull));
        }

        OrientedRectangle best = new(hull[0].X, hull[0].Y, 1, 0, 0, 0);
        double bestArea = double.PositiveInfinity;
        for (int i = 0; i < hull.Length && hull.Length > 1; i++)
        {
            (int ax, int ay) = hull[i];
            (int bx, int by) = hull[(i + 1) % hull.Length];
            double length = double.Hypot(bx - ax, by - ay);
            double ux = (bx - ax) / length;
            double uy = (by - ay) / length;
            double uMin = double.PositiveInfinity, uMax = double.NegativeInfinity, vMin = double.PositiveInfinity, vMax = double.NegativeInfinity;
            foreach ((int x, int y) in hull)
            {
                double u = (x * ux) + (y * uy);
                double v = (y * ux) - (x * uy);
                uMin = Math.Min(uMin, u);
                uMax = Math.Max(uMax, u);
                vMin = Math.Min(vMin, v);
                vMax = Math.Max(vMax, v);
            }

            double area = (uMax - uMin) * (vMax - vMin);
            if (area < bestArea)
            {
                bestArea = area;
                double u = (uMin + uMax) / 2;
                double v = (vMin + vMax) / 2;
                best = new((u * ux) - (v * uy), (u * uy) + (v * ux), ux, uy, uMax - uMin, vMax - vMin);
            }
        }

        return best;
    }

    /// <summary>Grown by <paramref name="distance"/> on all four sides.</summary>
    public OrientedRectangle Grow(double distance) => this with { Length = Length + (2 * distance), Breadth = Breadth + (2 * distance) };

    /// <summary>The four corners in order around the rectangle: x, y each.</summary>
    public void Corners(Span<double> corners)
    {
        ReadOnlySpan<(int Along, int Across)> signs = [(-1, -1), (1, -1), (1, 1), (-1, 1)];
        for (int i = 0; i < 4; i++)
        {
            double u = signs[i].Along * Length / 2;
            double v = signs[i].Across * Breadth / 2;
            corners[2 * i] = CentreX + (u * AxisX) - (v * AxisY);
            corners[(2 * i) + 1] = CentreY + (u * AxisY) + (v * AxisX);
        }
    }

    /// <summary>Mean of a map's values whose pixel centres lie inside the rectangle; 0 where there are none.</summary>
    /// <param name="map">Values, row-major.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    public double Mean(ReadOnlySpan<float> map, int width, int height)
    {
        const double Slack = 1e-6;
        double reach = (Math.Abs(AxisY) * Length / 2) + (Math.Abs(AxisX) * Breadth / 2);
        int top = (int)Math.Max(0, Math.Ceiling(CentreY - reach - Slack));
        int bottom = (int)Math.Min(height - 1, Math.Floor(CentreY + reach + Slack));
        double sum = 0;
        long count = 0;
        for (int y = top; y <= bottom; y++)
        {
            double dy = y - CentreY;
            double low = -CentreX;
            double high = width - 1 - CentreX;
            Clip(AxisX, dy * AxisY, (Length / 2) + Slack, ref low, ref high);
            Clip(-AxisY, dy * AxisX, (Breadth / 2) + Slack, ref low, ref high);
            int first = (int)Math.Max(0, Math.Ceiling(low + CentreX - Slack));
            int last = (int)Math.Min(width - 1, Math.Floor(high + CentreX + Slack));
            for (int x = first; x <= last; x++)
            {
                sum += map[(y * width) + x];
                count++;
            }
        }

        return count == 0 ? 0 : sum / count;
    }

    // Narrows [low, high] to where |slope * x + offset| <= limit.
    private static void Clip(double slope, double offset, double limit, ref double low, ref double high)
    {
        if (Math.Abs(slope) < 1e-12)
        {
            if (Math.Abs(offset) > limit)
            {
                high = low - 1;
            }

            return;
        }

        double a = (-limit - offset) / slope;
        double b = (limit - offset) / slope;
        low = Math.Max(low, Math.Min(a, b));
        high = Math.Min(high, Math.Max(a, b));
    }
}
