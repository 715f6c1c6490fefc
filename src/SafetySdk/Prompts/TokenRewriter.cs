using System.Buffers;

namespace SafetySdk.Prompts;

/// <summary>
/// Second pass of the normaliser, over words: joins split letters, folds look-alikes and digits to letters, shortens letters held
/// down, mends swapped letters, splits words written together, and reduces everything between words to one space, or one line feed at the
/// end of a sentence.
/// </summary>
internal ref struct TokenRewriter(MappedText input, TextScratch scratch, Reading reading, bool foldWholeTokens)
{
    private const int MinSplitLetters = 3;
    private const int MinSplitLettersNext = 2;
    private const int MaxSplitDigitShare = 5;
    private const int MinDigitWords = 2;
    private const int DigitWordShare = 4;
    private const int MinHeldDown = 3;
    private const int MinHeldDownAlone = 4;
    private const int MinLettersAfterDigit = 4;
    private const int MinKnownWithDigits = 3;
    private const double MinKnownShare = 0.7;
    private const int MaxChoices = 4;
    private static readonly SearchValues<char> LeetSigns = SearchValues.Create("01345789@$€|!");
    private static readonly KnownWords Known = KnownWords.Embedded;
    private readonly MappedText _output = scratch.Plain;
    private int _breakStart = -1;
    private int _breakEnd;
    private bool _sentenceEnd;
    private int _splitSeenTo;
    private ReadOnlySpan<char> _splitSeparator;
    private int _words;
    private int _digitWords;

    /// <summary>Letters that were not what they looked like.</summary>
    public int Disguised { get; private set; }

    /// <summary>Letters and digits written.</summary>
    public int Letters { get; private set; }

    public bool IsAmbiguous { get; private set; }

    /// <summary>Whether digits stand for letters in a good part of the words.</summary>
    public readonly bool HasDigitsForLetters => _digitWords >= MinDigitWords && _digitWords * DigitWordShare >= _words;

    /// <summary>Writes the plain text to the end of the plain text of the scratch memory.</summary>
    public void Rewrite()
    {
        scratch.Letters(input.Length, out Span<char> letters, out Span<int> first, out Span<int> last);
        ReadOnlySpan<char> text = input.Characters;
        for (int at = 0; at < text.Length;)
        {
            if (!IsToken(text, at))
            {
                Break(text, at);
                at++;
                continue;
            }

            int count = CollectSplit(text, at, first, out int next);
            bool joined = count > 0;
            if (!joined)
            {
                count = CollectWord(text, at, first, out next);
            }

            if (count > 0)
            {
                FlushBreak();
                int written = 0;
                for (int i = 0; i < count; i++)
                {
                    char letter = text[first[i]];
                    if (IsApostrophe(letter))
                    {
                        continue;
                    }

                    letters[written] = char.IsAsciiLetterUpper(letter) ? (char)(letter | 0x20) : letter;
                    first[written] = first[i];
                    last[written] = first[i];
                    written++;
                }

                // A word of one letter has no separator in it.
                _splitSeparator = joined || written == 1 ? _splitSeparator : [];

                Write(letters[..written], first, last, joined);
            }

            at = next;
        }
    }

    private void Break(ReadOnlySpan<char> text, int at)
    {
        char character = text[at];
        bool last = at + 1 == text.Length || char.IsWhiteSpace(text[at + 1]);
        _sentenceEnd |= character is '\n' or '\r' or '。' or '！' or '？' || (last && character is '.' or '!' or '?' && !_splitSeparator.Contains(character));
        _breakStart = _breakStart < 0 ? input.Start(at) : _breakStart;
        _breakEnd = Math.Max(_breakEnd, input.End(at));
    }

    private void FlushBreak()
    {
        if (_breakStart >= 0 && _output.Length > 0)
        {
            _output.Append(_sentenceEnd ? '\n' : ' ', _breakStart, Math.Max(_breakEnd, _breakStart));
        }

        _breakStart = -1;
        _breakEnd = 0;
        _sentenceEnd = false;
    }

    private static bool IsToken(ReadOnlySpan<char> text, int at) => ScriptKinds.IsWord(text[at]) || IsSign(text, at);

    // Signs that stand for letters, where a letter is beside them.
    private static bool IsSign(ReadOnlySpan<char> text, int at)
    {
        if (text[at] is not ('@' or '$' or '€' or '|' or '!'))
        {
            return false;
        }

        bool before = at > 0 && (IsLetterOrLeet(text[at - 1])
            || (at > 1 && text[at] == '$' && text[at - 1] == '$' && char.IsAsciiLetter(text[at - 2])));
        bool after = at + 1 < text.Length && IsLetterOrLeet(text[at + 1]);
        return text[at] == '!' ? before && after : before || after;
    }

    private static bool IsLetterOrLeet(char character) => char.IsAsciiLetter(character) || Confusables.IsLookAlikeScript(character);

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
        if (at < _splitSeenTo || at + 2 >= text.Length
            || (ScriptKinds.IsWord(text[at + 1]) && text[at + 1] != text[at]))
        {
            return 0;
        }

        int count = SplitLetters.Collect(text, at, positions, code: false, out int end, out ReadOnlySpan<char> separator);
        int letters = 0;
        for (int i = 0; i < count; i++)
        {
            letters += char.IsLetter(text[positions[i]]) ? 1 : 0;
        }

        if (count > 1 && text[positions[count - 1]] is '!' or '|')
        {
            // At the end it closes the sentence.
            count--;
        }

        // After one split word the next may be as short as "to", and so may the first before another.
        bool follows = separator.SequenceEqual(_splitSeparator);
        bool mayBeShort = follows || (count == MinSplitLettersNext && SplitFollows(text, end, separator));
        if (count < (mayBeShort && count > 1 ? MinSplitLettersNext : MinSplitLetters) || (letters * MaxSplitDigitShare < count && !follows))
        {
            // The last of them may begin a run with another separator.
            _splitSeenTo = count > 1 ? end - 1 : 0;
            return 0;
        }

        next = end;
        _splitSeparator = separator;
        Disguised += count;
        return count;
    }

    private static bool SplitFollows(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> separator)
    {
        int start = at;
        while (at < text.Length && at - start < 4 && text[at] is ' ' or ',' or '\n')
        {
            at++;
        }

        return at > start && (at - start > separator.Length || separator[0] is not (' ' or '\t')) && SplitLetters.Continues(text, at, separator, MinSplitLetters);
    }

    private void Write(Span<char> letters, Span<int> first, Span<int> last, bool joined)
    {
        _words++;
        FoldLookAlikes(letters);
        if (FoldDigits(letters, joined))
        {
            letters = letters[1..];
            first = first[1..];
            last = last[1..];
        }

        int count = Shorten(letters, first, last);
        letters = letters[..count];
        Letters += count;
        if (Confusables.IsPlainLatin(letters))
        {
            WriteWords(letters, first, last, joined);
            return;
        }

        // What holds no Latin letter is not what a code of Latin letters looks like.
        Append(letters, first, last, joined, letters.ContainsAnyInRange('a', 'z') ? WordState.Unknown : WordState.Known);
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

    /// <summary>Writes letters for digits and signs; true where the first sign is decoration and to be left out.</summary>
    private bool FoldDigits(Span<char> letters, bool joined)
    {
        if (!letters.ContainsAny(LeetSigns))
        {
            return false;
        }

        int first = letters.IndexOfAnyInRange('a', 'z');
        if (first < 0 && reading != Reading.AllDigits)
        {
            return false;
        }

        first = Math.Max(first, 0);
        int last = Math.Max(letters.LastIndexOfAnyInRange('a', 'z'), 0);
        bool inside = letters[first..last].ContainsAnyExceptInRange('a', 'z') && letters[first..last].ContainsAny(LeetSigns);
        bool sign = letters.ContainsAny('@', '$', '€');
        bool leading = first == 1 && letters.Length - 1 >= MinLettersAfterDigit && !letters[1..].ContainsAnyExceptInRange('a', 'z')
            && char.IsAsciiDigit(letters[0]);
        _digitWords += inside ? 1 : 0;
        bool wordlike = first == 0 || (first == 1 && letters.Length - 1 >= MinKnownWithDigits);
        if (letters.Length <= KnownWords.MaxLetters && FoldToKnown(letters, inside || sign || leading || joined || reading == Reading.AllDigits
            || (wordlike && letters.Length >= MinKnownWithDigits)))
        {
            return false;
        }

        if (!inside && !sign && !leading && !joined && reading != Reading.AllDigits)
        {
            return false;
        }

        // In front of a word a sign is a letter or only decoration: both are looked at.
        bool decoration = letters.Length > 1 && letters[0] is '@' or '$' or '€';
        IsAmbiguous |= decoration;
        for (int i = 0; i < letters.Length; i++)
        {
            char letter = LetterFor(letters, i);
            Disguised += letter != letters[i] ? 1 : 0;
            letters[i] = letter;
        }

        return decoration && reading == Reading.Second;
    }

    // Of the ways to read the signs, the first that gives a known word.
    private bool FoldToKnown(Span<char> letters, bool may)
    {
        if (!may)
        {
            return false;
        }

        Span<char> word = stackalloc char[KnownWords.MaxLetters];
        word = word[..letters.Length];
        for (int mended = 0; mended < 2; mended++)
        {
            for (int choice = 0; choice < 1 << MaxChoices; choice++)
            {
                int choices = 0;
                int changed = 0;
                for (int i = 0; i < letters.Length; i++)
                {
                    char letter = letters[i];
                    if (letter is '1' or '|' or '!' or '7' or '9')
                    {
                        bool other = choices < MaxChoices && ((choice >> choices) & 1) != 0;
                        choices++;
                        word[i] = letter switch { '7' => other ? 'l' : 't', '9' => other ? 'q' : 'g', '!' => other ? 'l' : 'i', _ => other ? 'l' : 'i' };
                    }
                    else
                    {
                        word[i] = LetterFor(letters, i);
                    }

                    changed += word[i] != letter ? 1 : 0;
                }

                if (mended == 0 ? Known.Contains(word) : Known.CanUnscramble(word))
                {
                    word.CopyTo(letters);
                    Disguised += changed;
                    return true;
                }

                if (choice + 1 >= 1 << Math.Min(choices, MaxChoices))
                {
                    break;
                }
            }
        }

        return false;
    }

    private char LetterFor(ReadOnlySpan<char> letters, int at)
    {
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

    // A letter held down counts once or twice, whichever gives a known word.
    private int Shorten(Span<char> letters, Span<int> first, Span<int> last)
    {
        int runs = 0;
        for (int i = 0; i < letters.Length;)
        {
            int run = Run(letters, i);
            runs += run >= MinHeldDown && char.IsAsciiLetter(letters[i]) ? 1 : 0;
            i += run;
        }

        if (runs == 0)
        {
            return letters.Length;
        }

        if (!letters.ContainsAnyExcept(letters[0]))
        {
            // "iiii" is I; "aaa" or "xxx" stays.
            if (letters.Length < MinHeldDownAlone || letters[0] is not ('a' or 'i'))
            {
                return letters.Length;
            }

            last[0] = last[letters.Length - 1];
            Disguised++;
            return 1;
        }

        int doubled = reading == Reading.Second ? -1 : 0;
        int found = 0;
        Span<char> word = stackalloc char[KnownWords.MaxLetters];
        for (int mended = 0; mended < 2 && found == 0; mended++)
        {
            for (int choice = 0; choice < 1 << Math.Min(runs, MaxChoices); choice++)
            {
                int length = Squeeze(letters, choice, word);
                if (length > 0 && (mended == 0 ? Known.Contains(word[..length]) : Known.CanUnscramble(word[..length])))
                {
                    // The first reading takes the first known word, the second the last.
                    doubled = found == 0 || reading == Reading.Second ? choice : doubled;
                    found++;
                }
            }
        }

        IsAmbiguous |= found != 1;
        int written = 0;
        int seen = 0;
        for (int i = 0; i < letters.Length;)
        {
            int run = Run(letters, i);
            int kept = run;
            if (run >= MinHeldDown && char.IsAsciiLetter(letters[i]))
            {
                kept = ((doubled >> Math.Min(seen, 31)) & 1) + 1;
                seen++;
                Disguised += 1;
            }

            for (int k = 0; k < kept; k++)
            {
                letters[written] = letters[i + k];
                first[written] = first[i + k];
                last[written] = k == kept - 1 ? last[i + run - 1] : last[i + k];
                written++;
            }

            i += run;
        }

        return written;
    }

    private static int Squeeze(ReadOnlySpan<char> letters, int doubled, Span<char> word)
    {
        int length = 0;
        int seen = 0;
        for (int i = 0; i < letters.Length;)
        {
            int run = Run(letters, i);
            int kept = run;
            if (run >= MinHeldDown && char.IsAsciiLetter(letters[i]))
            {
                kept = ((doubled >> Math.Min(seen, 31)) & 1) + 1;
                seen++;
            }

            if (length + kept > word.Length)
            {
                return 0;
            }

            word.Slice(length, kept).Fill(letters[i]);
            length += kept;
            i += run;
        }

        return length;
    }

    private static int Run(ReadOnlySpan<char> letters, int at)
    {
        int run = letters[at..].IndexOfAnyExcept(letters[at]);
        return run < 0 ? letters.Length - at : run;
    }

    // Latin letters only: a known word stays, swapped letters are swapped back, words written together are split.
    private void WriteWords(Span<char> letters, Span<int> first, Span<int> last, bool joined)
    {
        WordState state = Look(letters);
        if (state != WordState.Unknown || letters.Length < (joined ? WordSplitter.MinJoined : WordSplitter.MinTogether))
        {
            Append(letters, first, last, joined && state == WordState.Unknown, state);
            return;
        }

        Span<int> ends = scratch.WordEnds(letters.Length);
        int words = WordSplitter.Split(letters, joined, ends, scratch, out double known);

        bool wasJoined = joined;
        scratch.IsSplit |= joined && words > 1;

        // Where most letters are in known words, it is no longer in doubt where the words end.
        joined &= known < MinKnownShare;
        IsAmbiguous |= joined && words > 1;
        if (words < 2 || (joined && reading == Reading.Second) || (wasJoined && reading == Reading.Together))
        {
            Append(letters, first, last, joined, WordState.Unknown);
            return;
        }

        int start = 0;
        for (int i = 0; i < words; i++)
        {
            int end = ends[i];
            Span<char> word = letters[start..end];
            if (start > 0)
            {
                _output.Append(' ', input.Start(first[start]), input.Start(first[start]));
            }

            state = Look(word);
            Append(word, first[start..], last[start..], joined && state == WordState.Unknown, state == WordState.Known ? WordState.Mended : state);
            start = end;
        }
    }

    // Swaps letters back where that gives a known word.
    private WordState Look(Span<char> letters)
    {
        if (Known.Contains(letters))
        {
            return WordState.Known;
        }

        Span<char> meant = stackalloc char[KnownWords.MaxLetters];
        if (!Known.Unscramble(letters, meant))
        {
            return WordState.Unknown;
        }

        Mend(letters, meant);
        return WordState.Mended;
    }

    private void Mend(Span<char> letters, scoped ReadOnlySpan<char> meant)
    {
        for (int i = 0; i < letters.Length; i++)
        {
            Disguised += letters[i] != meant[i] ? 1 : 0;
            letters[i] = meant[i];
        }
    }

    private readonly void Append(ReadOnlySpan<char> letters, ReadOnlySpan<int> first, ReadOnlySpan<int> last, bool joined, WordState state)
    {
        int start = _output.Length;
        for (int i = 0; i < letters.Length; i++)
        {
            int from = input.Start(first[i]);
            _output.Append(letters[i], from, Math.Max(input.End(last[i]), input.End(first[i])), joined);
        }

        scratch.Words.Add(new WordMark(start, _output.Length, state));
    }
}
