namespace SafetySdk.Reports.CyberTipline;

/// <summary>How reports are filed.</summary>
public sealed record CyberTipSenderOptions
{
    /// <summary>The defaults.</summary>
    public static CyberTipSenderOptions Default { get; } = new();

    /// <summary>How often one call is tried within an attempt, where that is safe. Default 3, at least 1.</summary>
    public int CallAttempts { get; init; } = 3;

    /// <summary>Pause before a call is tried again; doubles. Default one second.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A longer pause than this is left to the outbox. Default 10 seconds.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause of the outbox where the credentials are not accepted. Default 15 minutes.</summary>
    public TimeSpan UnauthorizedPause { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long evidence is kept from the attempt on. Default 400 days: the law of the United States wants a year after the report
    /// (18 USC 2258A(h), REPORT Act), and attempts may go on for a while.
    /// </summary>
    public TimeSpan Preservation { get; init; } = TimeSpan.FromDays(400);

    /// <summary>Pause after so many attempts, shortened by up to half so that many senders do not come back at once.</summary>
    internal TimeSpan PauseAfter(int attempt)
        => FirstPause * (Math.Pow(2, Math.Min(attempt - 1, 20)) * (1 - (Random.Shared.NextDouble() / 2)));
}
