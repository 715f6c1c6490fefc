using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>A pair of a needle and a hash within the distance asked for.</summary>
/// <param name="Hash">Number of the hash.</param>
/// <param name="Needle">Number of the needle.</param>
/// <param name="Distance">Bits that differ.</param>
internal readonly record struct HammingHit(int Hash, int Needle, int Distance);

/// <summary>Compares 256-bit needles with every hash of a packed array. Exact: nothing within the distance is missed.</summary>
/// <remarks>
/// Some of the bits already tell apart nearly every pair that does not match, so vectors look at the first and third word of several hashes
/// at once, and only a group in which some pair may match is compared in full. 256-bit vectors count all bits of the two words by nibbles.
/// 512-bit ones look up each byte in one table of 128 counts and so leave its highest bit out: 112 bits are a lower bound too.
/// </remarks>
internal static class HammingScan
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashBytes = 32;

    private const int Words = HashBytes / sizeof(ulong);
    private const int GroupOf512 = 16;

    /// <summary>Finds all pairs, in the order of the hashes, then of the needles.</summary>
    /// <param name="hashes">Packed hashes, 32 bytes each.</param>
    /// <param name="needles">Packed needles in the same byte order.</param>
    /// <param name="distance">Most bits that may differ.</param>
    /// <param name="hits">Receives the pairs.</param>
    public static void Find(ReadOnlySpan<byte> hashes, ReadOnlySpan<byte> needles, int distance, List<HammingHit> hits)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(hashes);
        ReadOnlySpan<ulong> needleWords = MemoryMarshal.Cast<byte, ulong>(needles);
        int count = words.Length / Words;
        int hash = 0;

        if (SimdWidth.HasByteShuffle512)
        {
            int end = count & -GroupOf512;
            for (hash = NextGroup512(words, 0, end, needleWords, distance); hash < end; hash = NextGroup512(words, hash + GroupOf512, end, needleWords, distance))
            {
                Compare(words, hash, hash + GroupOf512, needleWords, distance, hits);
            }
        }

        if (Avx2.IsSupported)
        {
            for (; hash <= count - 4; hash += 4)
            {
                if (AnyOf4(words.Slice(hash * Words, 4 * Words), needleWords, distance))
                {
                    Compare(words, hash, hash + 4, needleWords, distance, hits);
                }
            }
        }

        Compare(words, hash, count, needleWords, distance, hits);
    }

    /// <summary>Compares hashes <paramref name="first"/> to <paramref name="end"/> − 1 without vectors.</summary>
    private static void Compare(
        ReadOnlySpan<ulong> words, int first, int end, ReadOnlySpan<ulong> needles, int distance, List<HammingHit> hits)
    {
        for (int hash = first; hash < end; hash++)
        {
            ReadOnlySpan<ulong> four = words.Slice(hash * Words, Words);
            for (int needle = 0; needle + Words <= needles.Length; needle += Words)
            {
                int bits = BitOperations.PopCount(four[0] ^ needles[needle]) + BitOperations.PopCount(four[1] ^ needles[needle + 1]);
                if (bits > distance)
                {
                    continue;
                }

                bits += BitOperations.PopCount(four[2] ^ needles[needle + 2]) + BitOperations.PopCount(four[3] ^ needles[needle + 3]);
                if (bits <= distance)
                {
                    hits.Add(new HammingHit(hash, needle / Words, bits));
                }
            }
        }
    }

    /// <summary>
    /// The first group of 16 hashes, from <paramref name="first"/> on, of which 112 bits leave a match with a needle possible, or
    /// <paramref name="end"/>. Needs AVX-512 with VBMI.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int NextGroup512(ReadOnlySpan<ulong> hashes, int first, int end, ReadOnlySpan<ulong> needles, int distance)
    {
        hashes = hashes[..(end * Words)];
        ref ulong source = ref MemoryMarshal.GetReference(hashes);
        ref ulong firstNeedle = ref MemoryMarshal.GetReference(needles);
        ref ulong endNeedle = ref Unsafe.Add(ref firstNeedle, needles.Length / Words * Words);
        // First words of four hashes, then their third words.
        Vector512<ulong> pick = Vector512.Create(0UL, 4, 8, 12, 2, 6, 10, 14);
        Vector512<byte> low = ByteBits(0);
        Vector512<byte> high = ByteBits(1);
        Vector512<ulong> most = Vector512.Create((ulong)distance);
        Vector512<byte> none = Vector512<byte>.Zero;
        for (; first < end; first += GroupOf512)
        {
            ref ulong group = ref Unsafe.Add(ref source, (nint)first * Words);
            Vector512<ulong> a = Avx512F.PermuteVar8x64x2(Vector512.LoadUnsafe(ref group), pick, Vector512.LoadUnsafe(ref group, 8));
            Vector512<ulong> b = Avx512F.PermuteVar8x64x2(Vector512.LoadUnsafe(ref group, 16), pick, Vector512.LoadUnsafe(ref group, 24));
            Vector512<ulong> c = Avx512F.PermuteVar8x64x2(Vector512.LoadUnsafe(ref group, 32), pick, Vector512.LoadUnsafe(ref group, 40));
            Vector512<ulong> d = Avx512F.PermuteVar8x64x2(Vector512.LoadUnsafe(ref group, 48), pick, Vector512.LoadUnsafe(ref group, 56));
            (a, b) = (Avx512F.Shuffle4x128(a, b, 0b01_00_01_00), Avx512F.Shuffle4x128(a, b, 0b11_10_11_10));
            (c, d) = (Avx512F.Shuffle4x128(c, d, 0b01_00_01_00), Avx512F.Shuffle4x128(c, d, 0b11_10_11_10));
            Vector512<ulong> least = Vector512<ulong>.AllBitsSet;
            Vector512<ulong> lesser = least;
            for (ref ulong needle = ref firstNeedle; Unsafe.IsAddressLessThan(ref needle, ref endNeedle); needle = ref Unsafe.Add(ref needle, Words))
            {
                Vector512<ulong> one = Vector512.Create(needle);
                Vector512<ulong> three = Vector512.Create(Unsafe.Add(ref needle, 2));
                Vector512<byte> bits = Avx512Vbmi.PermuteVar64x8x2(low, (a ^ one).AsByte(), high)
                    + Avx512Vbmi.PermuteVar64x8x2(low, (b ^ three).AsByte(), high);
                least = Vector512.Min(least, Avx512BW.SumAbsoluteDifferences(bits, none).AsUInt64());
                bits = Avx512Vbmi.PermuteVar64x8x2(low, (c ^ one).AsByte(), high)
                    + Avx512Vbmi.PermuteVar64x8x2(low, (d ^ three).AsByte(), high);
                lesser = Vector512.Min(lesser, Avx512BW.SumAbsoluteDifferences(bits, none).AsUInt64());
            }

            if (Vector512.LessThanOrEqualAny(Vector512.Min(least, lesser), most))
            {
                return first;
            }
        }

        return end;
    }

    // How many bits are set in 0 to 63, plus those of what lies above the six.
    private static Vector512<byte> ByteBits(byte more)
    {
        Vector128<byte> none = NibbleBits() + Vector128.Create(more);
        Vector128<byte> one = none + Vector128<byte>.One;
        return Vector512.Create(Vector256.Create(none, one), Vector256.Create(one, one + Vector128<byte>.One));
    }

    /// <summary>Whether half of the bits leave a match possible between one of 4 hashes and a needle. Needs AVX2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AnyOf4(ReadOnlySpan<ulong> hashes, ReadOnlySpan<ulong> needles, int distance)
    {
        ref ulong source = ref MemoryMarshal.GetReference(hashes);
        Vector256<ulong> left = Avx2.UnpackLow(Vector256.LoadUnsafe(ref source), Vector256.LoadUnsafe(ref source, 4));
        Vector256<ulong> right = Avx2.UnpackLow(Vector256.LoadUnsafe(ref source, 8), Vector256.LoadUnsafe(ref source, 12));
        Vector256<ulong> first = Avx2.Permute2x128(left, right, 0x20);
        Vector256<ulong> third = Avx2.Permute2x128(left, right, 0x31);
        Vector256<ushort> least = Vector256<ushort>.AllBitsSet;
        for (int needle = 0; needle + Words <= needles.Length; needle += Words)
        {
            Vector256<byte> bits = PopCount((first ^ Vector256.Create(needles[needle])).AsByte())
                + PopCount((third ^ Vector256.Create(needles[needle + 2])).AsByte());
            least = Vector256.Min(least, Avx2.SumAbsoluteDifferences(bits, Vector256<byte>.Zero));
        }

        return Vector256.LessThanOrEqualAny(least.AsUInt64() & Vector256.Create(0xFFFFUL), Vector256.Create((ulong)distance));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> PopCount(Vector256<byte> value)
    {
        var table = Vector256.Create(NibbleBits(), NibbleBits());
        var nibble = Vector256.Create((byte)0x0F);
        return Avx2.Shuffle(table, value & nibble) + Avx2.Shuffle(table, (value.AsUInt16() >> 4).AsByte() & nibble);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> NibbleBits() => Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
}
