namespace SafetySdk.Kernels;

internal static class AlphaPremultiply
{
    public static void Multiply(ReadOnlySpan<byte> a, Span<byte> b)
    {
        for (int i = 0; i < a.Length; i += 4)
        {
            for (int c = 0; c < 3; c++)
            {
                int t = (a[i + c] * a[i + 3]) + 128;
                b[i + c] = (byte)(((t >> 8) + t) >> 8);
            }

            b[i + 3] = a[i + 3];
        }
    }

    public static void Divide(ReadOnlySpan<byte> a, Span<byte> b)
    {
        for (int i = 0; i < a.Length; i += 4)
        {
            int alpha = a[i + 3];
            for (int c = 0; c < 3; c++)
            {
                b[i + c] = alpha is 0 or 255 ? a[i + c] : (byte)Math.Min(255, 255 * a[i + c] / alpha);
            }

            b[i + 3] = a[i + 3];
        }
    }
}
