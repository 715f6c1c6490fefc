using SafetySdk.Reporting;

namespace SafetySdk.Reports;

/// <summary>
/// The rules by which users' reports are reviewed, over the rows of one transaction. A report that is reviewed here lies among the
/// reports of the outbox and is never due, so that no sender takes it: pending until somebody reviews it, leased to who does, delivered
/// once it is decided.
/// </summary>
/// <remarks>Not thread-safe, like its rows.</remarks>
/// <param name="rows">The rows.</param>
/// <param name="now">The outbox's clock.</param>
public sealed class UserReportLedger(IReportRows rows, DateTimeOffset now)
{
    /// <summary>The kind of these reports in the outbox; no sender has it.</summary>
    public const string Kind = "user-report-review";

    private const string Upheld = "upheld", Rejected = "rejected";
    private const int MaxName = 256;
    private const int PartRows = 100;

    // No clock gets there.
    private static readonly DateTimeOffset Never = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Takes a report in. The same report again changes nothing.</summary>
    /// <param name="report">The report.</param>
    /// <param name="added">Whether it is new.</param>
    /// <returns>The report as it stands.</returns>
    /// <exception cref="ReportException">The identifier belongs to another report, or to one that a sender delivers.</exception>
    public UserReportCase Submit(UserReport report, out bool added)
    {
        ArgumentNullException.ThrowIfNull(report);
        OutboxReport row = new OutboxLedger(rows, OutboxOptions.Default, now).Enqueue(report.ToDraft() with { Kind = Kind }, out added);
        if (added)
        {
            row = row with { DueAt = Never };
            rows.Update(row);
        }

        return Case(row);
    }

    /// <summary>The report; null where there is none to be reviewed here.</summary>
    /// <param name="id">Its identifier.</param>
    public UserReportCase? Find(string id) => Row(id) is { } row ? Case(row) : null;

    /// <summary>Takes a report under review, also from another person who has it.</summary>
    /// <param name="id">The report.</param>
    /// <param name="by">Who reviews it, 1 to 256 characters.</param>
    /// <returns>The report.</returns>
    /// <exception cref="UserReportException">There is no such report, or it is decided already.</exception>
    public UserReportCase Review(string id, string by)
    {
        CheckWords("review", by);
        return Case(Write(Undecided(id) with { State = ReportState.Leased, Lease = by }));
    }

    /// <summary>Decides a report that is under review.</summary>
    /// <param name="id">The report.</param>
    /// <param name="outcome"><see cref="UserReportState.Upheld"/> or <see cref="UserReportState.Rejected"/>.</param>
    /// <param name="reason">Why; no content, 1 to <see cref="UserReportCase.MaxReasonLength"/> characters.</param>
    /// <param name="by">Who decides: who reviews it.</param>
    /// <returns>The report.</returns>
    /// <exception cref="UserReportException">There is no such report, it is decided already, or <paramref name="by"/> does not review
    /// it.</exception>
    public UserReportCase Decide(string id, UserReportState outcome, string reason, string by)
    {
        if (outcome is not (UserReportState.Upheld or UserReportState.Rejected))
        {
            throw new ArgumentOutOfRangeException(nameof(outcome), "A report is decided as upheld or rejected.");
        }

        CheckWords(reason, by);
        OutboxReport row = Undecided(id);
        if (row.State != ReportState.Leased || row.Lease != by)
        {
            throw new UserReportException(
                UserReportError.NotUnderReview, "The report is not under review by who decides it; take it under review first.");
        }

        return Case(Write(row with
        {
            State = ReportState.Delivered,
            Lease = null,
            RemoteId = $"{(outcome == UserReportState.Upheld ? Upheld : Rejected)}:{by}",
            LastError = reason,
        }));
    }

    /// <summary>Reports in a state, oldest first.</summary>
    /// <param name="state">The state.</param>
    /// <param name="after">Reports with a greater sequence.</param>
    /// <param name="max">Most reports, at least 1.</param>
    public IReadOnlyList<UserReportCase> List(UserReportState state, long after, int max)
    {
        ReportState kept = state switch
        {
            UserReportState.Submitted => ReportState.Pending,
            UserReportState.UnderReview => ReportState.Leased,
            _ => ReportState.Delivered,
        };
        var found = new List<UserReportCase>();
        while (found.Count < max && rows.List(kept, after, PartRows) is { Count: > 0 } part)
        {
            found.AddRange(part.Where(static r => r.Kind == Kind).Select(Case).Where(c => c.State == state).Take(max - found.Count));
            after = part[^1].Sequence;
        }

        return found;
    }

    private OutboxReport? Row(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return rows.Find(UserReport.KeyOf(id)) is { Kind: Kind } row ? row : null;
    }

    private OutboxReport Undecided(string id)
    {
        OutboxReport row = Row(id) ?? throw new UserReportException(UserReportError.NoSuchReport, "There is no such report to be reviewed here.");
        return row.State is ReportState.Pending or ReportState.Leased
            ? row
            : throw new UserReportException(UserReportError.AlreadyDecided, "The report is decided already.");
    }

    private OutboxReport Write(OutboxReport row)
    {
        OutboxReport written = row with { ChangedAt = now };
        rows.Update(written);
        return written;
    }

    private static UserReportCase Case(OutboxReport row)
    {
        string[] decided = row.RemoteId?.Split(':', 2) ?? [];
        return new UserReportCase(UserReport.From(row), row.State switch
        {
            ReportState.Pending => UserReportState.Submitted,
            ReportState.Leased => UserReportState.UnderReview,
            _ => decided is [Upheld, _] ? UserReportState.Upheld : UserReportState.Rejected,
        })
        {
            Sequence = row.Sequence,
            Reviewer = decided is [_, var by] ? by : row.Lease,
            Reason = row.LastError,
            ChangedAt = row.ChangedAt,
        };
    }

    private static void CheckWords(string reason, string by)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        ArgumentException.ThrowIfNullOrWhiteSpace(by);
        if (reason.Length > UserReportCase.MaxReasonLength || by.Length > MaxName)
        {
            throw new ArgumentException($"A reason has at most {UserReportCase.MaxReasonLength} characters, a name {MaxName}.", nameof(reason));
        }
    }
}
