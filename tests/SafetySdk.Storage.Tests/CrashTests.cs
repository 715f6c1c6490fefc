using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SafetySdk.Audit;
using SafetySdk.Reporting;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Storage.Tests;

/// <summary>What was promised outlives a process that is killed at any moment.</summary>
public sealed class CrashTests : IDisposable
{
    private const string RoundsVariable = "SAFETYSDK_TEST_CRASH_ROUNDS";
    private const int DefaultRounds = 25;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("safety-crash-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Killed_at_any_moment_it_loses_nothing_and_files_each_report_once()
    {
        int rounds = Environment.GetEnvironmentVariable(RoundsVariable) is { Length: > 0 } asked
            ? int.Parse(asked, CultureInfo.InvariantCulture)
            : DefaultRounds;
        string file = Path.Combine(_folder, "safety.db");
        using var tipline = new LocalTipline();
        var promised = new HashSet<string>();
        for (int round = 0; round < rounds; round++)
        {
            int before = promised.Count;
            promised.UnionWith(RunAndKill(
                file, tipline.Address, TimeSpan.FromMilliseconds(Random.Shared.Next(250)), atStart: round % 5 == 4));
            TestContext.Current.TestOutputHelper?.WriteLine($"round {round}: {promised.Count - before} promises");
        }

        using SqliteSafetyStore store = SqliteSafetyStore.Open(file);
        var recorder = new VerdictRecorder(store, new InputDigester(new byte[32]), outbox: CrashingProcess.Options);
        await SendTheRestAsync(recorder, tipline.Address);

        AuditVerification audit = await StoredAudit.VerifyAsync(store);
        Assert.Null(audit.Fault);
        HashSet<string> recorded = await VerdictsInAsync(store);
        Dictionary<string, int> filed = tipline.Filed();
        int reports = 0;
        foreach (string promise in promised)
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
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{rounds} rounds, {audit.Head.Sequence} audit records, {filed.Count} reports, {promised.Count} promises");
    }

    private static HashSet<string> RunAndKill(string file, string address, TimeSpan life, bool atStart)
    {
        string executable = Path.Combine(AppContext.BaseDirectory, "SafetySdk.Storage.Tests");
        var start = new ProcessStartInfo(executable, [CrashingProcess.Command, file, address]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        var promises = new HashSet<string>();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task reading = Task.Run(() =>
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
                    promises.Add(line.ToString());
                }

                // Most die once they are at work, some while they begin.
                if (atStart || !opened)
                {
                    ready.TrySetResult();
                }

                line.Clear();
            }

            ready.TrySetException(new InvalidOperationException("the process ended by itself"));
        });
        try
        {
            Assert.True(ready.Task.Wait(StartLimit), "the process does not start");
            Thread.Sleep(life);
            Assert.False(process.HasExited, "the process ended by itself");
        }
        finally
        {
            process.Kill();
        }

        process.WaitForExit();
        reading.Wait();
        return promises;
    }

    private static async Task SendTheRestAsync(VerdictRecorder recorder, string address)
    {
        using var sender = new LocalTiplineSender(address);
        var pump = new ReportPump(recorder.Outbox, [sender]);
        var limit = Stopwatch.StartNew();
        for (OutboxStatus status; (status = await recorder.Outbox.StatusAsync()).Pending + status.Leased > 0;)
        {
            Assert.True(limit.Elapsed < TimeSpan.FromMinutes(5), "reports stay in the outbox");
            if (!await pump.SendNextAsync())
            {
                await Task.Delay(20);
            }
        }
    }

    private static async Task<HashSet<string>> VerdictsInAsync(SqliteSafetyStore store)
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
