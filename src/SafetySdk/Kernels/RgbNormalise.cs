using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>
/// Interleaved 8-bit RGB to three float32 planes: <c>(sample − mean)·scale</c>, each operation rounded by itself, in every form.
/// </summary>
internal static class RgbNormalise
{
    /// <summary>Converts a row.</summary>
    /// <param name="rgb">3 bytes a pixel.</param>
    /// <param name="red">Receives the first byte of each pixel, <c>rgb.Length / 3</c> values.</param>
    /// <param name="green">Receives the second byte of each pixel.</param>
    /// <param name="blue">Receives the third byte of each pixel.</param>
    /// <param name="mean">Mean of each byte of a pixel, in levels.</param>
    /// <param name="scale">Factor of each byte of a pixel.</param>
    public static void Planes(
        ReadOnlySpan<byte> rgb, Span<float> red, Span<float> green, Span<float> blue, ReadOnlySpan<float> mean, ReadOnlySpan<float> scale)
    {
        int pixels = rgb.Length / 3;
        red = red[..pixels];
        green = green[..pixels];
        blue = blue[..pixels];
        int x = 0;
        if (SimdWidth.Has512)
        {
            x = Planes512(rgb, x, red, green, blue, mean, scale);
        }

        if (SimdWidth.Has256)
        {
            x = Planes256(rgb, x, red, green, blue, mean, scale);
        }

        if (SimdWidth.Has128)
        {
            x = Planes128(rgb, x, red, green, blue, mean, scale);
        }

        PlanesScalar(rgb, x, red, green, blue, mean, scale);
    }

    /// <summary>The definition, from a pixel on.</summary>
    internal static void PlanesScalar(
        ReadOnlySpan<byte> rgb, int from, Span<float> red, Span<float> green, Span<float> blue, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> scale)
    {
        for (int x = from; x < red.Length; x++)
        {
            red[x] = (rgb[3 * x] - mean[0]) * scale[0];
            green[x] = (rgb[(3 * x) + 1] - mean[1]) * scale[1];
            blue[x] = (rgb[(3 * x) + 2] - mean[2]) * scale[2];
        }
    }

    // Each form starts at a pixel and gives the one it came to. It reads 16 bytes for every four pixels, 4 more than they take, and so
    // stops two pixels short; the narrowest then takes the last four from the 16 bytes that end with them.
    internal static int Planes128(
        ReadOnlySpan<byte> rgb, int x, Span<float> red, Span<float> green, Span<float> blue, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> scale)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgb);
        ref float r = ref MemoryMarshal.GetReference(red);
        ref float g = ref MemoryMarshal.GetReference(green);
        ref float b = ref MemoryMarshal.GetReference(blue);
        for (; x <= red.Length - 6; x += 4)
        {
            var pixels = Vector128.LoadUnsafe(ref source, (nuint)(3 * x));
            Normal(pixels, 0, 0, mean, scale).StoreUnsafe(ref r, (nuint)x);
            Normal(pixels, 0, 1, mean, scale).StoreUnsafe(ref g, (nuint)x);
            Normal(pixels, 0, 2, mean, scale).StoreUnsafe(ref b, (nuint)x);
        }

        while (x < red.Length && red.Length >= 6)
        {
            int last = Math.Min(x, red.Length - 4);
            var pixels = Vector128.LoadUnsafe(ref source, (nuint)((3 * last) - 4));
            Normal(pixels, 4, 0, mean, scale).StoreUnsafe(ref r, (nuint)last);
            Normal(pixels, 4, 1, mean, scale).StoreUnsafe(ref g, (nuint)last);
            Normal(pixels, 4, 2, mean, scale).StoreUnsafe(ref b, (nuint)last);
            x = last + 4;
        }

        return x;

        static Vector128<float> Normal(Vector128<byte> pixels, int skip, int channel, ReadOnlySpan<float> mean, ReadOnlySpan<float> scale)
        {
            Vector128<int> levels = (Ssse3.IsSupported ? Ssse3.Shuffle(pixels, Pick(skip + channel)) : Vector128.Shuffle(pixels, Pick(skip + channel))).AsInt32();
            return (Vector128.ConvertToSingle(levels) - Vector128.Create(mean[channel])) * Vector128.Create(scale[channel]);
        }
    }

    internal static int Planes256(
        ReadOnlySpan<byte> rgb, int x, Span<float> red, Span<float> green, Span<float> blue, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> scale)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgb);
        ref float r = ref MemoryMarshal.GetReference(red);
        ref float g = ref MemoryMarshal.GetReference(green);
        ref float b = ref MemoryMarshal.GetReference(blue);
        Vector256<byte> pickRed = Vector256.Create(Pick(0), Pick(0));
        Vector256<byte> pickGreen = Vector256.Create(Pick(1), Pick(1));
        Vector256<byte> pickBlue = Vector256.Create(Pick(2), Pick(2));
        (Vector256<float> meanRed, Vector256<float> scaleRed) = (Vector256.Create(mean[0]), Vector256.Create(scale[0]));
        (Vector256<float> meanGreen, Vector256<float> scaleGreen) = (Vector256.Create(mean[1]), Vector256.Create(scale[1]));
        (Vector256<float> meanBlue, Vector256<float> scaleBlue) = (Vector256.Create(mean[2]), Vector256.Create(scale[2]));
        for (; x <= red.Length - 10; x += 8)
        {
            ref byte at = ref Unsafe.Add(ref source, 3 * x);
            var pixels = Vector256.Create(Vector128.LoadUnsafe(ref at), Vector128.LoadUnsafe(ref at, 12));
            ((Widen(pixels, pickRed) - meanRed) * scaleRed).StoreUnsafe(ref r, (nuint)x);
            ((Widen(pixels, pickGreen) - meanGreen) * scaleGreen).StoreUnsafe(ref g, (nuint)x);
            ((Widen(pixels, pickBlue) - meanBlue) * scaleBlue).StoreUnsafe(ref b, (nuint)x);
        }

        return x;

        static Vector256<float> Widen(Vector256<byte> pixels, Vector256<byte> pick)
            => Vector256.ConvertToSingle(Avx2.Shuffle(pixels, pick).AsInt32());
    }

    internal static int Planes512(
        ReadOnlySpan<byte> rgb, int x, Span<float> red, Span<float> green, Span<float> blue, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> scale)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgb);
        ref float r = ref MemoryMarshal.GetReference(red);
        ref float g = ref MemoryMarshal.GetReference(green);
        ref float b = ref MemoryMarshal.GetReference(blue);
        Vector512<byte> pickRed = Four(Pick(0));
        Vector512<byte> pickGreen = Four(Pick(1));
        Vector512<byte> pickBlue = Four(Pick(2));
        (Vector512<float> meanRed, Vector512<float> scaleRed) = (Vector512.Create(mean[0]), Vector512.Create(scale[0]));
        (Vector512<float> meanGreen, Vector512<float> scaleGreen) = (Vector512.Create(mean[1]), Vector512.Create(scale[1]));
        (Vector512<float> meanBlue, Vector512<float> scaleBlue) = (Vector512.Create(mean[2]), Vector512.Create(scale[2]));
        for (; x <= red.Length - 18; x += 16)
        {
            ref byte at = ref Unsafe.Add(ref source, 3 * x);
            var pixels = Vector512.Create(
                Vector256.Create(Vector128.LoadUnsafe(ref at), Vector128.LoadUnsafe(ref at, 12)),
                Vector256.Create(Vector128.LoadUnsafe(ref at, 24), Vector128.LoadUnsafe(ref at, 36)));
            ((Widen(pixels, pickRed) - meanRed) * scaleRed).StoreUnsafe(ref r, (nuint)x);
            ((Widen(pixels, pickGreen) - meanGreen) * scaleGreen).StoreUnsafe(ref g, (nuint)x);
            ((Widen(pixels, pickBlue) - meanBlue) * scaleBlue).StoreUnsafe(ref b, (nuint)x);
        }

        return x;

        static Vector512<byte> Four(Vector128<byte> v) => Vector512.Create(Vector256.Create(v, v), Vector256.Create(v, v));

        static Vector512<float> Widen(Vector512<byte> pixels, Vector512<byte> pick)
            => Vector512.ConvertToSingle(Avx512BW.Shuffle(pixels, pick).AsInt32());
    }

    // Bytes c, c+3, c+6, c+9, each in the low byte of a 32-bit lane; 0x80 gives zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Pick(int first)
    {
        const byte Zero = 0x80;
        byte channel = (byte)first;
        return Vector128.Create(
            channel, Zero, Zero, Zero, (byte)(channel + 3), Zero, Zero, Zero,
            (byte)(channel + 6), Zero, Zero, Zero, (byte)(channel + 9), Zero, Zero, Zero);
    }
}
