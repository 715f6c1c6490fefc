using SafetySdk.Reporting;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>
/// Turns what lies in the outbox into the report that is filed: who the account is, where it happened, which sealed evidence belongs to it.
/// The host implements it, so that names and addresses need not lie in the outbox. Thread-safe.
/// </summary>
public interface ICyberTipSource
{
    /// <summary>Builds the report. Called for each attempt; what it gives may become more, never another incident.</summary>
    /// <param name="report">The accepted report; see <see cref="OutboxReport.Payload"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The report; null where a person decided that there is nothing to report: it then waits for an operator.</returns>
    ValueTask<CyberTip?> BuildAsync(OutboxReport report, CancellationToken cancellationToken);
}
