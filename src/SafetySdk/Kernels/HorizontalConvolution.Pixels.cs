using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <content>
/// RGB and RGBA, one row in each 128-bit lane. 16 bytes hold four pixels. A shuffle makes 16-bit pairs of pixels 0 and 1 (R0 R1, G0 G1,
/// B0 B1, A0 A1), another of pixels 2 and 3; each meets its two weights in one multiply-add. With RGB the fourth 32-bit slot of a lane
/// stays 0 + rounding and is overwritten by the next pixel. Windows are taken four taps at a time: weights beyond a window are 0, and
/// what is read there does not matter. Nothing remains for a scalar tail.
/// </content>
internal static partial class HorizontalConvolution
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pixels128(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets)
    {
        ref short high = ref MemoryMarshal.GetReference(weights.High);
        ref short low = ref MemoryMarshal.GetReference(weights.Low);
        nint step = 4 * channels;
        Vector128<byte> pick01 = Pick01(channels);
        Vector128<byte> pick23 = Pick23(channels);
        Vector128<int> half = Vector128.Create(1 << (weights.FractionBits - 1));
        for (int row = 0; row < Rows; row++)
        {
            ref byte from = ref Unsafe.AddByteOffset(ref source, rows[row]);
            ref byte to = ref Unsafe.AddByteOffset(ref target, targets[row]);
            for (int x = 0; x < weights.First.Length; x++)
            {
                nint at = channels * (nint)(weights.First[x] - weights.Origin);
                nint k = (nint)x * weights.Stride;
                nint end = k + weights.Count[x];
                Vector128<int> sum = half;
                Vector128<int> highSum = Vector128<int>.Zero;
                for (; k < end; k += 4, at += step)
                {
                    var pixels = Vector128.LoadUnsafe(ref Unsafe.AddByteOffset(ref from, at));
                    Vector128<short> first = Shuffle(pixels, pick01).AsInt16();
                    Vector128<short> second = Shuffle(pixels, pick23).AsInt16();
                    if (weights.IsSplit)
                    {
                        highSum = MultiplyAdd.Pairs(highSum, first, Vector128.Create(Pair(ref high, k)).AsInt16());
                        highSum = MultiplyAdd.Pairs(highSum, second, Vector128.Create(Pair(ref high, k + 2)).AsInt16());
                        sum = MultiplyAdd.Pairs(sum, first, Vector128.Create(Pair(ref low, k)).AsInt16());
                        sum = MultiplyAdd.Pairs(sum, second, Vector128.Create(Pair(ref low, k + 2)).AsInt16());
                    }
                    else
                    {
                        sum = MultiplyAdd.Pairs(sum, first, Vector128.Create(Pair(ref high, k)).AsInt16());
                        sum = MultiplyAdd.Pairs(sum, second, Vector128.Create(Pair(ref high, k + 2)).AsInt16());
                    }
                }

                sum = (sum + (highSum << ConvolutionWeights.LowBits)) >> weights.FractionBits;
                uint rgb = VerticalConvolution.Narrow(sum, sum, sum, sum).AsUInt32().ToScalar();
                Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref to, channels * (nint)x), rgb);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pixels256(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets)
    {
        ref short high = ref MemoryMarshal.GetReference(weights.High);
        // Not a distance from the high halves: those are another array, and the garbage collector may move either.
        ref short low = ref MemoryMarshal.GetReference(weights.Low);
        bool split = weights.IsSplit;
        // The first row moves along; the others lie as far from it everywhere. So few registers are needed that none is spilled.
        (nint row1, nint row2, nint row3) = (rows[1] - rows[0], rows[2] - rows[0], rows[3] - rows[0]);
        source = ref Unsafe.AddByteOffset(ref source, rows[0]);
        nint step = 4 * channels;
        Vector256<byte> pick01 = Vector256.Create(Pick01(channels), Pick01(channels));
        Vector256<byte> pick23 = Vector256.Create(Pick23(channels), Pick23(channels));
        Vector256<int> half = Vector256.Create(1 << (weights.FractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(weights.FractionBits);
        for (int x = 0; x < weights.First.Length; x++)
        {
            ref byte from = ref Unsafe.AddByteOffset(ref source, channels * (nint)(weights.First[x] - weights.Origin));
            ref short k = ref Unsafe.Add(ref high, (nint)x * weights.Stride);
            ref short end = ref Unsafe.Add(ref k, weights.Count[x]);
            Vector256<int> a = half, b = half;
            if (!split)
            {
                do
                {
                    Vector256<byte> rows01 = TwoRows(ref from, ref Unsafe.AddByteOffset(ref from, row1));
                    Vector256<byte> rows23 = TwoRows(ref Unsafe.AddByteOffset(ref from, row2), ref Unsafe.AddByteOffset(ref from, row3));
                    Vector256<short> k01 = Vector256.Create(Pair(ref k, 0)).AsInt16();
                    Vector256<short> k23 = Vector256.Create(Pair(ref k, 2)).AsInt16();
                    a = MultiplyAdd.Pairs(a, Avx2.Shuffle(rows01, pick01).AsInt16(), k01);
                    b = MultiplyAdd.Pairs(b, Avx2.Shuffle(rows23, pick01).AsInt16(), k01);
                    a = MultiplyAdd.Pairs(a, Avx2.Shuffle(rows01, pick23).AsInt16(), k23);
                    b = MultiplyAdd.Pairs(b, Avx2.Shuffle(rows23, pick23).AsInt16(), k23);
                    from = ref Unsafe.AddByteOffset(ref from, step);
                    k = ref Unsafe.Add(ref k, 4);
                }
                while (Unsafe.IsAddressLessThan(ref k, ref end));
            }
            else
            {
                Vector256<int> c = Vector256<int>.Zero, d = c;
                ref short lower = ref Unsafe.Add(ref low, (nint)x * weights.Stride);
                do
                {
                    Vector256<byte> rows01 = TwoRows(ref from, ref Unsafe.AddByteOffset(ref from, row1));
                    Vector256<byte> rows23 = TwoRows(ref Unsafe.AddByteOffset(ref from, row2), ref Unsafe.AddByteOffset(ref from, row3));
                    Vector256<short> a01 = Avx2.Shuffle(rows01, pick01).AsInt16();
                    Vector256<short> a23 = Avx2.Shuffle(rows01, pick23).AsInt16();
                    Vector256<short> b01 = Avx2.Shuffle(rows23, pick01).AsInt16();
                    Vector256<short> b23 = Avx2.Shuffle(rows23, pick23).AsInt16();
                    Vector256<short> k01 = Vector256.Create(Pair(ref k, 0)).AsInt16();
                    Vector256<short> k23 = Vector256.Create(Pair(ref k, 2)).AsInt16();
                    c = MultiplyAdd.Pairs(MultiplyAdd.Pairs(c, a01, k01), a23, k23);
                    d = MultiplyAdd.Pairs(MultiplyAdd.Pairs(d, b01, k01), b23, k23);
                    k01 = Vector256.Create(Pair(ref lower, 0)).AsInt16();
                    k23 = Vector256.Create(Pair(ref lower, 2)).AsInt16();
                    a = MultiplyAdd.Pairs(MultiplyAdd.Pairs(a, a01, k01), a23, k23);
                    b = MultiplyAdd.Pairs(MultiplyAdd.Pairs(b, b01, k01), b23, k23);
                    from = ref Unsafe.AddByteOffset(ref from, step);
                    k = ref Unsafe.Add(ref k, 4);
                    lower = ref Unsafe.Add(ref lower, 4);
                }
                while (Unsafe.IsAddressLessThan(ref k, ref end));

                a += c << ConvolutionWeights.LowBits;
                b += d << ConvolutionWeights.LowBits;
            }

            // A lane holds its row of a, then its row of b.
            Vector256<short> words = Avx2.PackSignedSaturate(Avx2.ShiftRightArithmetic(a, shift), Avx2.ShiftRightArithmetic(b, shift));
            Vector256<uint> bytes = Avx2.PackUnsignedSaturate(words, words).AsUInt32();
            Store(ref target, targets, channels * (nint)x, bytes.GetElement(0), bytes.GetElement(4), bytes.GetElement(1), bytes.GetElement(5));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> TwoRows(ref byte first, ref byte second)
        => Vector256.Create(Vector128.LoadUnsafe(ref first), Vector128.LoadUnsafe(ref second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref byte target, ReadOnlySpan<nint> targets, nint at, uint first, uint second, uint third, uint fourth)
    {
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref target, targets[0] + at), first);
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref target, targets[1] + at), second);
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref target, targets[2] + at), third);
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref target, targets[3] + at), fourth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Shuffle(Vector128<byte> bytes, Vector128<byte> pick)
        => Ssse3.IsSupported ? Ssse3.Shuffle(bytes, pick) : Vector128.Shuffle(bytes, pick);

    // The bytes that make the pairs; 0x80 and above give zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Pick01(int channels) => channels == 3
        ? Vector128.Create(0, 0x80, 3, 0x80, 1, 0x80, 4, 0x80, 2, 0x80, 5, 0x80, 0x80, 0x80, 0x80, 0x80)
        : Vector128.Create(0, 0x80, 4, 0x80, 1, 0x80, 5, 0x80, 2, 0x80, 6, 0x80, 3, 0x80, 7, 0x80);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Pick23(int channels) => channels == 3
        ? Vector128.Create(6, 0x80, 9, 0x80, 7, 0x80, 10, 0x80, 8, 0x80, 11, 0x80, 0x80, 0x80, 0x80, 0x80)
        : Vector128.Create(8, 0x80, 12, 0x80, 9, 0x80, 13, 0x80, 10, 0x80, 14, 0x80, 11, 0x80, 15, 0x80);
}
