using System.Buffers;
using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>
/// Photograph or drawing, from the NSFW networks' drawing classes (d) and from flatness: the share of pixels that fall in the eight most
/// frequent colours at 5 bits a channel, which tells clip-art and rendered text where the networks say "neutral".
/// </summary>
internal static class PhotoClassifier
{
    /// <summary>Pictures flatter than this are no photographs: measured flat graphics 0.84 to 0.99, photographs at most 0.64.</summary>
    public const double FlatnessThreshold = 0.75;

    /// <summary>Pictures that look more drawn than this are no photographs; between 0.5 and this they are uncertain and count as photographs.</summary>
    public const double DrawnThreshold = 0.7;

    /// <summary>A photo score below this means "not a photograph".</summary>
    public const double PhotoThreshold = 0.5;

    private const int Colours = 1 << 15;
    private const int Counted = 8;

    /// <summary>
    /// How likely the picture is a photograph, 0 to 1: each evidence is stretched piecewise linearly so that its threshold lies at one half; the
    /// stronger one counts.
    /// </summary>
    /// <param name="flatness">Of <see cref="Flatness"/>.</param>
    /// <param name="drawn">Drawing + hentai of the mean of both NSFW networks; null where they failed.</param>
    public static double Score(double flatness, double? drawn) =>
        1 - Math.Max(Stretch(flatness, FlatnessThreshold), Stretch(drawn ?? 0, DrawnThreshold));

    /// <summary>Share of pixels in the eight most frequent 15-bit colours, 0 to 1.</summary>
    public static double Flatness(PixelBuffer image)
    {
        int[] histogram = ArrayPool<int>.Shared.Rent(Colours);
        try
        {
            Span<int> counts = histogram.AsSpan(0, Colours);
            counts.Clear();
            ReadOnlySpan<byte> pixels = image.Pixels;
            for (int i = 0; i + 2 < pixels.Length; i += 3)
            {
                counts[((pixels[i] >> 3) << 10) | ((pixels[i + 1] >> 3) << 5) | (pixels[i + 2] >> 3)]++;
            }

            Span<int> most = stackalloc int[Counted];
            most.Clear();
            foreach (int count in counts)
            {
                if (count <= most[^1])
                {
                    continue;
                }

                int place = Counted - 1;
                for (; place > 0 && most[place - 1] < count; place--)
                {
                    most[place] = most[place - 1];
                }

                most[place] = count;
            }

            long sum = 0;
            foreach (int count in most)
            {
                sum += count;
            }

            return sum / ((double)image.Width * image.Height);
        }
        finally
        {
            // A histogram tells something of the picture.
            histogram.AsSpan(0, Colours).Clear();
            ArrayPool<int>.Shared.Return(histogram);
        }
    }

    private static double Stretch(double value, double threshold)
    {
        value = Math.Clamp(value, 0, 1);
        return value <= threshold ? value / threshold / 2 : 0.5 + ((value - threshold) / (1 - threshold) / 2);
    }
}
