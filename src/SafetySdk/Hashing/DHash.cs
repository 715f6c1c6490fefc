using SafetySdk.Images;

namespace SafetySdk.Hashing;

/// <summary>Difference hash, as <c>imagehash.dhash</c>: grey, 9 × 8 by Lanczos; bits are rises to the right.</summary>
public static class DHash
{
    private const int Side = 8;

    /// <summary>Hashes a picture. Thread-safe.</summary>
    /// <param name="image">The picture.</param>
    /// <exception cref="ObjectDisposedException">The picture's memory was given back.</exception>
    public static ImageHash64 Hash(PixelBuffer image)
    {
        Span<byte> grey = stackalloc byte[(Side + 1) * Side];
        GreyThumbnail.Create(image, Side + 1, Side, grey);
        ulong bits = 0;
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                int at = (y * (Side + 1)) + x;
                bits = (bits << 1) | (grey[at + 1] > grey[at] ? 1UL : 0);
            }
        }

        return new ImageHash64(bits);
    }
}
