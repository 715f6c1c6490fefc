using SafetySdk.Audit;
using SafetySdk.Reporting;

namespace SafetySdk.Storage;

/// <summary>
/// The outbox of a store: reports are accepted durably, sent at least once, and recognised by their key. Every step is in the audit log.
/// Thread-safe.
/// </summary>
/// <param name="store">The store; stays the caller's to dispose.</param>
/// <param name="options">Leases and pauses; null for the defaults.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class ReportOutbox(ISafetyStore store, OutboxOptions? options = null, TimeProvider? time = null) : IReportSource
{
    private readonly OutboxOptions _options = options ?? OutboxOptions.Default;
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly OutboxClock _clock = new(time ?? TimeProvider.System);

    /// <inheritdoc/>
    public TimeSpan Lease => _options.Lease;

    /// <summary>Accepts a report; when the task ends it will be sent, whatever happens.</summary>
    /// <param name="draft">The report.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The report as it stands: the same key again gives the same report.</returns>
    /// <exception cref="ReportException">The key belongs to another report.</exception>
    public ValueTask<OutboxReport> EnqueueAsync(ReportDraft draft, CancellationToken cancellationToken = default)
        => store.WriteAsync(transaction => Enqueue(transaction, draft), StoreDurability.Full, cancellationToken);

    /// <summary>Accepts a report as a part of a transaction.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="draft">The report.</param>
    /// <returns>The report as it stands.</returns>
    /// <exception cref="ReportException">The key belongs to another report.</exception>
    public OutboxReport Enqueue(IStoreTransaction transaction, ReportDraft draft)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        OutboxReport report = Ledger(transaction).Enqueue(draft, out bool added);
        if (added)
        {
            Note(transaction, report, "accepted");
        }

        return report;
    }

    /// <inheritdoc/>
    public async ValueTask<OutboxReport?> LeaseAsync(CancellationToken cancellationToken)
    {
        // Most of the time nothing is due, and nothing has to be written to know that.
        bool any = await store.ReadAsync(
            t => t.Reports.NextDue(_clock.Now(t.Reports, write: false)) is not null, cancellationToken).ConfigureAwait(false);
        return any
            ? await store.WriteAsync(
                t => Ledger(t).Lease(dead => Note(t, dead, "given-up")), StoreDurability.Full, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <inheritdoc/>
    public ValueTask<bool> RenewAsync(OutboxReport report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        return store.WriteAsync(t => Ledger(t).Renew(report.Key, report.Lease ?? string.Empty), StoreDurability.Process, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask SaveRemoteIdAsync(OutboxReport report, string? remoteId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        await store.WriteAsync(
            t =>
            {
                Ledger(t).SaveRemoteId(report.Key, report.Lease ?? string.Empty, remoteId);
                return true;
            },
            StoreDurability.Full,
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> SettleAsync(OutboxReport report, DeliveryResult result, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        string lease = report.Lease ?? string.Empty;
        return store.WriteAsync(
            t =>
            {
                if (result.Outcome == DeliveryOutcome.Delivered)
                {
                    bool held = Ledger(t).Complete(report.Key, lease);
                    if (held)
                    {
                        Note(t, report, "delivered");
                    }

                    return held;
                }

                OutboxReport? failed = Ledger(t).Fail(
                    report.Key, lease, result.Error ?? "unknown", result.Outcome == DeliveryOutcome.Rejected, result.RetryAfter);
                if (failed is { State: ReportState.Dead })
                {
                    Note(t, failed, "given-up");
                }

                return failed is not null;
            },
            StoreDurability.Full,
            cancellationToken);
    }

    /// <summary>Has a report that was given up sent again.</summary>
    /// <param name="key">The report.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The report.</returns>
    /// <exception cref="ReportException">There is no such report among those given up.</exception>
    public ValueTask<OutboxReport> RequeueAsync(string key, CancellationToken cancellationToken = default)
        => store.WriteAsync(
            t =>
            {
                OutboxReport report = Ledger(t).Requeue(key);
                Note(t, report, "requeued");
                return report;
            },
            StoreDurability.Full,
            cancellationToken);

    /// <summary>Reports in a state, oldest first.</summary>
    /// <param name="state">The state.</param>
    /// <param name="after">Reports with a greater sequence.</param>
    /// <param name="max">Most reports, at least 1.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<IReadOnlyList<OutboxReport>> ListAsync(
        ReportState state, long after = 0, int max = 100, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        return store.ReadAsync(t => t.Reports.List(state, after, max), cancellationToken);
    }

    /// <summary>How many reports are in which state.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<OutboxStatus> StatusAsync(CancellationToken cancellationToken = default)
        => store.ReadAsync(t => t.Reports.Status, cancellationToken);

    private OutboxLedger Ledger(IStoreTransaction transaction)
        => new(transaction.Reports, _options, _clock.Now(transaction.Reports, write: true));

    // The sequence, not the key: a host may have put an account into its keys.
    private void Note(IStoreTransaction transaction, OutboxReport report, string step)
    {
        var details = new List<KeyValuePair<string, string>>
        {
            new("step", step),
            new("report", report.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            new("report_kind", report.Kind),
        };
        if (report.LastError is { } error)
        {
            details.Add(new("error", error));
        }

        AuditLog.Append(
            transaction.Audit,
            new AuditEntry { Kind = AuditKind.Report, VerdictId = report.VerdictId, Details = details },
            _time.GetUtcNow());
    }
}
