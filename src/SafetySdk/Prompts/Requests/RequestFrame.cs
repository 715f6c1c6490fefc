using System.Globalization;
using SafetySdk.Classification;

namespace SafetySdk.Prompts.Requests;

/// <summary>One way of asking for something: word classes that follow one another in a sentence. Immutable.</summary>
/// <param name="Category">What is asked for.</param>
/// <param name="Score">How sure, 0 to 1.</param>
/// <param name="Slots">The classes in order.</param>
/// <param name="Opens">Whether nothing but courtesies may stand before it in its sentence; their class, or -1.</param>
/// <param name="Closes">Whether nothing but courtesies may follow in its sentence; their class, or -1.</param>
/// <param name="Not">The class of negations of its language, or -1.</param>
/// <param name="Unless">Classes that, anywhere in its sentence, make the request a harmless one.</param>
/// <param name="Row">Where it is written.</param>
internal sealed record RequestFrame(
    SafetyCategory Category, double Score, RuleSlot[] Slots, int Opens, int Closes, int Not, int[] Unless, ListRow Row)
{
    private const int DefaultGap = 3;
    private const string Kind = "frame";
    private const string Courtesies = "courtesy";
    private const string Negations = "not";

    /// <summary>Reads a row. A frame of two classes in any order becomes two frames.</summary>
    public static IEnumerable<RequestFrame> Read(ListRow row, PromptLists lists)
    {
        if (row.Cells is not [Kind, _, _, _, ..])
        {
            throw row.Malformed("neither a class nor a frame with category, score and pattern");
        }

        string[] words = row.Cells[3].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int courtesies = Class(row, Courtesies, lists);
        int opens = words is ["^", ..] ? courtesies : -1;
        int closes = words is [.., "$"] ? courtesies : -1;
        words = [.. words.Where(static w => w is not ("^" or "$"))];
        int[] unless = row.Cells.Length > 4
            ? [.. row.Cells[4].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => Class(row, n, lists))]
            : [];
        int not = Class(row, Negations, lists);
        if (words.Length == 3 && words[1] == "&")
        {
            RuleSlot first = Slot(row, words[0], lists);
            RuleSlot second = Slot(row, words[2], lists);
            yield return new RequestFrame(row.Category(1), row.Score(2), [first, second], opens, closes, not, unless, row);
            yield return new RequestFrame(
                row.Category(1), row.Score(2), [second, first with { MaxGap = second.MaxGap }], opens, closes, not, unless, row);
            yield break;
        }

        RuleSlot[] slots = [.. words.Select(w => Slot(row, w, lists))];
        yield return slots.Length > 0
            ? new RequestFrame(row.Category(1), row.Score(2), slots, opens, closes, not, unless, row)
            : throw row.Malformed("no word class");
    }

    /// <summary>Name of a class of a list: classes of two languages never mix.</summary>
    public static string ClassName(ListRow row, string name) => $"{row.File.Split('.')[1]}:{name}";

    private static int Class(ListRow row, string name, PromptLists lists)
        => name.StartsWith('@') ? lists.Concept(name[1..])
            : lists.TryConcept(ClassName(row, name), out int own) ? own
            : lists.TryConcept($"any:{name}", out int shared) ? shared
            : throw row.Malformed($"no class is called {name}");

    private static RuleSlot Slot(ListRow row, string word, PromptLists lists)
    {
        string[] parts = word.Split('/');
        int gap = DefaultGap;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out gap)))
        {
            throw row.Malformed("a gap is a number after a stroke");
        }

        return new RuleSlot([.. parts[0].Split('|').Select(n => Class(row, n, lists))], gap);
    }
}
