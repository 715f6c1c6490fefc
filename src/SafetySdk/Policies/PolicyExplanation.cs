using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>For whom and what for a policy is explained.</summary>
/// <param name="Age">Age band.</param>
/// <param name="Operation">Operation.</param>
public sealed record PolicySituation(AgeBand Age, Operation Operation)
{
    /// <summary>Stages of interest; empty means all.</summary>
    public IReadOnlyList<Stage> Stages { get; init; } = [];

    /// <summary>Contexts that hold.</summary>
    public IReadOnlyList<SafetyContext> Contexts { get; init; } = [];

    /// <summary>What is configured to report categories; null for all that comes with the library.</summary>
    public CategorySources? Configured { get; init; }
}

/// <summary>One line of an explanation: a rule as it works in the situation.</summary>
/// <param name="Decision">What happens, contexts considered.</param>
/// <param name="Rule">The rule.</param>
/// <param name="Stages">Where it can fire.</param>
/// <param name="NeedsChild">Whether it fires only where a real child is shown, made or asked for.</param>
/// <param name="IsFloor">Whether every policy has it.</param>
/// <param name="IsDetected">Whether anything that comes with the library reports its category today.</param>
public sealed record PolicyLine(
    Decision Decision, PolicyRule Rule, IReadOnlyList<Stage> Stages, bool NeedsChild, bool IsFloor, bool IsDetected)
{
    /// <summary>The context that makes the decision milder than the rule; null where none does.</summary>
    public SafetyContext? SoftenedBy { get; init; }

    /// <summary>What would report its category where it can fire, and is not configured; none where nobody said what is.</summary>
    public CategorySources Missing { get; init; }

    /// <summary>Whether the rule cannot fire in what is configured, though the library could see what it needs.</summary>
    public bool IsBlind { get; init; }
}

/// <summary>What a policy does in a situation: what is blocked, changed, reviewed, and allowed with advice. Immutable.</summary>
public sealed record PolicyExplanation
{
    private PolicyExplanation()
    {
    }

    /// <summary>The policy.</summary>
    public required SafetyPolicy Policy { get; init; }

    /// <summary>The situation; the age band is never <see cref="AgeBand.Unknown"/>.</summary>
    public required PolicySituation Situation { get; init; }

    /// <summary>Every rule that can change something here, strictest first. Rules that a stricter one always outdoes are left out.</summary>
    public required IReadOnlyList<PolicyLine> Lines { get; init; }

    /// <summary>Harms and requests that nothing here objects to, in the order of the categories.</summary>
    public required IReadOnlyList<SafetyCategory> Free { get; init; }

    /// <summary>Explains a policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="situation">For whom and what for.</param>
    public static PolicyExplanation Of(SafetyPolicy policy, PolicySituation situation)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(situation);
        AgeBand age = situation.Age == AgeBand.Unknown ? policy.UnknownAge : situation.Age;
        uint contexts = 0;
        foreach (SafetyContext context in situation.Contexts)
        {
            contexts |= 1u << (int)context;
        }

        var reaches = new List<(RuleReach Reach, PolicyLine Line)>();
        foreach (PolicyRule rule in PolicyFloor.Rules.Concat(policy.Rules))
        {
            RuleReach? reach = RuleReach.In(rule, situation.Operation, minor: age != AgeBand.Adult, situation.Stages);
            // A user under 13 is denied first and for all; for anybody else that rule says nothing.
            if (reach is null || (rule.Category == SafetyCategory.UnderageAccount) != (age == AgeBand.Under13))
            {
                continue;
            }

            Decision decision = new CompiledRule(rule).In(contexts, out SafetyContext? softenedBy);
            bool isDetected = CategoryInfo.Of(rule.Category).DetectedBy != CategorySources.None;
            reaches.Add((reach, new PolicyLine(decision, rule, reach.Stages, reach.NeedsChild, PolicyFloor.Rules.Contains(rule), isDetected)
            {
                SoftenedBy = softenedBy,
                Missing = MissingFor(rule.Category, reach.Stages, situation.Configured),
                IsBlind = IsBlind(rule, reach.Stages, situation.Configured),
            }));
        }

        PolicyLine[] lines =
        [
            .. reaches.Where((r, i) => !reaches.Where((s, j) => j != i && Outdoes(s, r) && (j < i || !Outdoes(r, s))).Any())
                .Select(static r => r.Line)
                .Where(static l => l.Decision > Decision.Allow || l.Rule.Advise.Count + l.Rule.Actions.Count > 0 || l.SoftenedBy is not null)
                .OrderByDescending(static l => l.Decision).ThenByDescending(static l => l.IsFloor).ThenBy(static l => l.Rule.Category).ThenBy(static l => l.Rule.Threshold)
                .ThenBy(static l => l.Rule.Id, StringComparer.Ordinal),
        ];
        return new PolicyExplanation
        {
            Policy = policy,
            Situation = situation with { Age = age },
            Lines = lines,
            Free =
            [
                .. CategoryInfo.All.Where(i => i.Kind is CategoryKind.Harm or CategoryKind.Request && age != AgeBand.Under13)
                    .Select(static i => i.Category).Where(c => !lines.Any(l => l.Rule.Category == c)),
            ],
        };
    }

    // What pictures are looked at for is not said of texts, and the other way round.
    private static CategorySources Seeing(SafetyCategory category, IReadOnlyList<Stage> stages)
    {
        CategorySources sources = CategoryInfo.Of(category).DetectedBy;
        return stages is [Stage.Upload] ? sources & ~CategorySources.Text
            : stages is [Stage.Prompt] ? sources & ~CategorySources.Picture
            : sources;
    }

    // Composition and the request are the pipeline's own.
    private static CategorySources MissingFor(SafetyCategory category, IReadOnlyList<Stage> stages, CategorySources? configured)
        => configured is { } there
            ? Seeing(category, stages) & ~there & ~(CategorySources.Composition | CategorySources.Request)
            : CategorySources.None;

    private static bool IsBlind(PolicyRule rule, IReadOnlyList<Stage> stages, CategorySources? configured)
    {
        return configured is { } there
            && (Sees(rule.Category, stages) == false || (rule.With.Count > 0 && rule.With.All(w => Sees(w, []) == false)));

        // Null for what nothing in the library sees there: that is said otherwise.
        bool? Sees(SafetyCategory category, IReadOnlyList<Stage> at)
            => Seeing(category, at) is not CategorySources.None and var sources
                ? (sources & (there | CategorySources.Composition | CategorySources.Request)) != 0
                : null;
    }

    private static bool Outdoes((RuleReach Reach, PolicyLine Line) strong, (RuleReach Reach, PolicyLine Line) weak)
        => strong.Reach.Covers(weak.Reach) && strong.Line.Decision >= weak.Line.Decision;
}
