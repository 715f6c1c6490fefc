using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>
/// Multiplies the colours of RGBA by alpha before a resampling and divides them again after it, with the bytes of Pillow's conversions
/// RGBA → RGBa → RGBA.
/// </summary>
/// <remarks>
/// Both work in place or from one buffer to another. Whole vectors are done first by the widest form, then by narrower ones, and the last
/// pixels by the definition; no byte is done twice, which in place would count twice.
/// </remarks>
internal static class AlphaPremultiply
{
    private const int Channels = 4;

    /// <summary><c>t = colour·alpha + 128; ((t &gt;&gt; 8) + t) &gt;&gt; 8</c>, and alpha as it is.</summary>
    /// <param name="rgba">4 bytes a pixel.</param>
    /// <param name="target">Receives as many bytes; the same memory or other.</param>
    public static void Multiply(ReadOnlySpan<byte> rgba, Span<byte> target)
    {
        target = Check(rgba, target);
        int at = 0;
        if (SimdWidth.Has512)
        {
            at = Multiply512(rgba, at, target);
        }

        if (SimdWidth.Has256)
        {
            at = Multiply256(rgba, at, target);
        }

        if (SimdWidth.Has128)
        {
            at = Multiply128(rgba, at, target);
        }

        MultiplyScalar(rgba, at, target);
    }

    /// <summary>
    /// <c>min(255·colour / alpha, 255)</c>, rounded down, and alpha as it is; pixels of alpha 0 and 255 stay as they are.
    /// </summary>
    /// <param name="rgba">4 bytes a pixel, colours multiplied by alpha.</param>
    /// <param name="target">Receives as many bytes; the same memory or other.</param>
    public static void Divide(ReadOnlySpan<byte> rgba, Span<byte> target)
    {
        target = Check(rgba, target);
        int at = 0;
        if (SimdWidth.Has512)
        {
            at = Divide512(rgba, at, target);
        }

        if (SimdWidth.Has256)
        {
            at = Divide256(rgba, at, target);
        }

        if (SimdWidth.Has128)
        {
            at = Divide128(rgba, at, target);
        }

        DivideScalar(rgba, at, target);
    }

    /// <summary>The definition, from a byte on.</summary>
    internal static int MultiplyScalar(ReadOnlySpan<byte> rgba, int at, Span<byte> target)
    {
        for (; at < rgba.Length; at += Channels)
        {
            byte alpha = rgba[at + 3];
            for (int channel = 0; channel < 3; channel++)
            {
                int product = (rgba[at + channel] * alpha) + 128;
                target[at + channel] = (byte)(((product >> 8) + product) >> 8);
            }

            target[at + 3] = alpha;
        }

        return at;
    }

    /// <summary>The definition, from a byte on.</summary>
    internal static int DivideScalar(ReadOnlySpan<byte> rgba, int at, Span<byte> target)
    {
        for (; at < rgba.Length; at += Channels)
        {
            byte alpha = rgba[at + 3];
            for (int channel = 0; channel < 3; channel++)
            {
                byte colour = rgba[at + channel];
                target[at + channel] = alpha is 0 or byte.MaxValue ? colour : (byte)Math.Min(byte.MaxValue * colour / alpha, byte.MaxValue);
            }

            target[at + 3] = alpha;
        }

        return at;
    }

    // 16-bit lanes, in order within a 128-bit lane: unpacking with zeros and packing undo each other. A sum is at most 65,407. The lane of
    // alpha is multiplied by 255, which gives alpha back.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Multiply128(ReadOnlySpan<byte> rgba, int at, Span<byte> target)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgba);
        ref byte result = ref MemoryMarshal.GetReference(target);
        Vector128<ushort> opaque = Vector128.Create(0x00FF_0000_0000_0000UL).AsUInt16();
        for (; at <= rgba.Length - Vector128<byte>.Count; at += Vector128<byte>.Count)
        {
            (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)at));
            Vector128.Narrow(Product(lower, opaque), Product(upper, opaque)).StoreUnsafe(ref result, (nuint)at);
        }

        return at;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<ushort> Product(Vector128<ushort> pixels, Vector128<ushort> opaque)
        {
            Vector128<ushort> alpha = Vector128.Shuffle(pixels, Vector128.Create((ushort)3, 3, 3, 3, 7, 7, 7, 7));
            Vector128<ushort> product = (pixels * (alpha | opaque)) + Vector128.Create((ushort)128);
            return (product + (product >> 8)) >> 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Multiply256(ReadOnlySpan<byte> rgba, int at, Span<byte> target)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgba);
        ref byte result = ref MemoryMarshal.GetReference(target);
        Vector256<ushort> opaque = Vector256.Create(0x00FF_0000_0000_0000UL).AsUInt16();
        for (; at <= rgba.Length - Vector256<byte>.Count; at += Vector256<byte>.Count)
        {
            var pixels = Vector256.LoadUnsafe(ref source, (nuint)at);
            Vector256<ushort> lower = Avx2.UnpackLow(pixels, Vector256<byte>.Zero).AsUInt16();
            Vector256<ushort> upper = Avx2.UnpackHigh(pixels, Vector256<byte>.Zero).AsUInt16();
            Avx2.PackUnsignedSaturate(Product(lower, opaque), Product(upper, opaque)).StoreUnsafe(ref result, (nuint)at);
        }

        return at;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<short> Product(Vector256<ushort> pixels, Vector256<ushort> opaque)
        {
            Vector256<ushort> alpha = Avx2.ShuffleHigh(Avx2.ShuffleLow(pixels, 0xFF), 0xFF);
            Vector256<ushort> product = (pixels * (alpha | opaque)) + Vector256.Create((ushort)128);
            return ((product + (product >> 8)) >> 8).AsInt16();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Multiply512(ReadOnlySpan<byte> rgba, int at, Span<byte> target)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgba);
        ref byte result = ref MemoryMarshal.GetReference(target);
        Vector512<ushort> opaque = Vector512.Create(0x00FF_0000_0000_0000UL).AsUInt16();
        for (; at <= rgba.Length - Vector512<byte>.Count; at += Vector512<byte>.Count)
        {
            var pixels = Vector512.LoadUnsafe(ref source, (nuint)at);
            Vector512<ushort> lower = Avx512BW.UnpackLow(pixels, Vector512<byte>.Zero).AsUInt16();
            Vector512<ushort> upper = Avx512BW.UnpackHigh(pixels, Vector512<byte>.Zero).AsUInt16();
            Avx512BW.PackUnsignedSaturate(Product(lower, opaque), Product(upper, opaque)).StoreUnsafe(ref result, (nuint)at);
        }

        return at;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<short> Product(Vector512<ushort> pixels, Vector512<ushort> opaque)
        {
            Vector512<ushort> alpha = Avx512BW.ShuffleHigh(Avx512BW.ShuffleLow(pixels, 0xFF), 0xFF);
            Vector512<ushort> product = (pixels * (alpha | opaque)) + Vector512.Create((ushort)128);
            return ((product + (product >> 8)) >> 8).AsInt16();
        }
    }

    // One sample in a 32-bit lane. The quotient of floats cannot round up to a whole number: numerators are below 2^16 and a fraction is at
    // least 1/254 from one. Where pixels stay as they are, and in the lane of alpha, the divisor is 255.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Divide128(ReadOnlySpan<byte> rgba, int at, Span<byte> target)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgba);
        ref byte result = ref MemoryMarshal.GetReference(target);
        for (; at <= rgba.Length - Vector128<byte>.Count; at += Vector128<byte>.Count)
        {
            (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)at));
            (Vector128<uint> a, Vector128<uint> b) = Vector128.Widen(lower);
            (Vector128<uint> c, Vector128<uint> d) = Vector128.Widen(upper);
            VerticalConvolution.Narrow(Quotient(a.AsInt32()), Quotient(b.AsInt32()), Quotient(c.AsInt32()), Quotient(d.AsInt32()))
                .StoreUnsafe(ref result, (nuint)at);
        }

        return at;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<int> Quotient(Vector128<int> pixel)
        {
            Vector128<int> alpha = Vector128.Shuffle(pixel, Vector128.Create(3, 3, 3, 3));
            Vector128<int> kept = Vector128.Equals(alpha, Vector128<int>.Zero) | Vector128.Create(0, 0, 0, -1);
            alpha = Vector128.ConditionalSelect(kept, Vector128.Create(255), alpha);
            Vector128<float> quotient = Vector128.ConvertToSingle(pixel) * Vector128.Create(255f) / Vector128.ConvertToSingle(alpha);
            return Vector128.ConvertToInt32(quotient);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Divide256(ReadOnlySpan<byte> rgba, int at, Span<byte> target)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgba);
        ref byte result = ref MemoryMarshal.GetReference(target);
        for (; at <= rgba.Length - Vector128<byte>.Count; at += Vector128<byte>.Count)
        {
            var pixels = Vector128.LoadUnsafe(ref source, (nuint)at);
            Vector256<int> a = Quotient(Avx2.ConvertToVector256Int32(pixels));
            Vector256<int> b = Quotient(Avx2.ConvertToVector256Int32(Vector128.Shuffle(pixels.AsUInt64(), Vector128.Create(1UL, 1UL)).AsByte()));
            VerticalConvolution.Narrow(a.GetLower(), a.GetUpper(), b.GetLower(), b.GetUpper()).StoreUnsafe(ref result, (nuint)at);
        }

        return at;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<int> Quotient(Vector256<int> pixels)
        {
            Vector256<int> alpha = Avx2.Shuffle(pixels, 0xFF);
            Vector256<int> kept = Vector256.Equals(alpha, Vector256<int>.Zero) | Vector256.Create(0, 0, 0, -1, 0, 0, 0, -1);
            alpha = Vector256.ConditionalSelect(kept, Vector256.Create(255), alpha);
            Vector256<float> quotient = Vector256.ConvertToSingle(pixels) * Vector256.Create(255f) / Vector256.ConvertToSingle(alpha);
            return Avx.ConvertToVector256Int32WithTruncation(quotient);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Divide512(ReadOnlySpan<byte> rgba, int at, Span<byte> target)
    {
        ref byte source = ref MemoryMarshal.GetReference(rgba);
        ref byte result = ref MemoryMarshal.GetReference(target);
        Vector512<int> lane = Vector512.Create(Vector256.Create(0, 0, 0, -1, 0, 0, 0, -1), Vector256.Create(0, 0, 0, -1, 0, 0, 0, -1));
        for (; at <= rgba.Length - Vector128<byte>.Count; at += Vector128<byte>.Count)
        {
            Vector512<int> pixels = Avx512F.ConvertToVector512Int32(Vector128.LoadUnsafe(ref source, (nuint)at));
            Vector512<int> alpha = Avx512F.Shuffle(pixels, 0xFF);
            alpha = Vector512.ConditionalSelect(Vector512.Equals(alpha, Vector512<int>.Zero) | lane, Vector512.Create(255), alpha);
            Vector512<float> quotient = Vector512.ConvertToSingle(pixels) * Vector512.Create(255f) / Vector512.ConvertToSingle(alpha);
            // Never negative, so that unsigned saturation clamps.
            Avx512F.ConvertToVector128ByteWithSaturation(Avx512F.ConvertToVector512Int32WithTruncation(quotient).AsUInt32())
                .StoreUnsafe(ref result, (nuint)at);
        }

        return at;
    }

    private static Span<byte> Check(ReadOnlySpan<byte> rgba, Span<byte> target)
    {
        if (rgba.Length % Channels != 0 || target.Length < rgba.Length)
        {
            throw new ArgumentException($"RGBA of {rgba.Length} bytes does not fit {target.Length}.", nameof(target));
        }

        return target[..rgba.Length];
    }
}
