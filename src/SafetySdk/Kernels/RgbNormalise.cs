using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>
/// Interleaved 8-bit RGB to three float32 planes: <c>(sample − mean)·scale</c>, each operation rounded by itself, in every form. A lane
/// holds one sample; a shuffle for each channel brings it to the low byte of 32 bits.
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
        if (SimdWidth.HasByteShuffle512)
        {
            x = PlanesVbmi(rgb, x, red, green, blue, mean, scale);
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

    // Each form starts at a pixel and gives the one it came to. Those up to 256 bits read 16 bytes for every four pixels, 4 more than they
    // take, and so stop two pixels short; the narrowest then takes the last four from the 16 bytes that end with them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Planes128(
        ReadOnlySpan<byte> rgb, int x, Span<float> red, Span<float> green, Span<float> blue, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> scale)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgb);
        ref float r = ref MemoryMarshal.GetReference(red);
        ref float g = ref MemoryMarshal.GetReference(green);
        ref float b = ref MemoryMarshal.GetReference(blue);
        (Vector128<float> meanRed, Vector128<float> scaleRed) = (Vector128.Create(mean[0]), Vector128.Create(scale[0]));
        (Vector128<float> meanGreen, Vector128<float> scaleGreen) = (Vector128.Create(mean[1]), Vector128.Create(scale[1]));
        (Vector128<float> meanBlue, Vector128<float> scaleBlue) = (Vector128.Create(mean[2]), Vector128.Create(scale[2]));
        int end = red.Length - 6;
        for (; x <= end; x += 4)
        {
            var pixels = Vector128.LoadUnsafe(ref source, (nuint)(3 * x));
            ((Widen(pixels, Pick(0)) - meanRed) * scaleRed).StoreUnsafe(ref r, (nuint)x);
            ((Widen(pixels, Pick(1)) - meanGreen) * scaleGreen).StoreUnsafe(ref g, (nuint)x);
            ((Widen(pixels, Pick(2)) - meanBlue) * scaleBlue).StoreUnsafe(ref b, (nuint)x);
        }

        while (x < red.Length && red.Length >= 6)
        {
            x = Math.Min(x, red.Length - 4);
            var pixels = Vector128.LoadUnsafe(ref source, (nuint)((3 * x) - 4));
            ((Widen(pixels, Pick(4)) - meanRed) * scaleRed).StoreUnsafe(ref r, (nuint)x);
            ((Widen(pixels, Pick(5)) - meanGreen) * scaleGreen).StoreUnsafe(ref g, (nuint)x);
            ((Widen(pixels, Pick(6)) - meanBlue) * scaleBlue).StoreUnsafe(ref b, (nuint)x);
            x += 4;
        }

        return x;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<float> Widen(Vector128<byte> pixels, Vector128<byte> pick)
            => Vector128.ConvertToSingle((Ssse3.IsSupported ? Ssse3.Shuffle(pixels, pick) : Vector128.Shuffle(pixels, pick)).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        int from = x;
        int end = red.Length - 18;
        for (; x <= end; x += 16)
        {
            // Two halves of a cache line of each plane one after the other: planes of 4 MiB apart were measured 4 times slower otherwise.
            ref byte at = ref Unsafe.Add(ref source, 3 * x);
            var first = Vector256.Create(Vector128.LoadUnsafe(ref at), Vector128.LoadUnsafe(ref at, 12));
            var second = Vector256.Create(Vector128.LoadUnsafe(ref at, 24), Vector128.LoadUnsafe(ref at, 36));
            ((Widen(first, pickRed) - meanRed) * scaleRed).StoreUnsafe(ref r, (nuint)x);
            ((Widen(second, pickRed) - meanRed) * scaleRed).StoreUnsafe(ref r, (nuint)x + 8);
            ((Widen(first, pickGreen) - meanGreen) * scaleGreen).StoreUnsafe(ref g, (nuint)x);
            ((Widen(second, pickGreen) - meanGreen) * scaleGreen).StoreUnsafe(ref g, (nuint)x + 8);
            ((Widen(first, pickBlue) - meanBlue) * scaleBlue).StoreUnsafe(ref b, (nuint)x);
            ((Widen(second, pickBlue) - meanBlue) * scaleBlue).StoreUnsafe(ref b, (nuint)x + 8);
            x -= x == from && x + 16 <= end ? Misaligned(ref r, x + 16, 64) : 0;
        }

        return x;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<float> Widen(Vector256<byte> pixels, Vector256<byte> pick)
            => Vector256.ConvertToSingle(Avx2.Shuffle(pixels, pick).AsInt32());
    }

    // 16 pixels are 48 of 64 bytes. The other 16 are cleared, so that each shuffle of the whole vector finds its zeros there and leaves one
    // sample in every 32-bit lane. The last step ends with the last pixel and overlaps the one before; from 22 pixels on nothing remains.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int PlanesVbmi(
        ReadOnlySpan<byte> rgb, int x, Span<float> red, Span<float> green, Span<float> blue, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> scale)
    {
        const int Step = 16;
        const int Needed = 22;
        if (red.Length - x < Needed)
        {
            return x;
        }

        ref byte source = ref MemoryMarshal.GetReference(rgb);
        ref float r = ref MemoryMarshal.GetReference(red);
        ref float g = ref MemoryMarshal.GetReference(green);
        ref float b = ref MemoryMarshal.GetReference(blue);
        var zeros = Vector128<byte>.Zero;
        var sixteen = Vector128.Create((byte)0xFF);
        Vector512<byte> kept = Vector512.Create(Vector256.Create(sixteen, sixteen), Vector256.Create(sixteen, zeros));
        (Vector512<byte> pickRed, Vector512<byte> pickGreen, Vector512<byte> pickBlue) = (PickWide(0, 63), PickWide(1, 63), PickWide(2, 63));
        (Vector512<float> meanRed, Vector512<float> scaleRed) = (Vector512.Create(mean[0]), Vector512.Create(scale[0]));
        (Vector512<float> meanGreen, Vector512<float> scaleGreen) = (Vector512.Create(mean[1]), Vector512.Create(scale[1]));
        (Vector512<float> meanBlue, Vector512<float> scaleBlue) = (Vector512.Create(mean[2]), Vector512.Create(scale[2]));
        int from = x;
        int end = red.Length - Needed;
        for (; x <= end; x += Step)
        {
            Vector512<byte> pixels = Vector512.LoadUnsafe(ref source, (nuint)(3 * x)) & kept;
            ((Widen(pixels, pickRed) - meanRed) * scaleRed).StoreUnsafe(ref r, (nuint)x);
            ((Widen(pixels, pickGreen) - meanGreen) * scaleGreen).StoreUnsafe(ref g, (nuint)x);
            ((Widen(pixels, pickBlue) - meanBlue) * scaleBlue).StoreUnsafe(ref b, (nuint)x);
            // The second step, where there is one, overlaps the first so that no store after it crosses a cache line.
            x -= x == from && x + Step <= end ? Misaligned(ref r, x + Step, 64) : 0;
        }

        kept = Vector512.Create(Vector256.Create(zeros, sixteen), Vector256.Create(sixteen, sixteen));
        for (; x < red.Length; x += Step)
        {
            x = Math.Min(x, red.Length - Step);
            Vector512<byte> pixels = Vector512.LoadUnsafe(ref source, (nuint)((3 * x) - Step)) & kept;
            ((Widen(pixels, PickWide(Step, 0)) - meanRed) * scaleRed).StoreUnsafe(ref r, (nuint)x);
            ((Widen(pixels, PickWide(Step + 1, 0)) - meanGreen) * scaleGreen).StoreUnsafe(ref g, (nuint)x);
            ((Widen(pixels, PickWide(Step + 2, 0)) - meanBlue) * scaleBlue).StoreUnsafe(ref b, (nuint)x);
        }

        return red.Length;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<float> Widen(Vector512<byte> pixels, Vector512<byte> pick)
            => Vector512.ConvertToSingle(Avx512Vbmi.PermuteVar64x8(pixels, pick).AsInt32());

        // Bytes first, first + 3, ... in the low bytes of the lanes, a cleared byte in the others.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<byte> PickWide(byte first, byte zero)
        {
            uint others = (uint)((zero << 8) | (zero << 16) | (zero << 24));
            return ((Vector512<uint>.Indices * 3) + Vector512.Create(first | others)).AsByte();
        }
    }

    // Floats between a place and the aligned one before it; the garbage collector may move an array, which costs only time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe int Misaligned(ref float plane, int x, int alignment)
        => ((int)(nint)Unsafe.AsPointer(ref Unsafe.Add(ref plane, x)) & (alignment - 1)) / sizeof(float);

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
