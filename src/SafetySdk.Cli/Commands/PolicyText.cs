using System.Globalization;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Cli.Commands;

/// <summary>Policies in the words of people who do not program.</summary>
internal static class PolicyText
{
    // Upload, prompt, joint, output: the account is no place where content is seen.
    private const int Anywhere = 4;

    private static readonly (CategorySources Source, string Name, string Words)[] Configurable =
    [
        (CategorySources.Text, "text", "the prompt rules"),
        (CategorySources.Picture, "picture", "the image models (safety models restore)"),
        (CategorySources.Lists, "lists", "a list of yours"),
        (CategorySources.Accounts, "accounts", "a look-up of accounts"),
    ];

    private static readonly TextTable Table = new(25, 15, 4, 30);

    public static string Name(AgeBand age) => age switch
    {
        AgeBand.Under13 => "a child under 13",
        AgeBand.Teen => "a teenager (13 to 17)",
        AgeBand.Adult => "an adult",
        _ => "a user of unknown age",
    };

    public static string Name(Operation operation) => operation switch
    {
        Operation.Generate => "makes a new picture",
        Operation.Edit => "changes a given picture",
        _ => "asks about a given picture",
    };

    public static void Write(PolicyExplanation explained, AgeBand asked, TextWriter output)
    {
        SafetyPolicy policy = explained.Policy;
        PolicySituation situation = explained.Situation;
        string whom = asked == AgeBand.Unknown ? $"{Name(asked)}, treated as {Name(situation.Age)}" : Name(asked);
        Paragraph(output, $"Policy {policy.Name} ({policy.Version}): what happens when {whom}{(asked == AgeBand.Unknown ? "," : string.Empty)} "
            + $"{Name(situation.Operation)}{In(situation.Contexts)}.");
        if (situation.Age == AgeBand.Under13)
        {
            output.WriteLine();
            Paragraph(output, "BLOCKED: everything. Users under 13 are denied before anything is looked at, whatever the policy says.");
            return;
        }

        foreach ((Decision decision, string title) in new[]
        {
            (Decision.Block, "BLOCKED: the request is refused"),
            (Decision.Transform, "CHANGED: allowed after the request is rewritten"),
            (Decision.Review, "REVIEWED: a person looks before it goes on"),
            (Decision.Allow, "ALLOWED, with something to observe"),
        })
        {
            PolicyLine[] lines = [.. explained.Lines.Where(l => l.Decision == decision)];
            if (lines.Length == 0)
            {
                continue;
            }

            output.WriteLine();
            output.WriteLine(title);
            output.WriteLine(new string('-', TextTable.Width));
            Table.Write(output, "What", "Seen in", "From", "Why");
            output.WriteLine(new string('-', TextTable.Width));
            foreach (PolicyLine line in lines)
            {
                Table.Write(output, What(line), Where(line), Score(line.Rule.Threshold), Why(line));
            }
        }

        output.WriteLine();
        output.WriteLine("ALLOWED");
        output.WriteLine(new string('-', TextTable.Width));
        Paragraph(output, explained.Free.Count == 0
            ? "Everything that no line above speaks of."
            : $"Everything that no line above speaks of. That includes: {string.Join(", ", explained.Free.Select(Title))}.");
        output.WriteLine();
        Paragraph(output, $"When a check fails: {policy.WhenCheckFails.Name()}{PerCategory(policy)}. A failed check is never allowed.");
        Paragraph(output, "From: how sure a detector must be, from 0 (not at all) to 1 (certain).");
        Paragraph(output, "Seen in: upload is a picture that the user gives; prompt is text, typed or read in a picture; joint is both together; "
            + "output is a picture that was made; anywhere is all of these.");
        if (explained.Lines.Any(static l => l.IsFloor))
        {
            Paragraph(output, "(!) No policy can switch this off.");
        }

        if (explained.Lines.Any(static l => !l.IsDetected) || explained.Free.Any(c => !IsDetected(c)))
        {
            Paragraph(output, "* Nothing that comes with the library sees this yet: it needs a detector of yours.");
        }
    }

    public static void Write(PolicyComparison compared, TextWriter output)
    {
        Paragraph(output, $"What differs when {Name(compared.First.Situation.Age)} {Name(compared.First.Situation.Operation)}"
            + $"{In(compared.First.Situation.Contexts)}.");
        var table = new TextTable(26, 25, 25);
        output.WriteLine(new string('-', TextTable.Width));
        table.Write(output, "What", compared.First.Policy.Name, compared.Second.Policy.Name);
        output.WriteLine(new string('-', TextTable.Width));
        foreach (PolicyDifference difference in compared.Differences)
        {
            table.Write(output, difference.Subject, difference.First, difference.Second);
        }

        if (compared.Differences.Count == 0)
        {
            output.WriteLine("Nothing.");
        }
    }

    /// <summary>What is to be configured, by the names of the JSON form.</summary>
    public static IEnumerable<string> Names(CategorySources sources)
    {
        foreach ((CategorySources source, string name, _) in Configurable)
        {
            if (sources.HasFlag(source))
            {
                yield return name;
            }
        }
    }

    private static string What(PolicyLine line) => Title(line.Rule.Category) + (line.IsFloor ? " (!)" : string.Empty);

    private static string Title(SafetyCategory category) => CategoryInfo.Of(category).Title + (IsDetected(category) ? string.Empty : " *");

    private static bool IsDetected(SafetyCategory category) => CategoryInfo.Of(category).DetectedBy != CategorySources.None;

    private static string Where(PolicyLine line)
        => (line.Stages.Count == Anywhere ? "anywhere" : string.Join(", ", line.Stages.Select(s => s.Name())))
            + (line.Rule.Modalities.Count == 0 ? string.Empty : $" ({string.Join(", ", line.Rule.Modalities.Select(m => m.Name()))} only)");

    private static string Why(PolicyLine line)
    {
        PolicyRule rule = line.Rule;
        var text = new List<string> { rule.Why ?? string.Empty };
        if (line.NeedsChild)
        {
            text.Add("Only where a real child is shown, made or asked for.");
        }

        if (rule.With.Count > 0)
        {
            text.Add($"Only together with one of: {string.Join(", ", rule.With.Select(Title))}.");
        }

        if (line.SoftenedBy is { } context)
        {
            text.Add($"Milder because the context is {context.Name()}.");
        }
        else
        {
            foreach (IGrouping<Decision, ContextDecision> softened in rule.InContext.GroupBy(static c => c.Decision))
            {
                text.Add($"Where the host says the context is {Or(softened.Select(c => c.Context.Name()))}: {softened.Key.Name()}.");
            }
        }

        if (rule.Actions.Count > 0)
        {
            text.Add($"Then: {string.Join(", ", rule.Actions.Select(a => Words(a.Name())))}.");
        }

        if (rule.Advise.Count > 0)
        {
            text.Add($"Observe: {string.Join(", ", rule.Advise.Select(a => Words(a.Name())))}.");
        }

        string missing = Or(Configurable.Where(c => line.Missing.HasFlag(c.Source)).Select(static c => c.Words));
        if (line.IsBlind)
        {
            text.Add($"NEEDS {(missing.Length == 0 ? "what it goes together with" : missing)}, not configured.");
        }
        else if (missing.Length > 0)
        {
            text.Add($"Would also see with {missing}, not configured.");
        }

        return string.Join(' ', text.Append($"[{rule.Id}]").Where(static t => t.Length > 0));
    }

    private static string In(IReadOnlyList<SafetyContext> contexts)
        => contexts.Count == 0 ? string.Empty : $", in a context that is {string.Join(" and ", contexts.Select(c => c.Name()))}";

    private static string PerCategory(SafetyPolicy policy)
        => string.Concat(policy.WhenCheckFailsFor.OrderBy(static f => f.Key).Select(f => $"; for {Title(f.Key)}: {f.Value.Name()}"));

    private static string Or(IEnumerable<string> words)
    {
        string[] all = [.. words];
        return all.Length < 2 ? string.Concat(all) : $"{string.Join(", ", all[..^1])} or {all[^1]}";
    }

    private static string Words(string name) => name.Replace('_', ' ').Replace("ncmec", "NCMEC", StringComparison.Ordinal);

    private static string Score(double threshold) => threshold.ToString("0.0#", CultureInfo.InvariantCulture);

    private static void Paragraph(TextWriter output, string text)
    {
        foreach (string line in TextTable.Wrap(text, TextTable.Width))
        {
            output.WriteLine(line);
        }
    }
}
