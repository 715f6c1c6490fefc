namespace SafetySdk.Prompts.Training;

/// <summary>
/// Tells texts that share so many stretches of four words with a row of the development split that training on them would be training on
/// it: half of the text's stretches in one row, or the whole text where it is shorter.
/// </summary>
internal sealed class NearDuplicates
{
    private const int Words = 4;
    private const double MaxShare = 0.5;
    private readonly Dictionary<string, List<int>> _rows = new(StringComparer.Ordinal);

    public NearDuplicates(IReadOnlyList<CorpusRow> rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            foreach (string shingle in Shingles(rows[i].Text))
            {
                if (!_rows.TryGetValue(shingle, out List<int>? list))
                {
                    _rows.Add(shingle, list = []);
                }

                list.Add(i);
            }
        }
    }

    public bool IsNear(string text)
    {
        HashSet<string> shingles = Shingles(text);
        return shingles.Count > 0
            && shingles.SelectMany(s => _rows.GetValueOrDefault(s) ?? []).GroupBy(static r => r).Any(g => g.Count() >= MaxShare * shingles.Count);
    }

    private static HashSet<string> Shingles(string text)
    {
        string[] words;
        try
        {
            using NormalisedText plain = TextNormaliser.Normalise(text);
            words = plain.Characters.ToString().Split(' ', '\n');
        }
        catch (PromptException)
        {
            return [];
        }

        return words.Length <= Words
            ? [string.Join(' ', words)]
            : [.. Enumerable.Range(0, words.Length - Words + 1).Select(i => string.Join(' ', words, i, Words))];
    }
}
