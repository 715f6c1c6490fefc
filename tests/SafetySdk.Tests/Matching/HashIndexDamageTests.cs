using System.Buffers.Binary;
using System.Runtime.InteropServices;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Tests.Matching;

/// <summary>Files that are not what was written: found out, or at least harmless.</summary>
public sealed class HashIndexDamageTests
{
    private const int BlockBytes = 1 << 16;

    [Fact]
    public void A_flipped_bit_is_found_before_it_changes_an_answer()
    {
        byte[][] hashes = [.. HashIndexSearchTests.Hashes(HashIndexSearchTests.Data.Clustered, 3000, new Random(5))];
        byte[] whole = Bytes(hashes);
        PdqHash[] needles = [.. hashes.Take(64).Select(hash => PdqHash.FromBytes(hash))];
        List<HashIndexHit> right = Find(HashIndex.FromBytes([.. whole], "index"), needles, 31);
        Assert.NotEmpty(right);
        var random = new Random(6);
        int refused = 0;
        int answered = 0;
        for (int round = 0; round < 100; round++)
        {
            byte[] changed = [.. whole];
            int at = random.Next(HashIndexFormat.HeaderBytes, whole.Length);
            changed[at] ^= (byte)(1 << random.Next(8));
            try
            {
                using HashIndex index = HashIndex.FromBytes(changed, "index");
                Assert.Equal(HashIndexError.Damaged, Assert.Throws<HashIndexException>(index.Verify).Error);
                using HashIndex fresh = HashIndex.FromBytes(changed, "index");
                Assert.Equal(right, Find(fresh, needles, 31));
                answered++;
            }
            catch (HashIndexException exception)
            {
                Assert.Equal(HashIndexError.Damaged, exception.Error);
                Assert.Contains("index: ", exception.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.True(refused > 10, $"{refused} refused, {answered} answered rightly");
    }

    [Theory]
    [InlineData(PdqLayout.Ring)]
    [InlineData(PdqLayout.Rows)]
    internal void A_flipped_bit_of_any_section_is_found_or_changes_no_answer(PdqLayout layout)
    {
        byte[][] hashes = [.. HashIndexSearchTests.Hashes(HashIndexSearchTests.Data.Clustered, 2000, new Random(5))];
        byte[] whole = Bytes(hashes, layout);
        PdqHash[] needles = [.. hashes.Take(32).Select(hash => PdqHash.FromBytes(hash))];
        (long, long)[] sections;
        string[] right;
        using (HashIndex index = HashIndex.FromBytes([.. whole], "index"))
        {
            HashIndexLayout places = index.Data.Layout;
            long[] starts =
            [
                0, HashIndexFormat.HeaderBytes, places.Hashes(0), places.Hashes(1), places.Records, places.LabelSets, places.Text,
                places.BlockTable, places.TotalBytes, places.Directories[0], places.Values[0], places.Ranks[0], places.Numbers[0],
                places.Directories[9], places.Values[9], places.Ranks[9], places.Numbers[9],
            ];
            starts = [.. starts.Distinct().Order()];
            sections = [.. starts.Zip(starts.Skip(1))];
            right = Answers(index, needles);
        }

        var random = new Random(9);
        int refused = 0;
        foreach ((long first, long end) in sections)
        {
            for (int round = 0; round < 24; round++)
            {
                byte[] changed = [.. whole];
                changed[random.NextInt64(first, end)] ^= (byte)(1 << random.Next(8));
                try
                {
                    using HashIndex index = HashIndex.FromBytes(changed, "index");
                    Assert.Equal(right, Answers(index, needles));
                }
                catch (HashIndexException)
                {
                    refused++;
                    continue;
                }

                // What no answer needed is found by the check of the whole.
                using HashIndex unread = HashIndex.FromBytes(changed, "index");
                Assert.Equal(HashIndexError.Damaged, Assert.Throws<HashIndexException>(unread.Verify).Error);
            }
        }

        Assert.InRange(refused, sections.Length * 12, sections.Length * 24);
    }

    // Whoever makes the checksums fit can make an index say anything; it must still be read inside its bounds.
    [Theory]
    [InlineData(PdqLayout.Ring)]
    [InlineData(PdqLayout.Rows)]
    internal void Nonsense_under_right_checksums_is_refused_or_searched_without_harm(PdqLayout layout)
    {
        byte[][] hashes = [.. HashIndexSearchTests.Hashes(HashIndexSearchTests.Data.Clustered, 300, new Random(5))];
        byte[] whole = Bytes(hashes, layout);
        PdqHash[] needles = [.. hashes.Take(16).Select(hash => PdqHash.FromBytes(hash))];
        var random = new Random(7);
        int refused = 0;
        for (int round = 0; round < 200; round++)
        {
            byte[] changed = [.. whole];
            int fields = random.Next(1, 30);
            for (int i = 0; i < fields; i++)
            {
                // Half of them in the header, or in the last part: ranks, records and text.
                int at = (round % 4) switch
                {
                    0 => 4 * random.Next(3, 32),
                    1 => random.Next(Math.Max(HashIndexFormat.HeaderBytes, changed.Length - 30_000), changed.Length - 4),
                    _ => random.Next(HashIndexFormat.HeaderBytes, changed.Length - 4),
                };
                int value = random.Next(4) switch { 0 => int.MaxValue, 1 => -1, 2 => random.Next(70_000), _ => random.Next() };
                BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(at), value);
            }

            Seal(changed);
            try
            {
                using HashIndex index = HashIndex.FromBytes(changed, "index");
                Exercise(index, needles);
            }
            catch (HashIndexException exception)
            {
                Assert.Equal(HashIndexError.Damaged, exception.Error);
                refused++;
            }
        }

        Assert.InRange(refused, 50, 200);
    }

    [Fact]
    public void Every_field_of_the_header_must_be_possible()
    {
        byte[] whole = Bytes([.. HashIndexSearchTests.Hashes(HashIndexSearchTests.Data.Uniform, 40, new Random(5))], PdqLayout.Rows);
        using (HashIndex same = HashIndex.FromBytes(Seal([.. whole]), "index"))
        {
            Assert.Equal(43, same.Count);
        }

        for (int at = 12; at < 96; at += 4)
        {
            // The time may be any; so may the low half of a length if the whole stays right.
            if (at is 16 or 20 or 28)
            {
                continue;
            }

            foreach (int value in new[] { -1, int.MaxValue, int.MinValue, 1 << 30 })
            {
                byte[] changed = [.. whole];
                BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(at), value);
                HashIndexException thrown = Assert.Throws<HashIndexException>(() => HashIndex.FromBytes(Seal(changed), "index"));
                Assert.Equal(HashIndexError.Damaged, thrown.Error);
            }
        }
    }

    [Fact]
    public void A_truncated_file_says_where_it_ends()
    {
        byte[] whole = Bytes([.. HashIndexSearchTests.Hashes(HashIndexSearchTests.Data.Uniform, 2000, new Random(5))]);
        foreach (int length in new[] { 0, 7, 11, 100, 255, 256, 5000, BlockBytes, whole.Length - 1 })
        {
            HashIndexException thrown = Assert.Throws<HashIndexException>(() => HashIndex.FromBytes(whole[..length], "index"));
            Assert.Equal(length < 8 ? HashIndexError.NotAnIndex : HashIndexError.Damaged, thrown.Error);
            Assert.Contains(length < 8 ? "not an index" : $"{length}", thrown.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1, "build it again")]
    [InlineData(200, "newer library")]
    public void Another_version_is_named(int version, string advice)
    {
        byte[] whole = Bytes([new byte[32]], PdqLayout.Rows);
        whole[8] = (byte)version;
        HashIndexException thrown = Assert.Throws<HashIndexException>(() => HashIndex.FromBytes(whole, "index"));
        Assert.Equal(HashIndexError.UnsupportedVersion, thrown.Error);
        Assert.Contains($"format {version}", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(advice, thrown.Message, StringComparison.Ordinal);
    }

    private static void Exercise(HashIndex index, PdqHash[] needles)
    {
        HashIndexException? refused = null;
        foreach (Action action in (Action[])
        [
            () => Find(index, needles, 31),
            () => Find(index, needles, 60),
            () => Find(index, needles[..2], 200),
            () => index.FindExact(HashKind.Md5, new byte[16], []),
            () =>
            {
                for (int entry = 0; entry < Math.Min(index.Count, 400); entry++)
                {
                    index.Id(entry);
                    index.Labels(entry);
                }
            },
        ])
        {
            try
            {
                action();
            }
            catch (HashIndexException exception)
            {
                refused = exception;
            }
        }

        if (refused is not null)
        {
            throw refused;
        }
    }

    private static string[] Answers(HashIndex index, PdqHash[] needles)
    {
        var hits = new List<HashIndexHit>();
        index.FindPdq(needles, 31, hits);
        index.FindPdq(needles.AsSpan(0, 2), 100, hits);
        index.FindExact(HashKind.Md5, Convert.FromHexString(new string('b', 32)), hits);
        return [.. hits.Select(hit => $"{hit} {index.Id(hit.Entry)} {string.Join(',', index.Labels(hit.Entry))}")];
    }

    private static List<HashIndexHit> Find(HashIndex index, PdqHash[] needles, int distance)
    {
        var hits = new List<HashIndexHit>();
        index.FindPdq(needles, distance, hits);
        return hits;
    }

    private static byte[] Seal(byte[] bytes)
    {
        long blocks = (long)((bytes.Length / (BlockBytes + 4.0)) + 1);
        int table = bytes.Length - (int)(blocks * 4);
        Span<uint> checks = MemoryMarshal.Cast<byte, uint>(bytes.AsSpan(table));
        for (int block = 0; block < blocks; block++)
        {
            int first = Math.Max(HashIndexFormat.HeaderBytes, block * BlockBytes);
            checks[block] = HashIndexFormat.Check(bytes.AsSpan(first..Math.Min(table, (block + 1) * BlockBytes)));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(160), HashIndexFormat.Check(bytes.AsSpan(table)));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(252), HashIndexFormat.Check(bytes.AsSpan(0, 252)));
        return bytes;
    }

    private static byte[] Bytes(byte[][] hashes, PdqLayout layout = PdqLayout.Ring)
    {
        using var writer = new HashIndexWriter("list") { Layout = layout };
        writer.AddRange(hashes.Select((hash, i) => new HashListEntry($"entry {i}", HashKind.Pdq, Convert.ToHexStringLower(hash), ["a"], "list")));
        writer.AddRange(Enumerable.Range(0, 3).Select(i => new HashListEntry($"md5 {i}", HashKind.Md5, new string((char)('a' + i), 32), [], "list")));
        using var stream = new MemoryStream();
        writer.Write(stream);
        return stream.ToArray();
    }
}
