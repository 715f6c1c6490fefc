using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Monitoring;

/// <summary>
/// A reasoning model that looks at a whole request, at what the detectors saw and at the policy. It only ever adds findings: what was seen
/// before stays, so nothing that it says or is told to say makes a decision milder. Implementations are thread-safe.
/// </summary>
public interface ISafetyMonitor
{
    /// <summary>Name, for verdicts.</summary>
    string Name { get; }

    /// <summary>Version of its model and instructions, for verdicts.</summary>
    string Version { get; }

    /// <summary>Looks at a request.</summary>
    /// <param name="query">The request. Its bytes belong to the caller; do not keep them after the call.</param>
    /// <param name="cancellationToken">Cancelled at the stage's deadline; an answer that comes later is not read.</param>
    /// <exception cref="MonitorException">No valid answer could be had: a failed check.</exception>
    ValueTask<MonitorReport> ExamineAsync(MonitorQuery query, CancellationToken cancellationToken = default);
}

/// <summary>What a safety monitor is asked about. Owns nothing.</summary>
public sealed record MonitorQuery
{
    /// <summary>The stage: <see cref="Stage.Joint"/> before the model is called, <see cref="Stage.Output"/> after.</summary>
    public required Stage Stage { get; init; }

    /// <summary>What was asked for.</summary>
    public required Operation Operation { get; init; }

    /// <summary>The user's age.</summary>
    public required AgeBand Age { get; init; }

    /// <summary>The policy in force, as the text that its author wrote for people and machines (<see cref="SafetyPolicy.ToJson"/>).</summary>
    public required SafetyPolicy Policy { get; init; }

    /// <summary>The prompt; null where there is none.</summary>
    public string? Prompt { get; init; }

    /// <summary>Earlier turns of the user, oldest first.</summary>
    public IReadOnlyList<string> Turns { get; init; } = [];

    /// <summary>Pictures that the user gave, as files.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Images { get; init; } = [];

    /// <summary>Pictures that the model made, as files; empty before the output stage.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> OutputImages { get; init; } = [];

    /// <summary>Text that the model answered; null before the output stage and where there is none.</summary>
    public string? OutputText { get; init; }

    /// <summary>What every stage until now saw.</summary>
    public IReadOnlyList<Signal> Evidence { get; init; } = [];

    /// <summary>Names no content.</summary>
    public override string ToString()
        => $"{nameof(MonitorQuery)} {{ {Stage}, {Operation}, {Images.Count} images, {OutputImages.Count} output images, {Evidence.Count} signals }}";
}

/// <summary>What a safety monitor found.</summary>
/// <param name="Findings">The findings; empty for nothing beyond the evidence.</param>
public sealed record MonitorReport(IReadOnlyList<MonitorFinding> Findings);

/// <summary>One finding of a safety monitor.</summary>
/// <param name="Category">What it is about: not known content, an account, or the pipeline itself.</param>
/// <param name="Score">Strength, 0 to 1.</param>
/// <param name="Rationale">Why, for a reviewer. It may quote what was looked at: show it to people, never write it to a log.</param>
public sealed record MonitorFinding(SafetyCategory Category, double Score, string Rationale)
{
    /// <summary>Whether a monitor may report a category: harm, requests and evidence, but not known content, which is a matter of
    /// lists.</summary>
    /// <param name="category">The category.</param>
    public static bool MayReport(SafetyCategory category)
        => (uint)category < (uint)CategoryInfo.All.Count
            && category != SafetyCategory.KnownContent
            && CategoryInfo.Of(category).Kind is CategoryKind.Harm or CategoryKind.Request or CategoryKind.Evidence;

    /// <summary>Does not show the rationale.</summary>
    public override string ToString() => $"{nameof(MonitorFinding)} {{ {Category}, {Score:0.###} }}";
}

/// <summary>Why a safety monitor gave no valid answer.</summary>
public enum MonitorError
{
    /// <summary>The model could not be reached or refused the call.</summary>
    Unavailable,

    /// <summary>The model did not answer in time.</summary>
    TimedOut,

    /// <summary>The answer is not what was demanded.</summary>
    InvalidAnswer,
}

/// <summary>A safety monitor gave no valid answer. The message says what was wrong with it and quotes nothing.</summary>
/// <param name="error">Why.</param>
/// <param name="message">What was wrong; never content.</param>
public sealed class MonitorException(MonitorError error, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public MonitorError Error { get; } = error;
}
