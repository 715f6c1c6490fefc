using SafetySdk.Reporting;
using SafetySdk.Tests;

namespace SafetySdk.Storage.Tests;

/// <summary>A report that takes longer to send than a lease holds is sent once; who lost the lease stops, and can write nothing down.</summary>
public sealed class LeaseRenewalTests : IDisposable
{
    private static readonly OutboxOptions Options = new() { Lease = TimeSpan.FromMinutes(1), FirstPause = TimeSpan.FromSeconds(1) };

    private readonly ManualClock _clock = new();
    private readonly InMemorySafetyStore _store = new();
    private readonly ReportOutbox _outbox;

    public LeaseRenewalTests() => _outbox = new ReportOutbox(_store, Options, _clock);

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_send_that_is_longer_than_many_leases_is_sent_once()
    {
        await _outbox.EnqueueAsync(new ReportDraft("k", "kind", new byte[1]));
        var sender = new Held();
        Task<bool> sending = new ReportPump(_outbox, [sender], time: _clock).SendNextAsync();
        await sender.Began;
        var other = new ReportPump(_outbox, [sender], time: _clock);
        for (int i = 0; i < 40; i++)
        {
            DateTimeOffset before = (await Leased()).DueAt;
            _clock.Advance(Options.Lease * 0.25);
            await UntilAsync(async () => (await Leased()).DueAt > before);
            Assert.False(await other.SendNextAsync());
        }

        sender.End.SetResult(new DeliveryResult(DeliveryOutcome.Delivered));
        Assert.True(await sending);
        Assert.Equal((1, false), (sender.Sends, sender.WasStopped));
        Assert.Equal(ReportState.Delivered, Assert.Single(await _outbox.ListAsync(ReportState.Delivered)).State);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.False(await other.SendNextAsync());
    }

    [Fact]
    public async Task Where_the_lease_cannot_be_renewed_the_sender_is_stopped_before_it_ends()
    {
        await _outbox.EnqueueAsync(new ReportDraft("k", "kind", new byte[1]));
        var sender = new Held();
        var source = new Unreachable(_outbox);
        Task<bool> sending = new ReportPump(source, [sender], time: _clock).SendNextAsync();
        await sender.Began;
        for (int i = 0; i < 3; i++)
        {
            int before = source.Asked;
            _clock.Advance(Options.Lease * 0.25);
            await UntilAsync(() => Task.FromResult(source.Asked > before));
            Assert.False(sender.WasStopped);
        }

        // At 0.8 of the lease: nobody else can have it yet.
        _clock.Advance(Options.Lease * 0.06);
        await sending;
        Assert.True(sender.WasStopped);
        OutboxReport pending = Assert.Single(await _outbox.ListAsync(ReportState.Pending));
        Assert.Equal("timed-out", pending.LastError);
    }

    [Fact]
    public async Task A_sender_whose_report_is_somebody_elses_is_stopped_and_writes_nothing_down()
    {
        await _outbox.EnqueueAsync(new ReportDraft("k", "kind", new byte[1]));
        var sender = new Held();
        var pump = new ReportPump(_outbox, [sender], time: _clock);
        Task<bool> sending = pump.SendNextAsync();
        await sender.Began;

        // As an operator's tool, or a pump by another clock, may do.
        await _store.WriteAsync(t =>
        {
            OutboxReport report = t.Reports.Find("k")!;
            t.Reports.Update(report with { Lease = "somebody-else" });
            return 0;
        });
        _clock.Advance(Options.Lease * 0.25);
        await sending;
        Assert.True(sender.WasStopped);
        OutboxReport kept = await Leased();
        Assert.Equal(("somebody-else", null), (kept.Lease, kept.LastError));
    }

    [Fact]
    public async Task A_late_worker_can_neither_renew_nor_settle()
    {
        await _outbox.EnqueueAsync(new ReportDraft("k", "kind", new byte[1]));
        OutboxReport first = (await _outbox.LeaseAsync(default))!;
        Assert.True(await _outbox.RenewAsync(first, default));
        _clock.Advance(Options.Lease);
        OutboxReport second = (await _outbox.LeaseAsync(default))!;
        Assert.NotEqual(first.Lease, second.Lease);
        Assert.False(await _outbox.RenewAsync(first, default));
        Assert.False(await _outbox.SettleAsync(first, new DeliveryResult(DeliveryOutcome.Delivered), default));
        await Assert.ThrowsAsync<ReportException>(async () => await _outbox.SaveRemoteIdAsync(first, "r", default));
        Assert.Equal(second.Lease, (await Leased()).Lease);
        Assert.True(await _outbox.SettleAsync(second, new DeliveryResult(DeliveryOutcome.Delivered), default));
        Assert.False(await _outbox.RenewAsync(second, default));
    }

    [Fact]
    public async Task No_attempt_takes_longer_than_the_longest()
    {
        await _outbox.EnqueueAsync(new ReportDraft("k", "kind", new byte[1]));
        var sender = new Held();
        Task<bool> sending = new ReportPump(_outbox, [sender], time: _clock, longestSend: TimeSpan.FromMinutes(5)).SendNextAsync();
        await sender.Began;
        for (int i = 0; i < 20; i++)
        {
            Assert.False(sender.WasStopped);
            DateTimeOffset before = (await Leased()).DueAt;
            _clock.Advance(Options.Lease * 0.25);
            await UntilAsync(async () => sending.IsCompleted || (await Leased()).DueAt > before);
        }

        await sending;
        Assert.True(sender.WasStopped);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReportPump(_outbox, [], longestSend: TimeSpan.Zero));
    }

    private async Task<OutboxReport> Leased() => Assert.Single(await _outbox.ListAsync(ReportState.Leased));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (int i = 0; i < 5_000 && !await holds(); i++)
        {
            await Task.Delay(2);
        }

        Assert.True(await holds());
    }

    private sealed class Held : IReportSender
    {
        private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Began => _began.Task;

        public TaskCompletionSource<DeliveryResult> End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Sends { get; private set; }

        public bool WasStopped { get; private set; }

        public string Kind => "kind";

        public async Task<DeliveryResult> SendAsync(IReportDelivery delivery, CancellationToken cancellationToken)
        {
            Sends++;
            _began.TrySetResult();
            try
            {
                return await End.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                WasStopped = true;
                throw;
            }
        }
    }

    private sealed class Unreachable(IReportSource source) : IReportSource
    {
        public int Asked { get; private set; }

        public TimeSpan Lease => source.Lease;

        public ValueTask<OutboxReport?> LeaseAsync(CancellationToken cancellationToken) => source.LeaseAsync(cancellationToken);

        public ValueTask<bool> RenewAsync(OutboxReport report, CancellationToken cancellationToken)
        {
            Asked++;
            throw new StorageException(StorageError.Unavailable, "gone");
        }

        public ValueTask SaveRemoteIdAsync(OutboxReport report, string? remoteId, CancellationToken cancellationToken)
            => source.SaveRemoteIdAsync(report, remoteId, cancellationToken);

        public ValueTask<bool> SettleAsync(OutboxReport report, DeliveryResult result, CancellationToken cancellationToken)
            => source.SettleAsync(report, result, cancellationToken);
    }
}
