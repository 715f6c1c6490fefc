using SafetySdk.Reporting;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>An operator's view of a report that was not filed: codes, times and what to do; nothing of its content.</summary>
/// <param name="Sequence">The report's number in the outbox.</param>
/// <param name="Step">The step that failed: <c>retract</c>, <c>report</c>, <c>evidence</c>, <c>submit</c>, <c>upload</c>, <c>fileinfo</c>,
/// <c>finish</c>, or empty where it was not the CyberTipline's.</param>
/// <param name="Code">Response code, status or name of the failure.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="FailedAt">When it failed last.</param>
/// <param name="Advice">What to do.</param>
public sealed record CyberTipFailure(
    long Sequence, string Step, string Code, int Attempts, DateTimeOffset AcceptedAt, DateTimeOffset FailedAt, string Advice)
{
    /// <summary>Reads the failure of a report; null where it has none.</summary>
    /// <param name="report">The report, for example one of <see cref="ReportState.Dead"/>.</param>
    public static CyberTipFailure? Of(OutboxReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.LastError is not { } error)
        {
            return null;
        }

        int colon = error.IndexOf(':', StringComparison.Ordinal);
        string step = colon < 0 ? string.Empty : error[..colon];
        string code = error[(colon + 1)..];
        return new CyberTipFailure(report.Sequence, step, code, report.Attempts, report.CreatedAt, report.ChangedAt, Advise(step, code));
    }

    private static string Advise(string step, string code) => (step, code) switch
    {
        ("report", "declined") => "A person decided that there is nothing to report. Nothing to do.",
        ("report", _) => "The report lacks this part or it is impossible; have the source of reports give it, then requeue.",
        ("evidence", "KeyMissing" or "Storage") =>
            "The evidence cannot be opened now; give the provider its key or mend the storage, then requeue.",
        ("evidence", _) => "The evidence is gone or damaged; have the source of reports leave the file out and say so, then requeue.",
        (_, "no-sender") => "No sender for this kind of report is registered; register one and requeue.",
        (_, "2000" or "http-401" or "http-403") => "User or password are not accepted; set them right and requeue.",
        (_, ['3', ..]) => "The account at the CyberTipline may not do this; ask its administrators, then requeue.",
        (_, "4100" or "4110") => "The CyberTipline's schema refuses the document; compare with the schema that it serves, then requeue.",
        (_, "4200" or "http-413") => "The CyberTipline refuses the file; have the source of reports leave it out and say so, then requeue.",
        ("upload", "hash-differs") => "Files arrive other than they were sent; look for what changes them on the way, then requeue.",
        (_, ['h', 't', 't', 'p', '-', '3' or '4', ..]) => "The address is wrong, or something on the way refuses; check it, then requeue.",
        (_, "no-answer" or "unreadable-answer" or "timed-out") =>
            "The CyberTipline could not be reached; check network and lease, then requeue.",
        _ => "Requeue it; if it comes back, ask the CyberTipline about the code.",
    };
}
