using System.Buffers;
using SafetySdk.Images;
using SafetySdk.Kernels;

namespace SafetySdk.Hashing;

/// <summary>What Python's imagehash starts from: <c>image.convert("L").resize(size, LANCZOS)</c> of Pillow, sample for sample.</summary>
internal static class GreyThumbnail
{
    /// <summary>Fills <paramref name="grey"/> with the picture as <paramref name="width"/> × height bytes.</summary>
    public static void Create(PixelBuffer image, int width, int height, Span<byte> grey)
    {
        ArgumentNullException.ThrowIfNull(image);
        ReadOnlySpan<byte> pixels = image.Pixels;
        int rowBytes = image.Width * PixelBuffer.BytesPerPixel;
        using var horizontal = new PillowResampleTable(image.Width, width, ResampleFilter.Lanczos3);

        // Grey exists for one row at a time only; what is kept has the final width.
        int narrowedLength = width * image.Height;
        int total = narrowedLength + image.Width;
        byte[] rented = ArrayPool<byte>.Shared.Rent(total);
        try
        {
            Span<byte> narrowed = rented.AsSpan(0, narrowedLength);
            Span<byte> row = rented.AsSpan(narrowedLength, image.Width);
            for (int y = 0; y < image.Height; y++)
            {
                RgbToGrey.Convert(pixels.Slice(y * rowBytes, rowBytes), row);
                PillowResampler.Row(row, horizontal, narrowed.Slice(y * width, width));
            }

            PillowResampler.Columns(narrowed, width, image.Height, grey, height, ResampleFilter.Lanczos3);
        }
        finally
        {
            rented.AsSpan(0, total).Clear();
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
