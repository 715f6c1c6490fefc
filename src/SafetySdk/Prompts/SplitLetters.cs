namespace SafetySdk.Prompts;

/// <summary>Finds single characters with one and the same short separator between them, as in <c>b.o.m.b</c> or <c>b - o - m - b</c>.</summary>
internal static class SplitLetters
{
    private const int MaxSeparator = 3;
    private const int MaxHeldDown = 16;

    /// <summary>Collects the single characters from a position on.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">A character that stands alone.</param>
    /// <param name="positions">Receives where they stand; as long as the rest of the text.</param>
    /// <param name="code">Whether signs of base64 count as characters.</param>
    /// <param name="next">One past the last of them.</param>
    /// <param name="separator">What stands between them.</param>
    /// <returns>How many there are; 0 or 1 where nothing is split.</returns>
    public static int Collect(ReadOnlySpan<char> text, int at, Span<int> positions, bool code, out int next, out ReadOnlySpan<char> separator)
    {
        next = at + 1;
        separator = [];
        int end = SingleEnd(text, at, code);
        if (end < 0)
        {
            return 0;
        }

        next = end;
        positions[0] = at;
        int length = SeparatorLength(text, end, code);
        if (length == 0)
        {
            return 1;
        }

        separator = text.Slice(end, length);
        int count = 0;
        int start = at;
        while (true)
        {
            positions[count++] = start;
            next = end;
            start = next + length;
            if (start >= text.Length || !text[next..].StartsWith(separator) || SingleEnd(text, start, code) is not (>= 0 and int following))
            {
                return count;
            }

            end = following;
        }
    }

    /// <summary>Whether at least so many single characters with this separator begin at a position; a bounded look ahead.</summary>
    public static bool Continues(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> separator, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (at >= text.Length || SingleEnd(text, at, code: false) is not (>= 0 and int end))
            {
                return false;
            }

            at = end;
            if (i + 1 < count)
            {
                if (!text[at..].StartsWith(separator))
                {
                    return false;
                }

                at += separator.Length;
            }
        }

        return true;
    }

    private static int SeparatorLength(ReadOnlySpan<char> text, int at, bool code)
    {
        int length = 0;
        while (at + length < text.Length && length <= MaxSeparator && IsSeparator(text[at + length]))
        {
            length++;
        }

        return length is > 0 and <= MaxSeparator && at + length < text.Length && SingleEnd(text, at + length, code) >= 0 ? length : 0;
    }

    private static bool IsSeparator(char character)
        => character is ' ' or '.' or '-' or '*' or '_' or '/' or '~' or '+' or '|' or '·' or '•' or '\u2010' or '\u2013' or '\u2014' or '\t';

    // One past a character that stands alone, or is held down alone; -1 where none does.
    private static int SingleEnd(ReadOnlySpan<char> text, int at, bool code)
    {
        char character = text[at];
        bool letter = ScriptKinds.IsWord(character) && !ScriptKinds.IsUnspaced(character);
        if (!letter && character is not ('@' or '$' or '!' or '|')
            && !(code ? character is '+' or '/' or '=' or '%' : character is '\'' or '’'))
        {
            return -1;
        }

        if (at > 0 && ScriptKinds.IsWord(text[at - 1]))
        {
            return -1;
        }

        int end = at + 1;
        if (letter && !code)
        {
            while (end < text.Length && end - at < MaxHeldDown && text[end] == character)
            {
                end++;
            }
        }

        return (end == text.Length || !ScriptKinds.IsWord(text[end])) && end - at != 2 ? end : -1;
    }
}
