using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>
/// One output row as the weighted sum of input rows, byte by byte: columns and channels do not matter. Exact in every form, see
/// <see cref="ConvolutionWeights"/>.
/// </summary>
/// <remarks>
/// Two rows are interleaved byte by byte and widened with zeros, so that each 32-bit slot holds the samples of both rows in one column and
/// one multiply-add takes both. Unpacking orders columns within 128-bit lanes; packing undoes that, so no permutation is needed.
/// </remarks>
internal static class VerticalConvolution
{
    /// <summary>Computes one row.</summary>
    /// <param name="source">Where offsets count from.</param>
    /// <param name="rows">Offset of each input row in bytes; <paramref name="target"/>.Length bytes are read there, no more.</param>
    /// <param name="high">A weight for each row, then 0 up to an even number.</param>
    /// <param name="low">Low halves of the weights likewise, or nothing.</param>
    /// <param name="fractionBits">Fraction bits of a weight, 1 to 22.</param>
    /// <param name="target">Receives the row; must not overlap the input.</param>
    public static void Row(
        ref byte source, ReadOnlySpan<nint> rows, ReadOnlySpan<short> high, ReadOnlySpan<short> low, int fractionBits, Span<byte> target)
    {
        // 512-bit vectors were measured faster here, unlike along the row; see benchmarks/results/resize.md.
        if (SimdWidth.Has512 && target.Length >= Vector512<byte>.Count)
        {
            Row512(ref source, rows, high, low, fractionBits, target);
        }
        else if (SimdWidth.Has256 && target.Length >= Vector256<byte>.Count)
        {
            Row256(ref source, rows, high, low, fractionBits, target);
        }
        else if (SimdWidth.Has128 && target.Length >= Vector128<byte>.Count)
        {
            Row128(ref source, rows, high, low, fractionBits, target);
        }
        else
        {
            RowScalar(ref source, rows, high, low, fractionBits, target);
        }
    }

    /// <summary>The definition.</summary>
    internal static void RowScalar(
        ref byte source, ReadOnlySpan<nint> rows, ReadOnlySpan<short> high, ReadOnlySpan<short> low, int fractionBits, Span<byte> target)
    {
        for (int x = 0; x < target.Length; x++)
        {
            int sum = 1 << (fractionBits - 1);
            for (int i = 0; i < rows.Length; i++)
            {
                int weight = low.IsEmpty ? high[i] : (high[i] << ConvolutionWeights.LowBits) + low[i];
                sum += weight * Unsafe.AddByteOffset(ref source, rows[i] + x);
            }

            target[x] = (byte)Math.Clamp(sum >> fractionBits, 0, byte.MaxValue);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row128(
        ref byte source, ReadOnlySpan<nint> rows, ReadOnlySpan<short> high, ReadOnlySpan<short> low, int fractionBits, Span<byte> target)
    {
        CheckWeights(rows, high, low);
        ref byte end = ref MemoryMarshal.GetReference(target);
        Vector128<int> half = Vector128.Create(1 << (fractionBits - 1));
        int last = target.Length - Vector128<byte>.Count;
        // The last step overlaps the one before instead of leaving a rest.
        for (int x = 0; x < target.Length; x += Vector128<byte>.Count)
        {
            x = Math.Min(x, last);
            Vector128<int> a0 = half, a1 = half, a2 = half, a3 = half;
            Vector128<int> h0 = Vector128<int>.Zero, h1 = h0, h2 = h0, h3 = h0;
            for (int i = 0; i < rows.Length; i += 2)
            {
                (Vector128<byte> lower, Vector128<byte> upper) = Interleave(
                    Vector128.LoadUnsafe(ref source, (nuint)(rows[i] + x)),
                    Vector128.LoadUnsafe(ref source, (nuint)(rows[Math.Min(i + 1, rows.Length - 1)] + x)));
                (Vector128<ushort> v0, Vector128<ushort> v1) = Vector128.Widen(lower);
                (Vector128<ushort> v2, Vector128<ushort> v3) = Vector128.Widen(upper);
                Vector128<short> k = Vector128.Create(Pair(high, i)).AsInt16();
                if (low.IsEmpty)
                {
                    a0 = MultiplyAdd.Pairs(a0, v0.AsInt16(), k);
                    a1 = MultiplyAdd.Pairs(a1, v1.AsInt16(), k);
                    a2 = MultiplyAdd.Pairs(a2, v2.AsInt16(), k);
                    a3 = MultiplyAdd.Pairs(a3, v3.AsInt16(), k);
                    continue;
                }

                h0 = MultiplyAdd.Pairs(h0, v0.AsInt16(), k);
                h1 = MultiplyAdd.Pairs(h1, v1.AsInt16(), k);
                h2 = MultiplyAdd.Pairs(h2, v2.AsInt16(), k);
                h3 = MultiplyAdd.Pairs(h3, v3.AsInt16(), k);
                k = Vector128.Create(Pair(low, i)).AsInt16();
                a0 = MultiplyAdd.Pairs(a0, v0.AsInt16(), k);
                a1 = MultiplyAdd.Pairs(a1, v1.AsInt16(), k);
                a2 = MultiplyAdd.Pairs(a2, v2.AsInt16(), k);
                a3 = MultiplyAdd.Pairs(a3, v3.AsInt16(), k);
            }

            a0 += h0 << ConvolutionWeights.LowBits;
            a1 += h1 << ConvolutionWeights.LowBits;
            a2 += h2 << ConvolutionWeights.LowBits;
            a3 += h3 << ConvolutionWeights.LowBits;
            Narrow(a0 >> fractionBits, a1 >> fractionBits, a2 >> fractionBits, a3 >> fractionBits).StoreUnsafe(ref end, (nuint)x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row256(
        ref byte source, ReadOnlySpan<nint> rows, ReadOnlySpan<short> high, ReadOnlySpan<short> low, int fractionBits, Span<byte> target)
    {
        CheckWeights(rows, high, low);
        ref byte end = ref MemoryMarshal.GetReference(target);
        Vector256<int> half = Vector256.Create(1 << (fractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(fractionBits);
        int last = target.Length - Vector256<byte>.Count;
        for (int x = 0; x < target.Length; x += Vector256<byte>.Count)
        {
            x = Math.Min(x, last);
            Vector256<int> a0 = half, a1 = half, a2 = half, a3 = half;
            Vector256<int> h0 = Vector256<int>.Zero, h1 = h0, h2 = h0, h3 = h0;
            for (int i = 0; i < rows.Length; i += 2)
            {
                var a = Vector256.LoadUnsafe(ref source, (nuint)(rows[i] + x));
                var b = Vector256.LoadUnsafe(ref source, (nuint)(rows[Math.Min(i + 1, rows.Length - 1)] + x));
                Vector256<byte> lower = Avx2.UnpackLow(a, b);
                Vector256<byte> upper = Avx2.UnpackHigh(a, b);
                Vector256<short> v0 = Avx2.UnpackLow(lower, Vector256<byte>.Zero).AsInt16();
                Vector256<short> v1 = Avx2.UnpackHigh(lower, Vector256<byte>.Zero).AsInt16();
                Vector256<short> v2 = Avx2.UnpackLow(upper, Vector256<byte>.Zero).AsInt16();
                Vector256<short> v3 = Avx2.UnpackHigh(upper, Vector256<byte>.Zero).AsInt16();
                Vector256<short> k = Vector256.Create(Pair(high, i)).AsInt16();
                if (!low.IsEmpty)
                {
                    h0 = MultiplyAdd.Pairs(h0, v0, k);
                    h1 = MultiplyAdd.Pairs(h1, v1, k);
                    h2 = MultiplyAdd.Pairs(h2, v2, k);
                    h3 = MultiplyAdd.Pairs(h3, v3, k);
                    k = Vector256.Create(Pair(low, i)).AsInt16();
                }

                a0 = MultiplyAdd.Pairs(a0, v0, k);
                a1 = MultiplyAdd.Pairs(a1, v1, k);
                a2 = MultiplyAdd.Pairs(a2, v2, k);
                a3 = MultiplyAdd.Pairs(a3, v3, k);
            }

            if (!low.IsEmpty)
            {
                a0 += h0 << ConvolutionWeights.LowBits;
                a1 += h1 << ConvolutionWeights.LowBits;
                a2 += h2 << ConvolutionWeights.LowBits;
                a3 += h3 << ConvolutionWeights.LowBits;
            }

            Pack(a0, a1, a2, a3, shift).StoreUnsafe(ref end, (nuint)x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row512(
        ref byte source, ReadOnlySpan<nint> rows, ReadOnlySpan<short> high, ReadOnlySpan<short> low, int fractionBits, Span<byte> target)
    {
        CheckWeights(rows, high, low);
        ref byte end = ref MemoryMarshal.GetReference(target);
        Vector512<int> half = Vector512.Create(1 << (fractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(fractionBits);
        int last = target.Length - Vector512<byte>.Count;
        for (int x = 0; x < target.Length; x += Vector512<byte>.Count)
        {
            x = Math.Min(x, last);
            Vector512<int> a0 = half, a1 = half, a2 = half, a3 = half;
            Vector512<int> h0 = Vector512<int>.Zero, h1 = h0, h2 = h0, h3 = h0;
            for (int i = 0; i < rows.Length; i += 2)
            {
                var a = Vector512.LoadUnsafe(ref source, (nuint)(rows[i] + x));
                var b = Vector512.LoadUnsafe(ref source, (nuint)(rows[Math.Min(i + 1, rows.Length - 1)] + x));
                Vector512<byte> lower = Avx512BW.UnpackLow(a, b);
                Vector512<byte> upper = Avx512BW.UnpackHigh(a, b);
                Vector512<short> v0 = Avx512BW.UnpackLow(lower, Vector512<byte>.Zero).AsInt16();
                Vector512<short> v1 = Avx512BW.UnpackHigh(lower, Vector512<byte>.Zero).AsInt16();
                Vector512<short> v2 = Avx512BW.UnpackLow(upper, Vector512<byte>.Zero).AsInt16();
                Vector512<short> v3 = Avx512BW.UnpackHigh(upper, Vector512<byte>.Zero).AsInt16();
                Vector512<short> k = Vector512.Create(Pair(high, i)).AsInt16();
                if (!low.IsEmpty)
                {
                    h0 = MultiplyAdd.Pairs(h0, v0, k);
                    h1 = MultiplyAdd.Pairs(h1, v1, k);
                    h2 = MultiplyAdd.Pairs(h2, v2, k);
                    h3 = MultiplyAdd.Pairs(h3, v3, k);
                    k = Vector512.Create(Pair(low, i)).AsInt16();
                }

                a0 = MultiplyAdd.Pairs(a0, v0, k);
                a1 = MultiplyAdd.Pairs(a1, v1, k);
                a2 = MultiplyAdd.Pairs(a2, v2, k);
                a3 = MultiplyAdd.Pairs(a3, v3, k);
            }

            if (!low.IsEmpty)
            {
                a0 += h0 << ConvolutionWeights.LowBits;
                a1 += h1 << ConvolutionWeights.LowBits;
                a2 += h2 << ConvolutionWeights.LowBits;
                a3 += h3 << ConvolutionWeights.LowBits;
            }

            Pack(a0, a1, a2, a3, shift).StoreUnsafe(ref end, (nuint)x);
        }
    }

    /// <summary>Two weights in one number, the first in the lower half: what a multiply-add of interleaved rows takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Pair(ReadOnlySpan<short> weights, int first)
        => (ushort)weights[first] | (weights[first + 1] << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (Vector128<byte> Lower, Vector128<byte> Upper) Interleave(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
        {
            return (Sse2.UnpackLow(a, b), Sse2.UnpackHigh(a, b));
        }

        (Vector128<ushort> a0, Vector128<ushort> a1) = Vector128.Widen(a);
        (Vector128<ushort> b0, Vector128<ushort> b1) = Vector128.Widen(b);
        return ((a0 | (b0 << 8)).AsByte(), (a1 | (b1 << 8)).AsByte());
    }

    /// <summary>16 sums as bytes, clamped to 0..255.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Narrow(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
    {
        if (Sse2.IsSupported)
        {
            return Sse2.PackUnsignedSaturate(Sse2.PackSignedSaturate(a, b), Sse2.PackSignedSaturate(c, d));
        }

        Vector128<int> most = Vector128.Create(255);
        return Vector128.Narrow(Vector128.Narrow(Clamp(a), Clamp(b)).AsUInt16(), Vector128.Narrow(Clamp(c), Clamp(d)).AsUInt16());

        Vector128<int> Clamp(Vector128<int> v) => Vector128.Max(Vector128.Min(v, most), Vector128<int>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Pack(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector128<int> shift)
        => Avx2.PackUnsignedSaturate(
            Avx2.PackSignedSaturate(Avx2.ShiftRightArithmetic(a, shift), Avx2.ShiftRightArithmetic(b, shift)),
            Avx2.PackSignedSaturate(Avx2.ShiftRightArithmetic(c, shift), Avx2.ShiftRightArithmetic(d, shift)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<byte> Pack(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d, Vector128<int> shift)
        => Avx512BW.PackUnsignedSaturate(
            Avx512BW.PackSignedSaturate(Avx512F.ShiftRightArithmetic(a, shift), Avx512F.ShiftRightArithmetic(b, shift)),
            Avx512BW.PackSignedSaturate(Avx512F.ShiftRightArithmetic(c, shift), Avx512F.ShiftRightArithmetic(d, shift)));

    private static void CheckWeights(ReadOnlySpan<nint> rows, ReadOnlySpan<short> high, ReadOnlySpan<short> low)
    {
        int needed = (rows.Length + 1) & ~1;
        if (high.Length < needed || (!low.IsEmpty && low.Length < needed))
        {
            throw new ArgumentException($"{rows.Length} rows need {needed} weights.", nameof(high));
        }
    }
}
