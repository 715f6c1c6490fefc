namespace SafetySdk.Reporting;

/// <summary>
/// The reports as seen within one transaction; valid only there, and not thread-safe. The rules are in <see cref="OutboxLedger"/>.
/// </summary>
public interface IReportRows
{
    /// <summary>The report; null where there is none.</summary>
    /// <param name="key">Its idempotency key.</param>
    OutboxReport? Find(string key);

    /// <summary>Adds a report whose key is new.</summary>
    /// <param name="report">The report.</param>
    /// <returns>Its sequence.</returns>
    long Add(OutboxReport report);

    /// <summary>Writes everything but key, kind, payload and sequence of a report that is there already.</summary>
    /// <param name="report">The report.</param>
    void Update(OutboxReport report);

    /// <summary>Of the pending and leased reports whose time has come the one that waits longest; null where there is none.</summary>
    /// <param name="now">The outbox's clock.</param>
    OutboxReport? NextDue(DateTimeOffset now);

    /// <summary>Reports in a state, oldest first.</summary>
    /// <param name="state">The state.</param>
    /// <param name="after">Reports with a greater sequence.</param>
    /// <param name="max">Most reports, at least 1.</param>
    IReadOnlyList<OutboxReport> List(ReportState state, long after, int max);

    /// <summary>Counts by state.</summary>
    OutboxStatus Status { get; }

    /// <summary>The latest time that the outbox ever used. Never set to an earlier one.</summary>
    DateTimeOffset Clock { get; set; }
}
