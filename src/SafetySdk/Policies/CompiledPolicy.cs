using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>
/// The floor and the rules of a policy, by category and with bit sets in place of lists, so that a verdict costs a few comparisons.
/// What a rule must not do, a compiled rule cannot do: softening that the cards do not allow is dropped here once more.
/// </summary>
internal sealed class CompiledPolicy
{
    public static readonly int Categories = SafetyCategories.All.Count;
    public static readonly int Contexts = Enum.GetValues<SafetyContext>().Length;

    private readonly CompiledRule[][] _byCategory;

    public CompiledPolicy(SafetyPolicy policy)
    {
        // A set of categories is one word.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Categories, 64);
        var rules = new List<CompiledRule>[Categories];
        foreach (PolicyRule rule in PolicyFloor.Rules.Concat(policy.Rules))
        {
            // A policy object may hold anything; a rule of no category can never fire.
            if ((uint)rule.Category < (uint)Categories)
            {
                (rules[(int)rule.Category] ??= []).Add(new CompiledRule(rule));
            }
        }

        _byCategory = [.. rules.Select(static r => r?.ToArray() ?? [])];
        IsConditional = _byCategory.Any(static r => r.Any(static c => c.IsConditional));
    }

    /// <summary>Whether any rule asks for two things.</summary>
    public bool IsConditional { get; }

    public ReadOnlySpan<CompiledRule> For(SafetyCategory category) => _byCategory[(int)category];

    public static ulong Set(IEnumerable<SafetyCategory> categories)
    {
        ulong set = 0;
        foreach (SafetyCategory category in categories)
        {
            set |= (uint)category < (uint)Categories ? 1UL << (int)category : 0;
        }

        return set;
    }
}

/// <summary>One rule, compiled.</summary>
internal sealed class CompiledRule
{
    /// <summary>What shows a child as a photograph does.</summary>
    public static readonly ulong ChildShown =
        CompiledPolicy.Set([SafetyCategory.ChildPhoto, SafetyCategory.PhotorealChildRequest]);

    private readonly uint _stages;
    private readonly uint _operations;
    private readonly uint _modalities;
    private readonly Decision[] _inContext;

    public CompiledRule(PolicyRule rule)
    {
        Rule = rule;
        _stages = Mask(rule.Stages);
        _operations = Mask(rule.Operations);
        // A signal that does not say its kind meets every rule.
        _modalities = Mask(rule.Modalities) | (1u << (int)Modality.Unspecified);
        With = CompiledPolicy.Set(rule.With);
        _inContext = new Decision[CompiledPolicy.Contexts];
        Array.Fill(_inContext, rule.Decision);
        foreach (ContextDecision softened in rule.InContext)
        {
            if (PolicyFloor.MildestInContext(rule.Category, softened.Context) is { } mildest && softened.Decision < rule.Decision)
            {
                Decision asked = softened.Decision > mildest ? softened.Decision : mildest;
                _inContext[(int)softened.Context] = asked < rule.Decision ? asked : rule.Decision;
            }
        }

        // Conditions that no category can meet must not read as no condition.
        NeverMet = rule.With.Count > 0 && With == 0;
    }

    public PolicyRule Rule { get; }

    public ulong With { get; }

    public bool NeverMet { get; }

    public bool Holds(Stage stage, Operation operation, Modality modality, bool minor)
        => (_stages & (1u << (int)stage)) != 0
            && (_operations & (1u << (int)operation)) != 0
            && (_modalities & Bit(modality)) != 0
            && (minor || Rule.Audience != Audience.Minors);

    /// <summary>Whether the rule may need something besides its own signal.</summary>
    public bool IsConditional => With != 0 || Rule.Audience == Audience.MinorsOrChildShown;

    /// <summary>What the rule asks for where these contexts hold, and the context that softened it.</summary>
    public Decision In(uint contexts, out SafetyContext? softenedBy)
    {
        Decision mildest = Rule.Decision;
        softenedBy = null;
        for (int i = 0; contexts != 0 && i < _inContext.Length; i++)
        {
            if ((contexts & (1u << i)) != 0 && _inContext[i] < mildest)
            {
                mildest = _inContext[i];
                softenedBy = (SafetyContext)i;
            }
        }

        return mildest;
    }

    private static uint Bit(Modality modality) => (uint)modality <= (uint)Modality.Joint ? 1u << (int)modality : uint.MaxValue;

    private static uint Mask<T>(IReadOnlyList<T> values)
        where T : struct, Enum
    {
        uint mask = values.Count == 0 ? uint.MaxValue : 0;
        foreach (T value in values)
        {
            mask |= 1u << Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture);
        }

        return mask;
    }
}
