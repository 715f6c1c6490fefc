using System.Text;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Policies;
using SafetySdk.Reporting;

namespace SafetySdk.Storage.Tests;

/// <summary>What every store does, whatever it is made of.</summary>
public abstract class SafetyStoreContract : IDisposable
{
    private protected static readonly byte[] Key = Encoding.ASCII.GetBytes("a key for tests, 32 bytes long..");
    private readonly Lazy<ISafetyStore> _store;

    protected SafetyStoreContract() => _store = new Lazy<ISafetyStore>(Open);

    private protected SteppedTime Time { get; } = new();

    private protected ISafetyStore Store => _store.Value;

    /// <summary>A store with nothing in it.</summary>
    protected abstract ISafetyStore Open();

    public void Dispose()
    {
        if (_store.IsValueCreated)
        {
            _store.Value.Dispose();
        }

        Cleanup();
        GC.SuppressFinalize(this);
    }

    protected virtual void Cleanup()
    {
    }

    private protected VerdictRecorder Recorder(RecorderOptions? options = null, OutboxOptions? outbox = null)
        => new(Store, new InputDigester(Key), options, outbox, Time);

    [Fact]
    public async Task What_was_written_is_read()
    {
        var account = new Account("a") { Standing = AccountStanding.Warned, Age = AgeBand.Teen, AgeSource = AgeSource.Guardian, ChangedAt = Time.GetUtcNow() };
        var change = new StandingChange("a", AccountStanding.Good, AccountStanding.Warned, "why", "who", Time.GetUtcNow())
        {
            Asked = AccountStanding.Warned,
            VerdictId = "v",
            Reverses = 7,
        };
        var signal = new AccountSignal("a", "sexual", Decision.Block, 0.25, "v", Time.GetUtcNow());
        var report = new OutboxReport("k", "cybertip", new byte[] { 1, 2, 3 })
        {
            State = ReportState.Leased,
            Attempts = 3,
            DueAt = Time.GetUtcNow(),
            Lease = "l",
            RemoteId = "r",
            LastError = "e",
            VerdictId = "v",
            CreatedAt = Time.GetUtcNow(),
            ChangedAt = Time.GetUtcNow().AddTicks(1),
        };
        var appeal = new Appeal("a", 1, Time.GetUtcNow());
        (long c, long r, long p) = await Store.WriteAsync(t =>
        {
            t.Accounts.Put(account);
            t.Accounts.Add(signal);
            t.Reports.Clock = Time.GetUtcNow();
            return (t.Accounts.Add(change), t.Reports.Add(report), t.Accounts.Add(appeal));
        });
        Appeal decided = appeal with { Sequence = p, State = AppealState.Upheld, Reason = "no", DecidedBy = "op", DecidedAt = Time.GetUtcNow() };
        await Store.WriteAsync(t =>
        {
            t.Accounts.Update(decided);
            return 0;
        });
        await Store.ReadAsync(t =>
        {
            Assert.Equal(account, t.Accounts.Find("a"));
            Assert.Null(t.Accounts.Find("A"));
            Assert.Equal([change with { Sequence = c }], t.Accounts.Changes("a"));
            Assert.Equal([signal], t.Accounts.Signals("a", Time.GetUtcNow(), 5));
            Assert.Empty(t.Accounts.Signals("a", Time.GetUtcNow().AddTicks(1), 5));
            OutboxReport found = t.Reports.Find("k")!;
            Assert.Equal(report.Payload.ToArray(), found.Payload.ToArray());
            Assert.Equal(report with { Sequence = r, Payload = default }, found with { Payload = default });
            Assert.Equal(Time.GetUtcNow(), t.Reports.Clock);
            Assert.Equal(new OutboxStatus(0, 1, 0, 0), t.Reports.Status);
            Assert.Equal(decided, t.Accounts.FindAppeal(p));
            Assert.Equal(decided, t.Accounts.FindAppeal("a", 1));
            Assert.Equal([decided], t.Accounts.Appeals(AppealState.Upheld, 5));
            Assert.Empty(t.Accounts.Appeals(AppealState.Open, 5));
            return 0;
        });
    }

    [Fact]
    public async Task A_transaction_that_throws_leaves_nothing()
    {
        VerdictRecorder recorder = Recorder();
        await recorder.RecordAsync(Verdicts.Blocked(), new CheckSubject { AccountId = "a" });
        await recorder.Outbox.EnqueueAsync(new ReportDraft("there", "kind", new byte[1]));
        await Store.WriteAsync(t => t.Accounts.Add(new Appeal("a", 1, Time.GetUtcNow())));
        (AuditHead head, DateTimeOffset clock) = await Store.ReadAsync(t => (t.Audit.Head, t.Reports.Clock));
        await Assert.ThrowsAsync<NotSupportedException>(async () => await Store.WriteAsync<int>(t =>
        {
            var ledger = new AccountLedger(t.Accounts, Time.GetUtcNow());
            ledger.Raise("a", AccountStanding.Banned, "why", "who");
            ledger.SetAge("b", AgeBand.Teen, AgeSource.Declared);
            t.Accounts.RemoveSignals(DateTimeOffset.MaxValue);
            t.Accounts.Update(t.Accounts.FindAppeal(1)! with { State = AppealState.Upheld });
            t.Accounts.Add(new Appeal("a", 2, Time.GetUtcNow()));
            t.Reports.Update(t.Reports.Find("there")! with { State = ReportState.Dead });
            recorder.Outbox.Enqueue(t, new ReportDraft("k", "kind", new byte[1]));
            t.Reports.Clock = DateTimeOffset.MaxValue;
            AuditLog.Append(t.Audit, new AuditEntry { Kind = AuditKind.Report }, Time.GetUtcNow());
            throw new NotSupportedException();
        }));
        await Store.ReadAsync(t =>
        {
            Assert.Null(t.Accounts.Find("a"));
            Assert.Null(t.Accounts.Find("b"));
            Assert.Empty(t.Accounts.Changes("a"));
            Assert.Single(t.Accounts.Signals("a", DateTimeOffset.MinValue, 5));
            Assert.Equal(1, Assert.Single(t.Accounts.Appeals(AppealState.Open, 5)).Change);
            Assert.Null(t.Reports.Find("k"));
            Assert.Equal(ReportState.Pending, t.Reports.Find("there")!.State);
            Assert.Equal("there", t.Reports.NextDue(DateTimeOffset.MaxValue)!.Key);
            Assert.Equal(clock, t.Reports.Clock);
            Assert.Equal(head, t.Audit.Head);
            Assert.Equal(head.Sequence, t.Audit.Read(0, 100).Count);
            return 0;
        });
        Assert.True((await StoredAudit.VerifyAsync(Store)).IsIntact);
    }

    [Fact]
    public async Task Reading_cannot_write()
        => await Assert.ThrowsAsync<InvalidOperationException>(async () => await Store.ReadAsync(t =>
        {
            t.Accounts.Put(new Account("a"));
            return 0;
        }));

    [Fact]
    public async Task A_cancelled_write_does_not_happen()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.WriteAsync(
            t =>
            {
                t.Accounts.Put(new Account("a"));
                return 0;
            },
            cancellationToken: new CancellationToken(canceled: true)));
        Assert.Null(await Store.ReadAsync(t => t.Accounts.Find("a")));
    }

    [Fact]
    public async Task Writers_at_the_same_time_lose_nothing_and_make_one_chain()
    {
        VerdictRecorder recorder = Recorder();
        const int Writers = 8, Each = 25;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++)
            {
                if (i % 5 == 4)
                {
                    // One that fails takes nobody along.
                    await Assert.ThrowsAsync<NotSupportedException>(async () => await Store.WriteAsync<int>(t =>
                    {
                        t.Accounts.Put(new Account("lost"));
                        throw new NotSupportedException();
                    }));
                }

                RecordedVerdict recorded = await recorder.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = $"account-{w}" });
                Assert.NotNull(recorded.Report);
            }
        })));
        OutboxStatus status = await recorder.Outbox.StatusAsync();
        Assert.Equal(Writers * Each, status.Pending);
        Assert.Null(await Store.ReadAsync(t => t.Accounts.Find("lost")));
        AuditVerification audit = await StoredAudit.VerifyAsync(Store);
        Assert.Null(audit.Fault);
        Assert.Equal(Writers * Each * 3, audit.Head.Sequence);
        for (int w = 0; w < Writers; w++)
        {
            Assert.Equal(AccountStanding.Suspended, (await recorder.Accounts.FindAsync($"account-{w}")).Standing);
        }
    }

    [Fact]
    public async Task Known_content_suspends_reports_and_is_recorded_in_one_transaction()
    {
        VerdictRecorder recorder = Recorder();
        Verdict verdict = Verdicts.Known();
        RecordedVerdict recorded = await recorder.RecordAsync(verdict, new CheckSubject { AccountId = "a", Operation = Operation.Edit });
        Assert.Equal(AccountStanding.Suspended, recorded.Change!.To);
        Assert.Equal($"verdict:{verdict.Id}", recorded.Report!.Key);
        Assert.True((await recorder.Accounts.FindAsync("a")).IsDenied);
        Assert.Equal(1, (await recorder.Accounts.ActivityAsync("a", TimeSpan.FromDays(1))).Blocked);

        // A composer that fails leaves neither a suspension nor a record.
        VerdictRecorder failing = Recorder(new RecorderOptions { Compose = (_, _) => throw new NotSupportedException() });
        await Assert.ThrowsAsync<NotSupportedException>(
            async () => await failing.RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "b" }));
        Assert.False((await recorder.Accounts.FindAsync("b")).IsDenied);
        Assert.Equal(3, (await StoredAudit.VerifyAsync(Store)).Head.Sequence);
    }

    [Fact]
    public async Task The_same_verdict_again_makes_no_second_report()
    {
        VerdictRecorder recorder = Recorder();
        Verdict verdict = Verdicts.Known();
        var subject = new CheckSubject { AccountId = "a" };
        RecordedVerdict first = await recorder.RecordAsync(verdict, subject), second = await recorder.RecordAsync(verdict, subject);
        Assert.Equal(first.Report!.Sequence, second.Report!.Sequence);
        Assert.Equal(1, (await recorder.Outbox.StatusAsync()).Pending);
        ReportException e = await Assert.ThrowsAsync<ReportException>(
            async () => await recorder.Outbox.EnqueueAsync(new ReportDraft(first.Report.Key, "cybertip", new byte[1])));
        Assert.Equal(ReportError.KeyInUse, e.Error);
    }

    [Fact]
    public async Task Due_reports_come_in_order_and_each_to_one()
    {
        var outbox = new ReportOutbox(Store, null, Time);
        for (int i = 0; i < 5; i++)
        {
            await outbox.EnqueueAsync(new ReportDraft($"k{i}", "kind", new byte[1]));
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal($"k{i}", (await outbox.LeaseAsync(default))!.Key);
        }

        Assert.Null(await outbox.LeaseAsync(default));
    }

    [Fact]
    public async Task After_disposal_nothing_runs()
    {
        await Store.WriteAsync(t => t.Audit.Head);
        Store.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.ReadAsync(t => 0));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.WriteAsync(t => 0));
    }

    [Fact]
    public async Task Export_holds_every_record_and_verifies()
    {
        VerdictRecorder recorder = Recorder();
        for (int i = 0; i < 30; i++)
        {
            await recorder.RecordAsync(i % 3 == 0 ? Verdicts.Blocked() : Verdicts.Allowed(), new CheckSubject { AccountId = "a" });
        }

        using var file = new MemoryStream();
        AuditHead head = await StoredAudit.ExportAsync(Store, file);
        Assert.Equal(30, head.Sequence);
        file.Position = 0;
        AuditVerification verification = AuditExport.Verify(file);
        Assert.Null(verification.Fault);
        Assert.Equal(head, verification.Head);
        Assert.Equal(31, Encoding.UTF8.GetString(file.ToArray()).Count(c => c == '\n'));
        Assert.True((await StoredAudit.VerifyAsync(Store, head)).IsIntact);
        AuditFault fault = (await StoredAudit.VerifyAsync(Store, head with { Hash = AuditHead.Empty.Hash })).Fault!;
        Assert.Equal((AuditFaultKind.Altered, 30), (fault.Kind, fault.Sequence));
        Assert.Equal(AuditFaultKind.Truncated, (await StoredAudit.VerifyAsync(Store, head with { Sequence = 31 })).Fault!.Kind);
    }
}
