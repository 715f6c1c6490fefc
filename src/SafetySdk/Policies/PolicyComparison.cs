using System.Globalization;
using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>Something that two policies treat differently.</summary>
/// <param name="Subject">What: a category's title, or the name of a setting.</param>
/// <param name="First">What the first policy does.</param>
/// <param name="Second">What the second does.</param>
public sealed record PolicyDifference(string Subject, string First, string Second)
{
    /// <summary>The category; null where a setting differs.</summary>
    public SafetyCategory? Category { get; init; }
}

/// <summary>What differs between two policies in a situation, by what they do, not by how they are written.</summary>
public sealed record PolicyComparison
{
    private PolicyComparison()
    {
    }

    /// <summary>The first policy.</summary>
    public required PolicyExplanation First { get; init; }

    /// <summary>The second policy.</summary>
    public required PolicyExplanation Second { get; init; }

    /// <summary>What differs; settings, then categories in their order.</summary>
    public required IReadOnlyList<PolicyDifference> Differences { get; init; }

    /// <summary>Compares two policies.</summary>
    /// <param name="first">A policy.</param>
    /// <param name="second">Another.</param>
    /// <param name="situation">For whom and what for.</param>
    public static PolicyComparison Of(SafetyPolicy first, SafetyPolicy second, PolicySituation situation)
    {
        PolicyExplanation one = PolicyExplanation.Of(first, situation);
        PolicyExplanation other = PolicyExplanation.Of(second, situation);
        var differences = new List<PolicyDifference>();
        Add("unknown age", first.UnknownAge.Name(), second.UnknownAge.Name());
        Add("when a check fails", Failures(first), Failures(second));
        foreach (CategoryInfo info in CategoryInfo.All)
        {
            Add(info.Title, Of(one, info.Category), Of(other, info.Category), info.Category);
        }

        return new PolicyComparison { First = one, Second = other, Differences = differences };

        void Add(string subject, string a, string b, SafetyCategory? category = null)
        {
            if (a != b)
            {
                differences.Add(new PolicyDifference(subject, a, b) { Category = category });
            }
        }
    }

    private static string Of(PolicyExplanation explained, SafetyCategory category)
    {
        string[] parts = [.. explained.Lines.Where(l => l.Rule.Category == category).Select(Of)];
        return parts.Length == 0 ? "allow" : string.Join("; ", parts);
    }

    private static string Of(PolicyLine line)
    {
        PolicyRule rule = line.Rule;
        string text = string.Create(CultureInfo.InvariantCulture, $"{line.Decision.Name()} from {rule.Threshold:0.0#}");
        if (rule.With.Count > 0)
        {
            text += string.Create(CultureInfo.InvariantCulture, $" with {string.Join(" or ", rule.With.Order().Select(c => c.Name()))} from {rule.WithThreshold:0.0#}");
        }

        if (line.NeedsChild)
        {
            text += " if a child is shown";
        }

        text += $" ({string.Join(", ", line.Stages.Select(s => s.Name()))}";
        text += rule.Modalities.Count > 0 ? $"; {string.Join(", ", rule.Modalities.Order().Select(m => m.Name()))} only)" : ")";
        text += string.Concat(rule.InContext.OrderBy(c => c.Context).Select(c => $", {c.Context.Name()}: {c.Decision.Name()}"));
        return text + string.Concat(rule.Actions.Order().Select(a => $" + {a.Name()}")) + string.Concat(rule.Advise.Order().Select(a => $" + {a.Name()}"));
    }

    private static string Failures(SafetyPolicy policy)
        => policy.WhenCheckFails.Name()
            + string.Concat(policy.WhenCheckFailsFor.OrderBy(f => f.Key).Select(f => $", {f.Key.Name()}: {f.Value.Name()}"));
}
