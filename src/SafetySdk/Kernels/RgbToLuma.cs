using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>Interleaved 8-bit RGB to float32 luma: <c>(0.299f·R + 0.587f·G) + 0.114f·B</c>, each operation rounded by itself.</summary>
internal static class RgbToLuma
{
    private const float Red = 0.299f;
    private const float Green = 0.587f;
    private const float Blue = 0.114f;

    /// <summary>Converts one row. No fused multiply-add: it would change the last bit.</summary>
    /// <param name="rgb">3 bytes a pixel.</param>
    /// <param name="luma">Receives <c>rgb.Length / 3</c> values, 0 to 255.</param>
    public static void Convert(ReadOnlySpan<byte> rgb, Span<float> luma)
    {
        int pixels = rgb.Length / 3;
        luma = luma[..pixels];
        ref byte source = ref MemoryMarshal.GetReference(rgb);
        ref float target = ref MemoryMarshal.GetReference(luma);
        int x = 0;

        // Each step reads 64 bytes for 16 pixels (48 bytes), hence the margin of six pixels.
        if (SimdWidth.Has512 && Avx512Vbmi.IsSupported)
        {
            Vector512<byte> pickRed = Pick512(0);
            Vector512<byte> pickGreen = Pick512(1);
            Vector512<byte> pickBlue = Pick512(2);
            for (; x <= pixels - 22; x += 16)
            {
                var sixteen = Vector512.LoadUnsafe(ref source, (nuint)(x * 3));
                Vector512<float> red = Widen512(sixteen, pickRed) * Vector512.Create(Red);
                Vector512<float> green = Widen512(sixteen, pickGreen) * Vector512.Create(Green);
                Vector512<float> blue = Widen512(sixteen, pickBlue) * Vector512.Create(Blue);
                (red + green + blue).StoreUnsafe(ref target, (nuint)x);
            }
        }

        // Each step reads 28 bytes for 8 pixels (24 bytes), hence the margin of two pixels.
        if (Avx2.IsSupported)
        {
            Vector256<byte> pickRed = Pick(0);
            Vector256<byte> pickGreen = Pick(1);
            Vector256<byte> pickBlue = Pick(2);
            for (; x <= pixels - 10; x += 8)
            {
                ref byte at = ref Unsafe.Add(ref source, x * 3);
                var eight = Vector256.Create(Vector128.LoadUnsafe(ref at), Vector128.LoadUnsafe(ref at, 12));
                Vector256<float> red = Widen(eight, pickRed) * Vector256.Create(Red);
                Vector256<float> green = Widen(eight, pickGreen) * Vector256.Create(Green);
                Vector256<float> blue = Widen(eight, pickBlue) * Vector256.Create(Blue);
                (red + green + blue).StoreUnsafe(ref target, (nuint)x);
            }
        }

        for (; x < pixels; x++)
        {
            ref byte at = ref Unsafe.Add(ref source, x * 3);
            float red = Red * at;
            float green = Green * Unsafe.Add(ref at, 1);
            float blue = Blue * Unsafe.Add(ref at, 2);
            Unsafe.Add(ref target, x) = red + green + blue;
        }
    }

    // Bytes c, c+3, c+6, c+9 of each half, each in the low byte of a 32-bit lane; 0x80 writes zero.
    private static Vector256<byte> Pick(byte channel)
    {
        const byte Zero = 0x80;
        var half = Vector128.Create(
            channel, Zero, Zero, Zero, (byte)(channel + 3), Zero, Zero, Zero,
            (byte)(channel + 6), Zero, Zero, Zero, (byte)(channel + 9), Zero, Zero, Zero);
        return Vector256.Create(half, half);
    }

    // Byte c + 3n in the low byte of 32-bit lane n; the other bytes are masked.
    private static Vector512<byte> Pick512(int channel)
        => ((Vector512<int>.Indices * 3) + Vector512.Create(channel)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen512(Vector512<byte> pixels, Vector512<byte> pick)
        => Vector512.ConvertToSingle(Avx512Vbmi.PermuteVar64x8(pixels, pick).AsInt32() & Vector512.Create(0xFF));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(Vector256<byte> pixels, Vector256<byte> pick)
        => Vector256.ConvertToSingle(Avx2.Shuffle(pixels, pick).AsInt32());
}
