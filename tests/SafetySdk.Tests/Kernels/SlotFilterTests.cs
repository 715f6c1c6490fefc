using System.Numerics;
using System.Runtime.InteropServices;
using SafetySdk.Hashing;
using SafetySdk.Kernels;
using SafetySdk.Matching;
using SafetySdk.Tests.Matching;

namespace SafetySdk.Tests.Kernels;

/// <summary>The vector part of the search in a ring, at the width of this process.</summary>
public sealed class SlotFilterTests
{
    [Fact]
    public unsafe void The_slot_filter_is_its_scalar_form()
    {
        var random = new Random(2);
        ushort* values = stackalloc ushort[SlotFilter.Lanes];
        for (int round = 0; round < 2000; round++)
        {
            random.NextBytes(MemoryMarshal.AsBytes(new Span<ushort>(values, SlotFilter.Lanes)));
            ushort needle = (ushort)random.Next(65536);
            values[round % 32] = needle;
            for (int count = 1; count <= SlotFilter.Lanes; count++)
            {
                int distance = random.Next(17);
                uint near = SlotFilter.Near(values, count, needle, distance);
                Assert.Equal(SlotFilter.Plain(values, count, needle, distance), near);
                for (int i = 0; i < 32; i++)
                {
                    bool expected = i < count && BitOperations.PopCount((uint)(values[i] ^ needle)) <= distance;
                    Assert.Equal(expected, (near >> i & 1) != 0);
                }
            }
        }
    }

    // Small, so that it also runs without vectors; the search's own tests have the large ones.
    [Fact]
    public void A_ring_finds_what_counting_finds()
    {
        var random = new Random(4);
        byte[][] hashes = [.. HashIndexSearchTests.Hashes(HashIndexSearchTests.Data.Clustered, 1500, random)];
        PdqHash[] all = [.. hashes.Select(hash => PdqHash.FromBytes(hash))];
        using HashIndex index = HashIndexSearchTests.Index(hashes, PdqLayout.Ring);
        int found = 0;
        foreach (int distance in new[] { 0, 15, 16, 31, 47 })
        {
            for (int i = 0; i < 12; i++)
            {
                byte[] needle = [.. hashes[random.Next(hashes.Length)]];
                for (int flips = 3 * i; flips > 0; flips--)
                {
                    needle[random.Next(32)] ^= (byte)(1 << random.Next(8));
                }

                var hash = PdqHash.FromBytes(needle);
                var hits = new List<HashIndexHit>();
                index.FindPdq([hash], distance, hits);
                Assert.Equal(
                    Enumerable.Range(0, all.Length).Where(entry => all[entry].HammingDistance(hash) <= distance), hits.Select(hit => hit.Entry));
                found += hits.Count;
            }
        }

        Assert.InRange(found, 300, int.MaxValue);
    }
}
