using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>What is wrong with a rule.</summary>
public enum PolicyProblemKind
{
    /// <summary>Another rule asks for more wherever this one fires: what it says never happens.</summary>
    Contradiction,

    /// <summary>No input can ever make the rule fire.</summary>
    NeverFires,

    /// <summary>Another rule already does all that this one does. Harmless.</summary>
    Redundant,
}

/// <summary>Something in a policy that its author can hardly mean.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Rule">The rule.</param>
/// <param name="Message">What is wrong and what would be right.</param>
/// <param name="Path">Where, as a JSON path; empty where the rule is inherited.</param>
/// <param name="Line">Line, from 1; 0 where the rule is inherited.</param>
/// <param name="Column">Column in bytes, from 1; 0 where the rule is inherited.</param>
public sealed record PolicyProblem(PolicyProblemKind Kind, string Rule, string Message, string Path, long Line, long Column)
{
    /// <summary>Whether the policy does something else than it says. A redundant rule does not.</summary>
    public bool IsError => Kind != PolicyProblemKind.Redundant;
}

/// <summary>A policy that can be used, and what its author should look at again.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Problems">In the order of the rules; empty where all is well.</param>
public sealed record PolicyValidation(SafetyPolicy Policy, IReadOnlyList<PolicyProblem> Problems)
{
    /// <summary>Reads a document and looks for contradictions and for rules that never fire or add nothing.</summary>
    /// <param name="utf8Json">The document, UTF-8.</param>
    /// <param name="find">The document of a policy that is not built in and is extended; null where there is none so called.</param>
    /// <exception cref="PolicyFormatException">Malformed, weaker than the floor, or extends itself.</exception>
    public static PolicyValidation Of(ReadOnlySpan<byte> utf8Json, Func<string, byte[]?>? find = null)
    {
        PolicyDocument document = PolicyDocument.Read(utf8Json, find);
        return new PolicyValidation(document.Policy, [.. Find(document.Policy, document.Positions)]);
    }

    private static IEnumerable<PolicyProblem> Find(SafetyPolicy policy, IReadOnlyDictionary<string, PolicyPosition> positions)
    {
        RuleReach[] rules = [.. PolicyFloor.Rules.Concat(policy.Rules).Select(RuleReach.Of)];
        for (int i = PolicyFloor.Rules.Count; i < rules.Length; i++)
        {
            RuleReach rule = rules[i];
            if (WhyNever(rule) is { } why)
            {
                yield return At(PolicyProblemKind.NeverFires, rule.Rule, $"rule '{rule.Rule.Id}' can never fire: {why}", rule.Rule);
                continue;
            }

            // Of two rules that say the same, the later one is too much.
            RuleReach? stronger = rules.Where((s, j) => j != i && Shadows(s, rule) && (j < i || !Shadows(rule, s))).FirstOrDefault();
            if (stronger is null)
            {
                continue;
            }

            bool contradicts = stronger.Rule.Decision > rule.Rule.Decision;
            yield return At(
                contradicts ? PolicyProblemKind.Contradiction : PolicyProblemKind.Redundant,
                rule.Rule,
                contradicts
                    ? $"rule '{rule.Rule.Id}' asks for '{rule.Rule.Decision.Name()}', but '{stronger.Rule.Id}' asks for "
                        + $"'{stronger.Rule.Decision.Name()}' wherever it fires, and the strictest counts."
                    : $"rule '{rule.Rule.Id}' adds nothing: '{stronger.Rule.Id}' asks for the same wherever it fires.",
                stronger.Rule);
        }

        PolicyProblem At(PolicyProblemKind kind, PolicyRule rule, string message, PolicyRule other)
            => positions.TryGetValue(rule.Id, out PolicyPosition at) || positions.TryGetValue(other.Id, out at)
                ? new PolicyProblem(kind, rule.Id, message, at.Path, at.Line, at.Column)
                : new PolicyProblem(kind, rule.Id, message, string.Empty, 0, 0);
    }

    private static bool Shadows(RuleReach strong, RuleReach weak)
        => strong.Covers(weak)
            && strong.Rule.Decision >= weak.Rule.Decision
            && Enum.GetValues<SafetyContext>().All(c => In(strong.Rule, c) >= In(weak.Rule, c))
            && weak.Rule.Actions.All(strong.Rule.Actions.Contains)
            && weak.Rule.Advise.All(strong.Rule.Advise.Contains);

    private static Decision In(PolicyRule rule, SafetyContext context)
    {
        foreach (ContextDecision softened in rule.InContext)
        {
            if (softened.Context == context)
            {
                return softened.Decision;
            }
        }

        return rule.Decision;
    }

    private static string? WhyNever(RuleReach reach)
    {
        PolicyRule rule = reach.Rule;
        string category = rule.Category.Name();
        if (rule.Category == SafetyCategory.CheckFailed)
        {
            return "a check that fails is no signal. Write \"whenCheckFails\" or \"whenCheckFailsFor\".";
        }

        // What is no input has no kind, and meets every rule.
        CategoryInfo info = CategoryInfo.Of(rule.Category);
        if ((info.InText || info.InImages) && rule.Modalities.Count > 0 && reach.Modalities.Length == 0)
        {
            return $"'{category}' is never seen in {string.Join(" or ", rule.Modalities.Select(m => m.Name()))} input.";
        }

        return reach.Stages.Length == 0
            ? $"'{category}' is never seen in stage {string.Join(" or ", rule.Stages.Select(s => s.Name()))} with what else the rule asks for."
            : null;
    }
}
