using System.Numerics;
using System.Runtime.InteropServices;

namespace SafetySdk.Kernels;

/// <summary>A pair of a needle and a hash within the distance asked for.</summary>
/// <param name="Hash">Number of the hash.</param>
/// <param name="Needle">Number of the needle.</param>
/// <param name="Distance">Bits that differ.</param>
internal readonly record struct HammingHit(int Hash, int Needle, int Distance);

/// <summary>Compares 256-bit needles with every hash of a packed array. Exact: nothing within the distance is missed.</summary>
internal static class HammingScan
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashBytes = 32;

    private const int Words = HashBytes / sizeof(ulong);

    /// <summary>Finds all pairs, in the order of the hashes.</summary>
    /// <param name="hashes">Packed hashes, 32 bytes each.</param>
    /// <param name="needles">Packed needles in the same byte order.</param>
    /// <param name="distance">Most bits that may differ.</param>
    /// <param name="hits">Receives the pairs.</param>
    public static void Find(ReadOnlySpan<byte> hashes, ReadOnlySpan<byte> needles, int distance, List<HammingHit> hits)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(hashes);
        ReadOnlySpan<ulong> needleWords = MemoryMarshal.Cast<byte, ulong>(needles);
        for (int at = 0; at + Words <= words.Length; at += Words)
        {
            ulong word0 = words[at];
            ulong word1 = words[at + 1];
            for (int needle = 0; needle + Words <= needleWords.Length; needle += Words)
            {
                // Half of the bits already tell apart nearly every pair that does not match.
                int bits = BitOperations.PopCount(word0 ^ needleWords[needle]) + BitOperations.PopCount(word1 ^ needleWords[needle + 1]);
                if (bits > distance)
                {
                    continue;
                }

                bits += BitOperations.PopCount(words[at + 2] ^ needleWords[needle + 2])
                    + BitOperations.PopCount(words[at + 3] ^ needleWords[needle + 3]);
                if (bits <= distance)
                {
                    hits.Add(new HammingHit(at / Words, needle / Words, bits));
                }
            }
        }
    }
}
