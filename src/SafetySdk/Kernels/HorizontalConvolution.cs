using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>
/// Resamples rows of interleaved 8-bit RGB along the row, four rows at once, one in each 128-bit lane. Exact in every form, see
/// <see cref="ConvolutionWeights"/>.
/// </summary>
/// <remarks>
/// 16 bytes hold four pixels and a third. A shuffle makes 16-bit pairs of pixels 0 and 1 (R0 R1, G0 G1, B0 B1), another of pixels 2 and 3;
/// each meets its two weights in one multiply-add. The fourth 32-bit slot of a lane stays 0 + rounding and is overwritten by the next
/// pixel.
/// </remarks>
internal static class HorizontalConvolution
{
    /// <summary>Rows of one call.</summary>
    public const int Rows = 4;

    /// <summary>Bytes that must be readable after the last pixel of a row; what they hold does not matter.</summary>
    public const int ReadAhead = 16;

    /// <summary>Bytes that must be writable after the last pixel of a target row; they are overwritten.</summary>
    public const int WriteAhead = 1;

    // The bytes that make the pairs; 0x80 and above give zero.
    private static Vector128<byte> Pixels01 => Vector128.Create(
        0, 0x80, 3, 0x80, 1, 0x80, 4, 0x80, 2, 0x80, 5, 0x80, 0x80, 0x80, 0x80, 0x80);

    private static Vector128<byte> Pixels23 => Vector128.Create(
        6, 0x80, 9, 0x80, 7, 0x80, 10, 0x80, 8, 0x80, 11, 0x80, 0x80, 0x80, 0x80, 0x80);

    /// <summary>Resamples four rows.</summary>
    /// <param name="source">Where the offsets of input rows count from.</param>
    /// <param name="rows">Offsets of four input rows in bytes; the same one may stand several times.</param>
    /// <param name="weights">Windows and weights, in pixels; rows start with the pixel of their origin.</param>
    /// <param name="target">Where the offsets of output rows count from; must not overlap the input.</param>
    /// <param name="targets">Offsets of four output rows in bytes; the same one may stand several times where the input rows are the
    /// same.</param>
    public static void Convolve(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, ref byte target, ReadOnlySpan<nint> targets)
    {
        // A 512-bit form, one row a lane, was measured 1.4 to 1.7 times slower: putting the lanes together costs more than it saves.
        if (SimdWidth.Has256)
        {
            Convolve256(ref source, rows, weights, ref target, targets);
        }
        else if (SimdWidth.Has128)
        {
            Convolve128(ref source, rows, weights, ref target, targets);
        }
        else
        {
            ConvolveScalar(ref source, rows, weights, ref target, targets);
        }
    }

    /// <summary>The definition.</summary>
    internal static void ConvolveScalar(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, ref byte target, ReadOnlySpan<nint> targets)
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int x = 0; x < weights.First.Length; x++)
            {
                for (int channel = 0; channel < 3; channel++)
                {
                    int sum = 1 << (weights.FractionBits - 1);
                    for (int i = 0; i < weights.Count[x]; i++)
                    {
                        int at = (x * weights.Stride) + i;
                        int weight = weights.IsSplit ? (weights.High[at] << ConvolutionWeights.LowBits) + weights.Low[at] : weights.High[at];
                        sum += weight * Unsafe.AddByteOffset(ref source, rows[row] + (3 * (weights.First[x] - weights.Origin + i)) + channel);
                    }

                    Unsafe.AddByteOffset(ref target, targets[row] + (3 * x) + channel)
                        = (byte)Math.Clamp(sum >> weights.FractionBits, 0, byte.MaxValue);
                }
            }
        }
    }

    internal static void Convolve128(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, ref byte target, ReadOnlySpan<nint> targets)
    {
        Check(weights);
        ref short high = ref MemoryMarshal.GetReference(weights.High);
        ref short low = ref MemoryMarshal.GetReference(weights.Low);
        Vector128<int> half = Vector128.Create(1 << (weights.FractionBits - 1));
        for (int row = 0; row < Rows; row++)
        {
            ref byte from = ref Unsafe.AddByteOffset(ref source, rows[row]);
            ref byte to = ref Unsafe.AddByteOffset(ref target, targets[row]);
            for (int x = 0; x < weights.First.Length; x++)
            {
                nint at = 3 * (nint)(weights.First[x] - weights.Origin);
                nint k = (nint)x * weights.Stride;
                nint end = k + weights.Count[x];
                Vector128<int> sum = half;
                Vector128<int> highSum = Vector128<int>.Zero;
                for (; k < end; k += 4, at += 12)
                {
                    var pixels = Vector128.LoadUnsafe(ref Unsafe.AddByteOffset(ref from, at));
                    Vector128<short> first = Shuffle(pixels, Pixels01).AsInt16();
                    Vector128<short> second = Shuffle(pixels, Pixels23).AsInt16();
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
                Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref to, 3 * (nint)x), rgb);
            }
        }
    }

    internal static void Convolve256(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, ref byte target, ReadOnlySpan<nint> targets)
    {
        Check(weights);
        ref short high = ref MemoryMarshal.GetReference(weights.High);
        ref short low = ref MemoryMarshal.GetReference(weights.Low);
        ref byte from0 = ref Unsafe.AddByteOffset(ref source, rows[0]);
        ref byte from1 = ref Unsafe.AddByteOffset(ref source, rows[1]);
        ref byte from2 = ref Unsafe.AddByteOffset(ref source, rows[2]);
        ref byte from3 = ref Unsafe.AddByteOffset(ref source, rows[3]);
        Vector256<byte> pick01 = Vector256.Create(Pixels01, Pixels01);
        Vector256<byte> pick23 = Vector256.Create(Pixels23, Pixels23);
        Vector256<int> half = Vector256.Create(1 << (weights.FractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(weights.FractionBits);
        bool split = weights.IsSplit;
        for (int x = 0; x < weights.First.Length; x++)
        {
            nint at = 3 * (nint)(weights.First[x] - weights.Origin);
            nint k = (nint)x * weights.Stride;
            nint end = k + weights.Count[x];
            Vector256<int> a = half, b = half, c = Vector256<int>.Zero, d = c;
            for (; k < end; k += 4, at += 12)
            {
                var rows01 = Vector256.Create(
                    Vector128.LoadUnsafe(ref Unsafe.AddByteOffset(ref from0, at)), Vector128.LoadUnsafe(ref Unsafe.AddByteOffset(ref from1, at)));
                var rows23 = Vector256.Create(
                    Vector128.LoadUnsafe(ref Unsafe.AddByteOffset(ref from2, at)), Vector128.LoadUnsafe(ref Unsafe.AddByteOffset(ref from3, at)));
                Vector256<short> a01 = Avx2.Shuffle(rows01, pick01).AsInt16();
                Vector256<short> a23 = Avx2.Shuffle(rows01, pick23).AsInt16();
                Vector256<short> b01 = Avx2.Shuffle(rows23, pick01).AsInt16();
                Vector256<short> b23 = Avx2.Shuffle(rows23, pick23).AsInt16();
                Vector256<short> k01 = Vector256.Create(Pair(ref high, k)).AsInt16();
                Vector256<short> k23 = Vector256.Create(Pair(ref high, k + 2)).AsInt16();
                if (split)
                {
                    c = MultiplyAdd.Pairs(MultiplyAdd.Pairs(c, a01, k01), a23, k23);
                    d = MultiplyAdd.Pairs(MultiplyAdd.Pairs(d, b01, k01), b23, k23);
                    k01 = Vector256.Create(Pair(ref low, k)).AsInt16();
                    k23 = Vector256.Create(Pair(ref low, k + 2)).AsInt16();
                }

                a = MultiplyAdd.Pairs(MultiplyAdd.Pairs(a, a01, k01), a23, k23);
                b = MultiplyAdd.Pairs(MultiplyAdd.Pairs(b, b01, k01), b23, k23);
            }

            a = Avx2.ShiftRightArithmetic(a + (c << ConvolutionWeights.LowBits), shift);
            b = Avx2.ShiftRightArithmetic(b + (d << ConvolutionWeights.LowBits), shift);
            // A lane holds its row of a, then its row of b.
            Vector256<short> words = Avx2.PackSignedSaturate(a, b);
            Vector256<uint> bytes = Avx2.PackUnsignedSaturate(words, words).AsUInt32();
            Store(ref target, targets, x, bytes.GetElement(0), bytes.GetElement(4), bytes.GetElement(1), bytes.GetElement(5));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref byte target, ReadOnlySpan<nint> targets, int x, uint first, uint second, uint third, uint fourth)
    {
        nint at = 3 * (nint)x;
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref target, targets[0] + at), first);
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref target, targets[1] + at), second);
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref target, targets[2] + at), third);
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref target, targets[3] + at), fourth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Pair(ref short weights, nint at) => Unsafe.ReadUnaligned<int>(ref Unsafe.As<short, byte>(ref Unsafe.Add(ref weights, at)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Shuffle(Vector128<byte> bytes, Vector128<byte> pick)
        => Ssse3.IsSupported ? Ssse3.Shuffle(bytes, pick) : Vector128.Shuffle(bytes, pick);

    private static void Check(ConvolutionWeights weights)
    {
        long needed = (long)weights.First.Length * weights.Stride;
        if (weights.Count.Length != weights.First.Length || weights.Stride % 4 != 0 || weights.High.Length < needed
            || (weights.IsSplit && weights.Low.Length < needed))
        {
            throw new ArgumentException("The weights do not fit their windows.", nameof(weights));
        }
    }
}
