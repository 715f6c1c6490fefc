namespace SafetySdk.Reporting;

/// <summary>What the pump needs of an outbox. Each call is a transaction of its own, durable when its task ends. Thread-safe.</summary>
public interface IReportSource
{
    /// <summary>How long a lease holds.</summary>
    TimeSpan Lease { get; }

    /// <summary>Takes the report that waits longest.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The report; null where nothing is due.</returns>
    ValueTask<OutboxReport?> LeaseAsync(CancellationToken cancellationToken);

    /// <summary>See <see cref="OutboxLedger.Renew"/>.</summary>
    /// <param name="report">The leased report.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False where the lease was lost before.</returns>
    ValueTask<bool> RenewAsync(OutboxReport report, CancellationToken cancellationToken);

    /// <summary>See <see cref="OutboxLedger.SaveRemoteId"/>.</summary>
    /// <param name="report">The leased report.</param>
    /// <param name="remoteId">The receiver's name for it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    ValueTask SaveRemoteIdAsync(OutboxReport report, string? remoteId, CancellationToken cancellationToken);

    /// <summary>Notes how an attempt ended.</summary>
    /// <param name="report">The leased report.</param>
    /// <param name="result">How it ended.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False where the lease was lost before.</returns>
    ValueTask<bool> SettleAsync(OutboxReport report, DeliveryResult result, CancellationToken cancellationToken);
}
