using System.Buffers;

namespace SafetySdk.Prompts;

/// <summary>
/// Second pass of the normaliser, over words: joins split letters, folds look-alikes and digits to letters, shortens letters held
/// down, and reduces everything between words to one space, or one line feed at the end of a sentence.
/// </summary>
internal sealed class TokenRewriter(MappedText input, MappedText output, Reading reading, bool foldWholeTokens)
{
    private const int MinSplitLetters = 3;
    private const int MinSplitLettersNext = 2;
    private const int MinDigitWords = 2;
    private const int DigitWordShare = 4;
    private const int MinHeldDown = 3;
    private const int MinLettersAfterDigit = 4;
    private static readonly SearchValues<char> LeetSigns = SearchValues.Create("01345789@$€|!");
    private int _breakStart = -1;
    private int _breakEnd;
    private bool _sentenceEnd;
    private int _splitSeenTo;
    private char _splitSeparator;
    private int _words;
    private int _digitWords;

    /// <summary>Letters that were not what they looked like.</summary>
    public int Disguised { get; private set; }

    /// <summary>Letters and digits written.</summary>
    public int Letters { get; private set; }

    public bool IsAmbiguous { get; private set; }

    /// <summary>Whether digits stand for letters in a good part of the words.</summary>
    public bool HasDigitsForLetters => _digitWords >= MinDigitWords && _digitWords * DigitWordShare >= _words;

    /// <summary>Writes the plain text to the output.</summary>
    public void Rewrite()
    {
        int[] positions = ArrayPool<int>.Shared.Rent(Math.Max(input.Length, 1));
        ReadOnlySpan<char> text = input.Characters;
        for (int at = 0; at < text.Length;)
        {
            if (!IsToken(text, at))
            {
                Break(text, at);
                at++;
                continue;
            }

            int count = CollectSplit(text, at, positions, out int next);
            bool joined = count > 0;
            if (!joined)
            {
                _splitSeparator = '\0';
                count = CollectWord(text, at, positions, out next);
            }

            if (count > 0)
            {
                FlushBreak();
                Write(positions.AsSpan(0, count), joined);
            }

            at = next;
        }

        ArrayPool<int>.Shared.Return(positions);
    }

    private void Break(ReadOnlySpan<char> text, int at)
    {
        char character = text[at];
        bool last = at + 1 == text.Length || char.IsWhiteSpace(text[at + 1]);
        _sentenceEnd |= character is '\n' or '\r' or '。' or '！' or '？' || (last && character is '.' or '!' or '?');
        _breakStart = _breakStart < 0 ? input.Start(at) : _breakStart;
        _breakEnd = Math.Max(_breakEnd, input.End(at));
    }

    private void FlushBreak()
    {
        if (_breakStart >= 0 && output.Length > 0)
        {
            output.Append(_sentenceEnd ? '\n' : ' ', _breakStart, Math.Max(_breakEnd, _breakStart));
        }

        _breakStart = -1;
        _breakEnd = 0;
        _sentenceEnd = false;
    }

    private static bool IsToken(ReadOnlySpan<char> text, int at) => ScriptKinds.IsWord(text[at]) || IsSign(text, at);

    // A sign counts as a letter only where it touches one.
    private static bool IsSign(ReadOnlySpan<char> text, int at)
    {
        bool before = at > 0 && (char.IsAsciiLetter(text[at - 1])
            || (at > 1 && text[at] == '$' && text[at - 1] == '$' && char.IsAsciiLetter(text[at - 2])));
        bool after = at + 1 < text.Length && char.IsAsciiLetter(text[at + 1]);
        return text[at] switch
        {
            '@' or '$' or '€' or '|' => before || after,
            '!' => before && after,
            _ => false,
        };
    }

    private static bool IsApostrophe(char character) => character is '\'' or '’' or '‘' or '`' or 'ʼ';

    private static int CollectWord(ReadOnlySpan<char> text, int at, Span<int> positions, out int next)
    {
        int count = 0;
        for (next = at; next < text.Length; next++)
        {
            if (IsToken(text, next))
            {
                positions[count++] = next;
            }
            else if (!IsApostrophe(text[next]) || next + 1 == text.Length || !IsToken(text, next + 1))
            {
                break;
            }
        }

        return count;
    }

    /// <summary>Single letters with one and the same separator between them; 0 where the text at hand is not that.</summary>
    private int CollectSplit(ReadOnlySpan<char> text, int at, Span<int> positions, out int next)
    {
        next = at;
        if (at < _splitSeenTo || at + 1 >= text.Length || text[at + 1] is not (' ' or '.' or '-' or '*' or '_') || !IsSingle(text, at))
        {
            return 0;
        }

        char separator = text[at + 1];
        int count = 0;
        int letters = 0;
        int end = at;
        while (end < text.Length && IsSingle(text, end))
        {
            positions[count++] = end;
            letters += char.IsLetter(text[end]) ? 1 : 0;
            if (end + 2 >= text.Length || text[end + 1] != separator || !IsSingle(text, end + 2))
            {
                end++;
                break;
            }

            end += 2;
        }

        // After one split word the next may be as short as "to".
        if (count < (separator == _splitSeparator ? MinSplitLettersNext : MinSplitLetters) || letters * 2 < count)
        {
            // The last of them may begin a run with another separator.
            _splitSeenTo = end - 1;
            return 0;
        }

        next = end;
        _splitSeparator = separator;
        Disguised += count;
        return count;
    }

    private static bool IsSingle(ReadOnlySpan<char> text, int at)
        => (ScriptKinds.IsWord(text[at]) || text[at] is '@' or '$' or '!' or '|') && !ScriptKinds.IsUnspaced(text[at])
            && (at + 1 == text.Length || !ScriptKinds.IsWord(text[at + 1])) && (at == 0 || !ScriptKinds.IsWord(text[at - 1]));

    private void Write(Span<int> positions, bool joined)
    {
        char[] word = ArrayPool<char>.Shared.Rent(positions.Length);
        Span<char> letters = word.AsSpan(0, positions.Length);
        for (int i = 0; i < positions.Length; i++)
        {
            letters[i] = input.Characters[positions[i]];
        }

        FoldLookAlikes(letters);
        FoldDigits(letters, joined);
        WriteShortened(letters, positions, joined);
        ArrayPool<char>.Shared.Return(word, clearArray: true);
    }

    private void FoldLookAlikes(Span<char> letters)
    {
        bool latin = foldWholeTokens;
        bool other = false;
        foreach (char letter in letters)
        {
            latin |= char.IsAsciiLetter(letter);
            other |= Confusables.IsLookAlikeScript(letter);
        }

        if (!latin || !other)
        {
            return;
        }

        foreach (ref char letter in letters)
        {
            if (Confusables.TryFold(letter, out char folded))
            {
                letter = folded;
                Disguised++;
            }
        }
    }

    private void FoldDigits(Span<char> letters, bool joined)
    {
        _words++;
        int first = letters.IndexOfAnyInRange('a', 'z');
        if (first < 0 && reading != Reading.AllDigits)
        {
            return;
        }

        first = Math.Max(first, 0);

        int last = Math.Max(letters.LastIndexOfAnyInRange('a', 'z'), 0);
        bool inside = letters[first..last].ContainsAnyExceptInRange('a', 'z') && letters[first..last].ContainsAny(LeetSigns);
        bool sign = letters.ContainsAny('@', '$', '€');
        bool leading = first == 1 && letters.Length - 1 >= MinLettersAfterDigit && !letters[1..].ContainsAnyExceptInRange('a', 'z')
            && char.IsAsciiDigit(letters[0]);
        _digitWords += inside ? 1 : 0;
        if (!inside && !sign && !leading && !joined && reading != Reading.AllDigits)
        {
            return;
        }

        for (int i = 0; i < letters.Length; i++)
        {
            char letter = LetterFor(letters, i);
            Disguised += letter != letters[i] ? 1 : 0;
            letters[i] = letter;
        }
    }

    private char LetterFor(ReadOnlySpan<char> letters, int at)
    {
        if (at == 0 && letters[0] is '@' or '$' or '€')
        {
            // In front of a word it is a letter or only decoration: both are looked at.
            IsAmbiguous = true;
            if (reading == Reading.Second)
            {
                return ' ';
            }
        }

        switch (letters[at])
        {
            case '0':
                return 'o';
            case '3' or '€':
                return 'e';
            case '4' or '@':
                return 'a';
            case '5' or '$':
                return 's';
            case '7':
                return 't';
            case '8':
                return 'b';
            case '9':
                return 'g';
            case '!':
                return 'i';
            case '1' or '|':
                // Between consonants a vowel is likelier; beside a vowel, a consonant.
                IsAmbiguous = true;
                bool vowelBeside = (at > 0 && IsVowel(letters[at - 1])) || (at + 1 < letters.Length && IsVowel(letters[at + 1]));
                return reading != Reading.AllDigits && vowelBeside == (reading == Reading.First) ? 'l' : 'i';
            default:
                return letters[at];
        }
    }

    private static bool IsVowel(char letter) => letter is 'a' or 'e' or 'i' or 'o' or 'u' or '0' or '3' or '4' or '@';

    private void WriteShortened(ReadOnlySpan<char> letters, ReadOnlySpan<int> positions, bool joined)
    {
        bool mixed = letters.ContainsAnyExcept(letters[0]);
        for (int i = 0; i < letters.Length;)
        {
            int run = letters[i..].IndexOfAnyExcept(letters[i]);
            run = run < 0 ? letters.Length - i : run;
            int kept = run;
            if (mixed && run >= MinHeldDown && char.IsAsciiLetter(letters[i]))
            {
                kept = reading == Reading.Second ? 2 : 1;
                IsAmbiguous = true;
            }

            for (int k = 0; k < kept; k++)
            {
                int end = k == kept - 1 ? positions[i + run - 1] : positions[i + k];
                output.Append(letters[i], input.Start(positions[i + k]), Math.Max(input.End(end), input.End(positions[i + k])), joined);
            }

            Letters += kept;
            i += run;
        }
    }
}
