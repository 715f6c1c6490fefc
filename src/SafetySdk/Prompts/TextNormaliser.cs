using System.Globalization;
using System.Text;
using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>Text made plain: lower-case letters and digits, words split by one space, sentences by one line feed.</summary>
internal sealed class NormalisedText : IDisposable
{
    private readonly MappedText _text;

    internal NormalisedText(MappedText text, double obfuscation, int rewritten, bool ambiguous, bool digitsForLetters)
    {
        _text = text;
        Obfuscation = obfuscation;
        Rewritten = rewritten;
        IsAmbiguous = ambiguous;
        HasDigitsForLetters = digitsForLetters;
    }

    /// <summary>The plain characters. Valid until disposed.</summary>
    public ReadOnlySpan<char> Characters => _text.Characters;

    /// <summary>1 for characters that stood apart, as in <c>b.o.m.b</c>: word bounds say little there.</summary>
    public ReadOnlySpan<byte> Joined => _text.Joined;

    /// <summary>Share of the letters that were disguised, 0 to 1.</summary>
    public double Obfuscation { get; }

    /// <summary>Number of disguised letters.</summary>
    public int Rewritten { get; }

    /// <summary>Whether a sign could be read in two ways, so that <see cref="Reading.Second"/> differs.</summary>
    public bool IsAmbiguous { get; }

    /// <summary>Whether so many words hold digits for letters that <see cref="Reading.AllDigits"/> is worth a look.</summary>
    public bool HasDigitsForLetters { get; }

    /// <summary>Where the plain characters from start to end (exclusive) stand in the text as given.</summary>
    public TextSpan Source(int start, int end) => _text.Source(start, end);

    public void Dispose() => _text.Dispose();
}

/// <summary>How ambiguous signs are read.</summary>
internal enum Reading
{
    /// <summary>The likelier letter; a letter held down counts once.</summary>
    First,

    /// <summary>The other letter; a letter held down counts twice.</summary>
    Second,

    /// <summary>Every digit is a letter, also where it stands alone or at the end of a word; 1 is i.</summary>
    AllDigits,
}

/// <summary>
/// Undoes the ways of hiding words: compatibility letters, invisible characters, look-alikes of other scripts, digits for letters,
/// split letters, letters held down, base64, hexadecimal and percent code. Time and memory are linear in the text. Thread-safe.
/// Not undone: swapped letters, rot13, reversed text, Morse code, ASCII art.
/// </summary>
internal static class TextNormaliser
{
    /// <summary>How often decoded text is decoded again.</summary>
    public const int MaxDecodeDepth = 2;

    private const int MinHiddenTagCharacters = 3;
    private const int TagFirst = 0xE0000;
    private const int TagLast = 0xE007F;
    private const int BlackFlag = 0x1F3F4;

    /// <summary>Makes the text plain.</summary>
    /// <exception cref="PromptException">The text is empty, too long or holds a lone surrogate.</exception>
    public static NormalisedText Normalise(string text, Reading reading = Reading.First)
    {
        PromptText.Check(text);
        var pass = new FoldPass(text.Length + 16);
        using MappedText folded = pass.Output;
        pass.Fold(text, fixedSpan: null, depth: 0);
        pass.AppendHidden();
        var plain = new MappedText(folded.Length);
        var rewriter = new TokenRewriter(folded, plain, reading, pass.FoldWholeTokens);
        rewriter.Rewrite();
        int rewritten = pass.Disguised + rewriter.Disguised;
        double obfuscation = Math.Min(1.0, rewritten / (double)Math.Max(1, rewriter.Letters));
        return new NormalisedText(plain, obfuscation, rewritten, rewriter.IsAmbiguous, rewriter.HasDigitsForLetters);
    }

    /// <summary>One pass over code points: decode, drop the invisible, fold compatibility forms, lower case.</summary>
    private sealed class FoldPass(int capacity)
    {
        private List<(char Character, int Start, int End)>? _hidden;
        private bool _plainLookAlikeScript;
        private bool _latin;
        private bool _ideographs;
        private int _compatibility;
        private int _disguised;

        public MappedText Output { get; } = new(capacity);

        /// <summary>Full-width Latin is ordinary beside ideographs and kana.</summary>
        public int Disguised => _disguised + (_ideographs ? 0 : _compatibility);

        /// <summary>Whether Cyrillic or Greek occurs only as shapes that Latin has too, in a text that is otherwise Latin.</summary>
        public bool FoldWholeTokens => _latin && !_plainLookAlikeScript;

        public void Fold(ReadOnlySpan<char> text, TextSpan? fixedSpan, int depth)
        {
            var encoded = default(EncodedText);
            for (int at = 0; at < text.Length;)
            {
                if (depth < MaxDecodeDepth && encoded.Decode(text, at, out int length) is { } decoded)
                {
                    TextSpan source = fixedSpan ?? new TextSpan(at, length);
                    int before = Output.Length;
                    Fold(decoded, source, depth + 1);
                    _disguised += Output.Length - before;
                    at += length;
                    continue;
                }

                char character = text[at];
                if (char.IsAscii(character))
                {
                    int width = 1;
                    if (character == '%' && IsEscapedCharacter(text, at, out char escaped))
                    {
                        character = escaped;
                        width = 3;
                    }

                    _latin |= char.IsAsciiLetter(character);
                    Append(char.ToLowerInvariant(character), at, width, fixedSpan);
                    at += width;
                    continue;
                }

                Rune.DecodeFromUtf16(text[at..], out Rune rune, out int units);
                FoldRune(rune, at, units, fixedSpan);
                at += units;
            }
        }

        /// <summary>Text hidden in tag characters is read after the visible text.</summary>
        public void AppendHidden()
        {
            if (_hidden is null || _hidden.Count < MinHiddenTagCharacters)
            {
                return;
            }

            Output.Append('\n', _hidden[0].Start, _hidden[0].End);
            foreach ((char character, int start, int end) in _hidden)
            {
                Output.Append(char.ToLowerInvariant(character), start, end);
            }

            _disguised += _hidden.Count;
        }

        private void FoldRune(Rune rune, int at, int units, TextSpan? fixedSpan)
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
                FoldMark((char)value, at, units, fixedSpan);
                return;
            }

            Span<char> folds = stackalloc char[CompatibilityFold.MaxExpansion];
            int count = CompatibilityFold.Fold(rune, folds, out bool disguise);
            if (count > 0)
            {
                _compatibility += disguise ? 1 : 0;
                for (int i = 0; i < count; i++)
                {
                    _latin |= char.IsAsciiLetter(folds[i]);
                    Append(folds[i], at, units, fixedSpan);
                }

                return;
            }

            Rune lower = Rune.ToLowerInvariant(rune);
            if (!lower.IsBmp)
            {
                Append((char)((lower.Value - 0x10000 >> 10) + 0xD800), at, units, fixedSpan);
                Append((char)((lower.Value & 0x3FF) + 0xDC00), at, units, fixedSpan);
                return;
            }

            char letter = (char)lower.Value;
            _plainLookAlikeScript |= Confusables.IsLookAlikeScript(letter) && char.IsLetter(letter) && !Confusables.TryFold(letter, out _);
            _ideographs |= ScriptKinds.IsUnspaced(letter);
            Append(letter, at, units, fixedSpan);
        }

        private void FoldMark(char mark, int at, int units, TextSpan? fixedSpan)
        {
            if (Output.Length == 0)
            {
                return;
            }

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

            if (char.IsAsciiLetterOrDigit(last))
            {
                // One mark is an accent; a pile of them, or a stroke through the word, is not: enclosing and overlay marks count.
                _disguised += mark is >= '\u0334' and <= '\u0338' or >= '\u20D0' and <= '\u20F0' ? 1 : 0;
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
            if (flag || !(char.IsAsciiLetterOrDigit(character) || char.IsPunctuation(character) || character == ' '))
            {
                return;
            }

            TextSpan source = fixedSpan ?? new TextSpan(at, units);
            _hidden ??= [];
            _hidden.Add((character, source.Start, source.Start + source.Length));
        }

        private void Append(char character, int at, int units, TextSpan? fixedSpan)
        {
            TextSpan source = fixedSpan ?? new TextSpan(at, units);
            Output.Append(character, source.Start, source.Start + source.Length);
        }

        private static bool IsEscapedCharacter(ReadOnlySpan<char> text, int at, out char escaped)
        {
            escaped = '\0';
            bool afterDigit = at > 0 && char.IsAsciiDigit(text[at - 1]) && !(at >= 3 && text[at - 3] == '%');
            if (afterDigit || at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
            {
                return false;
            }

            escaped = (char)int.Parse(text.Slice(at + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            return char.IsAsciiLetterOrDigit(escaped) || escaped == ' ';
        }

        private static bool IsInvisible(int value) => value is
            0xAD or 0x34F or 0x61C or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x180E or 0x3164 or 0xFEFF or 0xFFA0
            or (>= 0x200B and <= 0x200F) or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x206F)
            or (>= 0xFE00 and <= 0xFE0F) or (>= 0x180B and <= 0x180D) or (>= 0xFFF9 and <= 0xFFFB) or (>= 0xE0100 and <= 0xE01EF);
    }
}
