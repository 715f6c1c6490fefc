using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>What the policy is asked about: the signals of one stage, and what is known around them. Owns nothing.</summary>
public readonly struct PolicyQuery
{
    /// <summary>A question without signals.</summary>
    public PolicyQuery()
    {
    }

    /// <summary>The stage.</summary>
    public Stage Stage { get; init; }

    /// <summary>The operation.</summary>
    public Operation Operation { get; init; }

    /// <summary>The age band as the host knows it.</summary>
    public AgeBand Age { get; init; }

    /// <summary>What this stage saw. A score that is not a finite number counts as 1.</summary>
    public IReadOnlyList<Signal> Signals { get; init; } = [];

    /// <summary>
    /// What earlier stages saw. It has been judged; here it only completes rules that ask for two things
    /// (<see cref="PolicyRule.With"/>, <see cref="Audience.MinorsOrChildShown"/>).
    /// </summary>
    public IReadOnlyList<Signal> Earlier { get; init; } = [];

    /// <summary>Checks of this stage that could not be completed.</summary>
    public IReadOnlyList<CheckFailure> Failures { get; init; } = [];

    /// <summary>Contexts that may soften, where the policy says so.</summary>
    public IReadOnlyList<ContextFinding> Contexts { get; init; } = [];
}
