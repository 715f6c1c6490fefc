using SafetySdk.Images;

namespace SafetySdk.Hashing;

/// <summary>Finds the uniform borders (letterbox bars, frames) around a picture, so that it can be looked up without them.</summary>
public static class UniformBorder
{
    /// <summary>Most by which a channel of a border pixel may differ from the border's colour: what strong JPEG leaves of a flat
    /// bar.</summary>
    public const int Tolerance = 12;

    /// <summary>Shortest side of what may be left, in pixels.</summary>
    public const int MinimumSide = 16;

    // A frame within a frame has a colour of its own; a smooth gradient must not be eaten up line by line.
    private const int MaxColours = 3;

    // One pixel of so many may be a speck.
    private const int SpeckOf = 128;

    /// <summary>Copies a picture without its borders. Each side, and each of up to three frames, may have its own colour.</summary>
    /// <param name="image">The picture.</param>
    /// <returns>The content, which the caller disposes; null where there is no border, or nothing but border.</returns>
    /// <exception cref="ObjectDisposedException">The picture's memory was given back.</exception>
    public static PixelBuffer? Cut(PixelBuffer image)
    {
        ArgumentNullException.ThrowIfNull(image);
        ReadOnlySpan<byte> pixels = image.Pixels;
        int left = 0;
        int top = 0;
        int right = image.Width;
        int bottom = image.Height;
        for (int colour = 0; colour < MaxColours; colour++)
        {
            int before = right - left + bottom - top;
            top += Peel(pixels, image.Width, left, top, right - left, bottom - top, rows: true, fromEnd: false);
            bottom -= Peel(pixels, image.Width, left, top, right - left, bottom - top, rows: true, fromEnd: true);
            left += Peel(pixels, image.Width, left, top, right - left, bottom - top, rows: false, fromEnd: false);
            right -= Peel(pixels, image.Width, left, top, right - left, bottom - top, rows: false, fromEnd: true);
            if (right - left < MinimumSide || bottom - top < MinimumSide)
            {
                return null;
            }

            if (right - left + bottom - top == before)
            {
                break;
            }
        }

        int width = right - left;
        int height = bottom - top;
        if (width == image.Width && height == image.Height)
        {
            return null;
        }

        PixelBuffer content = PixelBuffer.Rent(width, height);
        for (int y = 0; y < height; y++)
        {
            pixels.Slice((((top + y) * image.Width) + left) * PixelBuffer.BytesPerPixel, width * PixelBuffer.BytesPerPixel)
                .CopyTo(content.Pixels[(y * width * PixelBuffer.BytesPerPixel)..]);
        }

        return content;
    }

    // Number of lines at one side that all have the colour of the first.
    private static int Peel(
        ReadOnlySpan<byte> pixels, int stride, int left, int top, int width, int height, bool rows, bool fromEnd)
    {
        int lines = rows ? height : width;
        int length = rows ? width : height;
        Span<int> colour = stackalloc int[PixelBuffer.BytesPerPixel];
        int peeled = 0;
        for (; peeled < lines; peeled++)
        {
            int line = fromEnd ? lines - 1 - peeled : peeled;
            int first = rows ? ((top + line) * stride) + left : (top * stride) + left + line;
            int step = rows ? 1 : stride;
            if (peeled == 0)
            {
                Mean(pixels, first, step, length, colour);
            }

            int specks = 0;
            int allowed = length / SpeckOf;
            for (int i = 0; i < length && specks <= allowed; i++)
            {
                int at = (first + (i * step)) * PixelBuffer.BytesPerPixel;
                specks += Math.Abs(pixels[at] - colour[0]) > Tolerance || Math.Abs(pixels[at + 1] - colour[1]) > Tolerance
                    || Math.Abs(pixels[at + 2] - colour[2]) > Tolerance ? 1 : 0;
            }

            if (specks > allowed)
            {
                break;
            }
        }

        return peeled;
    }

    private static void Mean(ReadOnlySpan<byte> pixels, int first, int step, int length, Span<int> colour)
    {
        for (int channel = 0; channel < colour.Length; channel++)
        {
            long sum = 0;
            for (int i = 0; i < length; i++)
            {
                sum += pixels[((first + (i * step)) * PixelBuffer.BytesPerPixel) + channel];
            }

            colour[channel] = (int)((sum + (length / 2)) / Math.Max(1, length));
        }
    }
}
