using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>One sentence of a policy: a signal of this category, there, at least this strong, leads to this decision.</summary>
public sealed record PolicyRule
{
    /// <summary>Name of the rule, unique in its policy; appears in verdicts.</summary>
    public required string Id { get; init; }

    /// <summary>The category that the rule is about.</summary>
    public required SafetyCategory Category { get; init; }

    /// <summary>Stages where the rule holds; empty means all.</summary>
    public IReadOnlyList<Stage> Stages { get; init; } = [];

    /// <summary>Operations for which the rule holds; empty means all.</summary>
    public IReadOnlyList<Operation> Operations { get; init; } = [];

    /// <summary>Kinds of input for which the rule holds; empty means all. A signal that does not say its kind meets every rule.</summary>
    public IReadOnlyList<Modality> Modalities { get; init; } = [];

    /// <summary>Whom the rule binds.</summary>
    public Audience Audience { get; init; } = Audience.Everyone;

    /// <summary>Least score that fires the rule, over 0 to 1.</summary>
    public double Threshold { get; init; } = 0.5;

    /// <summary>
    /// Any one of these must be seen in the same request as well, in this stage or an earlier one; empty means nothing else is needed.
    /// Such a rule is judged where the last of its parts is seen.
    /// </summary>
    public IReadOnlyList<SafetyCategory> With { get; init; } = [];

    /// <summary>Least score of a category of <see cref="With"/>, over 0 to 1.</summary>
    public double WithThreshold { get; init; } = 0.5;

    /// <summary>
    /// What the rule asks for: <see cref="Decision.Review"/>, <see cref="Decision.Transform"/> or <see cref="Decision.Block"/>; or
    /// <see cref="Decision.Allow"/>, where it only has actions or advice to add.
    /// </summary>
    public required Decision Decision { get; init; }

    /// <summary>What the rule asks for instead where a context holds; the mildest counts where several do.</summary>
    public IReadOnlyList<ContextDecision> InContext { get; init; } = [];

    /// <summary>What the host has to do besides.</summary>
    public IReadOnlyList<RequiredAction> Actions { get; init; } = [];

    /// <summary>What the host should say or observe where it answers.</summary>
    public IReadOnlyList<Advisory> Advise { get; init; } = [];

    /// <summary>The reason in plain words, for the person who reads the policy; null where none is given.</summary>
    public string? Why { get; init; }
}

/// <summary>What a rule asks for in a context.</summary>
/// <param name="Context">The context.</param>
/// <param name="Decision">Milder than the rule's own.</param>
public readonly record struct ContextDecision(SafetyContext Context, Decision Decision);
