using System.Globalization;
using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>One place of a rule: any of some concepts, at most so many words after the place before.</summary>
internal readonly record struct RuleSlot(int[] Concepts, int MaxGap);

/// <summary>Concepts that must follow one another, and the category they then show. Immutable.</summary>
/// <param name="Category">What it shows.</param>
/// <param name="Score">How strongly, 0 to 1.</param>
/// <param name="Slots">The concepts in order.</param>
/// <param name="Unless">Concepts that, close by, take the finding back.</param>
/// <param name="Row">Where the rule is written.</param>
internal sealed record PromptRule(SafetyCategory Category, double Score, RuleSlot[] Slots, int[] Unless, ListRow Row)
{
    private const int DefaultGap = 5;

    /// <summary>Reads a row. A rule of two concepts in any order becomes two rules.</summary>
    public static IEnumerable<PromptRule> Read(ListRow row, PromptLists lists)
    {
        string[] words = row.Cells[2].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int[] unless = row.Cells.Length > 3
            ? [.. row.Cells[3].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(lists.Concept)]
            : [];
        if (words.Length == 3 && words[1] == "&")
        {
            RuleSlot first = Slot(row, words[0], lists);
            RuleSlot second = Slot(row, words[2], lists);
            yield return new PromptRule(row.Category(0), row.Score(1), [first, second], unless, row);
            yield return new PromptRule(row.Category(0), row.Score(1), [second, first with { MaxGap = second.MaxGap }], unless, row);
            yield break;
        }

        RuleSlot[] slots = [.. words.Select(w => Slot(row, w, lists))];
        yield return slots.Length > 0
            ? new PromptRule(row.Category(0), row.Score(1), slots, unless, row)
            : throw row.Malformed("no concept");
    }

    private static RuleSlot Slot(ListRow row, string word, PromptLists lists)
    {
        string[] parts = word.Split('/');
        int gap = DefaultGap;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out gap)))
        {
            throw row.Malformed("a gap is a number after a stroke");
        }

        return new RuleSlot([.. parts[0].Split('|').Select(lists.Concept)], gap);
    }
}
