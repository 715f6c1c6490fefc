using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>
/// Where a rule can fire, as sets: what validation and explanation compare rules by. Stages where its category cannot be seen are left
/// out.
/// </summary>
internal sealed class RuleReach
{
    private static readonly Stage[] AllStages = Enum.GetValues<Stage>();
    private static readonly Operation[] AllOperations = Enum.GetValues<Operation>();
    private static readonly Modality[] AllModalities = [Modality.Text, Modality.Image, Modality.Joint];

    public RuleReach(PolicyRule rule)
    {
        Rule = rule;
        With = CompiledPolicy.Set(rule.With);
        Modality[] modalities = [.. AllModalities.Where(m => CanShow(rule.Category, m) && (rule.Modalities.Count == 0 || rule.Modalities.Contains(m)))];
        Stages = [.. AllStages.Where(s => (rule.Stages.Count == 0 || rule.Stages.Contains(s)) && CanFire(s, modalities))];
        Operations = [.. AllOperations.Where(o => rule.Operations.Count == 0 || rule.Operations.Contains(o))];
        Modalities = modalities;
    }

    public PolicyRule Rule { get; }

    public ulong With { get; }

    public Stage[] Stages { get; private init; }

    public Operation[] Operations { get; private init; }

    public Modality[] Modalities { get; }

    /// <summary>Whether, where it can fire, the rule does so only if a child is shown.</summary>
    public bool NeedsChild { get; private init; }

    /// <summary>Whom it binds; in one situation, everyone.</summary>
    public Audience Audience { get; private init; }

    public bool IsConditional => With != 0 || Rule.Audience == Audience.MinorsOrChildShown;

    /// <summary>The reach of a rule of any situation.</summary>
    public static RuleReach Of(PolicyRule rule) => new(rule) { Audience = rule.Audience };

    /// <summary>The reach for one user and operation; null where there is none.</summary>
    public static RuleReach? In(PolicyRule rule, Operation operation, bool minor, IReadOnlyList<Stage> stages)
    {
        RuleReach all = Of(rule);
        bool needsChild = !minor && rule.Audience == Audience.MinorsOrChildShown;
        Stage[] kept = [.. all.Stages.Where(s => stages.Count == 0 || stages.Contains(s))];
        bool none = kept.Length == 0
            || !all.Operations.Contains(operation)
            || (!minor && rule.Audience == Audience.Minors)
            || (needsChild && operation == Operation.Understand);
        return none ? null : new RuleReach(rule) { Stages = kept, Operations = [operation], NeedsChild = needsChild };
    }

    /// <summary>Whether this fires wherever <paramref name="other"/> does.</summary>
    public bool Covers(RuleReach other)
        => Rule.Category == other.Rule.Category
            && Rule.Threshold <= other.Rule.Threshold
            && other.Stages.All(Stages.Contains)
            && other.Operations.All(Operations.Contains)
            && other.Modalities.All(Modalities.Contains)
            && (other.Modalities.Length > 0 || Rule.Modalities.Count == 0)
            && Audience <= WidestCovered(other.Audience)
            && (!NeedsChild || other.NeedsChild)
            && (With == 0 || (other.With != 0 && (other.With & ~With) == 0 && Rule.WithThreshold <= other.Rule.WithThreshold));

    /// <summary>Whether a category can be seen in a kind of input.</summary>
    public static bool CanShow(SafetyCategory category, Modality modality)
    {
        CategoryInfo info = CategoryInfo.Of(category);
        return modality switch
        {
            Modality.Text => info.InText,
            Modality.Image => info.InImages,
            _ => info.InText || info.InImages,
        };
    }

    // Everyone covers all; minors-or-child-shown covers minors; minors covers itself.
    private static Audience WidestCovered(Audience audience) => audience switch
    {
        Audience.Everyone => Audience.Everyone,
        Audience.Minors => Audience.MinorsOrChildShown,
        _ => audience,
    };

    private bool CanFire(Stage stage, Modality[] modalities)
    {
        if (Rule.Category == SafetyCategory.CheckFailed)
        {
            // No signal: what a failed check leads to is written in whenCheckFails.
            return false;
        }

        CategoryInfo info = CategoryInfo.Of(Rule.Category);
        if (info.Kind == CategoryKind.Account)
        {
            return stage == Stage.Account;
        }

        if (!info.InText && !info.InImages)
        {
            return stage == Stage.Joint;
        }

        return IsConditional
            ? stage >= First(Rule.Category, modalities) && (With == 0 || Rule.With.Any(w => stage >= First(w, AllModalities)))
            : modalities.Any(m => IsLookedAt(m, stage));
    }

    // A rule of two parts is judged where the last is seen, however early the first was.
    private static Stage First(SafetyCategory category, Modality[] modalities)
        => CategoryInfo.Of(category).Kind == CategoryKind.Account ? Stage.Account
            : category == SafetyCategory.ChatRefusal ? Stage.Joint
            : Array.Exists(modalities, m => m == Modality.Image && CanShow(category, m)) ? Stage.Upload
            : Array.Exists(modalities, m => m == Modality.Text && CanShow(category, m)) ? Stage.Prompt
            : Array.Exists(modalities, m => CanShow(category, m)) ? Stage.Joint
            : (Stage)int.MaxValue;

    private static bool IsLookedAt(Modality modality, Stage stage) => stage switch
    {
        Stage.Upload => modality == Modality.Image,
        Stage.Prompt => modality == Modality.Text,
        Stage.Joint or Stage.Output => true,
        _ => false,
    };
}
