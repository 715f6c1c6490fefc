using SafetySdk.Accounts;

namespace SafetySdk.Storage;

/// <summary>Looks accounts up in a store, for the gate before a check: standing, age and recent history in one look. Thread-safe.</summary>
/// <param name="store">The store; stays the caller's to dispose.</param>
/// <param name="rules">Window and weight of the history; null for the defaults.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class AccountLookup(ISafetyStore store, AccountRules? rules = null, TimeProvider? time = null) : IAccountLookup
{
    private readonly AccountRules _rules = rules ?? AccountRules.None;
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <inheritdoc/>
    public ValueTask<AccountStatus> FindAsync(string accountId, CancellationToken cancellationToken = default)
        => store.ReadAsync(
            transaction =>
            {
                var ledger = new AccountLedger(transaction.Accounts, _time.GetUtcNow());
                Account account = ledger.Find(accountId);
                return new AccountStatus(account, _rules.RiskOf(ledger.Activity(accountId, _rules.Window)));
            },
            cancellationToken);
}
