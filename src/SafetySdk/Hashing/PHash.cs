using SafetySdk.Images;

namespace SafetySdk.Hashing;

/// <summary>
/// Perceptual hash, as <c>imagehash.phash</c> with a <c>hash_size</c> of 8 or 16: grey, four times that size a side by Lanczos,
/// two-dimensional DCT-II, the 8 × 8 or 16 × 16 lowest frequencies including the constant term; a bit is set where the coefficient is above
/// their median.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public static class PHash
{
    private const int HighFrequencyFactor = 4;

    // cos(π·m / 128) for m = 0 to 64; the rest of the circle follows by symmetry. Constants, so that every platform has the same bits.
    private static ReadOnlySpan<double> QuarterCosine =>
    [
        1.0, 0.9996988186962042, 0.9987954562051724, 0.9972904566786902,
        0.9951847266721969, 0.99247953459871, 0.989176509964781, 0.9852776423889412,
        0.9807852804032304, 0.9757021300385286, 0.970031253194544, 0.9637760657954398,
        0.9569403357322088, 0.9495281805930367, 0.9415440651830208, 0.9329927988347388,
        0.9238795325112867, 0.9142097557035307, 0.9039892931234433, 0.8932243011955153,
        0.881921264348355, 0.8700869911087115, 0.8577286100002721, 0.8448535652497071,
        0.8314696123025452, 0.8175848131515837, 0.8032075314806449, 0.7883464276266062,
        0.773010453362737, 0.7572088465064846, 0.7409511253549591, 0.7242470829514669,
        0.7071067811865476, 0.6895405447370669, 0.6715589548470184, 0.6531728429537768,
        0.6343932841636455, 0.6152315905806268, 0.5956993044924334, 0.5758081914178453,
        0.5555702330196022, 0.5349976198870973, 0.5141027441932218, 0.49289819222978404,
        0.47139673682599764, 0.4496113296546066, 0.4275550934302821, 0.40524131400498986,
        0.3826834323650898, 0.35989503653498817, 0.33688985339222005, 0.31368174039889146,
        0.2902846772544624, 0.26671275747489837, 0.2429801799032639, 0.2191012401568698,
        0.19509032201612828, 0.17096188876030122, 0.14673047445536175, 0.1224106751992162,
        0.0980171403295606, 0.07356456359966743, 0.049067674327418015, 0.024541228522912288,
        0.0,
    ];

    private static int Quarter => QuarterCosine.Length - 1;

    /// <summary>Hashes a picture to 64 bits.</summary>
    /// <param name="image">The picture.</param>
    /// <exception cref="ObjectDisposedException">The picture's memory was given back.</exception>
    public static ImageHash64 Hash(PixelBuffer image)
    {
        Span<ulong> words = stackalloc ulong[1];
        Hash(image, 8, words);
        return new ImageHash64(words[0]);
    }

    /// <summary>Hashes a picture to 256 bits, of 16 × 16 frequencies.</summary>
    /// <param name="image">The picture.</param>
    /// <exception cref="ObjectDisposedException">The picture's memory was given back.</exception>
    public static ImageHash256 Hash16(PixelBuffer image)
    {
        Span<ulong> words = stackalloc ulong[4];
        Hash(image, 16, words);
        return new ImageHash256(words[0], words[1], words[2], words[3]);
    }

    private static void Hash(PixelBuffer image, int kept, Span<ulong> words)
    {
        int side = kept * HighFrequencyFactor;
        Span<byte> grey = stackalloc byte[side * side];
        GreyThumbnail.Create(image, side, side, grey);
        Span<double> line = stackalloc double[side];
        Span<double> low = stackalloc double[kept];
        Span<double> half = stackalloc double[kept * side];
        for (int x = 0; x < side; x++)
        {
            for (int y = 0; y < side; y++)
            {
                line[y] = grey[(y * side) + x];
            }

            Transform(line, low);
            for (int y = 0; y < kept; y++)
            {
                half[(y * side) + x] = low[y];
            }
        }

        Span<double> coefficients = stackalloc double[kept * kept];
        for (int y = 0; y < kept; y++)
        {
            half.Slice(y * side, side).CopyTo(line);
            Transform(line, coefficients.Slice(y * kept, kept));
        }

        Span<double> sorted = stackalloc double[kept * kept];
        coefficients.CopyTo(sorted);
        sorted.Sort();
        double median = (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
        for (int i = 0; i < coefficients.Length; i++)
        {
            ref ulong word = ref words[i / 64];
            word = (word << 1) | (coefficients[i] > median ? 1UL : 0);
        }
    }

    // 2 · Σ line[n] · cos(π·k·(2n + 1) / 2N) for the lowest k. Folding the line at its middle again and again keeps coefficients of symmetric
    // lines exactly zero, where a plain sum would leave rounding noise that decides bits. Overwrites the line.
    private static void Transform(Span<double> line, Span<double> low)
    {
        int step = 1;
        for (int length = line.Length; length > HighFrequencyFactor; length /= 2, step *= 2)
        {
            // Odd multiples of step see the differences; even ones go on with the sums.
            for (int k = step; k < low.Length; k += 2 * step)
            {
                double sum = 0;
                for (int n = 0; n < length / 2; n++)
                {
                    sum += (line[n] - line[length - 1 - n]) * Cosine(k * ((2 * n) + 1), line.Length);
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

    // cos(π·m / 2N), N a divisor of the table's 64
    private static double Cosine(int m, int n)
    {
        m = m * (Quarter / n) % (4 * Quarter);
        if (m > 2 * Quarter)
        {
            m = (4 * Quarter) - m;
        }

        return m <= Quarter ? QuarterCosine[m] : -QuarterCosine[(2 * Quarter) - m];
    }
}
