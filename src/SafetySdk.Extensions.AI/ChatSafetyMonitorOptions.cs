namespace SafetySdk.Extensions.AI;

/// <summary>How a chat model is asked to be the safety monitor. Immutable.</summary>
public sealed record ChatSafetyMonitorOptions
{
    /// <summary>The defaults.</summary>
    public static ChatSafetyMonitorOptions Default { get; } = new();

    /// <summary>Name, for verdicts. Default <c>safety-monitor</c>.</summary>
    public string Name { get; init; } = "safety-monitor";

    /// <summary>The model, for verdicts and for the client; null for the client's own.</summary>
    public string? Model { get; init; }

    /// <summary>How long both tries together may take, above zero. Default 30 seconds.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most UTF-16 units of an answer, at least 1. Default 32,768. A longer one is invalid.</summary>
    public int MaxAnswerLength { get; init; } = 32_768;

    /// <summary>The most tokens that the model may write; null for the client's own. Default 4,096.</summary>
    public int? MaxOutputTokens { get; init; } = 4_096;

    /// <summary>The most pictures that are sent at a time, at least 0. Default 16. A request with more is a failed check.</summary>
    public int MaxImages { get; init; } = 16;
}
