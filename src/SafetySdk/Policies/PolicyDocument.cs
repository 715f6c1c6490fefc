using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>A policy with the places where its rules are written, and everything that it inherits.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Positions">Rules that are written in the document itself, by id; inherited ones have no place in it.</param>
internal sealed record PolicyDocument(SafetyPolicy Policy, IReadOnlyDictionary<string, PolicyPosition> Positions)
{
    private const int MaxDepth = 8;
    private const string ReservedPrefix = "floor-";

    public static PolicyDocument Read(ReadOnlySpan<byte> utf8Json, Func<string, byte[]?>? find) => Read(utf8Json, find, []);

    private static PolicyDocument Read(ReadOnlySpan<byte> utf8Json, Func<string, byte[]?>? find, IReadOnlyList<string> chain)
    {
        PolicyDraft draft = new PolicyReader(utf8Json).Read();
        if (draft.Schema != SafetyPolicy.Schema)
        {
            throw draft.End.Error($"\"schema\" must be \"{SafetyPolicy.Schema}\".");
        }

        SafetyPolicy? inherited = draft.Extends is null ? null : Inherited(draft, find, chain);
        List<RuleDraft> written = draft.Rules ?? (inherited is null ? throw draft.End.Error("\"rules\" is missing.") : []);
        var policy = new SafetyPolicy
        {
            Name = draft.Name ?? throw draft.End.Error("\"name\" is missing."),
            Version = draft.Version ?? throw draft.End.Error("\"version\" is missing."),
            Description = draft.Description ?? inherited?.Description ?? string.Empty,
            UnknownAge = draft.UnknownAge ?? inherited?.UnknownAge ?? AgeBand.Adult,
            WhenCheckFails = draft.WhenCheckFails ?? inherited?.WhenCheckFails ?? Decision.Review,
            WhenCheckFailsFor = Merged(inherited?.WhenCheckFailsFor, draft.WhenCheckFailsFor),
            Help =
            [
                .. draft.Help,
                .. (inherited?.Help ?? []).Where(h => !draft.Help.Exists(own => own.Locale == h.Locale)),
            ],
            Rules = Merged(inherited, draft.Extends, written),
        };
        return new PolicyDocument(policy, written.ToDictionary(static r => r.Id!, static r => r.Position, StringComparer.Ordinal));
    }

    private static SafetyPolicy Inherited(PolicyDraft draft, Func<string, byte[]?>? find, IReadOnlyList<string> chain)
    {
        string name = draft.Extends!;
        if (chain.Contains(name))
        {
            throw draft.ExtendsAt.Error($"a policy cannot extend itself: {string.Join(" → ", chain.SkipWhile(n => n != name).Append(name))}.");
        }

        if (chain.Count == MaxDepth)
        {
            throw draft.ExtendsAt.Error($"policies may extend one another {MaxDepth} times, no more.");
        }

        if (BuiltInPolicies.Names.Contains(name))
        {
            return BuiltInPolicies.Get(name);
        }

        byte[] text = find?.Invoke(name) ?? throw draft.ExtendsAt.Error(
            $"there is no policy '{name}' to extend; the nearest is '{PolicyVocabulary.Nearest(name, BuiltInPolicies.Names)}'.");
        try
        {
            return Read(text, find, [.. chain, name]).Policy;
        }
        catch (PolicyFormatException e)
        {
            throw draft.ExtendsAt.Error($"in '{name}', which is extended here: {e.Message}");
        }
    }

    private static Dictionary<SafetyCategory, Decision> Merged(
        IReadOnlyDictionary<SafetyCategory, Decision>? inherited, Dictionary<SafetyCategory, Decision> own)
    {
        var merged = inherited is null ? [] : new Dictionary<SafetyCategory, Decision>(inherited);
        foreach ((SafetyCategory category, Decision decision) in own)
        {
            merged[category] = decision;
        }

        return merged;
    }

    // Inherited rules keep their places, changed or not; new ones follow.
    private static List<PolicyRule> Merged(SafetyPolicy? inherited, string? from, List<RuleDraft> written)
    {
        var rules = new List<PolicyRule>(inherited?.Rules ?? []);
        foreach (RuleDraft draft in written)
        {
            int index = rules.FindIndex(r => r.Id == draft.Id);
            if (draft.Id!.StartsWith(ReservedPrefix, StringComparison.Ordinal))
            {
                throw draft.Position.Error(PolicyFloor.Rules.FirstOrDefault(f => f.Id == draft.Id) is { } floor
                    ? $"rule '{floor.Id}' belongs to every policy and cannot be changed: {floor.Why}"
                    : $"the name '{draft.Id}' begins with '{ReservedPrefix}', which is kept for the rules that every policy has.");
            }

            if (index < 0 && (draft.Enabled == false || draft is { Category: null, Decision: null }) && inherited is not null)
            {
                throw draft.Position.Error(
                    $"there is no rule '{draft.Id}' in '{from}' to change; the nearest is "
                    + $"'{PolicyVocabulary.Nearest(draft.Id, rules.Select(static r => r.Id).DefaultIfEmpty(string.Empty))}'.");
            }

            if (draft.Enabled == false)
            {
                if (index >= 0)
                {
                    rules.RemoveAt(index);
                }

                continue;
            }

            PolicyRule rule = draft.Resolve(index < 0 ? null : rules[index]);
            Check(rule, draft.Position);
            if (index < 0)
            {
                rules.Add(rule);
            }
            else
            {
                rules[index] = rule;
            }
        }

        return rules;
    }

    private static void Check(PolicyRule rule, PolicyPosition position)
    {
        if (PolicyFloor.Softened(rule) is { } floor)
        {
            throw position.Error($"rule '{rule.Id}' is weaker than '{floor.Id}', which every policy has: {floor.Why}");
        }

        foreach (ContextDecision softened in rule.InContext)
        {
            Decision? mildest = PolicyFloor.MildestInContext(rule.Category, softened.Context);
            if (mildest is null)
            {
                throw position.Error($"rule '{rule.Id}': {softened.Context.Name()} context may not soften '{rule.Category.Name()}'.");
            }

            if (softened.Decision < mildest)
            {
                throw position.Error(
                    $"rule '{rule.Id}': {softened.Context.Name()} context may soften '{rule.Category.Name()}' to "
                    + $"'{mildest.Value.Name()}', not to '{softened.Decision.Name()}'.");
            }

            if (softened.Decision >= rule.Decision)
            {
                throw position.Error(
                    $"rule '{rule.Id}' contradicts itself: {softened.Context.Name()} context asks for '{softened.Decision.Name()}', which is "
                    + $"not milder than '{rule.Decision.Name()}'.");
            }
        }

        if (rule.Decision == Decision.Allow && rule.Actions.Count + rule.Advise.Count == 0)
        {
            throw position.Error(
                $"rule '{rule.Id}' does nothing: what no rule forbids is allowed. Give it \"advise\" or \"actions\", or leave it out.");
        }
    }
}
