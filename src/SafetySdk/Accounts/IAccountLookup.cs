namespace SafetySdk.Accounts;

/// <summary>
/// Where the pipeline looks an account up before it checks anything. Implementations are thread-safe, answer the same for the same state,
/// and change nothing.
/// </summary>
public interface IAccountLookup
{
    /// <summary>What is known about an account.</summary>
    /// <param name="accountId">The host's opaque identifier.</param>
    /// <param name="cancellationToken">Cancelled at the deadline of the stage.</param>
    /// <returns>What is known; an account that nobody wrote down yet is in good standing. Any exception is a failed check; its message is
    /// not passed on.</returns>
    ValueTask<AccountStatus> FindAsync(string accountId, CancellationToken cancellationToken = default);
}

/// <summary>What the account gate is told.</summary>
/// <param name="Account">The account: standing, age band and who said it.</param>
/// <param name="Risk">What its recent history amounts to, 0 to 1 (<see cref="AccountRules.RiskOf"/>).</param>
public sealed record AccountStatus(Account Account, double Risk)
{
    /// <summary>Names no account.</summary>
    public override string ToString() => $"{nameof(AccountStatus)} {{ {Account} }}";
}
