namespace SafetySdk.Prompts;

/// <summary>Finds single characters with one and the same short separator between them, as in <c>b.o.m.b</c> or <c>b - o - m - b</c>.</summary>
internal static class SplitLetters
{
    private const int MaxSeparator = 3;

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
        if (!IsSingle(text, at, code))
        {
            return 0;
        }

        positions[0] = at;
        int length = SeparatorLength(text, at + 1, code);
        if (length == 0)
        {
            return 1;
        }

        separator = text.Slice(at + 1, length);
        int count = 0;
        int end = at;
        while (true)
        {
            positions[count++] = end;
            next = end + 1;
            int following = next + length;
            if (following >= text.Length || !text[next..].StartsWith(separator) || !IsSingle(text, following, code))
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
            if (at >= text.Length || !IsSingle(text, at, code: false))
            {
                return false;
            }

            at++;
            if (i + 1 < count)
            {
                if (!text[Math.Min(at, text.Length)..].StartsWith(separator))
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

        return length is > 0 and <= MaxSeparator && at + length < text.Length && IsSingle(text, at + length, code) ? length : 0;
    }

    private static bool IsSeparator(char character)
        => character is ' ' or '.' or '-' or '*' or '_' or '/' or '~' or '+' or '|' or '·' or '•' or '\u2010' or '\u2013' or '\u2014' or '\t';

    private static bool IsSingle(ReadOnlySpan<char> text, int at, bool code)
        => (ScriptKinds.IsWord(text[at]) || text[at] is '@' or '$' or '!' or '|' || (code ? text[at] is '+' or '/' or '=' : text[at] is '\'' or '’'))
            && !ScriptKinds.IsUnspaced(text[at])
            && (at + 1 == text.Length || !ScriptKinds.IsWord(text[at + 1])) && (at == 0 || !ScriptKinds.IsWord(text[at - 1]));
}
