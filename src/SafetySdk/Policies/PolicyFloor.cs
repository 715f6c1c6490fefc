using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>The rules that no policy can switch off. They are always evaluated, before the policy's own.</summary>
public static class PolicyFloor
{
    /// <summary>The rules.</summary>
    public static IReadOnlyList<PolicyRule> Rules { get; } =
    [
        new()
        {
            // A suspicion blocks. Only what is certain reports and suspends, unless a rule of the policy trusts less.
            Id = "floor-known-content-confirmed",
            Category = SafetyCategory.KnownContent,
            Threshold = KnownContentScore.Confirmed,
            Decision = Decision.Block,
            Actions = [RequiredAction.ReportToNcmec, RequiredAction.SuspendAccount, RequiredAction.PreserveEvidence],
            Why = "The picture is on a list of known illegal content.",
        },
        new()
        {
            Id = "floor-known-content",
            Category = SafetyCategory.KnownContent,
            Threshold = 0.5,
            Decision = Decision.Block,
            Actions = [RequiredAction.PreserveEvidence],
            Why = "The picture is, or may be, on a list of known illegal content.",
        },
        new()
        {
            Id = "floor-sexual-minors",
            Category = SafetyCategory.SexualMinors,
            Threshold = 0.5,
            Decision = Decision.Block,
            Why = "Sexual content with a minor, in any form.",
        },
        new()
        {
            Id = "floor-child-edit",
            Category = SafetyCategory.ChildPhoto,
            Stages = [Stage.Upload],
            Operations = [Operation.Edit],
            Threshold = 0.5,
            Decision = Decision.Block,
            Why = "An uploaded photograph of a child may not be edited.",
        },
        new()
        {
            Id = "floor-under-13",
            Category = SafetyCategory.UnderageAccount,
            Threshold = 0.5,
            Decision = Decision.Block,
            Why = "The account is known to belong to a child under 13.",
        },
        new()
        {
            // A policy may have a person look instead of blocking; none serves the account as if nothing were.
            Id = "floor-account-denied",
            Category = SafetyCategory.AccountDenied,
            Threshold = 0.5,
            Decision = Decision.Review,
            Why = "The account is suspended or banned.",
        },
    ];

    /// <summary>
    /// The floor rule that <paramref name="rule"/> tries to soften, or null: a rule of a floor category that asks for less than the
    /// floor at a score where the floor holds.
    /// </summary>
    /// <param name="rule">A rule of a policy.</param>
    public static PolicyRule? Softened(PolicyRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return Rules.FirstOrDefault(floor => floor.Category == rule.Category
            && rule.Decision < floor.Decision
            && rule.Threshold >= floor.Threshold
            && Within(rule.Stages, floor.Stages)
            && Within(rule.Operations, floor.Operations));
    }

    /// <summary>
    /// The mildest that a context may make of a category; null where the system cards let no context soften it. A policy that asks for
    /// more is refused.
    /// </summary>
    /// <param name="category">A category.</param>
    /// <param name="context">A context.</param>
    public static Decision? MildestInContext(SafetyCategory category, SafetyContext context) => category switch
    {
        SafetyCategory.Violence or SafetyCategory.GraphicViolence or SafetyCategory.SexualSuggestive => Decision.Allow,
        SafetyCategory.HateSymbol => context switch
        {
            SafetyContext.Educational or SafetyContext.News or SafetyContext.Historical => Decision.Allow,
            SafetyContext.Artistic => Decision.Review,
            _ => null,
        },
        SafetyCategory.Hate or SafetyCategory.Extremism =>
            context is SafetyContext.Educational or SafetyContext.News or SafetyContext.Historical ? Decision.Review : null,
        SafetyCategory.Harassment => context is SafetyContext.Artistic or SafetyContext.News ? Decision.Review : null,
        SafetyCategory.Sexual => context switch
        {
            SafetyContext.Medical => Decision.Allow,
            SafetyContext.Artistic or SafetyContext.Educational or SafetyContext.Historical => Decision.Review,
            _ => null,
        },
        SafetyCategory.SelfHarm => Decision.Review,
        SafetyCategory.Misinformation or SafetyCategory.PoliticalDeception =>
            context is SafetyContext.Artistic or SafetyContext.News or SafetyContext.Educational ? Decision.Review : null,
        SafetyCategory.DeceptiveDocument => context is SafetyContext.Artistic or SafetyContext.Educational ? Decision.Review : null,
        SafetyCategory.MedicalReading => context is SafetyContext.Medical or SafetyContext.Educational ? Decision.Allow : null,
        SafetyCategory.Geolocation or SafetyCategory.TruthJudgement =>
            context is SafetyContext.News or SafetyContext.Educational or SafetyContext.Historical ? Decision.Allow : null,
        // Instruction, promotion, praise, requests about a real person, everything about minors, the account: no context helps.
        _ => null,
    };

    // Whether everything that the rule covers is covered by the floor; an empty list covers all.
    private static bool Within<T>(IReadOnlyList<T> rule, IReadOnlyList<T> floor)
        => floor.Count == 0 || (rule.Count > 0 && rule.All(floor.Contains));
}
