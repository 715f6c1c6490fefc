using System.Globalization;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Policies;

namespace SafetySdk.Storage;

/// <summary>The accounts of a store. Every change is in the audit log, with a digest in place of the account. Thread-safe.</summary>
/// <param name="store">The store; stays the caller's to dispose.</param>
/// <param name="digester">Makes the digests.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class AccountRegister(ISafetyStore store, InputDigester digester, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>The account; in good standing and of unknown age where nobody wrote it down yet.</summary>
    /// <param name="accountId">Its identifier.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<Account> FindAsync(string accountId, CancellationToken cancellationToken = default)
        => store.ReadAsync(t => Ledger(t).Find(accountId), cancellationToken);

    /// <summary>See <see cref="AccountLedger.SetAge"/>.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="age">The age band.</param>
    /// <param name="source">Who says so.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The account, changed or not.</returns>
    public ValueTask<Account> SetAgeAsync(
        string accountId, AgeBand age, AgeSource source, CancellationToken cancellationToken = default)
        => store.WriteAsync(
            t =>
            {
                AccountLedger ledger = Ledger(t);
                Account before = ledger.Find(accountId);
                Account after = ledger.SetAge(accountId, age, source);
                if (before != after)
                {
                    Append(t, accountId, AuditKind.Age, null, [new("to", age.Name()), new("source", source.ToString().ToLowerInvariant())]);
                }

                return after;
            },
            StoreDurability.Full,
            cancellationToken);

    /// <summary>See <see cref="AccountLedger.Raise"/>.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="standing">The least standing it is to have.</param>
    /// <param name="reason">Why; no content.</param>
    /// <param name="by">Who.</param>
    /// <param name="verdictId">The verdict that led to it, if one did.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<StandingChange?> RaiseAsync(
        string accountId,
        AccountStanding standing,
        string reason,
        string by,
        string? verdictId = null,
        CancellationToken cancellationToken = default)
        => store.WriteAsync(
            t => Noted(t, Ledger(t).Raise(accountId, standing, reason, by, verdictId)), StoreDurability.Full, cancellationToken);

    /// <summary>See <see cref="AccountLedger.Lift"/>.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="standing">The new standing.</param>
    /// <param name="reason">Why; no content.</param>
    /// <param name="by">Who.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<StandingChange?> LiftAsync(
        string accountId, AccountStanding standing, string reason, string by, CancellationToken cancellationToken = default)
        => store.WriteAsync(t => Noted(t, Ledger(t).Lift(accountId, standing, reason, by)), StoreDurability.Full, cancellationToken);

    /// <summary>Opens an appeal; see <see cref="AccountLedger.Open"/>.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="change">The change's sequence.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="AccountException">There is nothing to appeal.</exception>
    public ValueTask<Appeal> OpenAppealAsync(string accountId, long change, CancellationToken cancellationToken = default)
        => store.WriteAsync(
            t =>
            {
                Appeal appeal = Ledger(t).Open(accountId, change);
                Note(t, appeal, "open");
                return appeal;
            },
            StoreDurability.Full,
            cancellationToken);

    /// <summary>Takes an appeal under review; see <see cref="AccountLedger.Review"/>.</summary>
    /// <param name="appeal">The appeal's sequence.</param>
    /// <param name="by">Who reviews it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="AccountException">There is no such appeal, or it is decided already.</exception>
    public ValueTask<Appeal> ReviewAppealAsync(long appeal, string by, CancellationToken cancellationToken = default)
        => store.WriteAsync(
            t =>
            {
                Appeal taken = Ledger(t).Review(appeal, by);
                Note(t, taken, "under_review");
                return taken;
            },
            StoreDurability.Full,
            cancellationToken);

    /// <summary>Decides an appeal; see <see cref="AccountLedger.Decide"/>.</summary>
    /// <param name="appeal">The appeal's sequence.</param>
    /// <param name="outcome"><see cref="AppealState.Upheld"/> or <see cref="AppealState.Reversed"/>.</param>
    /// <param name="reason">Why; no content.</param>
    /// <param name="by">Who decides.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="AccountException">There is no such appeal, it is decided already, or somebody else reviews it.</exception>
    public ValueTask<Appeal> DecideAppealAsync(
        long appeal, AppealState outcome, string reason, string by, CancellationToken cancellationToken = default)
        => store.WriteAsync(
            t =>
            {
                Appeal decided = Ledger(t).Decide(appeal, outcome, reason, by, out StandingChange? change);
                Note(t, decided, outcome == AppealState.Upheld ? "upheld" : "reversed");
                Noted(t, change);
                return decided;
            },
            StoreDurability.Full,
            cancellationToken);

    /// <summary>Appeals in a state, oldest first.</summary>
    /// <param name="state">The state.</param>
    /// <param name="max">Most appeals, at least 1.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<IReadOnlyList<Appeal>> AppealsAsync(
        AppealState state = AppealState.Open, int max = 100, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        return store.ReadAsync(t => t.Accounts.Appeals(state, max), cancellationToken);
    }

    /// <summary>The changes of an account's standing, oldest first.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<IReadOnlyList<StandingChange>> HistoryAsync(string accountId, CancellationToken cancellationToken = default)
        => store.ReadAsync(t => t.Accounts.Changes(accountId), cancellationToken);

    /// <summary>See <see cref="AccountLedger.Activity"/>.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="window">How far back.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<AccountActivity> ActivityAsync(
        string accountId, TimeSpan window, CancellationToken cancellationToken = default)
        => store.ReadAsync(t => Ledger(t).Activity(accountId, window), cancellationToken);

    internal AccountLedger Ledger(IStoreTransaction transaction) => new(transaction.Accounts, _time.GetUtcNow());

    /// <summary>Records a change, if there is one.</summary>
    internal StandingChange? Noted(IStoreTransaction transaction, StandingChange? change)
    {
        if (change is not null)
        {
            // Not the reason: an operator writes it, and what people write does not belong into a log that is never cleaned.
            Append(transaction, change.AccountId, AuditKind.Standing, change.VerdictId,
            [
                new("change", change.Sequence.ToString(CultureInfo.InvariantCulture)),
                new("from", Name(change.From)),
                new("to", Name(change.To)),
                new("asked", Name(change.Asked)),
            ]);
        }

        return change;
    }

    private void Note(IStoreTransaction transaction, Appeal appeal, string state)
        => Append(transaction, appeal.AccountId, AuditKind.Appeal, null,
        [
            new("appeal", appeal.Sequence.ToString(CultureInfo.InvariantCulture)),
            new("change", appeal.Change.ToString(CultureInfo.InvariantCulture)),
            new("state", state),
        ]);

    private void Append(
        IStoreTransaction transaction,
        string accountId,
        AuditKind kind,
        string? verdictId,
        IReadOnlyList<KeyValuePair<string, string>> details)
        => AuditLog.Append(
            transaction.Audit,
            new AuditEntry
            {
                Kind = kind,
                VerdictId = verdictId,
                Account = digester.OfAccount(accountId),
                KeyId = digester.KeyId,
                Details = details,
            },
            _time.GetUtcNow());

    internal static string Name(AccountStanding standing) => standing switch
    {
        AccountStanding.Good => "good",
        AccountStanding.Warned => "warned",
        AccountStanding.Suspended => "suspended",
        _ => "banned",
    };
}
