using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>A place in a document.</summary>
internal readonly record struct PolicyPosition(string Path, long Line, long Column)
{
    public PolicyFormatException Error(string problem) => new(problem, Path, Line, Column);
}

/// <summary>A document as it was written, before what it extends is added. Null: not written.</summary>
internal sealed class PolicyDraft
{
    public string? Schema { get; set; }

    public string? Name { get; set; }

    public string? Version { get; set; }

    public string? Description { get; set; }

    public string? Extends { get; set; }

    public PolicyPosition ExtendsAt { get; set; }

    public AgeBand? UnknownAge { get; set; }

    public Decision? WhenCheckFails { get; set; }

    public Dictionary<SafetyCategory, Decision> WhenCheckFailsFor { get; set; } = [];

    public List<HelpResource> Help { get; set; } = [];

    public List<RuleDraft>? Rules { get; set; }

    public PolicyPosition End { get; set; }
}

/// <summary>A rule as it was written.</summary>
internal sealed class RuleDraft
{
    public string? Id { get; set; }

    public bool? Enabled { get; set; }

    public SafetyCategory? Category { get; set; }

    public List<Stage>? Stages { get; set; }

    public List<Operation>? Operations { get; set; }

    public List<Modality>? Modalities { get; set; }

    public Audience? Audience { get; set; }

    public double? Threshold { get; set; }

    public List<SafetyCategory>? With { get; set; }

    public double? WithThreshold { get; set; }

    public Decision? Decision { get; set; }

    public List<ContextDecision>? InContext { get; set; }

    public List<RequiredAction>? Actions { get; set; }

    public List<Advisory>? Advise { get; set; }

    public string? Why { get; set; }

    public PolicyPosition Position { get; set; }

    /// <summary>The rule; what is not written comes from <paramref name="inherited"/>, or is the default.</summary>
    public PolicyRule Resolve(PolicyRule? inherited) => new()
    {
        Id = Id!,
        Category = Category ?? inherited?.Category ?? throw Position.Error("\"category\" is missing."),
        Decision = Decision ?? inherited?.Decision ?? throw Position.Error("\"decision\" is missing."),
        Stages = Stages ?? inherited?.Stages ?? [],
        Operations = Operations ?? inherited?.Operations ?? [],
        Modalities = Modalities ?? inherited?.Modalities ?? [],
        Audience = Audience ?? inherited?.Audience ?? Policies.Audience.Everyone,
        Threshold = Threshold ?? inherited?.Threshold ?? 0.5,
        With = With ?? inherited?.With ?? [],
        WithThreshold = WithThreshold ?? inherited?.WithThreshold ?? 0.5,
        InContext = InContext ?? inherited?.InContext ?? [],
        Actions = Actions ?? inherited?.Actions ?? [],
        Advise = Advise ?? inherited?.Advise ?? [],
        Why = Why ?? inherited?.Why,
    };
}
