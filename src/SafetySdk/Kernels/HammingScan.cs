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
/// Some of the bits already tell apart nearly every pair that does not match, so vectors look at several hashes at once and only a group in
/// which some pair may match is compared in full. 256-bit vectors count the bits of the first and third word by nibbles. 512-bit ones count
/// places instead, those at which any of three words differs, which is a lower bound too and needs one count for three words.
/// </remarks>
internal static class HammingScan
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashBytes = 32;

    private const int Words = HashBytes / sizeof(ulong);
    private const int GroupOf512 = 32;

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
            // Eights are looked at again in batches: a stop at each would break the stream of reads from memory.
            int end = count & -GroupOf512;
            Span<int> eights = stackalloc int[64];
            while (hash < end)
            {
                int found = Eights512(words, ref hash, end, needleWords, distance, eights);
                foreach (int eight in eights[..found])
                {
                    if (AnyOf8(words.Slice(eight * Words, 8 * Words), needleWords, distance))
                    {
                        Compare(words, eight, eight + 8, needleWords, distance, hits);
                    }
                }
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
    /// The eights of hashes, from <paramref name="first"/> on, of which some hash may match some needle, until less than four have room or
    /// <paramref name="end"/> is reached. Needs AVX-512 with VBMI.
    /// </summary>
    /// <returns>How many there are.</returns>
    /// <remarks>Lanes: the same word of eight hashes. Of a hash and two needles the bits that differ in any of three words, from either needle,
    /// are at most as many as the lesser distance: three words or two needles cost logic only, and one count serves both.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Eights512(ReadOnlySpan<ulong> hashes, ref int first, int end, ReadOnlySpan<ulong> needles, int distance, Span<int> eights)
    {
        int found = 0;
        hashes = hashes[..(end * Words)];
        ref ulong source = ref MemoryMarshal.GetReference(hashes);
        ref ulong needle = ref MemoryMarshal.GetReference(needles);
        int last = (needles.Length / Words * Words) - Words;
        Vector512<byte> low = ByteBits(0);
        Vector512<byte> high = ByteBits(1);
        Vector512<ulong> most = Vector512.Create((ulong)distance);
        int hash = first;
        for (; hash < end && found <= eights.Length - 4; hash += GroupOf512)
        {
            ref ulong group = ref Unsafe.Add(ref source, (nint)hash * Words);
            (Vector512<ulong> a0, Vector512<ulong> a1, Vector512<ulong> a2, _) = Eight(ref group);
            (Vector512<ulong> b0, Vector512<ulong> b1, Vector512<ulong> b2, _) = Eight(ref Unsafe.Add(ref group, 8 * Words));
            (Vector512<ulong> c0, Vector512<ulong> c1, Vector512<ulong> c2, _) = Eight(ref Unsafe.Add(ref group, 16 * Words));
            (Vector512<ulong> d0, Vector512<ulong> d1, Vector512<ulong> d2, _) = Eight(ref Unsafe.Add(ref group, 24 * Words));
            Vector512<ulong> leastA = Vector512<ulong>.AllBitsSet;
            Vector512<ulong> leastB = leastA;
            Vector512<ulong> leastC = leastA;
            Vector512<ulong> leastD = leastA;
            for (int at = 0; at <= last; at += 2 * Words)
            {
                Vector512<ulong> n0 = Vector512.Create(Unsafe.Add(ref needle, at));
                Vector512<ulong> n1 = Vector512.Create(Unsafe.Add(ref needle, at + 1));
                Vector512<ulong> n2 = Vector512.Create(Unsafe.Add(ref needle, at + 2));
                Vector512<ulong> a = OrDifference(OrDifference(a0 ^ n0, a1, n1), a2, n2);
                Vector512<ulong> b = OrDifference(OrDifference(b0 ^ n0, b1, n1), b2, n2);
                Vector512<ulong> c = OrDifference(OrDifference(c0 ^ n0, c1, n1), c2, n2);
                Vector512<ulong> d = OrDifference(OrDifference(d0 ^ n0, d1, n1), d2, n2);

                // An odd needle at the end is taken with itself.
                int other = Math.Min(at + Words, last);
                n0 = Vector512.Create(Unsafe.Add(ref needle, other));
                n1 = Vector512.Create(Unsafe.Add(ref needle, other + 1));
                n2 = Vector512.Create(Unsafe.Add(ref needle, other + 2));
                a &= OrDifference(OrDifference(a0 ^ n0, a1, n1), a2, n2);
                b &= OrDifference(OrDifference(b0 ^ n0, b1, n1), b2, n2);
                c &= OrDifference(OrDifference(c0 ^ n0, c1, n1), c2, n2);
                d &= OrDifference(OrDifference(d0 ^ n0, d1, n1), d2, n2);
                leastA = Vector512.Min(leastA, LeastBits(a, low, high));
                leastB = Vector512.Min(leastB, LeastBits(b, low, high));
                leastC = Vector512.Min(leastC, LeastBits(c, low, high));
                leastD = Vector512.Min(leastD, LeastBits(d, low, high));
            }

            if (Vector512.LessThanOrEqualAny(Vector512.Min(Vector512.Min(leastA, leastB), Vector512.Min(leastC, leastD)), most))
            {
                eights[found] = hash;
                found += Vector512.LessThanOrEqualAny(leastA, most) ? 1 : 0;
                eights[found] = hash + 8;
                found += Vector512.LessThanOrEqualAny(leastB, most) ? 1 : 0;
                eights[found] = hash + 16;
                found += Vector512.LessThanOrEqualAny(leastC, most) ? 1 : 0;
                eights[found] = hash + 24;
                found += Vector512.LessThanOrEqualAny(leastD, most) ? 1 : 0;
            }
        }

        first = hash;
        return found;
    }

    /// <summary>Whether all four words, of one needle at a time, leave a match possible with one of eight hashes. Needs AVX-512 with VBMI.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool AnyOf8(ReadOnlySpan<ulong> hashes, ReadOnlySpan<ulong> needles, int distance)
    {
        (Vector512<ulong> w0, Vector512<ulong> w1, Vector512<ulong> w2, Vector512<ulong> w3) =
            Eight(ref MemoryMarshal.GetReference(hashes[..(8 * Words)]));
        Vector512<byte> low = ByteBits(0);
        Vector512<byte> high = ByteBits(1);
        Vector512<ulong> least = Vector512<ulong>.AllBitsSet;
        for (int at = 0; at <= needles.Length - Words; at += Words)
        {
            Vector512<ulong> bits = OrDifference(w0 ^ Vector512.Create(needles[at]), w1, Vector512.Create(needles[at + 1]));
            bits = OrDifference(OrDifference(bits, w2, Vector512.Create(needles[at + 2])), w3, Vector512.Create(needles[at + 3]));
            least = Vector512.Min(least, LeastBits(bits, low, high));
        }

        return Vector512.LessThanOrEqualAny(least, Vector512.Create((ulong)distance));
    }

    // The four words of eight hashes, each word in a vector of its own.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<ulong> First, Vector512<ulong> Second, Vector512<ulong> Third, Vector512<ulong> Fourth) Eight(ref ulong hashes)
    {
        Vector512<ulong> even = Vector512.Create(0UL, 4, 8, 12, 2, 6, 10, 14);
        Vector512<ulong> odd = Vector512.Create(1UL, 5, 9, 13, 3, 7, 11, 15);
        Vector512<ulong> a = Vector512.LoadUnsafe(ref hashes);
        Vector512<ulong> b = Vector512.LoadUnsafe(ref hashes, 8);
        Vector512<ulong> c = Vector512.LoadUnsafe(ref hashes, 16);
        Vector512<ulong> d = Vector512.LoadUnsafe(ref hashes, 24);
        Vector512<ulong> evenLeft = Avx512F.PermuteVar8x64x2(a, even, b);
        Vector512<ulong> evenRight = Avx512F.PermuteVar8x64x2(c, even, d);
        Vector512<ulong> oddLeft = Avx512F.PermuteVar8x64x2(a, odd, b);
        Vector512<ulong> oddRight = Avx512F.PermuteVar8x64x2(c, odd, d);
        return (Avx512F.Shuffle4x128(evenLeft, evenRight, 0b01_00_01_00), Avx512F.Shuffle4x128(oddLeft, oddRight, 0b01_00_01_00),
            Avx512F.Shuffle4x128(evenLeft, evenRight, 0b11_10_11_10), Avx512F.Shuffle4x128(oddLeft, oddRight, 0b11_10_11_10));
    }

    // bits | (word ^ needle), one instruction.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> OrDifference(Vector512<ulong> bits, Vector512<ulong> word, Vector512<ulong> needle)
        => Avx512F.TernaryLogic(bits, word, needle, 0xF6);

    // How many of the 56 low bits of each word's bytes are set; their highest is left out by a table of 128 counts.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> LeastBits(Vector512<ulong> bits, Vector512<byte> low, Vector512<byte> high)
        => Avx512BW.SumAbsoluteDifferences(Avx512Vbmi.PermuteVar64x8x2(low, bits.AsByte(), high), Vector512<byte>.Zero).AsUInt64();

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
