namespace SafetySdk.Prompts;

/// <summary>An age in years that a text gives, and where.</summary>
internal readonly record struct AgeMention(int Years, int Start, int End);

/// <summary>Finds ages: a number before a unit (<c>15 year old</c>, <c>15岁</c>) or after a prefix (<c>aged 15</c>).</summary>
internal static class AgeMentions
{
    private const int MaxAge = 120;

    /// <summary>Every age of the text.</summary>
    /// <param name="text">Normalised text.</param>
    /// <param name="hits">Where units, prefixes and number words stand.</param>
    /// <param name="lists">The lists that name them.</param>
    public static List<AgeMention> Find(ReadOnlySpan<char> text, TermHits hits, PromptLists lists)
    {
        var ages = new List<AgeMention>();
        foreach ((int start, int end) in hits.Of(lists.Concept(PromptConcepts.AgeUnit)))
        {
            int numberEnd = start > 0 && text[start - 1] == ' ' ? start - 1 : start;
            int numberStart = numberEnd;
            while (numberStart > 0 && numberEnd - numberStart < 4 && char.IsAsciiDigit(text[numberStart - 1]))
            {
                numberStart--;
            }

            Add(ages, text, numberStart, numberEnd, numberStart, end);
        }

        foreach ((int start, int end) in hits.Of(lists.Concept(PromptConcepts.AgePrefix)))
        {
            int numberStart = end < text.Length && text[end] == ' ' ? end + 1 : end;
            int numberEnd = numberStart;
            while (numberEnd < text.Length && numberEnd - numberStart < 4 && char.IsAsciiDigit(text[numberEnd]))
            {
                numberEnd++;
            }

            Add(ages, text, numberStart, numberEnd, start, numberEnd);
        }

        AddWords(ages, text, hits, lists);
        return ages;
    }

    private static void Add(List<AgeMention> ages, ReadOnlySpan<char> text, int numberStart, int numberEnd, int start, int end)
    {
        if (numberEnd - numberStart is 0 or > 3 || (numberStart > 0 && char.IsAsciiLetterOrDigit(text[numberStart - 1])))
        {
            return;
        }

        int years = 0;
        for (int i = numberStart; i < numberEnd; i++)
        {
            years = (years * 10) + text[i] - '0';
        }

        if (years is > 0 and <= MaxAge)
        {
            ages.Add(new AgeMention(years, start, end));
        }
    }

    // The number words listed are those below 18: one beside a unit or a prefix is the age of a minor, whichever it is.
    private static void AddWords(List<AgeMention> ages, ReadOnlySpan<char> text, TermHits hits, PromptLists lists)
    {
        int[] units = [lists.Concept(PromptConcepts.AgeUnit)];
        int prefix = lists.Concept(PromptConcepts.AgePrefix);
        int tens = lists.Concept(PromptConcepts.TensWord);
        foreach ((int start, int end) in hits.Of(lists.Concept(PromptConcepts.NumberWord)))
        {
            if (hits.AnyAdjacentBefore(tens, start, out _))
            {
                // The five of twenty five.
                continue;
            }

            if (hits.TryNext(units, end, out (int Start, int End) unit) && (unit.Start == end || (unit.Start == end + 1 && text[end] == ' ')))
            {
                ages.Add(new AgeMention(1, start, unit.End));
            }
            else if (hits.AnyAdjacentBefore(prefix, start, out int prefixStart))
            {
                ages.Add(new AgeMention(1, prefixStart, end));
            }
        }
    }
}
