using System.Globalization;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Tests.Matching;

public sealed class HashIndexTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hash-index").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_written_is_what_is_opened()
    {
        var created = new DateTimeOffset(2026, 11, 25, 8, 30, 0, TimeSpan.Zero);
        var writer = new HashIndexWriter("bänk", matchDistance: 17, qualityGate: 60, created, "där");
        HashListEntry[] entries = Entries(200);
        writer.AddRange(entries);
        string path = Path.Combine(_folder, "index");
        writer.Save(path);
        Assert.Equal([path], Directory.GetFiles(_folder));

        HashIndex index = HashIndex.Open(path);
        Assert.Equal("bänk", index.Name);
        Assert.Equal("där", index.Source);
        Assert.Equal(17, index.MatchDistance);
        Assert.Equal(60, index.QualityGate);
        Assert.Equal(created, index.Created);
        Assert.Equal(entries.Length, index.Count);
        index.Verify();
        Assert.Equal(64, index.Digest.Length);
        Assert.Equal(index.Digest, writer.ToIndex().Digest);
        foreach (HashListEntry entry in entries)
        {
            HashIndexHit[] hits = Find(index, entry);
            Assert.Contains(hits, hit => index.Id(hit.Entry) == entry.Id && index.Labels(hit.Entry).SequenceEqual(entry.Labels));
            Assert.All(hits, hit => Assert.Equal((entry.Algorithm, 0), (hit.Algorithm, hit.Distance)));
        }

        foreach (HashKind kind in HashKinds.All)
        {
            Assert.Equal(entries.Count(entry => entry.Algorithm == kind), index.CountOf(kind));
        }
    }

    [Fact]
    public void Equal_digests_are_all_found_and_others_are_not()
    {
        var writer = new HashIndexWriter("list");
        string digest = new('7', 32);
        foreach (string id in new[] { "a", "b", "c" })
        {
            writer.Add(new HashListEntry(id, HashKind.Md5, digest, [], "list"));
            writer.Add(new HashListEntry("x" + id, HashKind.Md5, id + new string('0', 31), [], "list"));
        }

        HashIndex index = writer.ToIndex();
        var hits = new List<HashIndexHit>();
        index.FindExact(HashKind.Md5, Convert.FromHexString(digest), hits);
        Assert.Equal(["a", "b", "c"], hits.Select(hit => index.Id(hit.Entry)));
        hits.Clear();
        index.FindExact(HashKind.Md5, new byte[16], hits);
        index.FindExact(HashKind.Sha1, new byte[20], hits);
        index.FindExact(HashKind.Md5, Convert.FromHexString(new string('f', 32)), hits);
        Assert.Empty(hits);
        Assert.Throws<ArgumentException>(() => index.FindExact(HashKind.Md5, new byte[15], hits));
        Assert.Throws<ArgumentException>(() => index.FindExact(HashKind.Pdq, new byte[32], hits));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(256)]
    public void The_distance_is_a_sharp_border(int distance)
    {
        var random = new Random(distance);
        byte[] needle = new byte[32];
        random.NextBytes(needle);
        var writer = new HashIndexWriter("list");
        for (int flipped = 0; flipped <= 256; flipped++)
        {
            byte[] near = [.. needle];
            foreach (int bit in Enumerable.Range(0, 256).OrderBy(_ => random.Next()).Take(flipped))
            {
                near[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            string id = flipped.ToString(CultureInfo.InvariantCulture);
            writer.Add(new HashListEntry(id, HashKind.Pdq, Convert.ToHexStringLower(near), [], "list"));
        }

        HashIndex index = writer.ToIndex();
        var hits = new List<HashIndexHit>();
        index.FindPdq([PdqHash.FromBytes(needle)], distance, hits);
        Assert.Equal(Enumerable.Range(0, distance + 1), hits.Select(hit => hit.Distance));
        Assert.All(hits, hit => Assert.Equal(hit.Distance, hit.Entry));
    }

    [Fact]
    public void Look_ups_agree_with_brute_force()
    {
        var random = new Random(5);
        PdqHash[] haystack = [.. Enumerable.Range(0, 3000).Select(_ => RandomHash(random, 96))];
        PdqHash[] needles = [.. Enumerable.Range(0, 13).Select(_ => RandomHash(random, 96))];
        HashIndex index = Index(haystack);
        var all = new List<(int Entry, int Needle, int Distance)>();
        for (int i = 0; i < haystack.Length; i++)
        {
            for (int j = 0; j < needles.Length; j++)
            {
                all.Add((i, j, Distance(haystack[i].ToString(), needles[j].ToString())));
            }
        }

        foreach (int distance in new[] { 0, 31, 60, 64, 100, 256 })
        {
            var hits = new List<HashIndexHit>();
            index.FindPdq(needles, distance, hits);
            Assert.Equal(all.Where(pair => pair.Distance <= distance), hits.Select(hit => (hit.Entry, hit.Needle, hit.Distance)));
        }
    }

    [Theory]
    [InlineData("lists", 417)]
    [InlineData("lists_reference", 352)]
    public void Needles_find_their_planted_pairs(string folder, int pairs)
    {
        PdqHash[] needles = [.. File.ReadLines(Shared(folder, "needles.txt")).Select(line => PdqHash.Parse(line.Trim()))];
        HashIndex index = HashIndex.FromList(Shared(folder, "haystack.txt"));
        var expected = File.ReadLines(Shared(folder, "matches_le_63.csv")).Skip(1)
            .Select(line => line.Split(',').Select(field => int.Parse(field, CultureInfo.InvariantCulture)).ToArray())
            .Select(field => (field[0], field[1], field[2])).ToHashSet();
        Assert.Equal(pairs, expected.Count);
        foreach (int distance in new[] { 63, 32, 31, 30 })
        {
            var found = new HashSet<(int, int, int)>();
            for (int first = 0; first < needles.Length; first += 8)
            {
                var hits = new List<HashIndexHit>();
                index.FindPdq(needles.AsSpan(first, Math.Min(8, needles.Length - first)), distance, hits);
                found.UnionWith(hits.Select(hit => (first + hit.Needle, hit.Entry, hit.Distance)));
            }

            Assert.Equal(expected.Where(pair => pair.Item3 <= distance).Order(), found.Order());
        }
    }

    [Fact]
    public void Every_flipped_bit_and_every_truncation_is_refused()
    {
        byte[] bytes = Bytes(Entries(30));
        Assert.Equal(30, HashIndex.FromBytes([.. bytes], "index").Count);
        for (int at = 0; at < bytes.Length; at++)
        {
            byte[] flipped = [.. bytes];
            flipped[at] ^= (byte)(1 << (at % 8));
            HashIndexException thrown = Assert.Throws<HashIndexException>(() => HashIndex.FromBytes(flipped, "index"));
            HashIndexError expected = at < 8 ? HashIndexError.NotAnIndex : at < 12 ? HashIndexError.UnsupportedVersion : HashIndexError.Damaged;
            Assert.Equal(expected, thrown.Error);
            HashIndexException cut = Assert.Throws<HashIndexException>(() => HashIndex.FromBytes(bytes[..at], "index"));
            Assert.Equal(at < 8 ? HashIndexError.NotAnIndex : HashIndexError.Damaged, cut.Error);
        }

        Assert.Throws<HashIndexException>(() => HashIndex.FromBytes([.. bytes, 0], "index"));
    }

    [Fact]
    public void What_a_killed_writer_left_goes_after_a_day()
    {
        string path = Path.Combine(_folder, "index[1]");
        string old = $"{path}.{Guid.NewGuid():N}.tmp";
        string recent = $"{path}.{Guid.NewGuid():N}.tmp";
        string foreign = $"{path}.notes.tmp";
        foreach (string file in (IEnumerable<string>)[old, recent, foreign])
        {
            File.WriteAllText(file, "x");
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(file == recent ? 0 : -2));
        }

        using (var writer = new HashIndexWriter("list"))
        {
            writer.Save(path);
        }

        Assert.Equal(((IEnumerable<string>)[path, recent, foreign]).Order(StringComparer.Ordinal), Directory.GetFiles(_folder).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_is_verified_as_bytes_are()
    {
        string path = Path.Combine(_folder, "index");
        byte[] bytes = Bytes(Entries(30));
        File.WriteAllBytes(path, bytes);
        Assert.Equal(30, HashIndex.Open(path).Count);
        File.WriteAllBytes(path, bytes[..^1]);
        Assert.Equal(HashIndexError.Damaged, Error(() => HashIndex.Open(path)));
        File.WriteAllBytes(path, [.. bytes, 0]);
        Assert.Equal(HashIndexError.Damaged, Error(() => HashIndex.Open(path)));
        bytes[300] ^= 4;
        File.WriteAllBytes(path, bytes);
        Assert.Equal(HashIndexError.Damaged, Error(() => HashIndex.OpenAny(path)));
        bytes[8]++;
        File.WriteAllBytes(path, bytes);
        Assert.Equal(HashIndexError.UnsupportedVersion, Error(() => HashIndex.OpenAny(path)));
        File.WriteAllText(path, "");
        Assert.Equal(HashIndexError.NotAnIndex, Error(() => HashIndex.Open(path)));
        Assert.Equal(HashListError.Empty, Assert.Throws<HashListException>(() => HashIndex.OpenAny(path)).Error);
        Assert.Equal(HashIndexError.Missing, Error(() => HashIndex.Open(path + ".absent")));
        Assert.Equal(HashIndexError.Missing, Error(() => HashIndex.Open(Path.Combine(_folder, "absent", "index"))));
        Assert.Equal(HashIndexError.Unreadable, Error(() => HashIndex.Open(_folder)));
    }

    [Fact]
    public void A_full_disk_leaves_the_old_index()
    {
        string path = Path.Combine(_folder, "index");
        byte[] old = Bytes(Entries(10));
        File.WriteAllBytes(path, old);
        var writer = new HashIndexWriter("list");
        writer.AddRange(Entries(500));
        Assert.Equal(HashIndexError.WriteFailed, Error(() => writer.Save(path, temporary => new FullDisk(temporary))));
        Assert.Equal(old, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_a_typed_error()
    {
        var writer = new HashIndexWriter("list");
        Assert.Equal(HashIndexError.WriteFailed, Error(() => writer.Save(Path.Combine(_folder, "absent", "index"))));
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "target")).FullName;
        Assert.Equal(HashIndexError.WriteFailed, Error(() => writer.Save(folder)));
        Assert.Equal([folder], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Two_writers_and_a_reader_never_see_half_an_index()
    {
        string path = Path.Combine(_folder, "index");
        HashIndexWriter[] writers = [new("a"), new("b")];
        writers[0].AddRange(Entries(2000));
        writers[1].AddRange(Entries(3000));
        writers[0].Save(path);
        using var together = new Barrier(2);
        Task[] writing = [.. writers.Select(writer => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < 30; i++)
                {
                    together.SignalAndWait(TimeSpan.FromSeconds(10));
                    writer.Save(path);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        while (!Task.WhenAll(writing).IsCompleted)
        {
            HashIndex index = HashIndex.Open(path);
            Assert.Equal(index.Name == "a" ? 2000 : 3000, index.Count);
        }

        await Task.WhenAll(writing);
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Entries_that_do_not_fit_are_refused()
    {
        var writer = new HashIndexWriter("list");
        Assert.Throws<HashException>(() => writer.Add(new HashListEntry("a", HashKind.Pdq, "00", [], "list")));
        Assert.Throws<ArgumentException>(() => writer.Add(new HashListEntry("a", HashKind.PHash, "0000000000000000", [], "list")));
        Assert.Throws<ArgumentException>(() => writer.Add(new HashListEntry("", HashKind.Md5, new string('0', 32), [], "list")));
        Assert.Throws<ArgumentException>(() => writer.Add(new HashListEntry("a\n", HashKind.Md5, new string('0', 32), [], "list")));
        Assert.Throws<ArgumentException>(() => writer.Add(new HashListEntry("a", HashKind.Md5, new string('0', 32), ["x\ny"], "list")));
        Assert.Equal(0, writer.Count);
        Assert.Equal(0, writer.ToIndex().Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => new HashIndexWriter("list", matchDistance: 81));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HashIndexWriter("list", qualityGate: 101));
    }

    private static string Shared(params string[] parts) => TestEnvironment.Shared(["testdata", "pdq", .. parts]);

    private static HashIndexError Error(Action action) => Assert.Throws<HashIndexException>(action).Error;

    private static byte[] Bytes(HashListEntry[] entries)
    {
        var writer = new HashIndexWriter("list");
        writer.AddRange(entries);
        using var stream = new MemoryStream();
        writer.Write(stream);
        return stream.ToArray();
    }

    private static HashListEntry[] Entries(int count)
    {
        var random = new Random(count);
        HashKind[] kinds = [HashKind.Pdq, HashKind.Md5, HashKind.Sha1, HashKind.Sha256];
        string[][] labels = [[], ["a"], ["a", "b"], ["é"]];
        var entries = new HashListEntry[count];
        for (int i = 0; i < count; i++)
        {
            HashKind kind = kinds[random.Next(4)];
            byte[] value = new byte[kind.ByteCount()];
            random.NextBytes(value);
            string id = string.Create(CultureInfo.InvariantCulture, $"entry {i} ü");
            entries[i] = new HashListEntry(id, kind, Convert.ToHexStringLower(value), labels[random.Next(4)], "list");
        }

        return entries;
    }

    private static HashIndexHit[] Find(HashIndex index, HashListEntry entry)
    {
        var hits = new List<HashIndexHit>();
        if (entry.Algorithm == HashKind.Pdq)
        {
            index.FindPdq([PdqHash.Parse(entry.Value)], 0, hits);
        }
        else
        {
            index.FindExact(entry.Algorithm, Convert.FromHexString(entry.Value), hits);
        }

        return [.. hits];
    }

    private static HashIndex Index(PdqHash[] hashes)
    {
        var writer = new HashIndexWriter("list");
        for (int i = 0; i < hashes.Length; i++)
        {
            writer.Add(new HashListEntry(i.ToString(CultureInfo.InvariantCulture), HashKind.Pdq, hashes[i].ToString(), [], "list"));
        }

        return writer.ToIndex();
    }

    // Hashes around one centre, so that every distance occurs.
    private static PdqHash RandomHash(Random random, int spread)
    {
        byte[] bytes = new byte[32];
        for (int i = random.Next(spread); i > 0; i--)
        {
            int bit = random.Next(256);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        return PdqHash.FromBytes(bytes);
    }

    private static int Distance(string left, string right)
    {
        int bits = 0;
        for (int i = 0; i < left.Length; i++)
        {
            for (int differing = Digit(left[i]) ^ Digit(right[i]); differing != 0; differing /= 2)
            {
                bits += differing % 2;
            }
        }

        return bits;
    }

    private static int Digit(char character) => "0123456789abcdef".IndexOf(character, StringComparison.Ordinal);

    private sealed class FullDisk(string path) : FileStream(path, FileMode.CreateNew, FileAccess.Write)
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            base.Write(buffer, offset, Math.Min(count, 1000));
            throw new IOException("No space left on device");
        }
    }
}
