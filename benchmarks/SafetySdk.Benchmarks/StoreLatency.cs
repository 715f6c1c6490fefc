using System.Diagnostics;
using System.Globalization;
using SafetySdk.Audit;
using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;
using SafetySdk.Storage;
using SafetySdk.Storage.Postgres;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Benchmarks;

/// <summary>
/// What one check costs without any model: account gate, pipeline, policy, digests and the audit record. Each check is timed by itself,
/// the lanes in turn, so that a busy machine disturbs all alike. <c>stores [FOLDER] [CHECKS] [ROUNDS]
/// [CONNECTION]</c>; with the connection string of a PostgreSQL database, in a schema of its own, that as well.
/// </summary>
internal static class StoreLatency
{
    private static readonly SafetyRequest Request = new()
    {
        Prompt = "a watercolour of a lighthouse at dawn, soft light, wide view over the harbour",
        AccountId = "account-4711",
    };

    private static readonly SafetyPipelineParts Parts = new()
    {
        Policy = PolicyFile.Load("balanced"),
        PromptClassifiers = [new Silent()],
    };

    private static readonly SafetyPipeline Pipeline = new(Parts);

    public static void Run(string[] args)
    {
        string folder = args.Length > 0 ? args[0] : Path.GetTempPath();
        int checks = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 2000;
        int rounds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 7;
        string? connection = args.Length > 3 ? args[3] : null;
        string file = Path.Combine(folder, $"stores-{Guid.NewGuid():N}.db");
        using var memory = new InMemorySafetyStore();
        using SqliteSafetyStore sqlite = SqliteSafetyStore.Open(file);
        var digester = InputDigester.Ephemeral();
        var inMemory = new VerdictRecorder(memory, digester);
        var process = new VerdictRecorder(sqlite, digester);
        var full = new VerdictRecorder(sqlite, digester, new RecorderOptions { Durability = StoreDurability.Full });
        var schema = new PostgresStoreOptions { Schema = $"stores_{Guid.NewGuid():N}" };
        using PostgresSafetyStore? waiting = connection is null ? null : PostgresSafetyStore.Open(connection, schema);
        using PostgresSafetyStore? relaxed =
            connection is null ? null : PostgresSafetyStore.Open(connection, schema with { AsynchronousCommit = true });
        var gatedInMemory = new SafetyPipeline(Parts with { Accounts = new AccountLookup(memory) });
        var gated = new SafetyPipeline(Parts with { Accounts = new AccountLookup(sqlite) });
        List<(string Name, Action Check, int Divisor)> lanes =
        [
            ("pipeline and policy alone", () => Pipeline.Check(Request), 1),
            ("with gate and audit, in memory", () => Check(gatedInMemory, inMemory), 1),
            ("with gate and audit, SQLite, survives the process", () => Check(gated, process), 1),
            ("with gate and audit, SQLite, survives a loss of power", () => Check(gated, full), 20),
        ];
        VerdictRecorder? fleet = null;
        SafetyPipeline? gatedFleet = null;
        if (waiting is not null && relaxed is not null)
        {
            var soon = new VerdictRecorder(relaxed, digester);
            fleet = new VerdictRecorder(waiting, digester);
            var gatedSoon = new SafetyPipeline(Parts with { Accounts = new AccountLookup(relaxed) });
            gatedFleet = new SafetyPipeline(Parts with { Accounts = new AccountLookup(waiting) });
            lanes.Add(("with gate and audit, PostgreSQL, survives the process", () => Check(gatedSoon, soon), 4));
            lanes.Add(("with gate and audit, PostgreSQL, survives a loss of power", () => Check(gatedFleet, fleet), 20));
        }

        Console.WriteLine($"{Environment.ProcessorCount} processors, .NET {Environment.Version}, {checks} checks x {rounds} rounds");
        Console.WriteLine("| one check | p50 us: least / median of the rounds | p95 us: the same | bytes allocated |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        var p50 = lanes.Select(_ => new List<double>()).ToArray();
        var p95 = lanes.Select(_ => new List<double>()).ToArray();
        double[] bytes = new double[lanes.Count];
        for (int round = -1; round < rounds; round++)
        {
            for (int lane = 0; lane < lanes.Count; lane++)
            {
                double[] times = Time(lanes[lane].Check, checks / lanes[lane].Divisor, out bytes[lane]);
                if (round >= 0)
                {
                    p50[lane].Add(times[times.Length / 2]);
                    p95[lane].Add(times[(int)(times.Length * 0.95)]);
                }
            }
        }

        for (int lane = 0; lane < lanes.Count; lane++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {lanes[lane].Name} | {p50[lane].Min():0.0} / {Median(p50[lane]):0.0} | {p95[lane].Min():0.0} / {Median(p95[lane]):0.0} | {bytes[lane]:0} |"));
        }

        Rates("SQLite", gated, full);
        if (fleet is not null && gatedFleet is not null)
        {
            Rates("PostgreSQL", gatedFleet, fleet);
            bool intact = StoredAudit.VerifyAsync(waiting!).GetAwaiter().GetResult().IsIntact;
            Console.WriteLine($"log in PostgreSQL intact: {intact}; drop its schema {schema.Schema}");
        }

        Console.WriteLine($"log intact: {StoredAudit.VerifyAsync(sqlite).GetAwaiter().GetResult().IsIntact}");
        sqlite.Dispose();
        foreach (string left in Directory.GetFiles(folder, Path.GetFileName(file) + "*"))
        {
            File.Delete(left);
        }
    }

    private static void Rates(string name, SafetyPipeline pipeline, VerdictRecorder recorder)
    {
        foreach (int writers in (int[])[1, 8, 64])
        {
            double rate = Enumerable.Range(0, 3).Max(_ => Rate(pipeline, recorder, writers, TimeSpan.FromSeconds(1)));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"checks a second that survive a loss of power, {name}, {writers} at a time: {rate:0}"));
        }
    }

    private static void Check(SafetyPipeline pipeline, VerdictRecorder recorder)
        => RecordAsync(pipeline.Check(Request), recorder).AsTask().GetAwaiter().GetResult();

    private static async ValueTask RecordAsync(Verdict verdict, VerdictRecorder recorder)
    {
        var subject = new CheckSubject
        {
            AccountId = Request.AccountId,
            Inputs = CheckSubject.Digest(recorder.Digester, Request.Prompt, Request.Images, Request.OutputImages),
        };
        verdict = await recorder.RecordOrRefuseAsync(verdict, subject).ConfigureAwait(false);
        if (verdict.Decision != Decision.Allow)
        {
            throw new InvalidOperationException("The check does not answer as expected.");
        }
    }

    private static double[] Time(Action check, int count, out double bytes)
    {
        double[] times = new double[count];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < count; i++)
        {
            long start = Stopwatch.GetTimestamp();
            check();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)count;
        Array.Sort(times);
        return times;
    }

    private static double Rate(SafetyPipeline pipeline, VerdictRecorder recorder, int writers, TimeSpan time)
    {
        long done = 0;
        var clock = Stopwatch.StartNew();
        Task.WaitAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            while (clock.Elapsed < time)
            {
                await RecordAsync(pipeline.Check(Request), recorder).ConfigureAwait(false);
                Interlocked.Increment(ref done);
            }
        })).ToArray());
        return done / clock.Elapsed.TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private sealed class Silent : IPromptClassifier
    {
        private static readonly Signal[] Nothing = [new(SafetyCategory.Violence, 0.01, "silent", "1")];

        public string Name => "silent";

        public string Version => "1";

        public IReadOnlyList<Signal> Classify(string text, TextOrigin origin) => Nothing;
    }
}
