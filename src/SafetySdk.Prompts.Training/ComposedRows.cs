using System.Globalization;
using System.Reflection;
using System.Text;

namespace SafetySdk.Prompts.Training;

/// <summary>
/// Rows written for this repository (CC0): templates with alternatives, mild in wording, each kind with harmless twins.
/// </summary>
/// <remarks>
/// A file holds sections. <c>[kind form language]</c> begins one: kind is a category, several joined by <c>+</c>, <c>safe</c>, or
/// <c>intent:NAME</c>. <c>@name = a | b</c> defines alternatives for the rest of the file. Every other line is a template, in which
/// <c>{a|b}</c> and <c>@name</c> stand for one of several, also one inside the other; a bounded number of its texts is drawn.
/// </remarks>
internal static class ComposedRows
{
    public const string Source = "composed_templates";

    private const int MinTexts = 24;
    private const int MaxTexts = 150;
    private const int TextsOfAlternative = 2;
    private const int MaxDepth = 6;
    private const string Folder = "SafetySdk.Prompts.Training.Composed.";

    /// <summary>All rows, in a fixed order.</summary>
    public static List<CorpusRow> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var rows = new List<CorpusRow>();
        foreach (string name in assembly.GetManifestResourceNames().Where(static n => n.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            using var reader = new StreamReader(stream, Encoding.UTF8);
            rows.AddRange(Parse(reader.ReadToEnd(), name[Folder.Length..]));
        }

        return rows;
    }

    /// <summary>The rows of one file.</summary>
    /// <exception cref="CorpusException">A line cannot be read.</exception>
    public static List<CorpusRow> Parse(string file, string name)
    {
        var rows = new List<CorpusRow>();
        var lists = new Dictionary<string, string[]>(StringComparer.Ordinal);
        string[]? section = null;
        int number = 0;
        foreach (string raw in file.Split('\n'))
        {
            number++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (line[0] == '@' && line.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals)
            {
                lists[line[1..equals].Trim()] = [.. Choices(line[(equals + 1)..]).Select(static c => c.Trim(' '))];
            }
            else if (line[0] == '[' && line[^1] == ']')
            {
                section = line[1..^1].Split(' ');
                if (section.Length != 3)
                {
                    throw Malformed(name, number, "a section is [kind form language]");
                }
            }
            else
            {
                string[] kind = section ?? throw Malformed(name, number, "a template outside a section");
                foreach (string text in Expand(line, lists, name, number))
                {
                    rows.Add(Row(text, kind, line));
                }
            }
        }

        return rows;
    }

    private static CorpusRow Row(string text, string[] section, string template)
    {
        string kind = section[0];
        bool intent = kind.StartsWith("intent:", StringComparison.Ordinal);
        bool safe = kind == "safe" || intent;
        string[] positive = safe ? [] : kind.Split('+');
        return new CorpusRow(text, Source, section[1], section[2], template)
        {
            Positive = new HashSet<string>(positive),
            Negative = safe ? new HashSet<string>(PromptHeads.Categories)
                : new HashSet<string>(((string[])["sexual", "jailbreak"]).Where(c => !positive.Contains(c))),
            Unsafe = safe ? 0 : 1,
            Tags = intent ? [kind] : [],
        };
    }

    private static List<string> Expand(string template, Dictionary<string, string[]> lists, string name, int number)
    {
        var random = new SeededRandom(SeededRandom.Of(template));
        var texts = new HashSet<string>(StringComparer.Ordinal);
        var ordered = new List<string>();
        int wanted = Math.Clamp(TextsOfAlternative * template.Count(static c => c == '|'), MinTexts, MaxTexts);
        for (int tries = 0; ordered.Count < wanted && tries < 3 * wanted; tries++)
        {
            var text = new StringBuilder();
            if (!Draw(template, lists, ref random, text, 0))
            {
                throw Malformed(name, number, "a brace is not closed, or lists nest too deeply");
            }

            string drawn = text.ToString().Trim();
            if (drawn.Length > 0 && texts.Add(drawn))
            {
                ordered.Add(drawn);
            }
        }

        return ordered;
    }

    // Writes one of the texts that a template stands for.
    private static bool Draw(string template, Dictionary<string, string[]> lists, ref SeededRandom random, StringBuilder text, int depth)
    {
        if (depth > MaxDepth)
        {
            return false;
        }

        for (int at = 0; at < template.Length; at++)
        {
            if (template[at] == '{')
            {
                if (Close(template, at) is not (> 0 and int close))
                {
                    return false;
                }

                List<string> choices = Choices(template[(at + 1)..close]);
                if (!Draw(choices[random.Next(choices.Count)], lists, ref random, text, depth + 1))
                {
                    return false;
                }

                at = close;
            }
            else if (template[at] == '@' && ListAt(template, at, lists) is { } list)
            {
                string[] choices = lists[list];
                if (!Draw(choices[random.Next(choices.Length)], lists, ref random, text, depth + 1))
                {
                    return false;
                }

                at += list.Length;
            }
            else
            {
                text.Append(template[at]);
            }
        }

        return true;
    }

    private static string? ListAt(string template, int at, Dictionary<string, string[]> lists)
    {
        int end = at + 1;
        while (end < template.Length && char.IsAsciiLetter(template[end]))
        {
            end++;
        }

        string name = template[(at + 1)..end];
        return lists.ContainsKey(name) ? name : null;
    }

    private static int Close(string template, int open)
    {
        int depth = 0;
        for (int i = open; i < template.Length; i++)
        {
            depth += template[i] == '{' ? 1 : template[i] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return i;
            }
        }

        return -1;
    }

    private static List<string> Choices(string inside)
    {
        var choices = new List<string>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i < inside.Length; i++)
        {
            depth += inside[i] == '{' ? 1 : inside[i] == '}' ? -1 : 0;
            if (inside[i] == '|' && depth == 0)
            {
                choices.Add(inside[start..i]);
                start = i + 1;
            }
        }

        choices.Add(inside[start..]);
        return choices;
    }

    private static CorpusException Malformed(string file, int line, string what)
        => new(string.Create(CultureInfo.InvariantCulture, $"{file}, line {line}: {what}."));
}
