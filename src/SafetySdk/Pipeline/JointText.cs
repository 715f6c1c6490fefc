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

    // The first of each kind of slot: text that is all slots must not grow without bound.
    private static string Fill(string typed, string words)
    {
        string filled = typed;
        foreach (string slot in Slots)
        {
            int at = filled.IndexOf(slot, StringComparison.OrdinalIgnoreCase);
            filled = at < 0 ? filled : string.Concat(filled.AsSpan(0, at), words, filled.AsSpan(at + slot.Length));
        }

        return ReferenceEquals(filled, typed) ? $"{typed} {words}" : filled;
    }
}
