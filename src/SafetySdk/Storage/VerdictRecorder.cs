using System.Globalization;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Classification;
using SafetySdk.Policies;
using SafetySdk.Reporting;

namespace SafetySdk.Storage;

/// <summary>What became of a recorded verdict.</summary>
/// <param name="Head">The audit record's sequence and hash, and all before it with it.</param>
public sealed record RecordedVerdict(AuditHead Head)
{
    /// <summary>The change of standing that followed; null where none did.</summary>
    public StandingChange? Change { get; init; }

    /// <summary>The report that was accepted; null where none was asked for.</summary>
    public OutboxReport? Report { get; init; }
}

/// <summary>
/// Records verdicts and does what they ask for: audit record, suspension and report are one transaction, kept together or not at all.
/// </summary>
/// <remarks>
/// Thread-safe. Recording the same verdict again adds an audit record and a signal, but no second report.
/// </remarks>
public sealed class VerdictRecorder
{
    private const string Check = "record";
    private readonly ISafetyStore _store;
    private readonly RecorderOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates a recorder.</summary>
    /// <param name="store">The store; stays the caller's to dispose.</param>
    /// <param name="digester">Makes the digests.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <param name="outbox">Options of the outbox; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public VerdictRecorder(
        ISafetyStore store, InputDigester digester, RecorderOptions? options = null, OutboxOptions? outbox = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(digester);
        _store = store;
        _options = options ?? RecorderOptions.Default;
        _time = time ?? TimeProvider.System;
        Digester = digester;
        Accounts = new AccountRegister(store, digester, _time);
        Outbox = new ReportOutbox(store, outbox, _time);
        UserReports = new UserReportRegister(store, digester, _options.Rules, _time);
    }

    /// <summary>The accounts, for the gate before the check and for operators.</summary>
    public AccountRegister Accounts { get; }

    /// <summary>The outbox, for the pump and for operators.</summary>
    public ReportOutbox Outbox { get; }

    /// <summary>What users report, for those who review it here.</summary>
    public UserReportRegister UserReports { get; }

    /// <summary>Makes the digests of inputs.</summary>
    public InputDigester Digester { get; }

    /// <summary>
    /// Records a verdict. Where it asks for a report or a suspension, they are kept in the same transaction; where it does not allow, a
    /// signal counts against the account.
    /// </summary>
    /// <param name="verdict">The finished verdict.</param>
    /// <param name="subject">Who asked and what for.</param>
    /// <param name="cancellationToken">Cancels before it begins.</param>
    /// <exception cref="StorageException">Nothing was recorded: the verdict must not be acted upon as allowed; see
    /// <see cref="RecordOrRefuseAsync"/>.</exception>
    public ValueTask<RecordedVerdict> RecordAsync(Verdict verdict, CheckSubject subject, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        ArgumentNullException.ThrowIfNull(subject);
        bool consequences = _options.Rules != AccountRules.None
            || verdict.Actions.Contains(RequiredAction.ReportToNcmec)
            || verdict.Actions.Contains(RequiredAction.SuspendAccount);
        return _store.WriteAsync(
            transaction => Record(transaction, verdict, subject),
            consequences && verdict.Decision > Decision.Allow ? StoreDurability.Full : _options.Durability,
            cancellationToken);
    }

    /// <summary>
    /// As <see cref="RecordAsync"/>, but answers with the verdict that is to be acted upon: the given one, or, where it could not be
    /// recorded, one with a failure of the check <c>record</c> and at least <see cref="RecorderOptions.WhenRecordingFails"/>. What such a
    /// verdict asks for, a report, a suspension, has not been done: record it again, the same report is accepted once.
    /// </summary>
    /// <param name="verdict">The finished verdict.</param>
    /// <param name="subject">Who asked and what for.</param>
    /// <param name="cancellationToken">Cancels before it begins.</param>
    public async ValueTask<Verdict> RecordOrRefuseAsync(
        Verdict verdict, CheckSubject subject, CancellationToken cancellationToken = default)
    {
        try
        {
            await RecordAsync(verdict, subject, cancellationToken).ConfigureAwait(false);
            return verdict;
        }
        catch (StorageException e)
        {
            return Refused(verdict, e.Error == StorageError.Locked ? CheckFailureKind.TimedOut : CheckFailureKind.Unavailable, e.Message);
        }
        catch (Exception e) when (e is not (OperationCanceledException or ArgumentNullException))
        {
            // Its text may quote an input: the type alone is passed on.
            return Refused(verdict, CheckFailureKind.Fault, $"the verdict could not be recorded ({e.GetType().Name}).");
        }
    }

    private RecordedVerdict Record(IStoreTransaction transaction, Verdict verdict, CheckSubject subject)
    {
        DateTimeOffset now = _time.GetUtcNow();
        AuditHead head = AuditLog.Append(
            transaction.Audit,
            new AuditEntry
            {
                Kind = AuditKind.Verdict,
                Verdict = verdict,
                Account = subject.AccountId is { } account ? Digester.OfAccount(account) : null,
                Operation = subject.Operation,
                Age = subject.Age,
                Inputs = subject.Inputs,
                KeyId = Digester.KeyId,
                Details = Details(subject),
            },
            now);
        var recorded = new RecordedVerdict(head);
        if (subject.AccountId is { } accountId && verdict.Decision > Decision.Allow)
        {
            recorded = recorded with { Change = Charge(transaction, verdict, accountId, now) };
        }

        return verdict.Actions.Contains(RequiredAction.ReportToNcmec)
            ? recorded with { Report = Outbox.Enqueue(transaction, (_options.Compose ?? VerdictReport.Compose)(verdict, subject)) }
            : recorded;
    }

    private StandingChange? Charge(IStoreTransaction transaction, Verdict verdict, string accountId, DateTimeOffset now)
    {
        AccountLedger ledger = Accounts.Ledger(transaction);
        VerdictReason? first = verdict.Reasons.FirstOrDefault(IsCharge);
        StandingChange? change = null;
        if (first is not null)
        {
            double score = double.IsFinite(first.Score) ? Math.Clamp(first.Score, 0, 1) : 1;
            var signal = new AccountSignal(accountId, first.Category.Name(), first.Decision, score, verdict.Id, now);
            change = Accounts.Noted(transaction, ledger.Note(signal, _options.Rules));
        }

        return verdict.Actions.Contains(RequiredAction.SuspendAccount)
            ? Accounts.Noted(
                transaction, ledger.Raise(accountId, AccountStanding.Suspended, first?.Rule ?? "policy", "policy", verdict.Id))
            : change;
    }

    // A check that failed is no fault of the account, and what it is refused for its history adds nothing to its history.
    private static bool IsCharge(VerdictReason reason)
        => reason.Category != SafetyCategory.CheckFailed
            && reason.Decision > Decision.Allow
            && ((uint)reason.Category >= (uint)SafetyCategories.All.Count || CategoryInfo.Of(reason.Category).Kind != CategoryKind.Account);

    // What the account gate was told, so that the log alone shows why the same request was judged otherwise the next day.
    private static KeyValuePair<string, string>[] Details(CheckSubject subject)
        => subject.Account is not { } status
            ? []
            :
            [
                new("standing", AccountRegister.Name(status.Account.Standing)),
                new("age_source", subject.AgeSource == AgeSource.None ? "request" : subject.AgeSource.ToString().ToLowerInvariant()),
                new("risk", status.Risk.ToString("0.####", CultureInfo.InvariantCulture)),
            ];

    private Verdict Refused(Verdict verdict, CheckFailureKind kind, string message)
    {
        Decision asked = _options.WhenRecordingFails > Decision.Review ? _options.WhenRecordingFails : Decision.Review;
        return verdict with
        {
            Decision = verdict.Decision > asked ? verdict.Decision : asked,
            Refusal = verdict.Refusal ?? RefusalCode.CheckIncomplete,
            Failures = [.. verdict.Failures, new CheckFailure(Check, kind, message)],
        };
    }
}
