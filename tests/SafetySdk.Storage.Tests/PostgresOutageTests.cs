using Npgsql;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Policies;
using SafetySdk.Storage.Postgres;

namespace SafetySdk.Storage.Tests;

/// <summary>
/// A server that goes and comes back: nothing is lost, nothing is promised that was not kept, nothing is allowed by accident.
/// </summary>
public sealed class PostgresOutageTests(PostgresFixture fixture)
{
    private const string NotKnown = "not known";
    private static readonly byte[] Key = new byte[32];

    [Fact]
    public async Task A_server_that_stops_is_an_error_and_one_that_is_back_works_at_once()
    {
        using PostgresServer server = PostgresServer.Start(durable: true);
        using PostgresSafetyStore store = PostgresSafetyStore.Open(server.ConnectionString());
        var recorder = new VerdictRecorder(store, new InputDigester(Key));
        await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "before" });
        Assert.True((await recorder.Accounts.FindAsync("before")).IsDenied);

        server.Stop();
        StorageException e = await Assert.ThrowsAsync<StorageException>(
            async () => await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "during" }));
        Assert.Equal(StorageError.Unavailable, e.Error);
        e = await Assert.ThrowsAsync<StorageException>(async () => await recorder.Accounts.FindAsync("before"));
        Assert.Equal(StorageError.Unavailable, e.Error);
        Verdict verdict = await recorder.RecordOrRefuseAsync(Verdicts.Allowed(), new CheckSubject());
        Assert.Equal(Decision.Block, verdict.Decision);
        Assert.Equal("record", Assert.Single(verdict.Failures).Check);

        server.Start();
        await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "after" });
        Assert.True((await recorder.Accounts.FindAsync("before")).IsDenied);
        Assert.False((await recorder.Accounts.FindAsync("during")).IsDenied);
        Assert.True((await recorder.Accounts.FindAsync("after")).IsDenied);

        // Between two calls: whoever did not notice is not told.
        server.Stop();
        server.Start();
        Assert.True((await recorder.Accounts.FindAsync("after")).IsDenied);
        server.Stop();
        server.Start();
        await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "again" });
        AuditVerification audit = await StoredAudit.VerifyAsync(store);
        Assert.Null(audit.Fault);
        Assert.Equal(9, audit.Head.Sequence);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_said_while_a_server_goes_is_true(bool kill)
    {
        using PostgresServer server = PostgresServer.Start(durable: true);
        using PostgresSafetyStore store = PostgresSafetyStore.Open(server.ConnectionString());
        var recorder = new VerdictRecorder(store, new InputDigester(Key));
        var kept = new List<string>();
        var lost = new List<string>();
        using var enough = new CancellationTokenSource();
        Task[] hosts = [.. Enumerable.Range(0, 6).Select(h => Task.Run(async () =>
        {
            for (int i = 0; !enough.IsCancellationRequested; i++)
            {
                string account = $"{h}-{i}";
                List<string>? said = kept;
                try
                {
                    await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = account });
                }
                catch (StorageException e)
                {
                    said = e.Message.Contains(NotKnown, StringComparison.Ordinal) ? null : lost;
                    await Task.Delay(20);
                }

                lock (kept)
                {
                    said?.Add(account);
                }
            }
        }))];
        for (int i = 0; i < 3; i++)
        {
            await Task.Delay(200 + Random.Shared.Next(100));
            if (kill)
            {
                server.Kill();
            }
            else
            {
                server.Stop();
            }

            await Task.Delay(50);
            server.Start();
        }

        await Task.Delay(200);
        await enough.CancelAsync();
        await Task.WhenAll(hosts);
        Assert.NotEmpty(lost);
        Assert.InRange(kept.Count, 10, int.MaxValue);
        foreach (string account in kept)
        {
            Assert.True((await recorder.Accounts.FindAsync(account)).IsDenied, $"{account} was promised and is gone");
        }

        foreach (string account in lost)
        {
            Assert.False((await recorder.Accounts.FindAsync(account)).IsDenied, $"{account} was said not to be kept and is there");
        }

        Assert.True((await StoredAudit.VerifyAsync(store)).IsIntact);
    }

    [Theory]
    [InlineData(Loss.Answer, true)]
    [InlineData(Loss.Request, false)]
    public async Task A_commit_whose_answer_gets_lost_is_asked_for_again(Loss loss, bool kept)
    {
        using PostgresProxy proxy = Proxy(out string connectionString, out PostgresStoreOptions options);
        using PostgresSafetyStore store = PostgresSafetyStore.Open(connectionString, options);
        for (int i = 0; i < 3; i++)
        {
            proxy.LoseNextCommit(loss);
            Task<int> write = PutAsync(store, $"a{i}").AsTask();
            if (kept)
            {
                await write;
            }
            else
            {
                StorageException e = await Assert.ThrowsAsync<StorageException>(() => write);
                Assert.Equal(StorageError.Unavailable, e.Error);
                Assert.DoesNotContain(NotKnown, e.Message, StringComparison.Ordinal);
            }

            Assert.Equal(kept, await store.ReadAsync(t => t.Accounts.Find($"a{i}")) is not null);
            await PutAsync(store, $"b{i}");
        }
    }

    [Theory]
    [InlineData(Loss.Answer)]
    [InlineData(Loss.Request)]
    public async Task Where_nobody_can_be_asked_nothing_is_claimed(Loss loss)
    {
        using PostgresProxy proxy = Proxy(out string connectionString, out PostgresStoreOptions options);
        using PostgresSafetyStore store = PostgresSafetyStore.Open(
            connectionString, options with { RecoveryTime = TimeSpan.FromMilliseconds(200) });
        proxy.CloseThen = true;
        proxy.LoseNextCommit(loss);
        StorageException e = await Assert.ThrowsAsync<StorageException>(async () => await PutAsync(store, "a"));
        Assert.Equal(StorageError.Unavailable, e.Error);
        Assert.Contains(NotKnown, e.Message, StringComparison.Ordinal);
        proxy.Closed = false;
        Assert.Equal(loss == Loss.Answer, await store.ReadAsync(t => t.Accounts.Find("a")) is not null);
        await PutAsync(store, "a");
        Assert.NotNull(await store.ReadAsync(t => t.Accounts.Find("a")));
    }

    [Fact]
    public async Task A_host_that_hangs_in_a_transaction_is_cut_off()
    {
        PostgresServer server = fixture.Server;
        var options = new PostgresStoreOptions
        {
            Schema = PostgresFixture.NewSchema(),
            LockTimeout = TimeSpan.FromMilliseconds(100),
            StatementTimeout = TimeSpan.FromMilliseconds(200),
        };
        using PostgresSafetyStore store = PostgresSafetyStore.Open(
            server.ConnectionString(), options with { LockTimeout = TimeSpan.FromSeconds(30), StatementTimeout = TimeSpan.FromMinutes(1) });
        using PostgresSafetyStore hangs = PostgresSafetyStore.Open(server.ConnectionString(), options);
        using var go = new ManualResetEventSlim();
        using var holds = new ManualResetEventSlim();
        Task<bool> hanging = hangs.WriteAsync(t =>
        {
            t.Accounts.Put(new Account("hanging"));
            holds.Set();
            return go.Wait(TimeSpan.FromMinutes(1));
        }).AsTask();
        holds.Wait();
        await PutAsync(store, "other");
        go.Set();
        StorageException e = await Assert.ThrowsAsync<StorageException>(() => hanging);
        Assert.Equal(StorageError.Unavailable, e.Error);
        Assert.Null(await store.ReadAsync(t => t.Accounts.Find("hanging")));
        await PutAsync(hangs, "again");
    }

    private PostgresProxy Proxy(out string connectionString, out PostgresStoreOptions options)
    {
        var address = new NpgsqlConnectionStringBuilder(fixture.Server.ConnectionString());
        var proxy = new PostgresProxy(address.Host!, address.Port);
        address.Host = proxy.Folder;
        connectionString = address.ConnectionString;
        options = new PostgresStoreOptions { Schema = PostgresFixture.NewSchema() };
        return proxy;
    }

    private static ValueTask<int> PutAsync(PostgresSafetyStore store, string account)
        => store.WriteAsync(t =>
        {
            t.Accounts.Put(new Account(account));
            return 0;
        });
}
