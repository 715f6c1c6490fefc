using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Policies;
using SafetySdk.Storage.Postgres;

namespace SafetySdk.Storage.Tests;

public sealed class PostgresStoreTests(PostgresFixture fixture) : SafetyStoreContract
{
    private readonly string _schema = PostgresFixture.NewSchema();

    private PostgresStoreOptions Options => new() { Schema = _schema };

    protected override ISafetyStore Open() => Another();

    private PostgresSafetyStore Another(PostgresStoreOptions? options = null)
        => PostgresSafetyStore.Open(fixture.Server.ConnectionString(), options ?? Options);

    private object? Sql(string sql) => fixture.Server.Sql($"SET search_path = {_schema}; {sql}");

    [Fact]
    public async Task Everything_is_there_after_opening_again()
    {
        await Recorder().RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" });
        Store.Dispose();
        using PostgresSafetyStore again = Another(Options with { AsynchronousCommit = true, PrepareStatements = false });
        var recorder = new VerdictRecorder(again, new InputDigester(Key), time: Time);
        Assert.True((await recorder.Accounts.FindAsync("a")).IsDenied);
        Assert.Equal(1, (await recorder.Outbox.StatusAsync()).Pending);
        Assert.Equal(3, (await StoredAudit.VerifyAsync(again)).Head.Sequence);
        await recorder.RecordAsync(Verdicts.Allowed(), new CheckSubject());
        Assert.Equal(4, (await StoredAudit.VerifyAsync(again)).Head.Sequence);
    }

    [Fact]
    public async Task A_host_registers_it()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddSafety().AddPostgresStore(fixture.Server.ConnectionString(), Options).AddRecording(Key).Services.BuildServiceProvider();
        Assert.IsType<PostgresSafetyStore>(provider.GetRequiredService<ISafetyStore>());
        await provider.GetRequiredService<VerdictRecorder>().RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" });
        Assert.True((await provider.GetRequiredService<AccountRegister>().FindAsync("a")).IsDenied);
    }

    [Fact]
    public async Task Several_hosts_make_one_chain_and_take_each_report_once()
    {
        const int Hosts = 4, Each = 30;
        PostgresSafetyStore[] stores = [.. Enumerable.Range(0, Hosts).Select(_ => Another())];
        VerdictRecorder[] hosts = [.. stores.Select(s => new VerdictRecorder(s, new InputDigester(Key), time: Time))];
        await Task.WhenAll(hosts.SelectMany((host, h) => Enumerable.Range(0, 3).Select(w => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++)
            {
                Verdict verdict = i % 2 == 0 ? Verdicts.Known() : Verdicts.Allowed();
                await host.RecordAsync(verdict, new CheckSubject { AccountId = $"{h}-{w}-{i}" });
            }
        }))));
        string[][] taken = await Task.WhenAll(hosts.SelectMany(host => Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            var keys = new List<string>();
            while (await host.Outbox.LeaseAsync(default) is { } report)
            {
                keys.Add(report.Key);
            }

            return keys.ToArray();
        }))));
        Assert.Equal(Hosts * 3 * Each / 2, taken.Sum(t => t.Length));
        Assert.Equal(Hosts * 3 * Each / 2, taken.SelectMany(t => t).Distinct().Count());
        AuditVerification audit = await StoredAudit.VerifyAsync(stores[0]);
        Assert.Null(audit.Fault);
        Assert.Equal((Hosts * 3 * Each / 2 * 3) + (Hosts * 3 * Each / 2), audit.Head.Sequence);
        Array.ForEach(stores, s => s.Dispose());
    }

    [Fact]
    public async Task Hosts_that_start_at_once_make_the_tables_once()
    {
        _ = fixture.Server;
        using var start = new Barrier(8);
        PostgresSafetyStore[] stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return Another();
            },
            TaskCreationOptions.LongRunning)));
        await Task.WhenAll(stores.Select(s => s.WriteAsync(
            t => AuditLog.Append(t.Audit, new AuditEntry { Kind = AuditKind.Report }, Time.GetUtcNow())).AsTask()));
        AuditVerification audit = await StoredAudit.VerifyAsync(stores[0]);
        Assert.Null(audit.Fault);
        Assert.Equal(8, audit.Head.Sequence);
        Assert.Equal(1L, Sql("SELECT COUNT(*) FROM meta"));
        Array.ForEach(stores, s => s.Dispose());
    }

    [Fact]
    public async Task Work_that_fails_takes_no_other_work_of_its_transaction_along()
    {
        // While the writer waits here, the rest of them come together as one transaction.
        using var go = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        Task first = Store.WriteAsync(_ =>
        {
            begun.Set();
            return go.Wait(TimeSpan.FromMinutes(1));
        }).AsTask();
        begun.Wait();
        var tasks = new List<Task>();
        for (int i = 0; i < 12; i++)
        {
            int n = i;
            tasks.Add(Store.WriteAsync(t =>
            {
                AuditLog.Append(t.Audit, new AuditEntry { Kind = AuditKind.Report }, Time.GetUtcNow());
                t.Reports.Clock = Time.GetUtcNow().AddTicks(n);
                switch (n % 4)
                {
                    case 1:
                        t.Accounts.Put(new Account($"a{n}"));
                        break;
                    case 2:
                        t.Accounts.Put(new Account($"a{n}"));
                        Assert.Equal(t.Audit.Head.Sequence, t.Audit.Read(0, 100).Count);
                        throw new NotSupportedException();
                    case 3:
                        throw new NotSupportedException();
                }

                return n;
            }).AsTask());
        }

        go.Set();
        await first;
        for (int i = 0; i < tasks.Count; i++)
        {
            if (i % 4 < 2)
            {
                await tasks[i];
            }
            else
            {
                await Assert.ThrowsAsync<NotSupportedException>(() => tasks[i]);
            }
        }

        AuditVerification audit = await StoredAudit.VerifyAsync(Store);
        Assert.Null(audit.Fault);
        Assert.Equal(6, audit.Head.Sequence);
        Assert.Equal(3L, Sql("SELECT COUNT(*) FROM account"));
        Assert.Equal(Time.GetUtcNow().AddTicks(9), await Store.ReadAsync(t => t.Reports.Clock));
        Assert.Equal(2L, Sql("SELECT MAX(mark) FROM commit_mark"));
    }

    [Fact]
    public async Task Any_string_is_kept_as_it_is()
    {
        string[] ids = ["a\0b", "\\0", "a\\", "\uD800", "x\uDC00\uD800", "\U0001F600", "\\uD800", "\\\\u0041", "Ä", "a' --"];
        await Store.WriteAsync(t =>
        {
            foreach (string id in ids)
            {
                t.Accounts.Put(new Account(id));
                t.Accounts.Add(new StandingChange(id, AccountStanding.Good, AccountStanding.Warned, id, id, Time.GetUtcNow())
                {
                    Asked = AccountStanding.Warned,
                });
            }

            return 0;
        });
        Assert.Equal((long)ids.Length, Sql("SELECT COUNT(*) FROM account"));
        foreach (string id in ids)
        {
            Assert.NotNull(await Store.ReadAsync(t => t.Accounts.Find(id)));
            Assert.Equal(id, Assert.Single(await Store.ReadAsync(t => t.Accounts.Changes(id))).Reason);
            Assert.Equal(id, PostgresText.Decode(PostgresText.Encode(id)));
        }
    }

    [Fact]
    public async Task A_schema_of_a_newer_version_is_refused_also_by_those_who_have_it_open()
    {
        Assert.NotNull(Store);
        Sql($"UPDATE meta SET version = {PostgresMigrations.Version + 1}");
        Assert.Equal(StorageError.NewerVersion, Refused(Options));
        VerdictRecorder recorder = Recorder();
        StorageException e = await Assert.ThrowsAsync<StorageException>(
            async () => await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" }));
        Assert.Equal(StorageError.NewerVersion, e.Error);
        Assert.Equal(Decision.Block, (await recorder.RecordOrRefuseAsync(Verdicts.Allowed(), new CheckSubject())).Decision);
        Assert.Equal(0L, Sql("SELECT COUNT(*) FROM audit"));
    }

    [Fact]
    public void Tables_of_something_else_are_refused_and_not_touched()
    {
        fixture.Server.Sql($"CREATE SCHEMA {_schema}");
        Sql("CREATE TABLE theirs(x integer)");
        Assert.Equal(StorageError.NotAStore, Refused(Options));
        Sql("CREATE TABLE meta(x integer)");
        Assert.Equal(StorageError.NotAStore, Refused(Options));
        Assert.Equal(2L, Sql($"SELECT COUNT(*) FROM pg_tables WHERE schemaname = '{_schema}'"));
        Assert.Equal(StorageError.Unavailable, Refused(new PostgresStoreOptions { Schema = PostgresFixture.NewSchema(), Migrate = false }));
        Assert.Equal(StorageError.Unavailable, Refused(new PostgresStoreOptions { Schema = PostgresFixture.NewSchema(), ReadOnly = true }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Safety")]
    [InlineData("a-b")]
    [InlineData("1a")]
    [InlineData("pg_a")]
    [InlineData("a\"; DROP SCHEMA public; --")]
    public void A_name_that_no_schema_has_is_refused(string schema)
        => Assert.Throws<ArgumentException>(() => PostgresSafetyStore.Open("Host=nowhere", new PostgresStoreOptions { Schema = schema }));

    [Fact]
    public void Who_cannot_connect_is_told_why_and_never_the_password()
    {
        PostgresServer server = fixture.Server;
        (string ConnectionString, string Says)[] wrong =
        [
            (server.ConnectionString(password: "WRONG-SECRET"), "refused the user"),
            (server.ConnectionString(user: "nobody_here"), "refused the user"),
            (server.ConnectionString(database: "not_there"), "no such database"),
            ($"Host={Path.GetTempPath()};Port={server.Port + 1};Username=u;Password=WRONG-SECRET", "cannot be reached"),
            ("Host=127.0.0.1;Port=1;Username=u;Password=WRONG-SECRET;Timeout=5", "cannot be reached"),
            ("Host=host.invalid;Username=u;Password=WRONG-SECRET;Timeout=5", "cannot be reached"),
        ];
        foreach ((string connectionString, string says) in wrong)
        {
            StorageException e = Assert.Throws<StorageException>(() => PostgresSafetyStore.Open(connectionString, Options));
            Assert.Equal(StorageError.Unavailable, e.Error);
            Assert.Contains(says, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("WRONG-SECRET", e.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(PostgresServer.Password, e.ToString(), StringComparison.Ordinal);
        }

        foreach (string broken in new[] { "Host=x;Password=WRONG;SECRET=1", "WRONG-SECRET", "Host=x;Port=SECRET" })
        {
            ArgumentException e = Assert.Throws<ArgumentException>(() => PostgresSafetyStore.Open(broken));
            Assert.DoesNotContain("SECRET", e.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_user_who_may_only_read_reads_and_nothing_else()
    {
        await Recorder().RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" });
        string user = $"r{Guid.NewGuid():N}";
        Sql($"CREATE ROLE {user} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA {_schema} TO {user};"
            + $"GRANT SELECT ON ALL TABLES IN SCHEMA {_schema} TO {user}");
        string connectionString = fixture.Server.ConnectionString(user, "x");
        using PostgresSafetyStore store = PostgresSafetyStore.Open(connectionString, Options);
        Assert.True((await StoredAudit.VerifyAsync(store)).IsIntact);
        var recorder = new VerdictRecorder(store, new InputDigester(Key), time: Time);
        StorageException e = await Assert.ThrowsAsync<StorageException>(
            async () => await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "b" }));
        Assert.Equal(StorageError.Unavailable, e.Error);
        Assert.Contains("lacks a right", e.Message, StringComparison.Ordinal);
        Assert.Equal(Decision.Block, (await recorder.RecordOrRefuseAsync(Verdicts.Allowed(), new CheckSubject())).Decision);
        Assert.Equal(3, (await StoredAudit.VerifyAsync(store)).Head.Sequence);

        using PostgresSafetyStore reading = PostgresSafetyStore.Open(connectionString, Options with { ReadOnly = true });
        Assert.True((await StoredAudit.VerifyAsync(reading)).IsIntact);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reading.WriteAsync(t => 0));
        Assert.Equal(StorageError.Unavailable, Assert.Throws<StorageException>(
            () => PostgresSafetyStore.Open(connectionString, new PostgresStoreOptions { Schema = PostgresFixture.NewSchema() })).Error);
    }

    [Fact]
    public async Task A_lock_is_waited_for_and_then_an_error()
    {
        using PostgresSafetyStore other = Another(Options with { LockTimeout = TimeSpan.FromMilliseconds(50) });
        var recorder = new VerdictRecorder(other, new InputDigester(Key), time: Time);
        using var locked = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Task holds = Store.WriteAsync(_ =>
        {
            locked.Set();
            return go.Wait(TimeSpan.FromMinutes(1));
        }).AsTask();
        locked.Wait();
        StorageException e = await Assert.ThrowsAsync<StorageException>(
            async () => await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" }));
        Assert.Equal(StorageError.Locked, e.Error);

        // Reading goes on.
        Assert.False((await recorder.Accounts.FindAsync("a")).IsDenied);
        go.Set();
        await holds;
        await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" });
        Assert.True((await recorder.Accounts.FindAsync("a")).IsDenied);
    }

    [Fact]
    public async Task A_statement_that_takes_too_long_is_ended()
    {
        Assert.NotNull(Store);
        using PostgresSafetyStore hurried = Another(
            Options with { LockTimeout = TimeSpan.FromMilliseconds(200), StatementTimeout = TimeSpan.FromMilliseconds(300) });
        Sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';"
            + "CREATE TRIGGER slow BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION slow()");
        StorageException e = await Assert.ThrowsAsync<StorageException>(async () => await hurried.WriteAsync(t =>
        {
            t.Accounts.Put(new Account("a"));
            return 0;
        }));
        Assert.Equal(StorageError.Unavailable, e.Error);
        Assert.Contains("ran for too long", e.Message, StringComparison.Ordinal);
        Sql("DROP TRIGGER slow ON account");
        await hurried.WriteAsync(t =>
        {
            t.Accounts.Put(new Account("a"));
            return 0;
        });
        Assert.NotNull(await hurried.ReadAsync(t => t.Accounts.Find("a")));
    }

    [Theory]
    [InlineData("UPDATE audit SET line = ''")]
    [InlineData("DELETE FROM audit")]
    [InlineData("TRUNCATE audit")]
    public async Task The_log_cannot_be_changed_in_passing(string sql)
    {
        await Recorder().RecordAsync(Verdicts.Allowed(), new CheckSubject());
        Assert.Throws<PostgresException>(() => Sql(sql));
    }

    [Theory]
    [InlineData(
        "UPDATE audit SET line = replace(encode(line, 'escape'), 'allow', 'block')::bytea WHERE sequence = 3", AuditFaultKind.Altered, 3)]
    [InlineData("UPDATE audit SET line = '' WHERE sequence = 3", AuditFaultKind.Altered, 3)]
    [InlineData("DELETE FROM audit WHERE sequence = 2", AuditFaultKind.Missing, 2)]
    [InlineData("DELETE FROM audit WHERE sequence > 4", AuditFaultKind.Truncated, 5)]
    [InlineData("UPDATE audit SET sequence = CASE sequence WHEN 2 THEN -3 WHEN 3 THEN -2 END WHERE sequence IN (2, 3);"
        + "UPDATE audit SET sequence = -sequence WHERE sequence < 0", AuditFaultKind.Reordered, 2)]
    public async Task Verification_finds_what_was_done_to_the_table(string sql, AuditFaultKind kind, long sequence)
    {
        VerdictRecorder recorder = Recorder();
        for (int i = 0; i < 6; i++)
        {
            await recorder.RecordAsync(Verdicts.Allowed(), new CheckSubject());
        }

        Sql($"DROP TRIGGER audit_is_never_changed ON audit; {sql}");
        AuditFault fault = (await StoredAudit.VerifyAsync(Store)).Fault!;
        Assert.Equal((kind, sequence), (fault.Kind, fault.Sequence));
    }

    [Fact]
    public async Task A_head_that_is_lost_is_an_error_and_never_an_empty_log()
    {
        await Recorder().RecordAsync(Verdicts.Allowed(), new CheckSubject());
        Sql("DELETE FROM meta");
        StorageException e = await Assert.ThrowsAsync<StorageException>(
            async () => await Recorder().RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" }));
        Assert.Equal(StorageError.Corrupt, e.Error);
        Sql($"DROP SCHEMA {_schema} CASCADE");
        e = await Assert.ThrowsAsync<StorageException>(
            async () => await Recorder().RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" }));
        Assert.Equal(StorageError.NotAStore, e.Error);
    }

    private StorageError Refused(PostgresStoreOptions options) => Assert.Throws<StorageException>(() => Another(options)).Error;
}
