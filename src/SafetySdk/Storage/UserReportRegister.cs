using System.Globalization;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Classification;
using SafetySdk.Policies;
using SafetySdk.Reporting;
using SafetySdk.Reports;

namespace SafetySdk.Storage;

/// <summary>
/// Users' reports that are reviewed over the store. One that is upheld counts against the account it is about, like a verdict that blocked.
/// Every step is in the audit log, without the reason. Thread-safe.
/// </summary>
/// <remarks>Until it is decided a report is among the pending or leased ones of <see cref="ReportOutbox"/>, where no sender takes it.</remarks>
/// <param name="store">The store; stays the caller's to dispose.</param>
/// <param name="digester">Makes the digests.</param>
/// <param name="rules">What repeated violations lead to; null for nothing.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class UserReportRegister(
    ISafetyStore store, InputDigester digester, AccountRules? rules = null, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly OutboxClock _clock = new(time ?? TimeProvider.System);
    private readonly AccountRegister _accounts = new(store, digester, time);

    /// <summary>Takes a report in; durable when the task ends. The same report again changes nothing.</summary>
    /// <param name="report">The report.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The report as it stands.</returns>
    /// <exception cref="ReportException">The identifier belongs to another report, or to one that a sender delivers.</exception>
    public ValueTask<UserReportCase> SubmitAsync(UserReport report, CancellationToken cancellationToken = default)
        => store.WriteAsync(
            t =>
            {
                UserReportCase submitted = Ledger(t, write: true).Submit(report, out bool added);
                return added ? Noted(t, submitted) : submitted;
            },
            StoreDurability.Full,
            cancellationToken);

    /// <summary>The report; null where there is none to be reviewed here.</summary>
    /// <param name="id">Its identifier.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<UserReportCase?> FindAsync(string id, CancellationToken cancellationToken = default)
        => store.ReadAsync(t => Ledger(t, write: false).Find(id), cancellationToken);

    /// <summary>Takes a report under review; see <see cref="UserReportLedger.Review"/>.</summary>
    /// <param name="id">The report.</param>
    /// <param name="by">Who reviews it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="UserReportException">There is no such report, or it is decided already.</exception>
    public ValueTask<UserReportCase> ReviewAsync(string id, string by, CancellationToken cancellationToken = default)
        => store.WriteAsync(t => Noted(t, Ledger(t, write: true).Review(id, by)), StoreDurability.Full, cancellationToken);

    /// <summary>
    /// Decides a report that is under review. One that is upheld counts against the account it is about, and may change its standing at
    /// once, in the same transaction; the account can appeal that like any other change.
    /// </summary>
    /// <param name="id">The report.</param>
    /// <param name="outcome"><see cref="UserReportState.Upheld"/> or <see cref="UserReportState.Rejected"/>.</param>
    /// <param name="reason">Why; no content.</param>
    /// <param name="by">Who decides: who reviews it.</param>
    /// <param name="consequence">The least standing that the account is to have; null for what the rules say. Only with
    /// <see cref="UserReportState.Upheld"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="UserReportException">There is no such report, it is decided already, or <paramref name="by"/> does not review
    /// it.</exception>
    /// <exception cref="ArgumentException">A consequence without an account, or of a report that is rejected.</exception>
    public ValueTask<UserReportCase> DecideAsync(
        string id,
        UserReportState outcome,
        string reason,
        string by,
        AccountStanding? consequence = null,
        CancellationToken cancellationToken = default)
        => store.WriteAsync(
            t =>
            {
                UserReportCase decided = Noted(t, Ledger(t, write: true).Decide(id, outcome, reason, by));
                if (consequence is not null && (outcome != UserReportState.Upheld || decided.Report.ReportedAccountId is null))
                {
                    throw new ArgumentException("Only a report that is upheld, about an account, has a consequence for it.", nameof(consequence));
                }

                if (outcome == UserReportState.Upheld && decided.Report.ReportedAccountId is { } account)
                {
                    Charge(t, decided.Report, account, reason, by, consequence);
                }

                return decided;
            },
            StoreDurability.Full,
            cancellationToken);

    /// <summary>Reports in a state, oldest first.</summary>
    /// <param name="state">The state.</param>
    /// <param name="after">Reports with a greater sequence.</param>
    /// <param name="max">Most reports, at least 1.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<IReadOnlyList<UserReportCase>> ListAsync(
        UserReportState state = UserReportState.Submitted, long after = 0, int max = 100, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        return store.ReadAsync(t => Ledger(t, write: false).List(state, after, max), cancellationToken);
    }

    private UserReportLedger Ledger(IStoreTransaction transaction, bool write)
        => new(transaction.Reports, _clock.Now(transaction.Reports, write));

    private void Charge(
        IStoreTransaction transaction, UserReport report, string account, string reason, string by, AccountStanding? consequence)
    {
        AccountLedger ledger = _accounts.Ledger(transaction);
        string category = SafetyCategories.TryParse(report.Category, out SafetyCategory known) ? known.Name() : "user_report";
        var signal = new AccountSignal(account, category, Decision.Block, 1, report.VerdictId ?? UserReport.Kind, _time.GetUtcNow());
        _accounts.Noted(transaction, ledger.Note(signal, rules ?? AccountRules.None));
        if (consequence is { } standing)
        {
            _accounts.Noted(transaction, ledger.Raise(account, standing, reason, by, report.VerdictId));
        }
    }

    // The sequence, not the identifier, which the host may have made of an account.
    private UserReportCase Noted(IStoreTransaction transaction, UserReportCase changed)
    {
        AuditLog.Append(
            transaction.Audit,
            new AuditEntry
            {
                Kind = AuditKind.UserReport,
                VerdictId = changed.Report.VerdictId,
                Account = changed.Report.ReportedAccountId is { } account ? digester.OfAccount(account) : null,
                KeyId = digester.KeyId,
                Details =
                [
                    new("report", changed.Sequence.ToString(CultureInfo.InvariantCulture)),
                    new("state", SnakeCase.From(changed.State.ToString())),
                ],
            },
            _time.GetUtcNow());
        return changed;
    }
}
