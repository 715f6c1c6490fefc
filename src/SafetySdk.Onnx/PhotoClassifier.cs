using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>
/// Photograph or drawing, from the NSFW networks' drawing classes (d) and from flatness: the share of pixels that fall in the eight most
/// frequent levels of luminance, which tells clip-art and rendered text where the networks say "neutral".
/// </summary>
internal static class PhotoClassifier
{
    /// <summary>
    /// Pictures flatter than this are no photographs. Measured: 13 drawings and texts 0.75 to 0.99; 53 photographs at most 0.55, among them
    /// black-and-white portraits and products on white, which counting of 15-bit colours takes for drawings (0.75 to 0.85): a picture made
    /// grey must not lose its people.
    /// </summary>
    public const double FlatnessThreshold = 0.65;

    /// <summary>Pictures that look more drawn than this are no photographs; between 0.5 and this they are uncertain and count as photographs.</summary>
    public const double DrawnThreshold = 0.7;

    /// <summary>A photo score below this means "not a photograph".</summary>
    public const double PhotoThreshold = 0.5;

    private const int Levels = 256;
    private const int Counted = 8;

    /// <summary>
    /// How likely the picture is a photograph, 0 to 1: each evidence is stretched piecewise linearly so that its threshold lies at one half; the
    /// stronger one counts.
    /// </summary>
    /// <param name="flatness">Of <c>Flatness</c>.</param>
    /// <param name="drawn">Drawing + hentai of the mean of both NSFW networks; null where they failed.</param>
    public static double Score(double flatness, double? drawn) =>
        1 - Math.Max(Stretch(flatness, FlatnessThreshold), Stretch(drawn ?? 0, DrawnThreshold));

    /// <summary>Share of pixels in the eight most frequent of 256 levels of luminance, 0 to 1.</summary>
    public static double Flatness(PixelBuffer image) => Flatness(image, new PixelRectangle(0, 0, image.Width, image.Height));

    /// <summary>The same of a part: a face that is photographed tells a photograph pasted on a white page from a drawing.</summary>
    public static double Flatness(PixelBuffer image, PixelRectangle part)
    {
        Span<int> counts = stackalloc int[Levels];
        counts.Clear();
        for (int y = part.Top; y < part.Top + part.Height; y++)
        {
            ReadOnlySpan<byte> row = image.Pixels.Slice(
                ((y * image.Width) + part.Left) * PixelBuffer.BytesPerPixel, part.Width * PixelBuffer.BytesPerPixel);
            for (int i = 0; i < row.Length; i += PixelBuffer.BytesPerPixel)
            {
                // Rec. 601 in 16-bit fixed point; the weights sum to 65,536.
                counts[((19595 * row[i]) + (38470 * row[i + 1]) + (7471 * row[i + 2]) + 32768) >> 16]++;
            }
        }

        counts.Sort();
        long most = 0;
        foreach (int count in counts[^Counted..])
        {
            most += count;
        }

        return most / ((double)part.Width * part.Height);
    }

    private static double Stretch(double value, double threshold)
    {
        value = Math.Clamp(value, 0, 1);
        return value <= threshold ? value / threshold / 2 : 0.5 + ((value - threshold) / (1 - threshold) / 2);
    }
}
