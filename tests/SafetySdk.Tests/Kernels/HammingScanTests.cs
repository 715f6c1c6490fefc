using System.Numerics;
using System.Runtime.InteropServices;
using SafetySdk.Kernels;

namespace SafetySdk.Tests.Kernels;

/// <summary>The vector scan against counting every bit of every pair, at every rest that a group of vectors leaves.</summary>
public sealed class HammingScanTests
{
    [Fact]
    public void It_finds_what_counting_finds_and_in_order()
    {
        var random = new Random(11);
        for (int count = 0; count <= 70; count++)
        {
            int needles = count % 10;
            byte[] needle = new byte[needles * HammingScan.HashBytes];
            random.NextBytes(needle);
            byte[] hashes = new byte[count * HammingScan.HashBytes];
            random.NextBytes(hashes);
            for (int hash = 0; hash < count && needles > 0; hash += 1 + random.Next(4))
            {
                // Near a needle, and some of them only in the highest bits of bytes, which a lower bound may leave out.
                Span<byte> near = hashes.AsSpan(hash * HammingScan.HashBytes, HammingScan.HashBytes);
                needle.AsSpan(random.Next(needles) * HammingScan.HashBytes, HammingScan.HashBytes).CopyTo(near);
                bool highest = random.Next(2) == 0;
                for (int flips = random.Next(70); flips > 0; flips--)
                {
                    int bit = highest ? (8 * random.Next(32)) + 7 : random.Next(256);
                    near[bit / 8] ^= (byte)(1 << (bit % 8));
                }
            }

            foreach (int distance in new[] { 0, 1, 16, 31, 32, 47, 64, 112, 113, 256 })
            {
                var found = new List<HammingHit>();
                HammingScan.Find(hashes, needle, distance, found);
                Assert.Equal(Counted(hashes, needle, distance), found);
            }
        }
    }

    [Fact]
    public void One_near_hash_among_many_is_found_wherever_it_lies()
    {
        byte[] hashes = new byte[100 * HammingScan.HashBytes];
        new Random(12).NextBytes(hashes);
        byte[] needle = new byte[HammingScan.HashBytes];
        for (int hash = 0; hash < 100; hash++)
        {
            hashes.AsSpan(hash * HammingScan.HashBytes, HammingScan.HashBytes).CopyTo(needle);
            needle[3] ^= 0xFF;
            needle[20] ^= 0xFF;
            var found = new List<HammingHit>();
            HammingScan.Find(hashes, needle, 31, found);
            Assert.Equal([new HammingHit(hash, 0, 16)], found);
        }
    }

    private static List<HammingHit> Counted(byte[] hashes, byte[] needles, int distance)
    {
        var hits = new List<HammingHit>();
        ReadOnlySpan<ulong> h = MemoryMarshal.Cast<byte, ulong>(hashes);
        ReadOnlySpan<ulong> n = MemoryMarshal.Cast<byte, ulong>(needles);
        for (int i = 0; i < h.Length; i += 4)
        {
            for (int j = 0; j < n.Length; j += 4)
            {
                int bits = 0;
                for (int word = 0; word < 4; word++)
                {
                    bits += BitOperations.PopCount(h[i + word] ^ n[j + word]);
                }

                if (bits <= distance)
                {
                    hits.Add(new HammingHit(i / 4, j / 4, bits));
                }
            }
        }

        return hits;
    }
}
