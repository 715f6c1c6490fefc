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
    /// <param name="source">The first of the eight input rows.</param>
    /// <param name="stride">Bytes from one input row to the next.</param>
    /// <param name="length">Bytes of a row to read and to write, a multiple of <see cref="Block"/>.</param>
    /// <param name="outputs">The output rows concerned.</param>
    /// <param name="sums">Where sums count from.</param>
    /// <param name="target">Where offsets of output rows count from; must not overlap the input.</param>
    /// <param name="fractionBits">Fraction bits of a weight, 1 to 22.</param>
    /// <param name="ahead">Bytes from these rows to those of the next call, which are prefetched; 0 for none.</param>
    public static void Add(
        ref byte source, nint stride, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, nint ahead)
    {
        if (SimdWidth.Has512)
        {
            Add512(ref source, stride, length, outputs, ref sums, ref target, fractionBits, ahead);
        }
        else if (SimdWidth.Has256)
        {
            Add256(ref source, stride, length, outputs, ref sums, ref target, fractionBits, ahead);
        }
        else if (SimdWidth.Has128)
        {
            Add128(ref source, stride, length, outputs, ref sums, ref target, fractionBits, ahead);
        }
        else
        {
            AddScalar(ref source, stride, length, outputs, ref sums, ref target, fractionBits, ahead);
        }
    }

    /// <summary>The definition.</summary>
    internal static void AddScalar(
        ref byte source, nint stride, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, nint ahead)
    {
        foreach (RowAccumulation output in outputs)
        {
            for (int x = 0; x < length; x++)
            {
                ref int kept = ref Unsafe.Add(ref sums, output.Sums + x);
                int sum = output.Starts ? 1 << (fractionBits - 1) : kept;
                sum += (short)output.Weights01 * Unsafe.AddByteOffset(ref source, x);
                sum += (output.Weights01 >> 16) * Unsafe.AddByteOffset(ref source, stride + x);
                sum += (short)output.Weights23 * Unsafe.AddByteOffset(ref source, (2 * stride) + x);
                sum += (output.Weights23 >> 16) * Unsafe.AddByteOffset(ref source, (3 * stride) + x);
                sum += (short)output.Weights45 * Unsafe.AddByteOffset(ref source, (4 * stride) + x);
                sum += (output.Weights45 >> 16) * Unsafe.AddByteOffset(ref source, (5 * stride) + x);
                sum += (short)output.Weights67 * Unsafe.AddByteOffset(ref source, (6 * stride) + x);
                sum += (output.Weights67 >> 16) * Unsafe.AddByteOffset(ref source, (7 * stride) + x);
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
        ref byte source, nint stride, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, nint ahead)
    {
        // Sixteen registers hold the rows of one half at a time; the other half finds the sums in the first-level cache.
        Half128(ref source, stride, length, outputs, ref sums, ref target, fractionBits, second: false);
        Half128(ref Unsafe.AddByteOffset(ref source, 4 * stride), stride, length, outputs, ref sums, ref target, fractionBits, second: true);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Half128(
        ref byte source, nint stride, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, bool second)
    {
        nint three = 3 * stride;
        Vector128<int> half = Vector128.Create(1 << (fractionBits - 1));
        for (int x = 0; x < length; x += Vector128<byte>.Count)
        {
            (Vector128<short> v0, Vector128<short> v1, Vector128<short> v2, Vector128<short> v3) = Unpack(ref source, x, stride + x);
            (Vector128<short> w0, Vector128<short> w1, Vector128<short> w2, Vector128<short> w3) = Unpack(ref source, (2 * stride) + x, three + x);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add256(
        ref byte source, nint stride, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, nint ahead)
    {
        Vector256<int> half = Vector256.Create(1 << (fractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(fractionBits);
        nint three = 3 * stride;
        ref RowAccumulation first = ref MemoryMarshal.GetReference(outputs);
        ref RowAccumulation end = ref Unsafe.Add(ref first, outputs.Length);
        for (nint x = 0; x < length; x += Vector256<byte>.Count)
        {
            ref byte at = ref Unsafe.AddByteOffset(ref source, x);
            ref byte fourth = ref Unsafe.AddByteOffset(ref at, 4 * stride);
            Unpack(ref at, 0, stride, out Vector256<short> a0, out Vector256<short> a1, out Vector256<short> a2, out Vector256<short> a3);
            Unpack(ref at, 2 * stride, three, out Vector256<short> b0, out Vector256<short> b1, out Vector256<short> b2, out Vector256<short> b3);
            Unpack(ref fourth, 0, stride, out Vector256<short> c0, out Vector256<short> c1, out Vector256<short> c2, out Vector256<short> c3);
            Unpack(ref fourth, 2 * stride, three, out Vector256<short> d0, out Vector256<short> d1, out Vector256<short> d2, out Vector256<short> d3);
            if (ahead != 0 && (x & (CacheLine - 1)) == 0)
            {
                Prefetch(ref Unsafe.AddByteOffset(ref at, ahead), stride, three);
                Prefetch(ref Unsafe.AddByteOffset(ref fourth, ahead), stride, three);
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

                if ((output.Weights01 | output.Weights23) != 0)
                {
                    Vector256<short> k = Vector256.Create(output.Weights01).AsInt16();
                    Vector256<short> l = Vector256.Create(output.Weights23).AsInt16();
                    s0 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s0, a0, k), b0, l);
                    s1 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s1, a1, k), b1, l);
                    s2 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s2, a2, k), b2, l);
                    s3 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s3, a3, k), b3, l);
                }

                if ((output.Weights45 | output.Weights67) != 0)
                {
                    Vector256<short> k = Vector256.Create(output.Weights45).AsInt16();
                    Vector256<short> l = Vector256.Create(output.Weights67).AsInt16();
                    s0 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s0, c0, k), d0, l);
                    s1 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s1, c1, k), d1, l);
                    s2 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s2, c2, k), d2, l);
                    s3 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s3, c3, k), d3, l);
                }

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add512(
        ref byte source, nint stride, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target,
        int fractionBits, nint ahead)
    {
        Vector512<int> half = Vector512.Create(1 << (fractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(fractionBits);
        nint three = 3 * stride;
        ref RowAccumulation first = ref MemoryMarshal.GetReference(outputs);
        ref RowAccumulation end = ref Unsafe.Add(ref first, outputs.Length);
        for (nint x = 0; x < length; x += Vector512<byte>.Count)
        {
            ref byte at = ref Unsafe.AddByteOffset(ref source, x);
            ref byte fourth = ref Unsafe.AddByteOffset(ref at, 4 * stride);
            Unpack(ref at, 0, stride, out Vector512<short> a0, out Vector512<short> a1, out Vector512<short> a2, out Vector512<short> a3);
            Unpack(ref at, 2 * stride, three, out Vector512<short> b0, out Vector512<short> b1, out Vector512<short> b2, out Vector512<short> b3);
            Unpack(ref fourth, 0, stride, out Vector512<short> c0, out Vector512<short> c1, out Vector512<short> c2, out Vector512<short> c3);
            Unpack(ref fourth, 2 * stride, three, out Vector512<short> d0, out Vector512<short> d1, out Vector512<short> d2, out Vector512<short> d3);
            if (ahead != 0)
            {
                Prefetch(ref Unsafe.AddByteOffset(ref at, ahead), stride, three);
                Prefetch(ref Unsafe.AddByteOffset(ref fourth, ahead), stride, three);
            }

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

                if ((output.Weights01 | output.Weights23) != 0)
                {
                    Vector512<short> k = Vector512.Create(output.Weights01).AsInt16();
                    Vector512<short> l = Vector512.Create(output.Weights23).AsInt16();
                    s0 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s0, a0, k), b0, l);
                    s1 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s1, a1, k), b1, l);
                    s2 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s2, a2, k), b2, l);
                    s3 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s3, a3, k), b3, l);
                }

                if ((output.Weights45 | output.Weights67) != 0)
                {
                    Vector512<short> k = Vector512.Create(output.Weights45).AsInt16();
                    Vector512<short> l = Vector512.Create(output.Weights67).AsInt16();
                    s0 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s0, c0, k), d0, l);
                    s1 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s1, c1, k), d1, l);
                    s2 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s2, c2, k), d2, l);
                    s3 = MultiplyAdd.Pairs(MultiplyAdd.Pairs(s3, c3, k), d3, l);
                }

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
    private static unsafe void Prefetch(ref byte at, nint stride, nint three)
    {
        byte* address = (byte*)Unsafe.AsPointer(ref at);
        Sse.Prefetch1(address);
        Sse.Prefetch1(address + stride);
        Sse.Prefetch1(address + (2 * stride));
        Sse.Prefetch1(address + three);
    }
}
