using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <content>
/// Grey: four samples of each of four rows are 16 bytes. Widened, a row has 64 bits, which meet the same four weights in one multiply-add
/// and leave two sums a row; these are added at the end. Windows are taken four taps at a time, as with pixels of more bytes.
/// </content>
internal static partial class HorizontalConvolution
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Grey128(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, ref byte target, ReadOnlySpan<nint> targets)
    {
        ref short high = ref MemoryMarshal.GetReference(weights.High);
        ref short low = ref MemoryMarshal.GetReference(weights.Low);
        bool split = weights.IsSplit;
        for (int x = 0; x < weights.First.Length; x++)
        {
            nint at = weights.First[x] - weights.Origin;
            nint k = (nint)x * weights.Stride;
            nint end = k + weights.Count[x];
            Vector128<int> a = Vector128<int>.Zero, b = a, c = a, d = a;
            for (; k < end; k += 4, at += 4)
            {
                Vector128<byte> samples = FourRows(ref source, rows, at);
                Vector128<short> rows01 = Vector128.WidenLower(samples).AsInt16();
                Vector128<short> rows23 = Vector128.WidenUpper(samples).AsInt16();
                Vector128<short> four = Vector128.Create(Four(ref high, k)).AsInt16();
                if (split)
                {
                    c = MultiplyAdd.Pairs(c, rows01, four);
                    d = MultiplyAdd.Pairs(d, rows23, four);
                    four = Vector128.Create(Four(ref low, k)).AsInt16();
                }

                a = MultiplyAdd.Pairs(a, rows01, four);
                b = MultiplyAdd.Pairs(b, rows23, four);
            }

            a += c << ConvolutionWeights.LowBits;
            b += d << ConvolutionWeights.LowBits;
            StoreGrey(a, b, weights.FractionBits, ref target, targets, x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Grey256(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, ref byte target, ReadOnlySpan<nint> targets)
    {
        ref short high = ref MemoryMarshal.GetReference(weights.High);
        ref short low = ref MemoryMarshal.GetReference(weights.Low);
        bool split = weights.IsSplit;
        for (int x = 0; x < weights.First.Length; x++)
        {
            nint at = weights.First[x] - weights.Origin;
            nint k = (nint)x * weights.Stride;
            nint end = k + weights.Count[x];
            Vector256<int> a = Vector256<int>.Zero, c = a;
            for (; k < end; k += 4, at += 4)
            {
                Vector256<short> samples = Avx2.ConvertToVector256Int16(FourRows(ref source, rows, at));
                Vector256<short> four = Vector256.Create(Four(ref high, k)).AsInt16();
                if (split)
                {
                    c = MultiplyAdd.Pairs(c, samples, four);
                    four = Vector256.Create(Four(ref low, k)).AsInt16();
                }

                a = MultiplyAdd.Pairs(a, samples, four);
            }

            a += c << ConvolutionWeights.LowBits;
            StoreGrey(a.GetLower(), a.GetUpper(), weights.FractionBits, ref target, targets, x);
        }
    }

    // Two sums of each row next to each other, rows 0 and 1 in a.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreGrey(Vector128<int> a, Vector128<int> b, int fractionBits, ref byte target, ReadOnlySpan<nint> targets, int x)
    {
        Vector128<int> even = Vector128.Create(a.GetElement(0), a.GetElement(2), b.GetElement(0), b.GetElement(2));
        Vector128<int> odd = Vector128.Create(a.GetElement(1), a.GetElement(3), b.GetElement(1), b.GetElement(3));
        Vector128<int> sums = Ssse3.IsSupported ? Ssse3.HorizontalAdd(a, b) : even + odd;
        sums = (sums + Vector128.Create(1 << (fractionBits - 1))) >> fractionBits;
        uint bytes = VerticalConvolution.Narrow(sums, sums, sums, sums).AsUInt32().ToScalar();
        Unsafe.AddByteOffset(ref target, targets[0] + x) = (byte)bytes;
        Unsafe.AddByteOffset(ref target, targets[1] + x) = (byte)(bytes >> 8);
        Unsafe.AddByteOffset(ref target, targets[2] + x) = (byte)(bytes >> 16);
        Unsafe.AddByteOffset(ref target, targets[3] + x) = (byte)(bytes >> 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FourRows(ref byte source, ReadOnlySpan<nint> rows, nint at)
        => Vector128.Create(
            Unsafe.ReadUnaligned<uint>(ref Unsafe.AddByteOffset(ref source, rows[0] + at)),
            Unsafe.ReadUnaligned<uint>(ref Unsafe.AddByteOffset(ref source, rows[1] + at)),
            Unsafe.ReadUnaligned<uint>(ref Unsafe.AddByteOffset(ref source, rows[2] + at)),
            Unsafe.ReadUnaligned<uint>(ref Unsafe.AddByteOffset(ref source, rows[3] + at))).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Four(ref short weights, nint at)
        => Unsafe.ReadUnaligned<long>(ref Unsafe.As<short, byte>(ref Unsafe.Add(ref weights, at)));
}
