using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Audit;
using SafetySdk.Policies;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Storage.Tests;

public sealed class SqliteStoreTests : SafetyStoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("safety-store-").FullName;

    private string File => Path.Combine(_folder, "safety.db");

    protected override ISafetyStore Open() => SqliteSafetyStore.Open(File);

    protected override void Cleanup() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Everything_is_there_after_opening_again()
    {
        await Recorder().RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" });
        Store.Dispose();
        using SqliteSafetyStore again = SqliteSafetyStore.Open(File);
        var recorder = new VerdictRecorder(again, new InputDigester(Key), time: Time);
        Assert.True((await recorder.Accounts.FindAsync("a")).IsDenied);
        Assert.Equal(1, (await recorder.Outbox.StatusAsync()).Pending);
        Assert.Equal(3, (await StoredAudit.VerifyAsync(again)).Head.Sequence);
        await recorder.RecordAsync(Verdicts.Allowed(), new CheckSubject());
        Assert.Equal(4, (await StoredAudit.VerifyAsync(again)).Head.Sequence);
    }

    [Fact]
    public async Task Two_stores_on_one_file_make_one_chain()
    {
        using SqliteSafetyStore other = SqliteSafetyStore.Open(File);
        var second = new VerdictRecorder(other, new InputDigester(Key), time: Time);
        VerdictRecorder first = Recorder();
        await Task.WhenAll(new[] { first, second }.Select(r => Task.Run(async () =>
        {
            for (int i = 0; i < 50; i++)
            {
                await r.RecordAsync(Verdicts.Allowed(), new CheckSubject());
            }
        })));
        AuditVerification verification = await StoredAudit.VerifyAsync(other);
        Assert.Null(verification.Fault);
        Assert.Equal(100, verification.Head.Sequence);
    }

    [Fact]
    public void A_new_file_is_its_owners_alone()
    {
        Assert.NotNull(Store);
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("needs the rights of Unix files");
        }
        else
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }
    }

    [Fact]
    public void A_database_of_a_newer_version_is_refused_and_not_touched()
    {
        Store.Dispose();
        Sql($"PRAGMA user_version = {SqliteMigrations.Version + 1}");
        byte[] before = System.IO.File.ReadAllBytes(File);
        Assert.Equal(StorageError.NewerVersion, Refused(File));
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void A_file_of_something_else_is_refused_and_not_touched()
    {
        Sql("CREATE TABLE theirs(x); INSERT INTO theirs VALUES (1)");
        Assert.Equal(StorageError.NotAStore, Refused(File));
        Assert.Equal(1L, Sql("SELECT COUNT(*) FROM sqlite_schema"));
        string text = Path.Combine(_folder, "text");
        byte[] content = new byte[5000];
        Random.Shared.NextBytes(content);
        System.IO.File.WriteAllBytes(text, content);
        Assert.Equal(StorageError.NotAStore, Refused(text));
        Assert.Equal(content, System.IO.File.ReadAllBytes(text));
        Assert.Equal(StorageError.Unavailable, Refused(Path.Combine(_folder, "no", "such", "folder.db")));
    }

    [Fact]
    public async Task A_damaged_file_is_an_error_and_never_an_empty_store()
    {
        await Recorder().RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" });
        Store.Dispose();
        byte[] content = System.IO.File.ReadAllBytes(File);
        content.AsSpan(4096).Fill(0x5A);
        System.IO.File.WriteAllBytes(File, content);
        using SqliteSafetyStore damaged = SqliteSafetyStore.Open(File);
        var recorder = new VerdictRecorder(damaged, new InputDigester(Key), time: Time);
        StorageException e = await Assert.ThrowsAsync<StorageException>(
            async () => await recorder.Accounts.FindAsync("a"));
        Assert.Equal(StorageError.Corrupt, e.Error);
        Verdict refused = await recorder.RecordOrRefuseAsync(Verdicts.Allowed(), new CheckSubject());
        Assert.Equal(Decision.Block, refused.Decision);
        Assert.Single(refused.Failures);
    }

    [Fact]
    public async Task A_locked_file_is_waited_for_and_then_an_error()
    {
        using SqliteSafetyStore store = SqliteSafetyStore.Open(File, new SqliteStoreOptions { BusyTimeout = TimeSpan.FromMilliseconds(50) });
        var recorder = new VerdictRecorder(store, new InputDigester(Key), time: Time);
        using (SqliteConnection other = Connect())
        {
            Execute(other, "BEGIN IMMEDIATE");
            StorageException e = await Assert.ThrowsAsync<StorageException>(
                async () => await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" }));
            Assert.Equal(StorageError.Locked, e.Error);

            // Reading goes on.
            Assert.False((await recorder.Accounts.FindAsync("a")).IsDenied);
            Execute(other, "ROLLBACK");
        }

        await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" });
        Assert.True((await recorder.Accounts.FindAsync("a")).IsDenied);
    }

    [Fact]
    public async Task A_full_disk_is_an_error_and_loses_nothing_that_was_accepted()
    {
        Store.Dispose();
        long pages = (long)Sql("PRAGMA page_count")!;
        int accepted = 0;
        using (SqliteSafetyStore full = SqliteSafetyStore.Open(File, new SqliteStoreOptions { MaxPages = (int)pages + 20 }))
        {
            var recorder = new VerdictRecorder(full, new InputDigester(Key), time: Time);
            StorageException? refused = null;
            while (refused is null)
            {
                try
                {
                    await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = $"a{accepted}" });
                    accepted++;
                }
                catch (StorageException e)
                {
                    refused = e;
                }
            }

            Assert.Equal(StorageError.Full, refused.Error);
            Verdict verdict = await recorder.RecordOrRefuseAsync(Verdicts.Allowed() with { Detectors = Many() }, new CheckSubject());
            Assert.Equal(Decision.Block, verdict.Decision);
        }

        Assert.InRange(accepted, 1, 1000);
        using SqliteSafetyStore again = SqliteSafetyStore.Open(File);
        var after = new VerdictRecorder(again, new InputDigester(Key), time: Time);
        Assert.Equal(accepted, (await after.Outbox.StatusAsync()).Pending);
        Assert.True((await StoredAudit.VerifyAsync(again)).IsIntact);
        Assert.False((await after.Accounts.FindAsync($"a{accepted}")).IsDenied);
        Assert.True((await after.Accounts.FindAsync($"a{accepted - 1}")).IsDenied);

        static IReadOnlyList<Classification.DetectorVersion> Many()
            => [.. Enumerable.Range(0, 3000).Select(i => new Classification.DetectorVersion($"detector-{i}", "1"))];
    }

    [Fact]
    public async Task A_pipeline_over_a_full_disk_allows_nothing_and_still_knows_who_is_denied()
    {
        await Recorder().Accounts.RaiseAsync("a", Accounts.AccountStanding.Banned, "why", "who");
        Store.Dispose();
        long pages = (long)Sql("PRAGMA page_count")!;
        using ServiceProvider provider = new ServiceCollection().AddSafety()
            .AddSqliteStore(File, new SqliteStoreOptions { MaxPages = (int)pages + 4 }).AddRecording(Key).Services.BuildServiceProvider();
        Pipeline.SafetyPipeline pipeline = provider.GetRequiredService<Pipeline.SafetyPipeline>();
        var request = new Pipeline.SafetyRequest { Prompt = "a lighthouse at dawn", AccountId = "b" };
        int allowed = 0;
        Verdict verdict = await pipeline.CheckAsync(request, TestContext.Current.CancellationToken);
        for (; verdict.Decision == Decision.Allow && allowed < 5000; allowed++)
        {
            verdict = await pipeline.CheckAsync(request, TestContext.Current.CancellationToken);
        }

        Assert.Contains(verdict.Failures, f => f.Check == "recorder");
        Assert.True(verdict.Decision >= Decision.Review);
        Verdict denied = await pipeline.CheckAsync(request with { AccountId = "a" }, TestContext.Current.CancellationToken);
        Assert.Equal((Decision.Block, RefusalCode.Account), (denied.Decision, denied.Refusal));

        // What was allowed is in the log, and nothing else.
        AuditVerification log = await StoredAudit.VerifyAsync(provider.GetRequiredService<ISafetyStore>(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(log.IsIntact);
        Assert.Equal(allowed + 1, log.Head.Sequence);
    }

    [Fact]
    public async Task A_write_that_waits_for_the_disk_reaches_it_later()
    {
        using SqliteSafetyStore store = SqliteSafetyStore.Open(File, new SqliteStoreOptions { FlushInterval = TimeSpan.FromMilliseconds(1) });
        await store.WriteAsync(t => t.Reports.Clock = Time.GetUtcNow(), StoreDurability.Process);
        Assert.Equal(Time.GetUtcNow(), await store.ReadAsync(t => t.Reports.Clock));
        Assert.True(SpinWait.SpinUntil(() => store.IsFlushed, TimeSpan.FromSeconds(30)));
    }

    [Theory]
    [InlineData("UPDATE audit SET line = x'00'")]
    [InlineData("DELETE FROM audit")]
    public async Task The_log_cannot_be_changed_in_passing(string sql)
    {
        await Recorder().RecordAsync(Verdicts.Allowed(), new CheckSubject());
        Assert.Throws<SqliteException>(() => Sql(sql));
    }

    [Theory]
    [InlineData("UPDATE audit SET line = CAST(replace(CAST(line AS TEXT), 'allow', 'block') AS BLOB) WHERE sequence = 3", AuditFaultKind.Altered, 3)]
    [InlineData("UPDATE audit SET line = x'' WHERE sequence = 3", AuditFaultKind.Altered, 3)]
    [InlineData("DELETE FROM audit WHERE sequence = 2", AuditFaultKind.Missing, 2)]
    [InlineData("DELETE FROM audit WHERE sequence > 4", AuditFaultKind.Truncated, 5)]
    [InlineData("UPDATE audit SET sequence = CASE sequence WHEN 2 THEN -3 WHEN 3 THEN -2 END WHERE sequence IN (2, 3);"
        + "UPDATE audit SET sequence = -sequence WHERE sequence < 0", AuditFaultKind.Reordered, 2)]
    public async Task Verification_finds_what_was_done_to_the_file(string sql, AuditFaultKind kind, long sequence)
    {
        VerdictRecorder recorder = Recorder();
        for (int i = 0; i < 6; i++)
        {
            await recorder.RecordAsync(Verdicts.Allowed(), new CheckSubject());
        }

        Store.Dispose();
        Sql($"DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut; {sql}");
        using SqliteSafetyStore again = SqliteSafetyStore.Open(File, new SqliteStoreOptions { ReadOnly = true });
        AuditFault fault = (await StoredAudit.VerifyAsync(again)).Fault!;
        Assert.Equal((kind, sequence), (fault.Kind, fault.Sequence));
    }

    private static StorageError Refused(string path) => Assert.Throws<StorageException>(() => SqliteSafetyStore.Open(path)).Error;

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        return connection;
    }

    private object? Sql(string sql)
    {
        using SqliteConnection connection = Connect();
        return Execute(connection, sql);
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this test.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}
