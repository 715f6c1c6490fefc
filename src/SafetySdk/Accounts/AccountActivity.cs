using SafetySdk.Policies;

namespace SafetySdk.Accounts;

/// <summary>What counted against an account within a window of time.</summary>
/// <param name="Blocked">Verdicts that blocked.</param>
/// <param name="Reviewed">Verdicts that asked for a review or for another prompt.</param>
/// <param name="Score">Sum of the scores of all of them.</param>
public readonly record struct AccountActivity(int Blocked, int Reviewed, double Score)
{
    /// <summary>Most signals that are looked at; more say nothing new.</summary>
    public const int MaxSignals = 1000;

    /// <summary>Sums signals up.</summary>
    /// <param name="signals">The signals.</param>
    public static AccountActivity Of(IEnumerable<AccountSignal> signals)
    {
        ArgumentNullException.ThrowIfNull(signals);
        int blocked = 0, reviewed = 0;
        double score = 0;
        foreach (AccountSignal signal in signals)
        {
            blocked += signal.Decision == Decision.Block ? 1 : 0;
            reviewed += signal.Decision is Decision.Review or Decision.Transform ? 1 : 0;
            score += signal.Score;
        }

        return new AccountActivity(blocked, reviewed, score);
    }
}

/// <summary>What the host makes of repeated signals. The default does nothing by itself.</summary>
public sealed record AccountRules
{
    /// <summary>No consequences.</summary>
    public static AccountRules None { get; } = new();

    /// <summary>How far back signals count. Default 30 days.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Blocked verdicts within the window that lead to <see cref="AccountStanding.Warned"/>; null for never.</summary>
    public int? WarnAfter { get; init; }

    /// <summary>Blocked verdicts within the window that lead to <see cref="AccountStanding.Suspended"/>; null for never.</summary>
    public int? SuspendAfter { get; init; }

    /// <summary>The standing that the activity asks for; <see cref="AccountStanding.Good"/> where it asks for nothing.</summary>
    /// <param name="activity">The activity within the window.</param>
    public AccountStanding StandingFor(AccountActivity activity)
        => activity.Blocked >= SuspendAfter ? AccountStanding.Suspended
            : activity.Blocked >= WarnAfter ? AccountStanding.Warned
            : AccountStanding.Good;
}
