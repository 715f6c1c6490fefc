using SafetySdk.Reporting;

namespace SafetySdk.Storage.Tests;

public sealed class OutboxTests : IDisposable
{
    private static readonly OutboxOptions Options = new()
    {
        Lease = TimeSpan.FromMinutes(1),
        FirstPause = TimeSpan.FromSeconds(10),
        LongestPause = TimeSpan.FromSeconds(100),
        MaxAttempts = 6,
    };

    private readonly SteppedTime _time = new();
    private readonly InMemorySafetyStore _store = new();
    private readonly ReportOutbox _outbox;

    public OutboxTests() => _outbox = new ReportOutbox(_store, Options, _time);

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_failed_report_comes_back_after_growing_pauses_and_is_given_up_in_the_end()
    {
        await Enqueue("k");
        double[] pauses = [10, 20, 40, 80, 100];
        foreach (double pause in pauses)
        {
            Assert.True(await Settle(await Lease(), new DeliveryResult(DeliveryOutcome.Retry, "1000")));
            _time.Pass(TimeSpan.FromSeconds((pause * 0.8) - 1));
            Assert.Null(await _outbox.LeaseAsync(default));
            _time.Pass(TimeSpan.FromSeconds((pause * 0.2) + 1));
        }

        Assert.True(await Settle(await Lease(), new DeliveryResult(DeliveryOutcome.Unknown)));
        OutboxReport dead = Assert.Single(await _outbox.ListAsync(ReportState.Dead));
        Assert.Equal(("k", 6, "unknown"), (dead.Key, dead.Attempts, dead.LastError));
        _time.Pass(TimeSpan.FromDays(10));
        Assert.Null(await _outbox.LeaseAsync(default));

        Assert.Equal(ReportState.Pending, (await _outbox.RequeueAsync("k")).State);
        Assert.Equal(1, (await Lease()).Attempts);
        ReportException e = await Assert.ThrowsAsync<ReportException>(async () => await _outbox.RequeueAsync("k"));
        Assert.Equal(ReportError.NoSuchReport, e.Error);
    }

    [Fact]
    public async Task A_rejected_report_waits_for_an_operator_at_once()
    {
        await Enqueue("k");
        await Settle(await Lease(), new DeliveryResult(DeliveryOutcome.Rejected, "4100"));
        Assert.Equal("4100", Assert.Single(await _outbox.ListAsync(ReportState.Dead)).LastError);
    }

    [Fact]
    public async Task A_receiver_may_ask_for_a_longer_pause()
    {
        await Enqueue("k");
        await Settle(await Lease(), new DeliveryResult(DeliveryOutcome.Retry, "429", TimeSpan.FromMinutes(5)));
        _time.Pass(TimeSpan.FromMinutes(4.9));
        Assert.Null(await _outbox.LeaseAsync(default));
        _time.Pass(TimeSpan.FromMinutes(0.2));
        await Lease();
    }

    [Fact]
    public async Task Who_lost_the_lease_can_change_nothing()
    {
        await Enqueue("k");
        OutboxReport first = await Lease();
        await _outbox.SaveRemoteIdAsync(first, "remote-1", default);
        Assert.Null(await _outbox.LeaseAsync(default));
        _time.Pass(Options.Lease);
        OutboxReport second = await Lease();
        Assert.Equal("remote-1", second.RemoteId);
        ReportException e = await Assert.ThrowsAsync<ReportException>(async () => await _outbox.SaveRemoteIdAsync(first, "remote-2", default));
        Assert.Equal(ReportError.LeaseLost, e.Error);
        Assert.False(await Settle(first, new DeliveryResult(DeliveryOutcome.Delivered)));
        Assert.False(await Settle(first, new DeliveryResult(DeliveryOutcome.Rejected)));
        Assert.True(await Settle(second, new DeliveryResult(DeliveryOutcome.Delivered)));
        Assert.Equal(new OutboxStatus(0, 0, 1, 0), await _outbox.StatusAsync());
    }

    [Fact]
    public async Task A_report_whose_senders_vanish_is_given_up_too()
    {
        await Enqueue("k");
        for (int i = 0; i < Options.MaxAttempts; i++)
        {
            await Lease();
            _time.Pass(Options.Lease);
        }

        Assert.Null(await _outbox.LeaseAsync(default));
        Assert.Equal("no-answer", Assert.Single(await _outbox.ListAsync(ReportState.Dead)).LastError);
    }

    // Nothing gets stuck and no lease ends early when the wall clock goes back; after a restart neither.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_clock_that_jumps_back_stops_nothing(bool restart)
    {
        await Enqueue("first");
        ReportOutbox outbox = _outbox;
        OutboxReport leased = await Lease();
        _time.Jump(TimeSpan.FromDays(-30));
        outbox = restart ? new ReportOutbox(_store, Options, _time) : outbox;
        Assert.Null(await outbox.LeaseAsync(default));
        await outbox.EnqueueAsync(new ReportDraft("second", "kind", new byte[1]));
        Assert.Equal("second", (await outbox.LeaseAsync(default))!.Key);
        _time.Pass(Options.Lease);
        Assert.Equal("first", (await outbox.LeaseAsync(default))!.Key);
        Assert.False(await Settle(leased, new DeliveryResult(DeliveryOutcome.Delivered)));
        Assert.Equal("second", (await outbox.LeaseAsync(default))!.Key);
        Assert.Null(await outbox.LeaseAsync(default));
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_and_back_stops_nothing()
    {
        await Enqueue("k");
        _time.Jump(TimeSpan.FromDays(3650));
        OutboxReport first = await Lease();
        _time.Jump(TimeSpan.FromDays(-3650));
        await Settle(first, new DeliveryResult(DeliveryOutcome.Retry));
        Assert.Null(await _outbox.LeaseAsync(default));
        _time.Pass(TimeSpan.FromSeconds(10));
        await Lease();
    }

    [Theory]
    [InlineData("", "kind", 1)]
    [InlineData("key", "", 1)]
    [InlineData("key", "kind", ReportDraft.MaxPayloadBytes + 1)]
    public async Task What_is_no_report_is_not_accepted(string key, string kind, int bytes)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _outbox.EnqueueAsync(new ReportDraft(key, kind, new byte[bytes])));
        Assert.Equal(default, await _outbox.StatusAsync());
    }

    [Theory]
    [InlineData(DeliveryOutcome.Delivered, ReportState.Delivered, null)]
    [InlineData(DeliveryOutcome.Retry, ReportState.Pending, "x")]
    [InlineData(DeliveryOutcome.Rejected, ReportState.Dead, "x")]
    [InlineData(DeliveryOutcome.Unknown, ReportState.Pending, "x")]
    public async Task The_pump_does_as_the_sender_says(DeliveryOutcome outcome, ReportState state, string? error)
    {
        await Enqueue("k");
        var pump = new ReportPump(_outbox, [new Sender((_, _) => Task.FromResult(new DeliveryResult(outcome, error)))], time: _time);
        Assert.True(await pump.SendNextAsync());
        Assert.Equal(error, Assert.Single(await _outbox.ListAsync(state)).LastError);
        Assert.False(await pump.SendNextAsync());
    }

    [Fact]
    public async Task A_sender_that_throws_or_is_missing_loses_nothing()
    {
        await Enqueue("k");
        var pump = new ReportPump(_outbox, [new Sender((_, _) => throw new InvalidDataException("secret"))], time: _time);
        Assert.True(await pump.SendNextAsync());
        Assert.Equal("InvalidDataException", Assert.Single(await _outbox.ListAsync(ReportState.Pending)).LastError);
        _time.Pass(TimeSpan.FromSeconds(10));
        Assert.True(await new ReportPump(_outbox, [], time: _time).SendNextAsync());
        Assert.Equal("no-sender", Assert.Single(await _outbox.ListAsync(ReportState.Pending)).LastError);
    }

    [Fact]
    public async Task A_pump_that_is_stopped_leaves_the_report_to_the_next()
    {
        await Enqueue("k");
        using var stop = new CancellationTokenSource();
        var pump = new ReportPump(
            _outbox,
            [
                new Sender(async (_, cancel) =>
                {
                    await stop.CancelAsync();
                    cancel.ThrowIfCancellationRequested();
                    return default;
                }),
            ],
            time: _time);
        await pump.RunAsync(cancellationToken: stop.Token);
        Assert.Equal(1, (await _outbox.StatusAsync()).Leased);
        _time.Pass(Options.Lease);
        Assert.Equal(2, (await Lease()).Attempts);
    }

    private ValueTask<OutboxReport> Enqueue(string key) => _outbox.EnqueueAsync(new ReportDraft(key, "kind", new byte[1]));

    private async Task<OutboxReport> Lease() => await _outbox.LeaseAsync(default) ?? throw new InvalidOperationException("nothing is due");

    private ValueTask<bool> Settle(OutboxReport report, DeliveryResult result) => _outbox.SettleAsync(report, result, default);

    private sealed class Sender(Func<IReportDelivery, CancellationToken, Task<DeliveryResult>> send) : IReportSender
    {
        public string Kind => "kind";

        public Task<DeliveryResult> SendAsync(IReportDelivery delivery, CancellationToken cancellationToken) => send(delivery, cancellationToken);
    }
}
