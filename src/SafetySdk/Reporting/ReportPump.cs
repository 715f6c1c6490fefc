namespace SafetySdk.Reporting;

/// <summary>Takes reports out of the outbox and has them sent, one at a time; run several pumps for more.</summary>
/// <remarks>
/// Thread-safe. Holds nothing that is lost when the process dies. While a report is sent its lease is renewed, so that no other pump takes
/// it; a pump that lost it all the same, since it was asleep or could not reach the store, is told to stop and can write nothing down: the
/// name of its lease is no longer that of the report.
/// </remarks>
public sealed class ReportPump
{
    private readonly IReportSource _source;
    private readonly Dictionary<string, IReportSender> _senders;
    private readonly TimeProvider _time;
    private readonly TimeSpan _idle;
    private readonly TimeSpan _longestSend;

    /// <summary>Creates a pump.</summary>
    /// <param name="source">The outbox.</param>
    /// <param name="senders">A sender for each kind of report. A report of a kind without one waits, and is given up in time.</param>
    /// <param name="idle">How long to wait when nothing is due. Default one second.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="longestSend">How long one attempt may take, however often its lease is renewed. Default one hour.</param>
    /// <exception cref="ArgumentException">Two senders for one kind.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The longest send is not above zero.</exception>
    public ReportPump(
        IReportSource source, IEnumerable<IReportSender> senders, TimeSpan? idle = null, TimeProvider? time = null, TimeSpan? longestSend = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(senders);
        _source = source;
        _senders = senders.ToDictionary(s => s.Kind, StringComparer.Ordinal);
        _idle = idle ?? TimeSpan.FromSeconds(1);
        _time = time ?? TimeProvider.System;
        _longestSend = longestSend ?? TimeSpan.FromHours(1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_longestSend, TimeSpan.Zero, nameof(longestSend));
    }

    /// <summary>Sends for as long as it is not cancelled. A store that cannot be reached is tried again after the idle time.</summary>
    /// <param name="onError">Told about an error of the store; the reports are safe there. Null to ignore it.</param>
    /// <param name="cancellationToken">Ends the pump; a report under way is sent again later.</param>
    public async Task RunAsync(Action<Exception>? onError = null, CancellationToken cancellationToken = default)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            bool any = false;
            try
            {
                any = await SendNextAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                onError?.Invoke(e);
            }

            if (!any)
            {
                try
                {
                    await Task.Delay(_idle, _time, cancellationToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Takes one report and tries to deliver it.</summary>
    /// <param name="cancellationToken">Cancels; the report is sent again later.</param>
    /// <returns>False where nothing was due.</returns>
    public async Task<bool> SendNextAsync(CancellationToken cancellationToken = default)
    {
        if (await _source.LeaseAsync(cancellationToken).ConfigureAwait(false) is not { } report)
        {
            return false;
        }

        DeliveryResult result = _senders.TryGetValue(report.Kind, out IReportSender? sender)
            ? await SendAsync(sender, report, cancellationToken).ConfigureAwait(false)
            : new DeliveryResult(DeliveryOutcome.Retry, "no-sender");
        await _source.SettleAsync(report, result, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<DeliveryResult> SendAsync(IReportSender sender, OutboxReport report, CancellationToken cancellationToken)
    {
        // A fifth of the lease is left to write down what came of it.
        using var leased = new CancellationTokenSource(_source.Lease * 0.8, _time);
        using var deadline = new CancellationTokenSource(_longestSend, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leased.Token, deadline.Token);
        using var sent = CancellationTokenSource.CreateLinkedTokenSource(either.Token);
        Task renewing = RenewAsync(report, leased, sent.Token);
        try
        {
            return await sender.SendAsync(new Delivery(_source, report), either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DeliveryResult(DeliveryOutcome.Retry, either.IsCancellationRequested ? "timed-out" : "cancelled");
        }
        catch (ReportException e) when (e.Error == ReportError.LeaseLost)
        {
            return new DeliveryResult(DeliveryOutcome.Retry, "lease-lost");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Its text may quote the report: the type alone is kept.
            return new DeliveryResult(DeliveryOutcome.Retry, e.GetType().Name);
        }
        finally
        {
            await sent.CancelAsync().ConfigureAwait(false);
            await renewing.ConfigureAwait(false);
        }
    }

    // Each renewal puts the end of the attempt off as far as it puts off the end of the lease, measured from before it was asked for.
    private async Task RenewAsync(OutboxReport report, CancellationTokenSource leased, CancellationToken sent)
    {
        try
        {
            while (true)
            {
                await Task.Delay(_source.Lease * 0.25, _time, sent).ConfigureAwait(false);
                long asked = _time.GetTimestamp();
                try
                {
                    if (!await _source.RenewAsync(report, sent).ConfigureAwait(false))
                    {
                        await leased.CancelAsync().ConfigureAwait(false);
                        return;
                    }

                    TimeSpan left = (_source.Lease * 0.8) - _time.GetElapsedTime(asked);
                    leased.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
                }
                catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
                {
                    // The store cannot be reached: tried again for as long as the lease holds.
                }
            }
        }
        catch (OperationCanceledException) when (sent.IsCancellationRequested)
        {
        }
    }

    private sealed class Delivery(IReportSource source, OutboxReport report) : IReportDelivery
    {
        public OutboxReport Report => report;

        public ValueTask SaveRemoteIdAsync(string? remoteId, CancellationToken cancellationToken)
            => source.SaveRemoteIdAsync(report, remoteId, cancellationToken);
    }
}
