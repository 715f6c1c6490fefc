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

    /// <summary>
    /// Blocked verdicts within the window that make the risk 0.5, above zero; a verdict that asked for a review or another prompt counts a
    /// quarter. Default 3: the built-in <c>balanced</c> policy has every request looked at from 12 on, <c>strict</c> from 5 on.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number above zero.</exception>
    public double HalfRisk
    {
        get;
        init
        {
            if (!(value > 0) || !double.IsFinite(value))
            {
                throw new ArgumentOutOfRangeException(nameof(value), "A number above zero.");
            }

            field = value;
        }
    } = 3;

    /// <summary>
    /// What the activity amounts to, 0 to 1: w / (w + <see cref="HalfRisk"/>) with w = blocked + reviewed / 4. It rises with every verdict
    /// and never reaches 1. Our own form: no published one was found.
    /// </summary>
    /// <param name="activity">The activity within the window.</param>
    public double RiskOf(AccountActivity activity)
    {
        double weight = activity.Blocked + (activity.Reviewed / 4.0);
        return weight / (weight + HalfRisk);
    }

    /// <summary>The standing that the activity asks for; <see cref="AccountStanding.Good"/> where it asks for nothing.</summary>
    /// <param name="activity">The activity within the window.</param>
    public AccountStanding StandingFor(AccountActivity activity)
        => activity.Blocked >= SuspendAfter ? AccountStanding.Suspended
            : activity.Blocked >= WarnAfter ? AccountStanding.Warned
            : AccountStanding.Good;
}
