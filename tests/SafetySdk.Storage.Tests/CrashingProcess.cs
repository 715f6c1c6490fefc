using SafetySdk.Audit;
using SafetySdk.Policies;
using SafetySdk.Reporting;
using SafetySdk.Storage.Postgres;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Storage.Tests;

/// <summary>A process that checks, suspends and reports until it is killed, and says what it was promised: one line each.</summary>
internal static class CrashingProcess
{
    public const string Command = "crash";
    public const string Ready = "ready";
    public const string Sqlite = "sqlite";
    public const string Postgres = "postgres";

    public static readonly OutboxOptions Options = new()
    {
        Lease = TimeSpan.FromSeconds(2),
        FirstPause = TimeSpan.FromMilliseconds(5),
        LongestPause = TimeSpan.FromMilliseconds(50),
        MaxAttempts = 1_000_000,
    };

    public static int Run(string[] task)
    {
        using var sender = new LocalTiplineSender(task[0]);
        bool remote = task[1] == Postgres;
        using ISafetyStore store = remote ? PostgresSafetyStore.Open(task[2]) : SqliteSafetyStore.Open(task[2]);
        var recorder = new VerdictRecorder(store, new InputDigester(new byte[32]), outbox: Options);
        var output = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true });
        output.WriteLine(Ready);
        Task[] workers =
        [
            .. Enumerable.Range(0, 2).Select(_ => Task.Run(() => new ReportPump(recorder.Outbox, [sender], TimeSpan.FromMilliseconds(5)).RunAsync())),
            .. Enumerable.Range(0, 3).Select(i => Task.Run(() => CheckAsync(recorder, output, i, remote))),
        ];
        Task.WaitAll(workers);
        return 0;
    }

    private static async Task CheckAsync(VerdictRecorder recorder, TextWriter output, int worker, bool remote)
    {
        for (int i = 0; ; i++)
        {
            string account = $"{Environment.ProcessId}-{worker}-{i}-{Guid.NewGuid():N}";
            Verdict verdict = (i % 3) switch
            {
                0 => Verdicts.Known(),
                1 => Verdicts.Blocked(),
                _ => Verdicts.Allowed(),
            };
            RecordedVerdict recorded;
            try
            {
                recorded = await recorder.RecordAsync(verdict, new CheckSubject { AccountId = account });
            }
            catch (StorageException) when (remote)
            {
                // The server was killed: nothing was promised.
                await Task.Delay(10);
                continue;
            }

            string promised = recorded.Report is { } report ? $"\nreport {report.Key}\nsuspended {account}" : string.Empty;
            output.Write($"audit {verdict.Id}{promised}\n");
        }
    }
}
