using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>What four input rows give to one output row.</summary>
/// <param name="Sums">First of the row's 32-bit sums, counted in sums.</param>
/// <param name="Target">Offset of the finished row in bytes.</param>
/// <param name="Weights01">16-bit weights of the first two rows, the first in the lower half; 0 outside the window.</param>
/// <param name="Weights23">The same of the last two rows.</param>
/// <param name="Starts">Whether the sums begin here; what they held does not matter then.</param>
/// <param name="Ends">Whether the row is finished here; its sums are not stored then.</param>
internal readonly record struct RowAccumulation(nint Sums, nint Target, int Weights01, int Weights23, bool Starts, bool Ends);

/// <summary>
/// <see cref="VerticalConvolution"/> with 16-bit weights, the other way round: four input rows are read once, in order, and added to every
/// output row whose window they are in. For shrinking, where windows are long: walking down a window instead defeats the prefetcher.
/// The same integers are added in another order, so the bytes are the same.
/// </summary>
/// <remarks>Sums are kept in the order that unpacking leaves them in; each form has its own, so a row must be summed by one form.</remarks>
internal static class VerticalAccumulation
{
    /// <summary>Input rows of one call.</summary>
    public const int Rows = 4;

    /// <summary>Bytes of a step of the widest form; lengths are multiples of it.</summary>
    public const int Block = 64;

    /// <summary>Adds four rows.</summary>
    /// <param name="source">Where offsets of input rows count from.</param>
    /// <param name="rows">Offsets of four input rows in bytes.</param>
    /// <param name="length">Bytes of a row to read and to write, a multiple of <see cref="Block"/>.</param>
    /// <param name="outputs">The output rows concerned.</param>
    /// <param name="sums">Where sums count from.</param>
    /// <param name="target">Where offsets of output rows count from; must not overlap the input.</param>
    /// <param name="fractionBits">Fraction bits of a weight, 1 to 22.</param>
    public static void Add(
        ref byte source, ReadOnlySpan<nint> rows, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits)
    {
        if (SimdWidth.Has512)
        {
            Add512(ref source, rows, length, outputs, ref sums, ref target, fractionBits);
        }
        else if (SimdWidth.Has256)
        {
            Add256(ref source, rows, length, outputs, ref sums, ref target, fractionBits);
        }
        else if (SimdWidth.Has128)
        {
            Add128(ref source, rows, length, outputs, ref sums, ref target, fractionBits);
        }
        else
        {
            AddScalar(ref source, rows, length, outputs, ref sums, ref target, fractionBits);
        }
    }

    /// <summary>The definition.</summary>
    internal static void AddScalar(
        ref byte source, ReadOnlySpan<nint> rows, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits)
    {
        foreach (RowAccumulation output in outputs)
        {
            for (int x = 0; x < length; x++)
            {
                ref int kept = ref Unsafe.Add(ref sums, output.Sums + x);
                int sum = output.Starts ? 1 << (fractionBits - 1) : kept;
                sum += (short)output.Weights01 * Unsafe.AddByteOffset(ref source, rows[0] + x);
                sum += (output.Weights01 >> 16) * Unsafe.AddByteOffset(ref source, rows[1] + x);
                sum += (short)output.Weights23 * Unsafe.AddByteOffset(ref source, rows[2] + x);
                sum += (output.Weights23 >> 16) * Unsafe.AddByteOffset(ref source, rows[3] + x);
                if (output.Ends)
                {
                    Unsafe.AddByteOffset(ref target, output.Target + x) = (byte)Math.Clamp(sum >> fractionBits, 0, byte.MaxValue);
                }
                else
                {
                    kept = sum;
                }
            }
        }
    }

    internal static void Add128(
        ref byte source, ReadOnlySpan<nint> rows, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits)
    {
        Vector128<int> half = Vector128.Create(1 << (fractionBits - 1));
        for (int x = 0; x < length; x += Vector128<byte>.Count)
        {
            (Vector128<short> v0, Vector128<short> v1, Vector128<short> v2, Vector128<short> v3) = Unpack(ref source, rows[0] + x, rows[1] + x);
            (Vector128<short> w0, Vector128<short> w1, Vector128<short> w2, Vector128<short> w3) = Unpack(ref source, rows[2] + x, rows[3] + x);
            foreach (ref readonly RowAccumulation output in outputs)
            {
                ref int kept = ref Unsafe.Add(ref sums, output.Sums + x);
                Vector128<int> a0 = half, a1 = half, a2 = half, a3 = half;
                if (!output.Starts)
                {
                    a0 = Vector128.LoadUnsafe(ref kept);
                    a1 = Vector128.LoadUnsafe(ref kept, 4);
                    a2 = Vector128.LoadUnsafe(ref kept, 8);
                    a3 = Vector128.LoadUnsafe(ref kept, 12);
                }

                Vector128<short> k = Vector128.Create(output.Weights01).AsInt16();
                a0 = MultiplyAdd.Pairs(a0, v0, k);
                a1 = MultiplyAdd.Pairs(a1, v1, k);
                a2 = MultiplyAdd.Pairs(a2, v2, k);
                a3 = MultiplyAdd.Pairs(a3, v3, k);
                k = Vector128.Create(output.Weights23).AsInt16();
                a0 = MultiplyAdd.Pairs(a0, w0, k);
                a1 = MultiplyAdd.Pairs(a1, w1, k);
                a2 = MultiplyAdd.Pairs(a2, w2, k);
                a3 = MultiplyAdd.Pairs(a3, w3, k);
                if (output.Ends)
                {
                    VerticalConvolution.Narrow(a0 >> fractionBits, a1 >> fractionBits, a2 >> fractionBits, a3 >> fractionBits)
                        .StoreUnsafe(ref Unsafe.AddByteOffset(ref target, output.Target + x));
                    continue;
                }

                a0.StoreUnsafe(ref kept);
                a1.StoreUnsafe(ref kept, 4);
                a2.StoreUnsafe(ref kept, 8);
                a3.StoreUnsafe(ref kept, 12);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static (Vector128<short> V0, Vector128<short> V1, Vector128<short> V2, Vector128<short> V3) Unpack(ref byte source, nint a, nint b)
        {
            (Vector128<byte> lower, Vector128<byte> upper) = VerticalConvolution.Interleave(
                Vector128.LoadUnsafe(ref source, (nuint)a), Vector128.LoadUnsafe(ref source, (nuint)b));
            (Vector128<ushort> v0, Vector128<ushort> v1) = Vector128.Widen(lower);
            (Vector128<ushort> v2, Vector128<ushort> v3) = Vector128.Widen(upper);
            return (v0.AsInt16(), v1.AsInt16(), v2.AsInt16(), v3.AsInt16());
        }
    }

    internal static void Add256(
        ref byte source, ReadOnlySpan<nint> rows, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits)
    {
        Vector256<int> half = Vector256.Create(1 << (fractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(fractionBits);
        (nint r0, nint r1, nint r2, nint r3) = (rows[0], rows[1], rows[2], rows[3]);
        ref RowAccumulation first = ref MemoryMarshal.GetReference(outputs);
        for (int x = 0; x < length; x += Vector256<byte>.Count)
        {
            var a = Vector256.LoadUnsafe(ref source, (nuint)(r0 + x));
            var b = Vector256.LoadUnsafe(ref source, (nuint)(r1 + x));
            Vector256<byte> lower = Avx2.UnpackLow(a, b);
            Vector256<byte> upper = Avx2.UnpackHigh(a, b);
            Vector256<short> v0 = Avx2.UnpackLow(lower, Vector256<byte>.Zero).AsInt16();
            Vector256<short> v1 = Avx2.UnpackHigh(lower, Vector256<byte>.Zero).AsInt16();
            Vector256<short> v2 = Avx2.UnpackLow(upper, Vector256<byte>.Zero).AsInt16();
            Vector256<short> v3 = Avx2.UnpackHigh(upper, Vector256<byte>.Zero).AsInt16();
            a = Vector256.LoadUnsafe(ref source, (nuint)(r2 + x));
            b = Vector256.LoadUnsafe(ref source, (nuint)(r3 + x));
            lower = Avx2.UnpackLow(a, b);
            upper = Avx2.UnpackHigh(a, b);
            Vector256<short> w0 = Avx2.UnpackLow(lower, Vector256<byte>.Zero).AsInt16();
            Vector256<short> w1 = Avx2.UnpackHigh(lower, Vector256<byte>.Zero).AsInt16();
            Vector256<short> w2 = Avx2.UnpackLow(upper, Vector256<byte>.Zero).AsInt16();
            Vector256<short> w3 = Avx2.UnpackHigh(upper, Vector256<byte>.Zero).AsInt16();
            for (int o = 0; o < outputs.Length; o++)
            {
                ref RowAccumulation output = ref Unsafe.Add(ref first, o);
                ref int kept = ref Unsafe.Add(ref sums, output.Sums + x);
                Vector256<int> s0 = half, s1 = half, s2 = half, s3 = half;
                if (!output.Starts)
                {
                    s0 = Vector256.LoadUnsafe(ref kept);
                    s1 = Vector256.LoadUnsafe(ref kept, 8);
                    s2 = Vector256.LoadUnsafe(ref kept, 16);
                    s3 = Vector256.LoadUnsafe(ref kept, 24);
                }

                Vector256<short> k = Vector256.Create(output.Weights01).AsInt16();
                Vector256<short> l = Vector256.Create(output.Weights23).AsInt16();
                s0 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s0, v0, k), w0, l);
                s1 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s1, v1, k), w1, l);
                s2 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s2, v2, k), w2, l);
                s3 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s3, v3, k), w3, l);
                if (output.Ends)
                {
                    VerticalConvolution.Pack(s0, s1, s2, s3, shift).StoreUnsafe(ref Unsafe.AddByteOffset(ref target, output.Target + x));
                    continue;
                }

                s0.StoreUnsafe(ref kept);
                s1.StoreUnsafe(ref kept, 8);
                s2.StoreUnsafe(ref kept, 16);
                s3.StoreUnsafe(ref kept, 24);
            }
        }
    }

    internal static void Add512(
        ref byte source, ReadOnlySpan<nint> rows, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits)
    {
        Vector512<int> half = Vector512.Create(1 << (fractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(fractionBits);
        (nint r0, nint r1, nint r2, nint r3) = (rows[0], rows[1], rows[2], rows[3]);
        ref RowAccumulation first = ref MemoryMarshal.GetReference(outputs);
        for (int x = 0; x < length; x += Vector512<byte>.Count)
        {
            var a = Vector512.LoadUnsafe(ref source, (nuint)(r0 + x));
            var b = Vector512.LoadUnsafe(ref source, (nuint)(r1 + x));
            Vector512<byte> lower = Avx512BW.UnpackLow(a, b);
            Vector512<byte> upper = Avx512BW.UnpackHigh(a, b);
            Vector512<short> v0 = Avx512BW.UnpackLow(lower, Vector512<byte>.Zero).AsInt16();
            Vector512<short> v1 = Avx512BW.UnpackHigh(lower, Vector512<byte>.Zero).AsInt16();
            Vector512<short> v2 = Avx512BW.UnpackLow(upper, Vector512<byte>.Zero).AsInt16();
            Vector512<short> v3 = Avx512BW.UnpackHigh(upper, Vector512<byte>.Zero).AsInt16();
            a = Vector512.LoadUnsafe(ref source, (nuint)(r2 + x));
            b = Vector512.LoadUnsafe(ref source, (nuint)(r3 + x));
            lower = Avx512BW.UnpackLow(a, b);
            upper = Avx512BW.UnpackHigh(a, b);
            Vector512<short> w0 = Avx512BW.UnpackLow(lower, Vector512<byte>.Zero).AsInt16();
            Vector512<short> w1 = Avx512BW.UnpackHigh(lower, Vector512<byte>.Zero).AsInt16();
            Vector512<short> w2 = Avx512BW.UnpackLow(upper, Vector512<byte>.Zero).AsInt16();
            Vector512<short> w3 = Avx512BW.UnpackHigh(upper, Vector512<byte>.Zero).AsInt16();
            for (int o = 0; o < outputs.Length; o++)
            {
                ref RowAccumulation output = ref Unsafe.Add(ref first, o);
                ref int kept = ref Unsafe.Add(ref sums, output.Sums + x);
                Vector512<int> s0 = half, s1 = half, s2 = half, s3 = half;
                if (!output.Starts)
                {
                    s0 = Vector512.LoadUnsafe(ref kept);
                    s1 = Vector512.LoadUnsafe(ref kept, 16);
                    s2 = Vector512.LoadUnsafe(ref kept, 32);
                    s3 = Vector512.LoadUnsafe(ref kept, 48);
                }

                Vector512<short> k = Vector512.Create(output.Weights01).AsInt16();
                Vector512<short> l = Vector512.Create(output.Weights23).AsInt16();
                s0 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s0, v0, k), w0, l);
                s1 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s1, v1, k), w1, l);
                s2 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s2, v2, k), w2, l);
                s3 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s3, v3, k), w3, l);
                if (output.Ends)
                {
                    VerticalConvolution.Pack(s0, s1, s2, s3, shift).StoreUnsafe(ref Unsafe.AddByteOffset(ref target, output.Target + x));
                    continue;
                }

                s0.StoreUnsafe(ref kept);
                s1.StoreUnsafe(ref kept, 16);
                s2.StoreUnsafe(ref kept, 32);
                s3.StoreUnsafe(ref kept, 48);
            }
        }
    }
}
