namespace SafetySdk.Prompts;

/// <summary>Splits letters that lost their spaces into words, the likeliest way by a shortest path. Time is linear in the letters.</summary>
internal static class WordSplitter
{
    /// <summary>Fewest letters that may be several words.</summary>
    public const int MinTogether = 10;

    /// <summary>Fewest letters, once apart, that may be several words.</summary>
    public const int MinJoined = 8;

    private const string ShortWords = " am an as at be by do go he hi if in is it me my no of oh ok on or so to up us we du ja le la de el un es ";
    private const int MinWordsTogether = 3;
    private const int MaxShortRun = 2;
    private const double MinMeanLetters = 2.4;
    private const int MaxWord = 18;
    private const int MinMended = 5;

    // Costs in units of about one decision: long known words are the cheapest way over the letters they cover.
    private const float Word = 1.0f;
    private const float Form = 1.3f;
    private const float FrequentWord = 0.6f;
    private const float ShortWord = 1.5f;
    private const float Letter = 1.6f;
    private const float MendedWord = 3.0f;
    private const float UnknownLetter = 1.4f;

    /// <summary>Splits letters.</summary>
    /// <param name="letters">Lower-case Latin letters.</param>
    /// <param name="joined">Whether they stood apart, so that words are to be found; else they are split only into known words throughout.</param>
    /// <param name="ends">Receives the end of each word; as long as the letters.</param>
    /// <param name="scratch">Memory to work in.</param>
    /// <param name="knownShare">Share of the letters that are part of known words, 0 to 1.</param>
    /// <returns>Number of words; 1 where they stay together.</returns>
    public static int Split(ReadOnlySpan<char> letters, bool joined, Span<int> ends, TextScratch scratch, out double knownShare)
    {
        KnownWords known = KnownWords.Embedded;
        scratch.Costs(letters.Length + 1, out Span<float> costs, out Span<int> from);
        costs.Fill(float.MaxValue);
        costs[0] = 0;
        for (int start = 0; start < letters.Length; start++)
        {
            float cost = costs[start];
            if (cost == float.MaxValue)
            {
                continue;
            }

            if (joined)
            {
                Reach(start, start + 1, cost + UnknownLetter, costs, from, isWord: false);
            }

            ulong hash = KnownWords.Start;
            ulong sum = 0;
            for (int end = start + 1; end <= letters.Length && end - start <= MaxWord; end++)
            {
                hash = KnownWords.Extend(hash, letters[end - 1]);
                sum += KnownWords.LetterHash(letters[end - 1]);
                int length = end - start;
                if (known.Contains(hash) && (length != 2 || IsShortWord(letters[start], letters[start + 1])))
                {
                    float word = length == 1 ? Letter : known.IsFrequent(hash) ? FrequentWord : length == 2 ? ShortWord : known.IsListed(hash) ? Word : Form;
                    Reach(start, end, cost + word, costs, from, isWord: true);
                }
                else if (joined && length >= MinMended && known.HasSameLetters(sum) && known.CanUnscramble(letters[start..end]))
                {
                    Reach(start, end, cost + MendedWord, costs, from, isWord: true);
                }
            }
        }

        knownShare = 0;
        return costs[^1] == float.MaxValue ? 1 : Collect(letters.Length, joined, from, ends, out knownShare);
    }

    // Endings of one long word look like short words in a row.
    private static int ShortRun(ReadOnlySpan<int> ends)
    {
        int longest = 0;
        int run = 0;
        int start = 0;
        foreach (int end in ends)
        {
            run = end - start <= 2 ? run + 1 : 0;
            longest = Math.Max(longest, run);
            start = end;
        }

        return longest;
    }

    private static bool IsShortWord(char first, char second)
        => ShortWords.AsSpan().IndexOf([' ', first, second, ' ']) >= 0;

    private static void Reach(int start, int end, float cost, Span<float> costs, Span<int> from, bool isWord)
    {
        if (cost < costs[end])
        {
            costs[end] = cost;
            from[end] = isWord ? start : ~start;
        }
    }

    // Unknown letters that follow one another are one word.
    private static int Collect(int length, bool joined, ReadOnlySpan<int> from, Span<int> ends, out double knownShare)
    {
        int words = 0;
        int unknown = 0;
        for (int at = length; at > 0;)
        {
            ends[words++] = at;
            if (from[at] >= 0)
            {
                at = from[at];
                continue;
            }

            while (at > 0 && from[at] < 0)
            {
                unknown++;
                at = ~from[at];
            }
        }

        knownShare = 1 - (unknown / (double)length);
        ends[..words].Reverse();
        bool split = joined || (words >= MinWordsTogether && length >= words * MinMeanLetters && ShortRun(ends[..words]) <= MaxShortRun);
        return split ? words : 1;
    }
}
