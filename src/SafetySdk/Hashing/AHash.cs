using SafetySdk.Images;

namespace SafetySdk.Hashing;

/// <summary>Average hash, as <c>imagehash.average_hash</c>: grey, 8 × 8 by Lanczos; bits are samples above the mean.</summary>
public static class AHash
{
    private const int Side = 8;

    /// <summary>Hashes a picture. Thread-safe.</summary>
    /// <param name="image">The picture.</param>
    /// <exception cref="ObjectDisposedException">The picture's memory was given back.</exception>
    public static ImageHash64 Hash(PixelBuffer image)
    {
        Span<byte> grey = stackalloc byte[Side * Side];
        GreyThumbnail.Create(image, Side, Side, grey);
        int sum = 0;
        foreach (byte sample in grey)
        {
            sum += sample;
        }

        ulong bits = 0;
        foreach (byte sample in grey)
        {
            bits = (bits << 1) | (sample * grey.Length > sum ? 1UL : 0);
        }

        return new ImageHash64(bits);
    }
}
