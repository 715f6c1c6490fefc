namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>The hostile corpus through the header reader and the decoder, in this process.</summary>
public sealed class HostileCorpusTests
{
    /// <summary>Bytes that a hostile file may take above an idle process.</summary>
    internal const long MemoryAllowance = 64L << 20;

    // Against a hang only; the whole corpus takes seconds.
    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(5);

    private readonly VipsImageDecoder _decoder = new(TestEnvironment.Runtime());

    public static TheoryData<string> Kinds => HostileCorpus.KindNames;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Hostile_files_end_as_stated(string kind)
    {
        string current = "";
        var wrong = new List<string>();
        int count = 0;
        Task run = Task.Run(
            () =>
            {
                foreach (HostileFile file in HostileCorpus.Kinds[kind]())
                {
                    current = file.Name;
                    count++;
                    byte[] bytes = file.Make();
                    wrong.AddRange(HostileRun.Faults(_decoder, file, bytes));
                }
            },
            TestContext.Current.CancellationToken);
        Assert.True(
            await Task.WhenAny(run, Task.Delay(HangGuard, TestContext.Current.CancellationToken)) == run, $"hangs at: {Volatile.Read(ref current)}");
        await run;
        Assert.True(wrong.Count == 0, $"{wrong.Count} faults in {count} files of the kind '{kind}':\n" + string.Join('\n', wrong.Take(40)));
        Assert.True(count > 5, "the kind is empty");
        Assert.Null(HostileRun.FaultOfGoodFile(_decoder));
    }

    [Fact]
    public async Task In_a_process_of_their_own_they_take_little_memory_and_print_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "measures memory by Linux files");
        DecoderProcess.Report report = await DecoderProcess.DecodeCorpusAsync(TestContext.Current.CancellationToken);
        Assert.True(report.Faults.Count == 0, $"{report.Faults.Count} faults:\n" + string.Join('\n', report.Faults.Take(40)));
        Assert.InRange(report.Notes["files"], 5_000, int.MaxValue);
        Assert.True(report.Notes["dropped messages"] > 0, "the handler was never called, so silence proves nothing");
        Assert.True(report.Notes["largest growth"] > MemoryAllowance, "pictures of 100 Mpixel cannot be decoded in less: nothing was measured");
        foreach ((string name, long figure) in report.Notes)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {figure}");
        }
    }

    [Fact]
    public unsafe void The_library_itself_takes_no_blocked_format()
    {
        foreach (HostileFile file in HostileCorpus.Kinds["blocked formats"]())
        {
            byte[] bytes = file.Make();
            fixed (byte* pinned = bytes)
            {
                Assert.True(_decoder.Library.ForeignFindLoadBuffer(pinned, (nuint)bytes.Length) is null, file.Name);
                _decoder.Library.ErrorClear();
            }
        }
    }

    [Fact]
    public void The_corpus_is_the_same_every_time()
    {
        HostileFile[] first = [.. HostileCorpus.All], second = [.. HostileCorpus.All];
        Assert.Equal(first.Select(f => f.Name), second.Select(f => f.Name));
        Assert.Equal(first.Length, first.Select(f => f.Name).Distinct().Count());
        Assert.All(first.Zip(second).Where(pair => !pair.First.IsLarge), pair => Assert.Equal(pair.First.Make(), pair.Second.Make()));
    }
}
