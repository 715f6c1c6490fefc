using System.Globalization;
using System.Numerics;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Tests.Matching;

/// <summary>Both ways of searching against the definition of the distance, on data of several kinds.</summary>
public sealed class HashIndexSearchTests
{
    private const int CrowdShare = 20;

    public enum Data
    {
        Uniform,
        Clustered,
        Correlated,
        Duplicates,

        /// <summary>One in twenty belongs to a crowd that is alike in half of the slots.</summary>
        Crowded,
    }

    // 60 needles against 20,000 hashes: 1.2 million pairs a case, each held against the result of every distance.
    [Theory]
    [InlineData(Data.Uniform, PdqLayout.Ring)]
    [InlineData(Data.Clustered, PdqLayout.Ring)]
    [InlineData(Data.Correlated, PdqLayout.Ring)]
    [InlineData(Data.Duplicates, PdqLayout.Ring)]
    [InlineData(Data.Crowded, PdqLayout.Ring)]
    [InlineData(Data.Uniform, PdqLayout.Rows)]
    [InlineData(Data.Clustered, PdqLayout.Rows)]
    internal void Every_distance_finds_exactly_what_brute_force_finds(Data data, PdqLayout layout)
    {
        var random = new Random(11 + (int)data);
        byte[][] hashes = [.. Hashes(data, 20_000, random)];
        PdqHash[] needles = [.. Enumerable.Range(0, 60).Select(i => Needle(hashes, i, random))];
        using HashIndex index = Index(hashes, layout);
        int[,] distances = new int[hashes.Length, needles.Length];
        byte[] needle = new byte[32];
        for (int n = 0; n < needles.Length; n++)
        {
            needles[n].WriteBytes(needle);
            for (int h = 0; h < hashes.Length; h++)
            {
                distances[h, n] = Distance(hashes[h], needle);
            }
        }

        int found = 0;
        foreach (int distance in (IEnumerable<int>)[.. Enumerable.Range(0, 41), 47, 48, 63, 64, 79, 80, 95, 96])
        {
            var expected = new List<HashIndexHit>();
            for (int h = 0; h < hashes.Length; h++)
            {
                for (int n = 0; n < needles.Length; n++)
                {
                    if (distances[h, n] <= distance)
                    {
                        expected.Add(new HashIndexHit(h, HashKind.Pdq, distances[h, n], n));
                    }
                }
            }

            var hits = new List<HashIndexHit>();
            index.FindPdq(needles, distance, hits);
            Assert.True(expected.SequenceEqual(hits), $"distance {distance}: {hits.Count} hits, not {expected.Count}");
            found += hits.Count;
        }

        Assert.InRange(found, 1000, int.MaxValue);
    }

    [Fact]
    public void At_256_bits_everything_is_found()
    {
        byte[][] hashes = [.. Hashes(Data.Uniform, 1000, new Random(3))];
        using HashIndex index = Index(hashes, PdqLayout.Ring);
        var hits = new List<HashIndexHit>();
        index.FindPdq([default], 256, hits);
        Assert.Equal(Enumerable.Range(0, 1000), hits.Select(hit => hit.Entry));
    }

    // A thousand hashes in one bucket: the low byte of a rank is that of four of them.
    [Fact]
    public void Ranks_beyond_a_byte_lead_on()
    {
        byte[][] hashes = [.. Hashes(Data.Crowded, 20_000, new Random(5))];
        using HashIndex index = Index(hashes, PdqLayout.Ring);
        HashIndexFormat.RankWidths widths = index.Data.Header.Ranks;
        Assert.All(((ReadOnlySpan<byte>)widths).ToArray(), width => Assert.Equal(1, width));
        Assert.InRange(index.Data.Header.OverflowBytes, 8 * 700 * sizeof(uint), 8 * 800 * sizeof(uint));
        byte[] rows = new byte[hashes.Length * 32];
        int[] numbers = new int[hashes.Length];
        Assert.True(index.Data.TryEnter());
        Assert.Equal(hashes.Length, index.Data.Ring!.Read(0, rows, numbers));
        index.Data.Exit();
        for (int i = 0; i < numbers.Length; i++)
        {
            Assert.Equal(hashes[numbers[i]], rows.AsSpan(i * 32, 32).ToArray());
        }
    }

    // The rank of a hash among its equals takes 1 or 2 bytes, or more than fit; together they are more than the walkers under way at once.
    [Theory]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(5000)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    public void Equal_hashes_are_all_found(int count)
    {
        byte[] hash = new byte[32];
        new Random(count).NextBytes(hash);
        using HashIndex index = Index(Enumerable.Repeat(hash, count), PdqLayout.Ring);
        var hits = new List<HashIndexHit>();
        hash[5] ^= 9;
        index.FindPdq([PdqHash.FromBytes(hash)], 31, hits);
        Assert.Equal(Enumerable.Range(0, count), hits.Select(hit => hit.Entry));
        Assert.All(hits, hit => Assert.Equal(2, hit.Distance));
    }

    // All bits that differ in one slot, and spread evenly: the two ends of what the principle behind the search allows.
    [Fact]
    public void The_place_of_the_differing_bits_does_not_matter()
    {
        var random = new Random(8);
        byte[] needle = new byte[32];
        random.NextBytes(needle);
        var hashes = new List<byte[]>();
        for (int i = 0; i < 4000; i++)
        {
            byte[] hash = [.. needle];
            int slots = random.Next(1, 17);
            int first = random.Next(16);
            int bits = Math.Min(31, slots * 16);
            for (int b = 0; b < bits; b++)
            {
                int slot = (first + (b % slots)) % 16;
                int bit;
                do
                {
                    bit = (slot * 16) + random.Next(16);
                }
                while (((hash[bit / 8] ^ needle[bit / 8]) & (1 << (bit % 8))) != 0);
                hash[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            hashes.Add(hash);
        }

        using HashIndex index = Index(hashes, PdqLayout.Ring);
        var hits = new List<HashIndexHit>();
        index.FindPdq([PdqHash.FromBytes(needle)], 31, hits);
        Assert.Equal(4000, hits.Count);
        hits.Clear();
        index.FindPdq([PdqHash.FromBytes(needle)], 30, hits);
        Assert.Equal(hashes.Count(hash => Distance(hash, needle) <= 30), hits.Count);
    }

    [Theory]
    [InlineData(PdqLayout.Ring)]
    [InlineData(PdqLayout.Rows)]
    internal void A_look_up_allocates_nothing(PdqLayout layout)
    {
        var random = new Random(4);
        byte[][] hashes = [.. Hashes(Data.Clustered, 20_000, random)];
        using HashIndex index = Index(hashes, layout);
        PdqHash[] needles = [.. Enumerable.Range(0, 16).Select(i => Needle(hashes, i, random))];
        var hits = new List<HashIndexHit>(4096);

        // The tiers of the compiler settle on another thread; what counts is that calls without allocation exist and stay.
        long least = long.MaxValue;
        for (int round = 0; round < 50; round++)
        {
            hits.Clear();
            long before = GC.GetAllocatedBytesForCurrentThread();
            index.FindPdq(needles, 31, hits);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.NotEmpty(hits);
        Assert.Equal(0, least);
    }

    [Fact]
    public void The_layout_follows_the_size_the_distance_and_the_data()
    {
        Assert.Equal(PdqLayout.Rows, Layout(HashIndexWriter.RingFrom - 1, 31, Data.Uniform));
        Assert.Equal(PdqLayout.Ring, Layout(HashIndexWriter.RingFrom, 31, Data.Uniform));
        Assert.Equal(PdqLayout.Ring, Layout(HashIndexWriter.RingFrom, HashIndexWriter.RingUpTo, Data.Clustered));
        Assert.Equal(PdqLayout.Rows, Layout(HashIndexWriter.RingFrom, HashIndexWriter.RingUpTo + 1, Data.Uniform));
        Assert.Equal(PdqLayout.Rows, Layout(HashIndexWriter.RingFrom, 31, null));

        static PdqLayout Layout(int count, int distance, Data? data)
        {
            using var writer = new HashIndexWriter("list", distance);
            Fill(writer, data is { } kind ? Hashes(kind, count, new Random(1)) : Enumerable.Repeat(new byte[32], count));
            using HashIndex index = writer.ToIndex();
            return index.Data.Header.Layout;
        }
    }

    internal static IEnumerable<byte[]> Hashes(Data data, int count, Random random)
    {
        byte[] centre = new byte[32];
        for (int i = 0; i < count; i++)
        {
            byte[] hash = new byte[32];
            switch (data)
            {
                case Data.Clustered:
                    if (i % 50 == 0)
                    {
                        random.NextBytes(centre);
                    }

                    centre.CopyTo(hash, 0);
                    Flip(hash, random.Next(40), random);
                    break;
                case Data.Correlated:
                    // Each bit follows the one before it, as in pictures of one kind.
                    bool bit = false;
                    for (int b = 0; b < 256; b++)
                    {
                        bit ^= random.Next(12) == 0;
                        hash[b / 8] |= (byte)(bit ? 1 << (b % 8) : 0);
                    }

                    break;
                case Data.Crowded:
                    random.NextBytes(i == 0 ? centre : hash);
                    if (i % CrowdShare == 0)
                    {
                        centre.CopyTo(hash, 0);
                        Flip(hash.AsSpan(16), random.Next(60), random);
                    }

                    break;
                case Data.Duplicates:
                    hash[random.Next(2) * 7] = (byte)random.Next(3);
                    break;
                default:
                    random.NextBytes(hash);
                    break;
            }

            yield return hash;
        }
    }

    internal static HashIndex Index(IEnumerable<byte[]> hashes, PdqLayout layout)
    {
        using var writer = new HashIndexWriter("list") { Layout = layout };
        Fill(writer, hashes);
        HashIndex index = writer.ToIndex();
        Assert.Equal(layout, index.Data.Header.Layout);
        return index;
    }

    private static void Fill(HashIndexWriter writer, IEnumerable<byte[]> hashes)
    {
        int i = 0;
        foreach (byte[] hash in hashes)
        {
            string id = (i++).ToString(CultureInfo.InvariantCulture);
            writer.Add(new HashListEntry(id, HashKind.Pdq, Convert.ToHexStringLower(hash), [], "list"));
        }
    }

    // Near a hash at every distance up to 59, or anywhere.
    private static PdqHash Needle(byte[][] hashes, int i, Random random)
    {
        byte[] needle = [.. hashes[i % 3 == 0 ? random.Next(hashes.Length / CrowdShare) * CrowdShare : random.Next(hashes.Length)]];
        if (i % 10 == 9)
        {
            random.NextBytes(needle);
        }

        Flip(needle, i, random);
        return PdqHash.FromBytes(needle);
    }

    private static void Flip(Span<byte> hash, int bits, Random random)
    {
        for (; bits > 0; bits--)
        {
            hash[random.Next(hash.Length)] ^= (byte)(1 << random.Next(8));
        }
    }

    private static int Distance(byte[] left, byte[] right)
    {
        int bits = 0;
        for (int i = 0; i < left.Length; i++)
        {
            bits += BitOperations.PopCount((uint)(left[i] ^ right[i]));
        }

        return bits;
    }
}
