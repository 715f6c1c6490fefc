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

    /// <summary>Whom the rule binds.</summary>
    public Audience Audience { get; init; } = Audience.Everyone;

    /// <summary>Least score that fires the rule, over 0 to 1.</summary>
    public double Threshold { get; init; } = 0.5;

    /// <summary>
    /// What the rule asks for: <see cref="Decision.Review"/>, <see cref="Decision.Transform"/> or <see cref="Decision.Block"/>.
    /// </summary>
    public required Decision Decision { get; init; }

    /// <summary>What the host has to do besides.</summary>
    public IReadOnlyList<RequiredAction> Actions { get; init; } = [];

    /// <summary>The reason in plain words, for the person who reads the policy; null where none is given.</summary>
    public string? Why { get; init; }

    /// <summary>Whether the rule holds there, for that user.</summary>
    /// <param name="stage">Stage.</param>
    /// <param name="operation">Operation.</param>
    /// <param name="age">Age band, not <see cref="AgeBand.Unknown"/>.</param>
    public bool AppliesTo(Stage stage, Operation operation, AgeBand age)
        => (Stages.Count == 0 || Stages.Contains(stage))
            && (Operations.Count == 0 || Operations.Contains(operation))
            && (Audience == Audience.Everyone || age is AgeBand.Teen or AgeBand.Under13);
}
