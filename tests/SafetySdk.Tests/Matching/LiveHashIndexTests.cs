using System.Globalization;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Tests.Matching;

public sealed class LiveHashIndexTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("live-index").FullName;

    private string Path => System.IO.Path.Combine(_folder, "index");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(HashKind.Pdq)]
    [InlineData(HashKind.Md5)]
    [InlineData(HashKind.Sha1)]
    [InlineData(HashKind.Sha256)]
    public void A_change_is_seen_at_once_and_by_whoever_opens_the_index_later(HashKind kind)
    {
        Save(100);
        string value = Value(kind, 500);
        using (var live = LiveHashIndex.Open(Path))
        {
            string before = Digest(live);
            Assert.Empty(Ids(live, kind, value));
            live.Add(new HashListEntry("new", kind, value, ["a", "b"], "list"));
            live.Add(new HashListEntry("newer", kind, value, [], "list"));
            Assert.Equal(["new", "newer"], Ids(live, kind, value));
            string added = Digest(live);
            Assert.NotEqual(before, added);
            using (HashIndex reader = HashIndex.Open(Path))
            {
                Assert.Equal(["new", "newer"], Ids(reader, kind, value));
                Assert.Equal((400 + 2, added, 2), (reader.Count, reader.Digest, reader.Changes));
            }

            Assert.Equal(1, live.Remove(kind, value, "new"));
            Assert.Equal(0, live.Remove(kind, value, "new"));
            Assert.Equal(["newer"], Ids(live, kind, value));
            Assert.Equal(1, live.Remove(kind, Value(kind, 7)));
            Assert.Empty(Ids(live, kind, Value(kind, 7)));
            Assert.Equal(["8"], Ids(live, kind, Value(kind, 8)));
        }

        using HashIndex index = HashIndex.Open(Path);
        Assert.Equal(400, index.Count);
        Assert.Equal(100, index.CountOf(kind));
        Assert.Equal(["newer"], Ids(index, kind, value));
        Assert.Empty(Ids(index, kind, Value(kind, 7)));
    }

    [Fact]
    public void A_version_that_was_taken_stays_as_it_was()
    {
        Save(10);
        using var live = LiveHashIndex.Open(Path);
        using HashIndexLease old = live.Acquire();
        live.Add(Entry(500));
        Save(20, "other");
        live.Reload();
        Assert.Equal(("list", 40), (old.Index.Name, old.Index.Count));
        Assert.Empty(Ids(old.Index, HashKind.Pdq, Value(HashKind.Pdq, 500)));
        Assert.Equal(["3"], Ids(old.Index, HashKind.Pdq, Value(HashKind.Pdq, 3)));
        using HashIndexLease now = live.Acquire();

        // What was added stays in force over the new file.
        Assert.Equal(("other", 81), (now.Index.Name, now.Index.Count));
        Assert.Equal(["500"], Ids(now.Index, HashKind.Pdq, Value(HashKind.Pdq, 500)));
    }

    [Fact]
    public void Compacting_keeps_what_is_known_and_ends_the_changes()
    {
        Save(300);
        string changes = Path + HashIndexLog.Ending;
        using var live = LiveHashIndex.Open(Path);
        for (int i = 300; i < 340; i++)
        {
            live.Add(Entry(i));
        }

        Assert.Equal(1, live.Remove(HashKind.Pdq, Value(HashKind.Pdq, 5)));
        Assert.Equal(1, live.Remove(HashKind.Sha1, Value(HashKind.Sha1, 6)));
        Assert.Equal(1, live.Remove(HashKind.Pdq, Value(HashKind.Pdq, 310)));
        byte[] before = File.ReadAllBytes(changes);
        string[] known = All(live);
        live.Compact();
        Assert.Equal(known, All(live));
        Assert.Equal(64, new FileInfo(changes).Length);
        using (HashIndexLease lease = live.Acquire())
        {
            lease.Index.Verify();
            Assert.Equal(0, lease.Index.Changes);
            Assert.Equal(1237, lease.Index.Count);
        }

        live.Add(Entry(400));
        live.Dispose();

        // Had the process died between the two files, the old changes would lie beside the new index.
        File.WriteAllBytes(changes, before);
        using HashIndex index = HashIndex.Open(Path);
        Assert.Equal(1237, index.Count);
        Assert.Equal(0, index.Changes);
    }

    [Fact]
    public async Task Changes_made_while_compacting_are_kept()
    {
        Save(2000);
        using var live = LiveHashIndex.Open(Path);
        using var stop = new CancellationTokenSource();
        int added = 0;
        var adding = Task.Run(() =>
        {
            for (; !stop.IsCancellationRequested && added < 4000; added++)
            {
                live.Add(Entry(10_000 + added));
            }
        });
        for (int i = 0; i < 4; i++)
        {
            live.Compact();
        }

        await stop.CancelAsync();
        await adding;
        using HashIndexLease lease = live.Acquire();
        Assert.Equal(8000 + added, lease.Index.Count);
        using HashIndex index = HashIndex.Open(Path);
        for (int i = 0; i < added; i++)
        {
            Assert.Single(Ids(index, HashKind.Pdq, Value(HashKind.Pdq, 10_000 + i)));
        }
    }

    [Fact]
    public void Changes_that_were_cut_off_count_up_to_where_they_are_whole()
    {
        Save(5);
        string changes = Path + HashIndexLog.Ending;
        var ends = new List<long>();
        using (var live = LiveHashIndex.Open(Path))
        {
            for (int i = 0; i < 4; i++)
            {
                live.Add(Entry(100 + i));
                ends.Add(new FileInfo(changes).Length);
            }
        }

        byte[] whole = File.ReadAllBytes(changes);
        for (int length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(changes, whole[..length]);
            int expected = ends.Count(end => end <= length);
            using (HashIndex index = HashIndex.Open(Path))
            {
                Assert.Equal(expected, index.Changes);
            }

            using (var live = LiveHashIndex.Open(Path))
            {
                live.Add(Entry(200));
            }

            using HashIndex continued = HashIndex.Open(Path);
            Assert.Equal(expected + 1, continued.Changes);
        }
    }

    [Fact]
    public void A_changed_change_is_refused()
    {
        Save(5);
        string changes = Path + HashIndexLog.Ending;
        using (var live = LiveHashIndex.Open(Path))
        {
            live.Add(Entry(100));
            live.Add(Entry(101));
        }

        byte[] whole = File.ReadAllBytes(changes);
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] flipped = [.. whole];
            flipped[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(changes, flipped);
            HashIndexException thrown = Assert.Throws<HashIndexException>(() => HashIndex.Open(Path));
            Assert.Equal(HashIndexError.Damaged, thrown.Error);
            Assert.Equal("index.changes", thrown.File);
        }

        // What a failure of power may leave: length without content.
        File.WriteAllBytes(changes, [.. whole, .. new byte[50]]);
        using HashIndex index = HashIndex.Open(Path);
        Assert.Equal(2, index.Changes);
    }

    [Fact]
    public void Only_one_may_change_an_index_and_a_closed_one_says_so()
    {
        Save(5);
        var live = LiveHashIndex.Open(Path);
        Assert.Equal(HashIndexError.InUse, Assert.Throws<HashIndexException>(() => LiveHashIndex.Open(Path)).Error);
        live.Dispose();
        live.Dispose();
        Assert.Throws<ObjectDisposedException>(() => live.Acquire());
        Assert.Throws<ObjectDisposedException>(() => live.Add(Entry(9)));
        Assert.Throws<ObjectDisposedException>(live.Compact);
        LiveHashIndex.Open(Path).Dispose();
        Assert.Equal(HashIndexError.Missing, Assert.Throws<HashIndexException>(() => LiveHashIndex.Open(Path + "x")).Error);
        HashIndex index = HashIndex.Open(Path);
        index.Dispose();
        Assert.Throws<ObjectDisposedException>(() => index.FindPdq([default], 0, []));
        Assert.Throws<ObjectDisposedException>(() => index.Id(0));
    }

    [Fact]
    public async Task A_thousand_swaps_under_search_leave_no_mapping_and_mix_no_versions()
    {
        string[] paths = [Path + "a", Path + "b"];
        for (int version = 0; version < 2; version++)
        {
            Write(paths[version], version == 0 ? "a" : "b", 300);
        }

        File.Copy(paths[0], Path);
        using var live = LiveHashIndex.Open(Path);
        using var stop = new CancellationTokenSource();
        PdqHash needle = PdqHash.Parse(Value(HashKind.Pdq, 3));
        long[] queries = new long[2];
        Task[] searching = [.. Enumerable.Range(0, 2).Select(thread => Task.Factory.StartNew(
            () =>
            {
                var hits = new List<HashIndexHit>();
                while (!stop.IsCancellationRequested)
                {
                    using HashIndexLease lease = live.Acquire();
                    hits.Clear();
                    lease.Index.FindPdq([needle], 31, hits);
                    Assert.Equal(2, hits.Count);
                    Assert.All(hits, hit => Assert.StartsWith(lease.Index.Name, lease.Index.Id(hit.Entry), StringComparison.Ordinal));
                    queries[thread]++;
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        for (int swap = 0; swap < 1000; swap++)
        {
            string next = Path + ".next";
            File.Copy(paths[(swap + 1) % 2], next);
            File.Move(next, Path, overwrite: true);
            live.Reload();
            Assert.False(searching.Any(task => task.IsCompleted), "a search failed");
        }

        await stop.CancelAsync();
        await Task.WhenAll(searching);
        Assert.All(queries, count => Assert.InRange(count, 1, long.MaxValue));
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(1, Mappings());
            live.Dispose();
            Assert.Equal(0, Mappings());
        }
    }

    [Fact]
    public void A_matcher_asks_the_newest_version()
    {
        Save(5);
        using var live = LiveHashIndex.Open(Path);
        var matcher = new HashIndexMatcher([new KnownContentBank(live)]);
        PdqHash hash = PdqHash.Parse(Value(HashKind.Pdq, 77));
        (string Name, string Digest) before = matcher.Lists[0];
        Assert.Empty(matcher.Match(hash));
        live.Add(Entry(77));
        Assert.Equal("77", Assert.Single(matcher.Match(hash)).EntryId);
        Assert.NotEqual(before, matcher.Lists[0]);
        Assert.Equal(1, live.Remove(HashKind.Pdq, hash.ToString()));
        Assert.Empty(matcher.Match(hash));
    }

    [Theory]
    [InlineData(PdqLayout.Ring)]
    [InlineData(PdqLayout.Rows)]
    internal void An_item_goes_by_its_identifier_alone_with_all_its_hashes(PdqLayout layout)
    {
        Save(300, layout: layout);
        using (var live = LiveHashIndex.Open(Path))
        {
            // The same identifier in another list, one with the same hash and one with its own; and one more of the same list.
            live.Add(Entry(7) with { Source = "other" });
            live.Add(Entry(400) with { Id = "7", Source = "other" });
            live.Add(Entry(401) with { Id = "7" });
            Assert.Equal(0, live.RemoveEntries(["7 ", "300"]));
            Assert.Equal(0, live.RemoveEntries(["7"], "third"));
            Assert.Equal(5, live.RemoveEntries(["7"], "list"));
            Assert.Equal(0, live.RemoveEntries(["7"], "list"));
            Assert.Equal(["7"], Ids(live, HashKind.Pdq, Value(HashKind.Pdq, 7)));
            Assert.Equal(["7"], Ids(live, HashKind.Pdq, Value(HashKind.Pdq, 400)));
            Assert.Equal(2 + 4 + 4, live.RemoveEntries(["7", "8", "9"]));
        }

        foreach (bool compacted in new[] { false, true })
        {
            using HashIndex index = HashIndex.Open(Path);
            Assert.Equal((1188, compacted), (index.Count, index.Changes == 0));
            foreach (HashKind kind in new[] { HashKind.Pdq, HashKind.Md5, HashKind.Sha1, HashKind.Sha256 })
            {
                Assert.All(new[] { 7, 8, 9, 400, 401 }, number => Assert.Empty(Ids(index, kind, Value(kind, number))));
                Assert.Equal(["10"], Ids(index, kind, Value(kind, 10)));
            }

            using var live = LiveHashIndex.Open(Path);
            live.Compact();
        }
    }

    [Fact]
    public void Entries_keep_what_their_list_says_of_them()
    {
        Save(5);
        HashListEntry said = Entry(50) with { Source = "ncmec", Classification = "A1", State = "active", Labels = ["a", "b"] };
        HashListEntry less = Entry(51) with { Source = "", State = "active", Labels = [] };
        using (var live = LiveHashIndex.Open(Path))
        {
            live.Add(said);
            live.Add(less);
            using HashIndexLease lease = live.Acquire();
            Check(lease.Index);
            live.Compact();
        }

        using HashIndex index = HashIndex.Open(Path);
        Check(index);

        void Check(HashIndex index)
        {
            HashIndexEntry entry = Of(50);
            Assert.Equal(("50", "ncmec", "A1", "active"), (entry.Id, entry.Source, entry.Classification, entry.State));
            Assert.Equal(["a", "b"], entry.Labels);
            entry = Of(51);
            Assert.Equal(("51", "", null, "active"), (entry.Id, entry.Source, entry.Classification, entry.State));
            Assert.Empty(entry.Labels);
            entry = Of(3);
            Assert.Equal(("3", "list", null, null), (entry.Id, entry.Source, entry.Classification, entry.State));
            Assert.Equal(["x"], entry.Labels);

            HashIndexEntry Of(int number)
            {
                var hits = new List<HashIndexHit>();
                index.FindPdq([PdqHash.Parse(Value(HashKind.Pdq, number))], 0, hits);
                return index.Entry(Assert.Single(hits).Entry);
            }
        }
    }

    private static HashListEntry Entry(int number)
        => new(number.ToString(CultureInfo.InvariantCulture), HashKind.Pdq, Value(HashKind.Pdq, number), [], "list");

    private static string Value(HashKind kind, int number)
    {
        byte[] value = new byte[kind.ByteCount()];
        new Random(number).NextBytes(value);
        return Convert.ToHexStringLower(value);
    }

    private static string Digest(LiveHashIndex live)
    {
        using HashIndexLease lease = live.Acquire();
        return lease.Index.Digest;
    }

    private static string[] Ids(LiveHashIndex live, HashKind kind, string value)
    {
        using HashIndexLease lease = live.Acquire();
        return Ids(lease.Index, kind, value);
    }

    private static string[] Ids(HashIndex index, HashKind kind, string value)
    {
        var hits = new List<HashIndexHit>();
        if (kind == HashKind.Pdq)
        {
            index.FindPdq([PdqHash.Parse(value)], 31, hits);
        }
        else
        {
            index.FindExact(kind, Convert.FromHexString(value), hits);
        }

        return [.. hits.Select(hit => index.Id(hit.Entry))];
    }

    // Every entry that any of the numbers in use finds.
    private static string[] All(LiveHashIndex live)
    {
        using HashIndexLease lease = live.Acquire();
        HashKind[] kinds = [HashKind.Pdq, HashKind.Md5, HashKind.Sha1, HashKind.Sha256];
        return [.. from kind in kinds
                   from number in Enumerable.Range(0, 400)
                   from id in Ids(lease.Index, kind, Value(kind, number))
                   select $"{kind} {number} {id}"];
    }

    private int Mappings()
        => File.ReadLines("/proc/self/maps").Count(line => line.Contains(_folder, StringComparison.Ordinal));

    private void Save(int count, string name = "list", PdqLayout layout = PdqLayout.Ring)
    {
        using var writer = new HashIndexWriter(name) { Layout = layout };
        foreach (HashKind kind in new[] { HashKind.Pdq, HashKind.Md5, HashKind.Sha1, HashKind.Sha256 })
        {
            writer.AddRange(Enumerable.Range(0, count).Select(i => new HashListEntry(
                i.ToString(CultureInfo.InvariantCulture), kind, Value(kind, i), ["x"], name)));
        }

        writer.Save(Path);
    }

    // Two entries for each hash, named after the version.
    private static void Write(string path, string name, int count)
    {
        using var writer = new HashIndexWriter(name);
        for (int i = 0; i < count; i++)
        {
            writer.Add(Entry(i) with { Id = $"{name}{i}" });
            writer.Add(Entry(i) with { Id = $"{name}{i} again" });
        }

        writer.Save(path);
    }
}
