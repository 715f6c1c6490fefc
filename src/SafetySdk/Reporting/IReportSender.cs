namespace SafetySdk.Reporting;

/// <summary>How an attempt to deliver ended.</summary>
public enum DeliveryOutcome
{
    /// <summary>Not known; sent again. The zero value, so that a forgotten result never reads as delivered.</summary>
    Unknown = 0,

    /// <summary>The receiver has the report, by this attempt or an earlier one.</summary>
    Delivered,

    /// <summary>Not delivered; may work later.</summary>
    Retry,

    /// <summary>The receiver refuses the report as it is: it waits for an operator.</summary>
    Rejected,
}

/// <summary>How an attempt to deliver ended, and why.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Error">Name of the failure, for example a response code; no content. Null where there was none.</param>
/// <param name="RetryAfter">Pause that the receiver asks for; null where it asks for none.</param>
public readonly record struct DeliveryResult(DeliveryOutcome Outcome, string? Error = null, TimeSpan? RetryAfter = null);

/// <summary>One attempt to deliver a report.</summary>
public interface IReportDelivery
{
    /// <summary>The report: key, payload, attempts, and in <see cref="OutboxReport.RemoteId"/> what an earlier attempt was given.</summary>
    OutboxReport Report { get; }

    /// <summary>
    /// Keeps what the receiver calls the report. Durable when the task ends: call it as soon as the name is known and before the step that
    /// makes the report final.
    /// </summary>
    /// <param name="remoteId">The receiver's name for it; null to forget it once the receiver has dropped it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ReportException">The lease is lost: stop, another sender goes on.</exception>
    ValueTask SaveRemoteIdAsync(string? remoteId, CancellationToken cancellationToken);
}

/// <summary>
/// Delivers reports of one kind. The same report may be handed over again, also after it was delivered, when the process died in between:
/// a sender finds out by <see cref="OutboxReport.RemoteId"/> (retract first, "already finished" means delivered) or has the receiver
/// recognise <see cref="OutboxReport.Key"/>. Thread-safe.
/// </summary>
public interface IReportSender
{
    /// <summary>The kind of report, as in <see cref="ReportDraft.Kind"/>.</summary>
    string Kind { get; }

    /// <summary>Tries to deliver a report.</summary>
    /// <param name="delivery">The attempt.</param>
    /// <param name="cancellationToken">Cancelled before the lease ends, which is renewed as long as it can be: stop then, and throw or answer
    /// <see cref="DeliveryOutcome.Retry"/>.</param>
    /// <returns>How it ended. An exception counts as <see cref="DeliveryOutcome.Retry"/>.</returns>
    Task<DeliveryResult> SendAsync(IReportDelivery delivery, CancellationToken cancellationToken);
}
