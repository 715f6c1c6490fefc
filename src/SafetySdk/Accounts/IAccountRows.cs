namespace SafetySdk.Accounts;

/// <summary>
/// What a store keeps about accounts, as seen within one transaction; valid only there, and not thread-safe. The rules are in
/// <see cref="AccountLedger"/>: a store keeps rows and decides nothing.
/// </summary>
public interface IAccountRows
{
    /// <summary>The account; null where it was never written.</summary>
    /// <param name="accountId">Its identifier.</param>
    Account? Find(string accountId);

    /// <summary>Writes the account, new or not.</summary>
    /// <param name="account">The account.</param>
    void Put(Account account);

    /// <summary>Adds a change of standing.</summary>
    /// <param name="change">The change.</param>
    /// <returns>Its sequence.</returns>
    long Add(StandingChange change);

    /// <summary>The changes of an account, oldest first.</summary>
    /// <param name="accountId">Its identifier.</param>
    IReadOnlyList<StandingChange> Changes(string accountId);

    /// <summary>Adds a signal.</summary>
    /// <param name="signal">The signal.</param>
    void Add(AccountSignal signal);

    /// <summary>The newest signals of an account, newest first, in the order in which they were added.</summary>
    /// <param name="accountId">Its identifier.</param>
    /// <param name="since">Signals of that time or later, by the host's clock at the time.</param>
    /// <param name="max">Most signals, at least 1.</param>
    IReadOnlyList<AccountSignal> Signals(string accountId, DateTimeOffset since, int max);

    /// <summary>Removes signals older than a time.</summary>
    /// <param name="before">Signals before that time go.</param>
    /// <returns>How many went.</returns>
    int RemoveSignals(DateTimeOffset before);

    /// <summary>Adds an appeal.</summary>
    /// <param name="appeal">The appeal.</param>
    /// <returns>Its sequence.</returns>
    long Add(Appeal appeal);

    /// <summary>Writes an appeal that is there already, found by its sequence.</summary>
    /// <param name="appeal">The appeal.</param>
    void Update(Appeal appeal);

    /// <summary>The appeal; null where there is none.</summary>
    /// <param name="sequence">Its sequence.</param>
    Appeal? FindAppeal(long sequence);

    /// <summary>The appeal against a change; null where there is none.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="change">The change's sequence.</param>
    Appeal? FindAppeal(string accountId, long change);

    /// <summary>Appeals in a state, oldest first.</summary>
    /// <param name="state">The state.</param>
    /// <param name="max">Most appeals, at least 1.</param>
    IReadOnlyList<Appeal> Appeals(AppealState state, int max);
}
