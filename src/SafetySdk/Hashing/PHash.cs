using SafetySdk.Images;

namespace SafetySdk.Hashing;

/// <summary>
/// Perceptual hash, as <c>imagehash.phash</c>: grey, 32 × 32 by Lanczos, two-dimensional DCT-II, the 8 × 8 lowest frequencies including the
/// constant term; a bit is set where the coefficient is above their median.
/// </summary>
public static class PHash
{
    private const int Side = 32;
    private const int Kept = 8;

    // cos(π·m / 64) for m = 0 to 32; the rest of the circle follows by symmetry. Constants, so that every platform has the same bits.
    private static ReadOnlySpan<double> QuarterCosine =>
    [
        1.0, 0.9987954562051724, 0.9951847266721969, 0.989176509964781,
        0.9807852804032304, 0.970031253194544, 0.9569403357322088, 0.9415440651830208,
        0.9238795325112867, 0.9039892931234433, 0.881921264348355, 0.8577286100002721,
        0.8314696123025452, 0.8032075314806449, 0.773010453362737, 0.7409511253549591,
        0.7071067811865476, 0.6715589548470183, 0.6343932841636455, 0.5956993044924335,
        0.5555702330196023, 0.5141027441932217, 0.4713967368259978, 0.4275550934302822,
        0.38268343236508984, 0.33688985339222005, 0.29028467725446233, 0.24298017990326398,
        0.19509032201612833, 0.14673047445536175, 0.09801714032956077, 0.049067674327418126,
        0.0,
    ];

    /// <summary>Hashes a picture. Thread-safe.</summary>
    /// <param name="image">The picture.</param>
    /// <exception cref="ObjectDisposedException">The picture's memory was given back.</exception>
    public static ImageHash64 Hash(PixelBuffer image)
    {
        Span<byte> grey = stackalloc byte[Side * Side];
        GreyThumbnail.Create(image, Side, Side, grey);
        Span<double> line = stackalloc double[Side];
        Span<double> low = stackalloc double[Kept];
        Span<double> half = stackalloc double[Kept * Side];
        for (int x = 0; x < Side; x++)
        {
            for (int y = 0; y < Side; y++)
            {
                line[y] = grey[(y * Side) + x];
            }

            Transform(line, low);
            for (int y = 0; y < Kept; y++)
            {
                half[(y * Side) + x] = low[y];
            }
        }

        Span<double> coefficients = stackalloc double[Kept * Kept];
        for (int y = 0; y < Kept; y++)
        {
            half.Slice(y * Side, Side).CopyTo(line);
            Transform(line, coefficients.Slice(y * Kept, Kept));
        }

        Span<double> sorted = stackalloc double[Kept * Kept];
        coefficients.CopyTo(sorted);
        sorted.Sort();
        double median = (sorted[(Kept * Kept / 2) - 1] + sorted[Kept * Kept / 2]) / 2;
        ulong bits = 0;
        foreach (double coefficient in coefficients)
        {
            bits = (bits << 1) | (coefficient > median ? 1UL : 0);
        }

        return new ImageHash64(bits);
    }

    // 2 · Σ line[n] · cos(π·k·(2n + 1) / 64) for k = 0 to 7. Folding the line at its middle again and again keeps coefficients of symmetric
    // lines exactly zero, where a plain sum would leave rounding noise that decides bits. Overwrites the line.
    private static void Transform(Span<double> line, Span<double> low)
    {
        int step = 1;
        for (int length = Side; length > Side / Kept; length /= 2, step *= 2)
        {
            // Odd multiples of step see the differences; even ones go on with the sums.
            for (int k = step; k < Kept; k += 2 * step)
            {
                double sum = 0;
                for (int n = 0; n < length / 2; n++)
                {
                    sum += (line[n] - line[length - 1 - n]) * Cosine(k * ((2 * n) + 1));
                }

                low[k] = 2 * sum;
            }

            for (int n = 0; n < length / 2; n++)
            {
                line[n] += line[length - 1 - n];
            }
        }

        low[0] = 2 * (line[0] + line[1] + line[2] + line[3]);
    }

    // cos(π·m / 64)
    private static double Cosine(int m)
    {
        m %= 4 * Side;
        if (m > 2 * Side)
        {
            m = (4 * Side) - m;
        }

        return m <= Side ? QuarterCosine[m] : -QuarterCosine[(2 * Side) - m];
    }
}
