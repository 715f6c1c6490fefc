using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SafetySdk.Audit;
using SafetySdk.Reporting;

namespace SafetySdk.Storage.Tests;

/// <summary>Processes that are killed while they work, what they promised before, and whether it was kept. Thread-safe up to the end.</summary>
internal sealed class CrashTrial : IDisposable
{
    private const int Senders = 16;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private readonly LocalTipline _tipline = new();
    private readonly HashSet<string> _promised = [];

    /// <summary>How many rounds are asked for.</summary>
    public static int Rounds(string variable, int byDefault)
        => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } asked ? int.Parse(asked, CultureInfo.InvariantCulture) : byDefault;

    public static void Say(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    public int Promises
    {
        get
        {
            lock (_promised)
            {
                return _promised.Count;
            }
        }
    }

    public void Dispose() => _tipline.Dispose();

    /// <summary>Starts a process and kills it some time after it began to work.</summary>
    /// <param name="store">The store, as the process is told.</param>
    /// <param name="life">The time it has.</param>
    /// <param name="atStart">Whether the time counts from before it opens the store.</param>
    /// <param name="atWork">Told when the time begins.</param>
    public void RunAndKill(string[] store, TimeSpan life, bool atStart, CountdownEvent? atWork = null)
    {
        string executable = Path.Combine(AppContext.BaseDirectory, "SafetySdk.Storage.Tests");
        var start = new ProcessStartInfo(executable, [CrashingProcess.Command, _tipline.Address, .. store]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task reading = Task.Factory.StartNew(() => Read(process, ready, atStart), TaskCreationOptions.LongRunning);
        try
        {
            Assert.True(ready.Task.Wait(StartLimit), "the process does not start");
            atWork?.Signal();
            Thread.Sleep(life);
            Assert.False(process.HasExited, "the process ended by itself");
        }
        finally
        {
            process.Kill();
        }

        process.WaitForExit();
        reading.Wait();
    }

    /// <summary>Sends what is left, and checks the store and the receiver against all that was promised.</summary>
    public async Task VerifyAsync(ISafetyStore store, int rounds)
    {
        var recorder = new VerdictRecorder(store, new InputDigester(new byte[32]), outbox: CrashingProcess.Options);
        await SendTheRestAsync(recorder);
        AuditVerification audit = await StoredAudit.VerifyAsync(store);
        Assert.Null(audit.Fault);
        HashSet<string> recorded = await VerdictsInAsync(store);
        Dictionary<string, int> filed = _tipline.Filed();
        int reports = 0;
        foreach (string promise in _promised)
        {
            string[] words = promise.Split(' ');
            switch (words[0])
            {
                case "audit":
                    Assert.Contains(words[1], recorded);
                    break;
                case "report":
                    reports++;
                    Assert.Contains(words[1], filed);
                    break;
                default:
                    Assert.True((await recorder.Accounts.FindAsync(words[1])).IsDenied);
                    break;
            }
        }

        Assert.True(reports > rounds, $"only {reports} reports were promised in {rounds} rounds: nothing was tested");
        Assert.All(filed, f => Assert.Equal(1, f.Value));
        OutboxStatus status = await recorder.Outbox.StatusAsync();
        Assert.Equal(new OutboxStatus(0, 0, filed.Count, 0), status);
        Say($"{rounds} rounds, {audit.Head.Sequence} audit records, {filed.Count} reports, {_promised.Count} promises");
    }

    private void Read(Process process, TaskCompletionSource ready, bool atStart)
    {
        var line = new StringBuilder();
        for (int c; (c = process.StandardOutput.Read()) >= 0;)
        {
            if (c != '\n')
            {
                line.Append((char)c);
                continue;
            }

            // What lacks its end was not said.
            bool opened = line.ToString() == CrashingProcess.Ready;
            if (!opened)
            {
                lock (_promised)
                {
                    _promised.Add(line.ToString());
                }
            }

            // Most die once they are at work, some while they begin.
            if (atStart || !opened)
            {
                ready.TrySetResult();
            }

            line.Clear();
        }

        ready.TrySetException(new InvalidOperationException("the process ended by itself"));
    }

    private async Task SendTheRestAsync(VerdictRecorder recorder)
    {
        using var sender = new LocalTiplineSender(_tipline.Address);
        var pump = new ReportPump(recorder.Outbox, [sender]);
        long left = long.MaxValue;
        var silence = Stopwatch.StartNew();
        for (OutboxStatus status; (status = await recorder.Outbox.StatusAsync()).Pending + status.Leased > 0;)
        {
            if (status.Pending + status.Leased < left)
            {
                left = status.Pending + status.Leased;
                silence.Restart();
            }

            Assert.True(silence.Elapsed < TimeSpan.FromMinutes(2), $"{left} reports stay in the outbox");
            bool[] sent = await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => pump.SendNextAsync()));
            if (!sent.Contains(true))
            {
                await Task.Delay(20);
            }
        }
    }

    private static async Task<HashSet<string>> VerdictsInAsync(ISafetyStore store)
    {
        using var export = new MemoryStream();
        await StoredAudit.ExportAsync(store, export);
        var ids = new HashSet<string>();
        foreach (string line in Encoding.UTF8.GetString(export.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.TryGetProperty("decision", out _))
            {
                Assert.True(ids.Add(json.RootElement.GetProperty("verdict").GetString()!));
            }
        }

        return ids;
    }
}
