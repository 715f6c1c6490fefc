using System.Diagnostics;
using System.Globalization;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Tests.Matching;

/// <summary>Processes that are killed, or run out of disk, while they write an index.</summary>
public sealed class HashIndexCrashTests : IDisposable
{
    private const string PathVariable = "SAFETYSDK_TEST_INDEX";

    // A child uses its parent's: it is killed before it could delete one of its own.
    private readonly string _folder = GivenPath is null ? Directory.CreateTempSubdirectory("crash-index").FullName : string.Empty;

    private static string? GivenPath => Environment.GetEnvironmentVariable(PathVariable);

    private string Index => Path.Combine(_folder, "index");

    public void Dispose()
    {
        if (_folder.Length > 0)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_process_killed_at_any_moment_leaves_a_whole_index()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sends SIGKILL");
        Assert.SkipWhen(GivenPath is not null, "this process is the one that is killed");
        Writer(1).Save(Index);
        var seen = new HashSet<string>();
        var random = new Random(15);
        for (int round = 0; round < 15; round++)
        {
            using Process child = Start(nameof(Child_writes_until_it_is_killed), "exec \"$0\" \"$@\"");
            await Started(child, Index);

            // Others open it all the while, through every swap and the end of the writer.
            using var stop = new CancellationTokenSource();
            Task<int> reading = Task.Run(() => ReadUntil(stop.Token));
            await Task.Delay(random.Next(400), TestContext.Current.CancellationToken);
            Assert.False(child.HasExited, "the child ended by itself");
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            await stop.CancelAsync();
            Assert.InRange(await reading, 1, int.MaxValue);
            File.Delete(Index + ".started");
            using HashIndex index = HashIndex.Open(Index);
            Whole(index);

            // Every addition that was acknowledged is there, in its order.
            for (int i = 0; i < index.Changes; i++)
            {
                var hits = new List<HashIndexHit>();
                index.FindPdq([PdqHash.Parse(Value(1_000_000 + i))], 0, hits);
                Assert.Equal($"{1_000_000 + i}", index.Id(Assert.Single(hits).Entry));
            }

            Assert.InRange(index.Changes, Acknowledged(), int.MaxValue);
            seen.Add($"{index.Name} {index.Changes}");
        }

        Assert.True(seen.Count > 1, "the child never wrote anything");
    }

    [Fact]
    public async Task Two_processes_that_build_the_same_index_leave_one_of_the_two()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sends SIGKILL");
        Assert.SkipWhen(GivenPath is not null, "this process is one of the two");
        Writer(1).Save(Index);
        using Process first = Start(nameof(Child_builds_until_it_is_killed), "exec \"$0\" \"$@\"");
        using Process second = Start(nameof(Child_builds_until_it_is_killed), "exec \"$0\" \"$@\"");
        try
        {
            await Started(first, $"{Index}.{first.Id}");
            await Started(second, $"{Index}.{second.Id}");
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(3));
            var names = new HashSet<string>();
            Assert.InRange(await Task.Run(() => ReadUntil(stop.Token, names.Add)), 20, int.MaxValue);
            Assert.Equal(["1", "2"], names.Order(StringComparer.Ordinal));
            Assert.False(first.HasExited || second.HasExited, "one of them could not write");
        }
        finally
        {
            first.Kill();
            second.Kill();
            await first.WaitForExitAsync(CancellationToken.None);
            await second.WaitForExitAsync(CancellationToken.None);
        }

        using HashIndex index = HashIndex.Open(Index);
        Whole(index);
    }

    [Fact]
    public void Child_builds_until_it_is_killed()
    {
        Assert.SkipWhen(GivenPath is null, "run by another test, in a process of its own");
        using HashIndexWriter one = Writer(1);
        using HashIndexWriter two = Writer(2);
        for (int round = 0; round < 100_000; round++)
        {
            (round % 2 == 0 ? two : one).Save(GivenPath!);
            File.WriteAllText($"{GivenPath}.{Environment.ProcessId}.started", string.Empty);
        }
    }

    [Fact]
    public async Task A_full_disk_leaves_index_and_changes_as_they_were()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits the size of files");
        Assert.SkipWhen(GivenPath is not null, "this process is the one that is limited");
        Writer(1).Save(Index);
        byte[] before = await File.ReadAllBytesAsync(Index, TestContext.Current.CancellationToken);
        using Process child = Start(nameof(Child_cannot_write_much), "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\"");
        string output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode == 0 && output.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", StringComparison.Ordinal), output);
        Assert.Equal(before, await File.ReadAllBytesAsync(Index, TestContext.Current.CancellationToken));
        using HashIndex index = HashIndex.Open(Index);
        Assert.InRange(index.Changes, 1, int.MaxValue);
        Assert.Empty(Directory.GetFiles(_folder, "*.tmp"));
    }

    [Fact]
    public void Child_writes_until_it_is_killed()
    {
        Assert.SkipWhen(GivenPath is null, "run by another test, in a process of its own");
        string path = GivenPath!;
        using var live = LiveHashIndex.Open(path);
        using HashIndexWriter one = Writer(1);
        using HashIndexWriter two = Writer(2);
        int next;
        using (HashIndexLease lease = live.Acquire())
        {
            next = lease.Index.Changes;
        }

        using FileStream acknowledged = File.Open(path + ".acknowledged", FileMode.OpenOrCreate);
        for (int round = 0; round < 10_000; round++)
        {
            live.Replace(round % 2 == 0 ? two : one);
            for (int i = 0; i < 20; i++, next++)
            {
                live.Add(Entry(1_000_000 + next));
                acknowledged.Position = 0;
                acknowledged.Write(BitConverter.GetBytes(next + 1));
                acknowledged.Flush();
            }

            File.WriteAllText(path + ".started", string.Empty);
        }
    }

    [Fact]
    public void Child_cannot_write_much()
    {
        Assert.SkipWhen(GivenPath is null, "run by another test, in a process of its own");
        using HashIndexWriter large = Writer(20);
        Assert.Equal(HashIndexError.WriteFailed, Assert.Throws<HashIndexException>(() => large.Save(GivenPath!)).Error);
        using var live = LiveHashIndex.Open(GivenPath!);
        Assert.Equal(HashIndexError.WriteFailed, Assert.Throws<HashIndexException>(() => live.Replace(large)).Error);
        int added = 0;
        Assert.Equal(HashIndexError.WriteFailed, Assert.Throws<HashIndexException>(() =>
        {
            for (; added < 100_000; added++)
            {
                live.Add(Entry(1_000_000 + added));
            }
        }).Error);
        using HashIndexLease lease = live.Acquire();
        Assert.Equal(added, lease.Index.Changes);
        using HashIndex again = HashIndex.Open(GivenPath!);
        Assert.Equal(added, again.Changes);
    }

    private static async Task Started(Process child, string path)
    {
        for (int wait = 0; wait < 600 && !File.Exists(path + ".started") && !child.HasExited; wait++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static void Whole(HashIndex index)
    {
        index.Verify();
        Assert.Equal(3000 * int.Parse(index.Name, CultureInfo.InvariantCulture), index.Count - index.Changes);
    }

    // Opens the index over and over; how often.
    private int ReadUntil(CancellationToken stop, Func<string, bool>? name = null)
    {
        int opened = 0;
        do
        {
            using HashIndex index = HashIndex.Open(Index);
            Whole(index);
            name?.Invoke(index.Name);
            opened++;
        }
        while (!stop.IsCancellationRequested);
        return opened;
    }

    private static HashIndexWriter Writer(int thousands)
    {
        var writer = new HashIndexWriter(thousands.ToString(CultureInfo.InvariantCulture));
        writer.AddRange(Enumerable.Range(0, thousands * 3000).Select(Entry));
        return writer;
    }

    private static HashListEntry Entry(int number)
        => new(number.ToString(CultureInfo.InvariantCulture), HashKind.Pdq, Value(number), [], "list");

    private static string Value(int number)
    {
        byte[] value = new byte[32];
        new Random(number).NextBytes(value);
        return Convert.ToHexStringLower(value);
    }

    private int Acknowledged()
        => File.Exists(Index + ".acknowledged") && File.ReadAllBytes(Index + ".acknowledged") is { Length: 4 } bytes
            ? BitConverter.ToInt32(bytes) : 0;

    private Process Start(string test, string shell)
    {
        var start = new ProcessStartInfo("bash")
        {
            RedirectStandardOutput = true,
            // The limit on the size of files would hold for the compiler's double mapping too.
            Environment = { [PathVariable] = Index, ["DOTNET_EnableWriteXorExecute"] = "0" },
        };
        foreach (string argument in new[]
        {
            "-c", shell, Path.Combine(AppContext.BaseDirectory, "SafetySdk.Tests"), "-method", $"{typeof(HashIndexCrashTests).FullName}.{test}",
            "-noColor",
        })
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
