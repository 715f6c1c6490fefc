namespace SafetySdk.Reporting;

/// <summary>How reports are sent and sent again.</summary>
public sealed record OutboxOptions
{
    /// <summary>The defaults.</summary>
    public static OutboxOptions Default { get; } = new();

    /// <summary>
    /// How long a report belongs to who took it. The pump renews it while it sends; whoever dies loses the report to the next after that
    /// time. Default 2 minutes.
    /// </summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Pause after the first failure; doubles with each further one. Default 10 seconds.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest pause. Default one hour.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Attempts after which a report is given up and waits for an operator. Default 30, more than a day.</summary>
    public int MaxAttempts { get; init; } = 30;

    /// <summary>The pause after so many attempts; shortened by up to a fifth, so that many senders do not come back at once.</summary>
    internal TimeSpan PauseAfter(int attempts)
    {
        double factor = Math.Pow(2, Math.Min(attempts - 1, 30));
        double ticks = Math.Min(FirstPause.Ticks * factor, LongestPause.Ticks);
        return TimeSpan.FromTicks((long)(ticks * (1 - (Random.Shared.NextDouble() / 5))));
    }
}
