using System.Text;

namespace SafetySdk.Pipeline;

/// <summary>
/// The texts that a request amounts to when pictures stand for words: what was typed with each picture's words in its slots, or behind it,
/// and what was read in pictures in either order.
/// </summary>
internal static class JointText
{
    /// <summary>Texts in all; what is beyond is left to the text that joins everything.</summary>
    public const int MaxTexts = 16;

    private const int MaxObjects = 4;
    private static readonly string[] Slots =
    [
        "[image]", "<image>", "{image}", "(image)", "[picture]", "[photo]", "[pic]", "[img]", "<img>", "{img}", "the thing in the picture",
        "the thing in the image", "the thing in the photo", "the thing shown", "the object shown", "the object in the image",
        "the object in the picture", "the object in the photo", "what is shown", "what you see in the image", "what you see in the picture",
        "the item in the picture", "the item in the image", "the item shown",
    ];

    /// <summary>Every text, each once, in an order that does not depend on that of the pictures.</summary>
    /// <param name="typed">What was typed; empty where nothing was.</param>
    /// <param name="uploads">The pictures.</param>
    public static IReadOnlyList<string> Of(string typed, IReadOnlyList<ExaminedImage> uploads)
    {
        string[] read = [.. uploads.Select(static u => u.Text).OfType<string>().Order(StringComparer.Ordinal)];
        var texts = new List<string>();
        if (read.Length + (typed.Length == 0 ? 0 : 1) >= 2)
        {
            // The whole first: it must never be what falls to the bound.
            texts.Add(string.Join('\n', typed.Length == 0 ? read : [typed, .. read]));
        }

        if (typed.Length > 0)
        {
            foreach (string words in uploads.SelectMany(WordsOf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                texts.Add(Fill(typed, words));
            }
        }

        for (int i = 0; i < read.Length && texts.Count < MaxTexts; i++)
        {
            for (int j = 0; j < read.Length && texts.Count < MaxTexts; j++)
            {
                if (i != j)
                {
                    texts.Add(typed.Length == 0 ? $"{read[i]} {read[j]}" : $"{typed} {read[i]} {read[j]}");
                }
            }
        }

        return [.. texts.Distinct(StringComparer.Ordinal).Take(MaxTexts)];
    }

    private static IEnumerable<string> WordsOf(ExaminedImage upload)
    {
        if (upload.Text is { } text)
        {
            yield return text.Replace('\n', ' ');
        }

        foreach (string name in upload.Objects.Take(MaxObjects))
        {
            yield return name;
        }
    }

    private static string Fill(string typed, string words)
    {
        var filled = new StringBuilder(typed);
        bool any = false;
        foreach (string slot in Slots)
        {
            for (int at = filled.ToString().IndexOf(slot, StringComparison.OrdinalIgnoreCase); at >= 0 && filled.Length < typed.Length + (8 * words.Length);
                at = filled.ToString().IndexOf(slot, at + words.Length, StringComparison.OrdinalIgnoreCase))
            {
                filled.Remove(at, slot.Length).Insert(at, words);
                any = true;
                if (at + words.Length > filled.Length)
                {
                    break;
                }
            }
        }

        return any ? filled.ToString() : $"{typed} {words}";
    }
}
