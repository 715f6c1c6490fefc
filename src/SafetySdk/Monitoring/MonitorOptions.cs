namespace SafetySdk.Monitoring;

/// <summary>
/// When a safety monitor that fails is not asked for a while, so that its deadline is not waited for on every request. A check that is left
/// out is a failed one. Immutable.
/// </summary>
public sealed record MonitorOptions
{
    /// <summary>The defaults.</summary>
    public static MonitorOptions Default { get; } = new();

    /// <summary>
    /// Failures in a row after which it is not asked, at least 1. Default 5. Invalid answers do not count: whoever writes prompts could provoke
    /// them, and have everybody's requests refused.
    /// </summary>
    public int FailuresToOpen { get; init; } = 5;

    /// <summary>How long it is not asked then, above zero. Default 30 seconds.</summary>
    public TimeSpan OpenFor { get; init; } = TimeSpan.FromSeconds(30);
}
