using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>What eight input rows give to one output row.</summary>
/// <param name="Sums">First of the row's 32-bit sums, counted in sums.</param>
/// <param name="Target">Offset of the finished row in bytes.</param>
/// <param name="Weights01">16-bit weights of the first two rows, the first in the lower half; 0 outside the window.</param>
/// <param name="Weights23">The same of the next two rows.</param>
/// <param name="Weights45">The same of the next two rows.</param>
/// <param name="Weights67">The same of the last two rows.</param>
/// <param name="Starts">Whether the sums begin here; what they held does not matter then.</param>
/// <param name="Ends">Whether the row is finished here; its sums are not stored then.</param>
internal readonly record struct RowAccumulation(
    nint Sums, nint Target, int Weights01, int Weights23, int Weights45, int Weights67, bool Starts, bool Ends);

/// <summary>
/// <see cref="VerticalConvolution"/> with 16-bit weights, the other way round: eight input rows are read once, in order, and added to every
/// output row whose window they are in. For shrinking, where windows are long: walking down a window instead defeats the prefetcher.
/// The same integers are added in another order, so the bytes are the same.
/// </summary>
/// <remarks>Sums are kept in the order that unpacking leaves them in; each form has its own, so a row must be summed by one form.</remarks>
internal static class VerticalAccumulation
{
    /// <summary>Input rows of one call.</summary>
    public const int Rows = 8;

    /// <summary>Bytes of a step of the widest form; lengths are multiples of it.</summary>
    public const int Block = 64;

    private const int CacheLine = 64;

    /// <summary>Adds eight rows.</summary>
    /// <param name="source">Where offsets of input rows count from.</param>
    /// <param name="rows">Offsets of eight input rows in bytes.</param>
    /// <param name="length">Bytes of a row to read and to write, a multiple of <see cref="Block"/>.</param>
    /// <param name="outputs">The output rows concerned.</param>
    /// <param name="sums">Where sums count from.</param>
    /// <param name="target">Where offsets of output rows count from; must not overlap the input.</param>
    /// <param name="fractionBits">Fraction bits of a weight, 1 to 22.</param>
    /// <param name="ahead">Bytes from each row to the row of the next call that will be in its place, to be prefetched; 0 if
    /// unknown.</param>
    public static void Add(
        ref byte source, ReadOnlySpan<nint> rows, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, nint ahead)
    {
        if (SimdWidth.Has512)
        {
            Add512(ref source, rows, length, outputs, ref sums, ref target, fractionBits, ahead);
        }
        else if (SimdWidth.Has256)
        {
            Add256(ref source, rows, length, outputs, ref sums, ref target, fractionBits, ahead);
        }
        else if (SimdWidth.Has128)
        {
            Add128(ref source, rows, length, outputs, ref sums, ref target, fractionBits, ahead);
        }
        else
        {
            AddScalar(ref source, rows, length, outputs, ref sums, ref target, fractionBits, ahead);
        }
    }

    /// <summary>The definition.</summary>
    internal static void AddScalar(
        ref byte source, ReadOnlySpan<nint> rows, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, nint ahead)
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
                sum += (short)output.Weights45 * Unsafe.AddByteOffset(ref source, rows[4] + x);
                sum += (output.Weights45 >> 16) * Unsafe.AddByteOffset(ref source, rows[5] + x);
                sum += (short)output.Weights67 * Unsafe.AddByteOffset(ref source, rows[6] + x);
                sum += (output.Weights67 >> 16) * Unsafe.AddByteOffset(ref source, rows[7] + x);
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
        int fractionBits, nint ahead)
    {
        // Sixteen registers hold the rows of one half at a time; the other half finds the sums in the first-level cache.
        Half128(ref source, rows[..4], length, outputs, ref sums, ref target, fractionBits, second: false);
        Half128(ref source, rows[4..], length, outputs, ref sums, ref target, fractionBits, second: true);
    }

    private static void Half128(
        ref byte source, ReadOnlySpan<nint> rows, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, bool second)
    {
        (nint r0, nint r1, nint r2, nint r3) = (rows[0], rows[1], rows[2], rows[3]);
        Vector128<int> half = Vector128.Create(1 << (fractionBits - 1));
        for (int x = 0; x < length; x += Vector128<byte>.Count)
        {
            (Vector128<short> v0, Vector128<short> v1, Vector128<short> v2, Vector128<short> v3) = Unpack(ref source, r0 + x, r1 + x);
            (Vector128<short> w0, Vector128<short> w1, Vector128<short> w2, Vector128<short> w3) = Unpack(ref source, r2 + x, r3 + x);
            foreach (ref readonly RowAccumulation output in outputs)
            {
                ref int kept = ref Unsafe.Add(ref sums, output.Sums + x);
                Vector128<int> a0 = half, a1 = half, a2 = half, a3 = half;
                if (second || !output.Starts)
                {
                    a0 = Vector128.LoadUnsafe(ref kept);
                    a1 = Vector128.LoadUnsafe(ref kept, 4);
                    a2 = Vector128.LoadUnsafe(ref kept, 8);
                    a3 = Vector128.LoadUnsafe(ref kept, 12);
                }

                Vector128<short> k = Vector128.Create(second ? output.Weights45 : output.Weights01).AsInt16();
                a0 = MultiplyAdd.Pairs(a0, v0, k);
                a1 = MultiplyAdd.Pairs(a1, v1, k);
                a2 = MultiplyAdd.Pairs(a2, v2, k);
                a3 = MultiplyAdd.Pairs(a3, v3, k);
                k = Vector128.Create(second ? output.Weights67 : output.Weights23).AsInt16();
                a0 = MultiplyAdd.Pairs(a0, w0, k);
                a1 = MultiplyAdd.Pairs(a1, w1, k);
                a2 = MultiplyAdd.Pairs(a2, w2, k);
                a3 = MultiplyAdd.Pairs(a3, w3, k);
                if (second && output.Ends)
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
        int fractionBits, nint ahead)
    {
        Vector256<int> half = Vector256.Create(1 << (fractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(fractionBits);
        (nint r0, nint r1, nint r2, nint r3) = (rows[0], rows[1], rows[2], rows[3]);
        (nint r4, nint r5, nint r6, nint r7) = (rows[4], rows[5], rows[6], rows[7]);
        ref RowAccumulation first = ref MemoryMarshal.GetReference(outputs);
        ref RowAccumulation end = ref Unsafe.Add(ref first, outputs.Length);
        for (nint x = 0; x < length; x += Vector256<byte>.Count)
        {
            ref byte at = ref Unsafe.AddByteOffset(ref source, x);
            Unpack(ref at, r0, r1, out Vector256<short> a0, out Vector256<short> a1, out Vector256<short> a2, out Vector256<short> a3);
            Unpack(ref at, r2, r3, out Vector256<short> b0, out Vector256<short> b1, out Vector256<short> b2, out Vector256<short> b3);
            Unpack(ref at, r4, r5, out Vector256<short> c0, out Vector256<short> c1, out Vector256<short> c2, out Vector256<short> c3);
            Unpack(ref at, r6, r7, out Vector256<short> d0, out Vector256<short> d1, out Vector256<short> d2, out Vector256<short> d3);
            if ((x & (CacheLine - 1)) == 0)
            {
                Prefetch(ref Unsafe.AddByteOffset(ref at, ahead), r0, r1, r2, r3, r4, r5, r6, r7);
            }

            for (ref RowAccumulation output = ref first; Unsafe.IsAddressLessThan(ref output, ref end); output = ref Unsafe.Add(ref output, 1))
            {
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
                s0 = MultiplyAdd.Pairs(s0, a0, k);
                s1 = MultiplyAdd.Pairs(s1, a1, k);
                s2 = MultiplyAdd.Pairs(s2, a2, k);
                s3 = MultiplyAdd.Pairs(s3, a3, k);
                k = Vector256.Create(output.Weights23).AsInt16();
                s0 = MultiplyAdd.Pairs(s0, b0, k);
                s1 = MultiplyAdd.Pairs(s1, b1, k);
                s2 = MultiplyAdd.Pairs(s2, b2, k);
                s3 = MultiplyAdd.Pairs(s3, b3, k);
                k = Vector256.Create(output.Weights45).AsInt16();
                s0 = MultiplyAdd.Pairs(s0, c0, k);
                s1 = MultiplyAdd.Pairs(s1, c1, k);
                s2 = MultiplyAdd.Pairs(s2, c2, k);
                s3 = MultiplyAdd.Pairs(s3, c3, k);
                k = Vector256.Create(output.Weights67).AsInt16();
                s0 = MultiplyAdd.Pairs(s0, d0, k);
                s1 = MultiplyAdd.Pairs(s1, d1, k);
                s2 = MultiplyAdd.Pairs(s2, d2, k);
                s3 = MultiplyAdd.Pairs(s3, d3, k);
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

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Unpack(
            ref byte at, nint a, nint b, out Vector256<short> v0, out Vector256<short> v1, out Vector256<short> v2, out Vector256<short> v3)
        {
            var upper = Vector256.LoadUnsafe(ref Unsafe.AddByteOffset(ref at, a));
            var lower = Vector256.LoadUnsafe(ref Unsafe.AddByteOffset(ref at, b));
            Vector256<byte> low = Avx2.UnpackLow(upper, lower);
            Vector256<byte> high = Avx2.UnpackHigh(upper, lower);
            v0 = Avx2.UnpackLow(low, Vector256<byte>.Zero).AsInt16();
            v1 = Avx2.UnpackHigh(low, Vector256<byte>.Zero).AsInt16();
            v2 = Avx2.UnpackLow(high, Vector256<byte>.Zero).AsInt16();
            v3 = Avx2.UnpackHigh(high, Vector256<byte>.Zero).AsInt16();
        }
    }

    internal static void Add512(
        ref byte source, ReadOnlySpan<nint> rows, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, nint ahead)
    {
        Vector512<int> half = Vector512.Create(1 << (fractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(fractionBits);
        (nint r0, nint r1, nint r2, nint r3) = (rows[0], rows[1], rows[2], rows[3]);
        (nint r4, nint r5, nint r6, nint r7) = (rows[4], rows[5], rows[6], rows[7]);
        ref RowAccumulation first = ref MemoryMarshal.GetReference(outputs);
        ref RowAccumulation end = ref Unsafe.Add(ref first, outputs.Length);
        for (nint x = 0; x < length; x += Vector512<byte>.Count)
        {
            ref byte at = ref Unsafe.AddByteOffset(ref source, x);
            Unpack(ref at, r0, r1, out Vector512<short> a0, out Vector512<short> a1, out Vector512<short> a2, out Vector512<short> a3);
            Unpack(ref at, r2, r3, out Vector512<short> b0, out Vector512<short> b1, out Vector512<short> b2, out Vector512<short> b3);
            Unpack(ref at, r4, r5, out Vector512<short> c0, out Vector512<short> c1, out Vector512<short> c2, out Vector512<short> c3);
            Unpack(ref at, r6, r7, out Vector512<short> d0, out Vector512<short> d1, out Vector512<short> d2, out Vector512<short> d3);
            Prefetch(ref Unsafe.AddByteOffset(ref at, ahead), r0, r1, r2, r3, r4, r5, r6, r7);
            for (ref RowAccumulation output = ref first; Unsafe.IsAddressLessThan(ref output, ref end); output = ref Unsafe.Add(ref output, 1))
            {
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
                s0 = MultiplyAdd.Pairs(s0, a0, k);
                s1 = MultiplyAdd.Pairs(s1, a1, k);
                s2 = MultiplyAdd.Pairs(s2, a2, k);
                s3 = MultiplyAdd.Pairs(s3, a3, k);
                k = Vector512.Create(output.Weights23).AsInt16();
                s0 = MultiplyAdd.Pairs(s0, b0, k);
                s1 = MultiplyAdd.Pairs(s1, b1, k);
                s2 = MultiplyAdd.Pairs(s2, b2, k);
                s3 = MultiplyAdd.Pairs(s3, b3, k);
                k = Vector512.Create(output.Weights45).AsInt16();
                s0 = MultiplyAdd.Pairs(s0, c0, k);
                s1 = MultiplyAdd.Pairs(s1, c1, k);
                s2 = MultiplyAdd.Pairs(s2, c2, k);
                s3 = MultiplyAdd.Pairs(s3, c3, k);
                k = Vector512.Create(output.Weights67).AsInt16();
                s0 = MultiplyAdd.Pairs(s0, d0, k);
                s1 = MultiplyAdd.Pairs(s1, d1, k);
                s2 = MultiplyAdd.Pairs(s2, d2, k);
                s3 = MultiplyAdd.Pairs(s3, d3, k);
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

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Unpack(
            ref byte at, nint a, nint b, out Vector512<short> v0, out Vector512<short> v1, out Vector512<short> v2, out Vector512<short> v3)
        {
            var upper = Vector512.LoadUnsafe(ref Unsafe.AddByteOffset(ref at, a));
            var lower = Vector512.LoadUnsafe(ref Unsafe.AddByteOffset(ref at, b));
            Vector512<byte> low = Avx512BW.UnpackLow(upper, lower);
            Vector512<byte> high = Avx512BW.UnpackHigh(upper, lower);
            v0 = Avx512BW.UnpackLow(low, Vector512<byte>.Zero).AsInt16();
            v1 = Avx512BW.UnpackHigh(low, Vector512<byte>.Zero).AsInt16();
            v2 = Avx512BW.UnpackLow(high, Vector512<byte>.Zero).AsInt16();
            v3 = Avx512BW.UnpackHigh(high, Vector512<byte>.Zero).AsInt16();
        }
    }

    // Rows of a large picture lie pages apart, where the processor's own prefetching starts anew on each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch(ref byte at, nint r0, nint r1, nint r2, nint r3, nint r4, nint r5, nint r6, nint r7)
    {
        byte* address = (byte*)Unsafe.AsPointer(ref at);
        Sse.Prefetch1(address + r0);
        Sse.Prefetch1(address + r1);
        Sse.Prefetch1(address + r2);
        Sse.Prefetch1(address + r3);
        Sse.Prefetch1(address + r4);
        Sse.Prefetch1(address + r5);
        Sse.Prefetch1(address + r6);
        Sse.Prefetch1(address + r7);
    }
}
