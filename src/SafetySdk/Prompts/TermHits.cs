namespace SafetySdk.Prompts;

/// <summary>Where the concepts occur in one normalised text. Not thread-safe.</summary>
internal sealed class TermHits
{
    private const int LongestTerm = 8;
    private const int LettersOfJoinedWord = 12;
    private readonly List<(int Start, int End)>?[] _hits;
    private readonly int[] _words;

    public TermHits(int concepts, NormalisedText plain)
    {
        _hits = new List<(int, int)>?[concepts];
        _words = NumberWords(plain.Characters, plain.Joined);
    }

    /// <summary>Hits of a concept, by start.</summary>
    public IReadOnlyList<(int Start, int End)> Of(int concept) => _hits[concept] ?? (IReadOnlyList<(int, int)>)[];

    public bool Any(int concept) => _hits[concept] is not null;

    /// <summary>Adds a hit; hits come by start.</summary>
    public void Add(int concept, int start, int end) => (_hits[concept] ??= []).Add((start, end));

    /// <summary>Adds hits of a concept that were found elsewhere, in any order.</summary>
    public void Merge(int concept, IEnumerable<(int Start, int End)> hits)
    {
        List<(int Start, int End)> all = _hits[concept] ??= [];
        all.AddRange(hits);
        all.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.End.CompareTo(b.End));
    }

    /// <summary>Words between two stretches, the second after the first.</summary>
    public int Gap(int firstEnd, int secondStart) => Math.Max(0, _words[secondStart] - _words[firstEnd - 1] - 1);

    /// <summary>The first hit of any of the concepts at or after a position.</summary>
    public bool TryNext(int[] concepts, int from, out (int Start, int End) next)
    {
        next = (int.MaxValue, 0);
        foreach (int concept in concepts)
        {
            if (_hits[concept] is { } hits)
            {
                int low = 0;
                int high = hits.Count;
                while (low < high)
                {
                    int middle = (low + high) / 2;
                    if (hits[middle].Start < from)
                    {
                        low = middle + 1;
                    }
                    else
                    {
                        high = middle;
                    }
                }

                // Of hits with one start the longest counts.
                while (low + 1 < hits.Count && hits[low + 1].Start == hits[low].Start)
                {
                    low++;
                }

                if (low < hits.Count && (hits[low].Start < next.Start || (hits[low].Start == next.Start && hits[low].End > next.End)))
                {
                    next = hits[low];
                }
            }
        }

        return next.Start != int.MaxValue;
    }

    /// <summary>Whether a hit of the concept ends right before a position, or one space before it.</summary>
    public bool AnyAdjacentBefore(int concept, int position, out int start)
    {
        start = 0;
        if (_hits[concept] is not { } hits || position == 0)
        {
            return false;
        }

        for (int i = FirstFromWord(hits, _words[position] - LongestTerm); i < hits.Count && hits[i].Start < position; i++)
        {
            if (position - hits[i].End is 0 or 1)
            {
                start = hits[i].Start;
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether any of the concepts occurs within some words of a stretch.</summary>
    public bool AnyNear(int[] concepts, int start, int end, int words)
    {
        foreach (int concept in concepts)
        {
            if (_hits[concept] is not { } hits)
            {
                continue;
            }

            for (int i = FirstFromWord(hits, _words[start] - words - LongestTerm); i < hits.Count; i++)
            {
                (int hitStart, int hitEnd) = hits[i];
                if (_words[hitStart] - _words[end - 1] - 1 > words)
                {
                    break;
                }

                if (hitEnd > start || Gap(hitEnd, start) <= words)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private int FirstFromWord(List<(int Start, int End)> hits, int word)
    {
        int low = 0;
        int high = hits.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_words[hits[middle].Start] < word)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    // A character of a script without spaces counts as a word; so do some letters that were joined over lost spaces.
    private static int[] NumberWords(ReadOnlySpan<char> text, ReadOnlySpan<byte> joined)
    {
        var words = new int[text.Length];
        int word = 0;
        int letters = 0;
        for (int i = 0; i < text.Length; i++)
        {
            letters++;
            if (text[i] is ' ' or '\n' || (i > 0 && ScriptKinds.IsUnspaced(text[i])) || (joined[i] != 0 && letters > LettersOfJoinedWord))
            {
                word++;
                letters = 0;
            }

            words[i] = word;
        }

        return words;
    }
}
