using System.Globalization;
using System.Text;
using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>
/// First pass of the normaliser, over code points: drops the invisible, folds compatibility forms and accents, names emoji. Latin letters
/// keep their case, which codes need.
/// </summary>
internal ref struct FoldPass(MappedText hidden)
{
    private const int MinHiddenTagCharacters = 3;
    private const int TagFirst = 0xE0000;
    private const int TagLast = 0xE007F;
    private const int BlackFlag = 0x1F3F4;
    private const int RegionalFirst = 0x1F1E6;
    private const int RegionalLast = 0x1F1FF;

    private bool _plainLookAlikeScript;
    private bool _latin;
    private bool _ideographs;
    private int _compatibility;
    private int _disguised;
    private int _slang;

    /// <summary>Where the folded text goes.</summary>
    public required MappedText Output { get; set; }

    /// <summary>Full-width Latin is ordinary beside ideographs and kana.</summary>
    public readonly int Disguised => _disguised + (_ideographs ? 0 : _compatibility);

    /// <summary>Whether Cyrillic or Greek occurs only as shapes that Latin has too, in a text that is otherwise Latin.</summary>
    public readonly bool FoldWholeTokens => _latin && !_plainLookAlikeScript;

    /// <summary>Whether several emoji stand for other words than their names: one alone is what it shows.</summary>
    public readonly bool HasSlang => _slang > 1;

    /// <summary>Folds text to the end of the Output.</summary>
    /// <param name="text">Valid Unicode.</param>
    /// <param name="fixedSpan">Where all of it comes from; null where it is the text as given.</param>
    /// <param name="slang">Whether emoji are read as what they stand for in slang.</param>
    public void Fold(ReadOnlySpan<char> text, TextSpan? fixedSpan, bool slang)
    {
        for (int at = 0; at < text.Length;)
        {
            int plain = text[at..].IndexOfAnyExceptInRange('\0', '\u007F');
            plain = plain < 0 ? text.Length - at : plain;
            if (plain > 0)
            {
                AppendAscii(text.Slice(at, plain), at, fixedSpan);
                at += plain;
                continue;
            }

            Rune.DecodeFromUtf16(text[at..], out Rune rune, out int units);
            FoldRune(rune, at, units, fixedSpan, slang);
            at += units;
        }
    }

    /// <summary>Text hidden in tag characters is read after the visible text.</summary>
    public void AppendHidden()
    {
        if (hidden.Length < MinHiddenTagCharacters)
        {
            return;
        }

        Output.Append('\n', hidden.Start(0), hidden.End(0));
        Output.Append(hidden, 0, hidden.Length);
        _latin |= hidden.Characters.ContainsAnyInRange('A', 'z');
        _disguised += hidden.Length;
        hidden.Clear();
    }

    private void AppendAscii(ReadOnlySpan<char> text, int at, TextSpan? fixedSpan)
    {
        _latin = _latin || text.ContainsAnyInRange('a', 'z') || text.ContainsAnyInRange('A', 'Z');
        if (fixedSpan is { } span)
        {
            foreach (char character in text)
            {
                Output.Append(character, span.Start, span.Start + span.Length);
            }

            return;
        }

        text.CopyTo(Output.AppendRun(text.Length, at));
    }

    private void FoldRune(Rune rune, int at, int units, TextSpan? fixedSpan, bool slang)
    {
        int value = rune.Value;
        if (value is >= TagFirst and <= TagLast)
        {
            KeepHidden(value, at, units, fixedSpan);
            return;
        }

        if (IsInvisible(value))
        {
            // Joiners and selectors inside emoji or Indic and Arabic words are ordinary; between Latin letters they are not.
            _disguised += Output.Length > 0 && char.IsAsciiLetterOrDigit(Output.Characters[^1]) ? 1 : 0;
            return;
        }

        UnicodeCategory category = Rune.GetUnicodeCategory(rune);
        if (category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark)
        {
            FoldMark(value, at, units, fixedSpan);
            return;
        }

        Span<char> folds = stackalloc char[CompatibilityFold.MaxExpansion];
        int count = CompatibilityFold.Fold(rune, folds, out bool disguise);
        if (count > 0)
        {
            _compatibility += disguise ? 1 : 0;
            if (count == 1 && CompatibilityFold.IsCapital(value))
            {
                folds[0] = char.ToUpperInvariant(folds[0]);
            }

            for (int i = 0; i < count; i++)
            {
                _latin |= char.IsAsciiLetter(folds[i]);
                Append(folds[i], at, units, fixedSpan);
            }

            return;
        }

        if (value is >= RegionalFirst and <= RegionalLast)
        {
            Append((char)('a' + value - RegionalFirst), at, units, fixedSpan);
            return;
        }

        if (category is UnicodeCategory.OtherSymbol && EmojiWords.TryGet(value, slang, out string word, out bool hasSlang))
        {
            _slang += hasSlang ? 1 : 0;
            Append(' ', at, units, fixedSpan);
            foreach (char letter in word)
            {
                Append(letter, at, units, fixedSpan);
            }

            Append(' ', at, units, fixedSpan);
            return;
        }

        Rune lower = Rune.ToLowerInvariant(rune);
        if (!lower.IsBmp)
        {
            Append((char)((lower.Value - 0x10000 >> 10) + 0xD800), at, units, fixedSpan);
            Append((char)((lower.Value & 0x3FF) + 0xDC00), at, units, fixedSpan);
            return;
        }

        char small = (char)lower.Value;
        _plainLookAlikeScript |= Confusables.IsLookAlikeScript(small) && char.IsLetter(small) && !Confusables.TryFold(small, out _);
        _ideographs |= ScriptKinds.IsUnspaced(small);
        Append(small, at, units, fixedSpan);
    }

    private void FoldMark(int value, int at, int units, TextSpan? fixedSpan)
    {
        if (Output.Length == 0 || value > 0xFFFF)
        {
            return;
        }

        char mark = (char)value;
        char last = Output.Characters[^1];
        int end = fixedSpan is { } span ? span.Start + span.Length : at + units;
        char composed = (last, mark) switch
        {
            ('и', '\u0306') => 'й',
            ('е', '\u0308') => 'ё',
            ( >= 'か' and <= 'と' or >= 'カ' and <= 'ト' or >= 'は' and <= 'ほ' or >= 'ハ' and <= 'ホ', '\u3099') => (char)(last + 1),
            ( >= 'は' and <= 'ほ' or >= 'ハ' and <= 'ホ', '\u309A') => (char)(last + 2),
            _ => '\0',
        };
        if (composed != 0)
        {
            Output.ReplaceLast(composed, end);
            return;
        }

        // Marks used over Latin, Greek and Cyrillic letters say nothing that the words are told apart by.
        if (char.IsAsciiLetterOrDigit(last) || IsGeneralMark(mark))
        {
            // One mark is an accent; a pile of them, or a stroke through the word, is not: enclosing and overlay marks count.
            bool over = mark is >= '\u0334' and <= '\u0338' or >= '\u20D0' and <= '\u20F0';
            _disguised += over && char.IsAsciiLetterOrDigit(last) ? 1 : 0;
            Output.ReplaceLast(last, end);
            return;
        }

        Append(mark, at, units, fixedSpan);
    }

    private void KeepHidden(int value, int at, int units, TextSpan? fixedSpan)
    {
        bool flag = Output.Length >= 2 && char.IsSurrogatePair(Output.Characters[^2], Output.Characters[^1])
            && char.ConvertToUtf32(Output.Characters[^2], Output.Characters[^1]) == BlackFlag;
        char character = (char)(value - TagFirst);
        if (flag || !(char.IsAsciiLetterOrDigit(character) || char.IsPunctuation(character) || char.IsSymbol(character) || character == ' '))
        {
            return;
        }

        TextSpan source = fixedSpan ?? new TextSpan(at, units);
        hidden.Append(character, source.Start, source.Start + source.Length);
    }

    private readonly void Append(char character, int at, int units, TextSpan? fixedSpan)
    {
        TextSpan source = fixedSpan ?? new TextSpan(at, units);
        Output.Append(character, source.Start, source.Start + source.Length);
    }

    private static bool IsGeneralMark(char mark)
        => mark is >= '\u0300' and <= '\u036F' or >= '\u1AB0' and <= '\u1AFF' or >= '\u1DC0' and <= '\u1DFF' or >= '\u20D0' and <= '\u20FF'
            or >= '\uFE20' and <= '\uFE2F';

    private static bool IsInvisible(int value) => value is
        0xAD or 0x34F or 0x61C or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x180E or 0x3164 or 0xFEFF or 0xFFA0
        or (>= 0x200B and <= 0x200F) or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x206F)
        or (>= 0xFE00 and <= 0xFE0F) or (>= 0x180B and <= 0x180D) or (>= 0xFFF9 and <= 0xFFFB) or (>= 0xE0100 and <= 0xE01EF)
        or (>= 0x1D173 and <= 0x1D17A);
}
