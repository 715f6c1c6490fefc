using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <content>
/// Long windows of 8-bit weights. Shrinking much, each pixel is in several windows; so rows are first regrouped, four pixels in 16 bytes,
/// channel by channel, where one multiply-add of bytes and one of its 16-bit sums take four taps of every channel without a shuffle.
/// </content>
internal static partial class HorizontalConvolution
{
    /// <summary>Bytes of scratch memory for four rows.</summary>
    /// <param name="quads">The weights.</param>
    public static int QuadScratch(ConvolutionQuads quads) => checked(Rows * QuadStride(quads));

    /// <summary>Resamples four rows of RGB or RGBA, like <see cref="Convolve"/>.</summary>
    /// <param name="source">Where the offsets of input rows count from.</param>
    /// <param name="rows">Offsets of four input rows in bytes.</param>
    /// <param name="weights">Windows and weights, with <see cref="ConvolutionWeights.Quads"/>.</param>
    /// <param name="channels">Bytes of a pixel: 3 or 4.</param>
    /// <param name="target">Where the offsets of output rows count from; must not overlap the input.</param>
    /// <param name="targets">Offsets of four output rows in bytes.</param>
    /// <param name="scratch"><see cref="QuadScratch"/> bytes that are overwritten.</param>
    /// <param name="ahead">Bytes from these rows to those of the next call, which are prefetched; 0 for none.</param>
    public static void ConvolveQuads(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets,
        Span<byte> scratch, nint ahead = 0)
    {
        if (SimdWidth.Has512)
        {
            Quads512(ref source, rows, weights, channels, ref target, targets, scratch, ahead);
        }
        else if (SimdWidth.Has256)
        {
            Quads256(ref source, rows, weights, channels, ref target, targets, scratch, ahead);
        }
        else
        {
            Convolve(ref source, rows, weights, channels, ref target, targets);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static unsafe void Quads512(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets,
        Span<byte> scratch, nint ahead)
    {
        ConvolutionQuads quads = Regroup(ref source, rows, weights, channels, scratch);
        nint stride = QuadStride(quads);
        nint three = 3 * stride;
        // Spread over the steps, so that memory delivers the next rows while these are computed.
        byte* next = (byte*)Unsafe.AsPointer(ref source) + rows[0] + ahead;
        nint pace = ahead / Math.Max(1, quads.First.Length * quads.Steps);
        ref byte start = ref MemoryMarshal.GetReference(scratch);
        ref byte k = ref MemoryMarshal.GetReference(quads.Weights);
        nint length = quads.Steps * ConvolutionQuads.Taps;
        Vector512<int> spread = Vector512<int>.Indices >>> 2;
        Vector512<short> ones = Vector512<short>.One;
        Vector512<int> half = Vector512.Create(1 << (weights.FractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(weights.FractionBits);
        nint at = 0;
        foreach (int first in quads.First)
        {
            ref byte from = ref Unsafe.AddByteOffset(ref start, (nint)first * ConvolutionQuads.Width);
            ref byte end = ref Unsafe.AddByteOffset(ref k, length);
            Vector512<int> a = Vector512<int>.Zero, b = a, c = a, d = a;
            do
            {
                Sse.Prefetch1(next);
                next += pace;
                Vector512<sbyte> taps = Avx512F.PermuteVar16x32(Vector128.LoadUnsafe(ref k).AsInt32().ToVector256Unsafe().ToVector512Unsafe(), spread)
                    .AsSByte();
                a += Four512(ref from, taps, ones);
                b += Four512(ref Unsafe.AddByteOffset(ref from, stride), taps, ones);
                c += Four512(ref Unsafe.AddByteOffset(ref from, 2 * stride), taps, ones);
                d += Four512(ref Unsafe.AddByteOffset(ref from, three), taps, ones);
                from = ref Unsafe.AddByteOffset(ref from, Vector512<byte>.Count);
                k = ref Unsafe.AddByteOffset(ref k, ConvolutionQuads.Taps);
            }
            while (Unsafe.IsAddressLessThan(ref k, ref end));

            // The four lanes of each row are added; then a lane holds a row.
            Vector512<int> ab = Avx512F.Shuffle4x128(a, b, 0x44) + Avx512F.Shuffle4x128(a, b, 0xEE);
            Vector512<int> cd = Avx512F.Shuffle4x128(c, d, 0x44) + Avx512F.Shuffle4x128(c, d, 0xEE);
            Vector512<int> sums = Avx512F.Shuffle4x128(ab, cd, 0x88) + Avx512F.Shuffle4x128(ab, cd, 0xDD);
            Vector128<uint> bytes = Levels(sums + half, shift).AsUInt32();
            Store(ref target, targets, at, bytes.GetElement(0), bytes.GetElement(1), bytes.GetElement(2), bytes.GetElement(3));
            at += channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static unsafe void Quads256(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets,
        Span<byte> scratch, nint ahead)
    {
        ConvolutionQuads quads = Regroup(ref source, rows, weights, channels, scratch);
        nint stride = QuadStride(quads);
        nint three = 3 * stride;
        // Spread over the steps, so that memory delivers the next rows while these are computed.
        byte* next = (byte*)Unsafe.AsPointer(ref source) + rows[0] + ahead;
        nint pace = ahead / Math.Max(1, quads.First.Length * quads.Steps * 2);
        ref byte start = ref MemoryMarshal.GetReference(scratch);
        ref byte k = ref MemoryMarshal.GetReference(quads.Weights);
        nint length = quads.Steps * ConvolutionQuads.Taps;
        Vector256<int> spread = Vector256<int>.Indices >>> 2;
        Vector256<short> ones = Vector256<short>.One;
        Vector256<int> half = Vector256.Create(1 << (weights.FractionBits - 1));
        Vector128<int> shift = Vector128.CreateScalar(weights.FractionBits);
        nint at = 0;
        foreach (int first in quads.First)
        {
            ref byte from = ref Unsafe.AddByteOffset(ref start, (nint)first * ConvolutionQuads.Width);
            ref byte end = ref Unsafe.AddByteOffset(ref k, length);
            Vector256<int> a = Vector256<int>.Zero, b = a, c = a, d = a;
            do
            {
                Sse.Prefetch1(next);
                next += pace;
                Vector256<sbyte> taps = Avx2.PermuteVar8x32(
                    Vector256.Create(Unsafe.ReadUnaligned<long>(ref k)).AsInt32(), spread).AsSByte();
                a += Four256(ref from, taps, ones);
                b += Four256(ref Unsafe.AddByteOffset(ref from, stride), taps, ones);
                c += Four256(ref Unsafe.AddByteOffset(ref from, 2 * stride), taps, ones);
                d += Four256(ref Unsafe.AddByteOffset(ref from, three), taps, ones);
                from = ref Unsafe.AddByteOffset(ref from, Vector256<byte>.Count);
                k = ref Unsafe.AddByteOffset(ref k, ConvolutionQuads.Taps / 2);
            }
            while (Unsafe.IsAddressLessThan(ref k, ref end));

            Vector256<int> ab = Avx2.Permute2x128(a, b, 0x20) + Avx2.Permute2x128(a, b, 0x31) + half;
            Vector256<int> cd = Avx2.Permute2x128(c, d, 0x20) + Avx2.Permute2x128(c, d, 0x31) + half;
            Vector256<short> words = Avx2.PackSignedSaturate(Avx2.ShiftRightArithmetic(ab, shift), Avx2.ShiftRightArithmetic(cd, shift));
            Vector256<uint> bytes = Avx2.PackUnsignedSaturate(words, words).AsUInt32();
            Store(ref target, targets, at, bytes.GetElement(0), bytes.GetElement(4), bytes.GetElement(1), bytes.GetElement(5));
            at += channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Four512(ref byte from, Vector512<sbyte> taps, Vector512<short> ones)
        => Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Vector512.LoadUnsafe(ref from), taps), ones);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Four256(ref byte from, Vector256<sbyte> taps, Vector256<short> ones)
        => Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(Vector256.LoadUnsafe(ref from), taps), ones);

    private static int QuadStride(ConvolutionQuads quads) => quads.Quads * ConvolutionQuads.Width;

    private static ConvolutionQuads Regroup(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, Span<byte> scratch)
    {
        Check(weights, channels);
        ConvolutionQuads quads = weights.Quads!.For(weights);
        if (channels == 1 || scratch.Length < QuadScratch(quads))
        {
            throw new ArgumentException("Pixels have 3 or 4 bytes here, and their scratch memory a given length.", nameof(scratch));
        }

        for (int row = 0; row < Rows; row++)
        {
            Regroup(
                ref Unsafe.AddByteOffset(ref source, rows[row]), quads.Pixels, channels, ref MemoryMarshal.GetReference(scratch[(row * QuadStride(quads))..]));
        }

        return quads;
    }

    // Reads up to 61 bytes after the last pixel, and writes as far as the quads of the layout.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Regroup(ref byte row, int pixels, int channels, ref byte target)
    {
        nint end = (nint)pixels * 4;
        if (SimdWidth.HasByteShuffle512 && channels == 3)
        {
            Vector128<byte> four = Vector128.Create((byte)0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 0, 0, 0, 0);
            var next = Vector128.Create((byte)12);
            Vector128<byte> eight = four + next + next;
            Vector512<byte> pick = Vector512.Create(Vector256.Create(four, four + next), Vector256.Create(eight, eight + next));
            for (nint at = 0; at < end; at += Vector512<byte>.Count)
            {
                Avx512Vbmi.PermuteVar64x8(Vector512.LoadUnsafe(ref row), pick).StoreUnsafe(ref Unsafe.AddByteOffset(ref target, at));
                row = ref Unsafe.AddByteOffset(ref row, 48);
            }

            return;
        }

        nint quad = 4 * channels;
        Vector128<byte> one = channels == 3
            ? Vector128.Create((byte)0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 0x80, 0x80, 0x80, 0x80)
            : Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        Vector256<byte> both = Vector256.Create(one, one);
        for (nint at = 0; at < end; at += Vector256<byte>.Count)
        {
            Avx2.Shuffle(TwoRows(ref row, ref Unsafe.AddByteOffset(ref row, quad)), both).StoreUnsafe(ref Unsafe.AddByteOffset(ref target, at));
            row = ref Unsafe.AddByteOffset(ref row, 2 * quad);
        }
    }
}
