using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>When later, expensive checks are left out because nothing can change the outcome any more.</summary>
public enum EarlyStop
{
    /// <summary>
    /// Only after what decides by itself: an account that the policy denies, and known content, which nobody should look at any longer than
    /// needed.
    /// </summary>
    Decisive = 0,

    /// <summary>After any stage that blocks. Cheaper; the verdict then lists fewer reasons.</summary>
    FirstBlock,
}

/// <summary>How a pipeline spends time and how much of an animation it looks at. Immutable.</summary>
public sealed record PipelineOptions
{
    /// <summary>The defaults.</summary>
    public static PipelineOptions Default { get; } = new();

    /// <summary>
    /// How long a stage may take, above zero; null, the default, for as long as its checks take. What is not done by then is a failed
    /// check. <see cref="SafetyPipeline.Check"/> waits for a detector that does not heed cancellation, the asynchronous methods do not.
    /// </summary>
    public TimeSpan? StageDeadline { get; init; }

    /// <summary>The same for single stages, in place of <see cref="StageDeadline"/>.</summary>
    public IReadOnlyDictionary<Stage, TimeSpan> StageDeadlines { get; init; } = new Dictionary<Stage, TimeSpan>();

    /// <summary>Checks of one stage that run at a time in the asynchronous methods, at least 1. Default: the number of processors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int MaxParallelism
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = Environment.ProcessorCount;

    /// <summary>When later checks are left out.</summary>
    public EarlyStop Stop { get; init; }

    /// <summary>
    /// Frames of an animation that are compared with known content, 1–256, spread evenly with the first and the last among them. Default
    /// 16. An animation that has more is a failed check. Fewer are decoded where they would exceed the limits on pictures.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1 or above 256.</exception>
    public int MatchedFrames
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 256);
            field = value;
        }
    } = 16;

    /// <summary>
    /// Different frames of an animation that the detectors look at, 1–256, spread evenly over those matched, with the first and the last
    /// among them. Default 4. Frames that are left over make the check a failed one, unless <see cref="TrustSampledFrames"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1 or above 256.</exception>
    public int AnalyzedFrames
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 256);
            field = value;
        }
    } = 4;

    /// <summary>
    /// Whether an animation passes though the detectors looked at a sample of its frames only. Default false: one bad frame among many
    /// good ones would pass. Frames that were not even matched are a failed check either way.
    /// </summary>
    public bool TrustSampledFrames { get; init; }

    /// <summary>
    /// Whether an account is looked up before anything is checked, where there is something to look it up in
    /// (<see cref="SafetyPipelineParts.Accounts"/>). Default true; false for a host that has looked already.
    /// </summary>
    public bool LooksUpAccounts { get; init; } = true;

    internal TimeSpan? DeadlineOf(Stage stage) => StageDeadlines.TryGetValue(stage, out TimeSpan own) ? own : StageDeadline;
}
