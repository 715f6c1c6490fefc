namespace SafetySdk.Kernels;

/// <summary>Interleaved 8-bit RGB to 8-bit grey as Pillow's mode L: <c>(19595·R + 38470·G + 7471·B + 32768) &gt;&gt; 16</c>.</summary>
internal static class RgbToGrey
{
    /// <summary>Converts one row.</summary>
    /// <param name="rgb">3 bytes a pixel.</param>
    /// <param name="grey">Receives <c>rgb.Length / 3</c> bytes.</param>
    public static void Convert(ReadOnlySpan<byte> rgb, Span<byte> grey)
    {
        int pixels = rgb.Length / 3;
        grey = grey[..pixels];
        for (int x = 0, i = 0; x < grey.Length && i + 2 < rgb.Length; x++, i += 3)
        {
            grey[x] = (byte)(((19595 * rgb[i]) + (38470 * rgb[i + 1]) + (7471 * rgb[i + 2]) + 32768) >> 16);
        }
    }
}
