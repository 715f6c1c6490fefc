using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace SafetySdk.Prompts;

/// <summary>
/// Finds stretches of base64, hexadecimal, percent code, character numbers and binary that decode to readable text, in one scan of one
/// text from left to right. Each character is looked at a bounded number of times.
/// </summary>
internal ref struct EncodedText(TextScratch scratch)
{
    private const int MinBase64Characters = 16;
    private const int MinTurned = 24;
    private const int MinHexBytes = 8;
    private const int MinSeparatedHexBytes = 6;
    private const int MinEscapedBytes = 3;
    private const int MinNumbers = 6;
    private const int MinMarkedNumbers = 3;
    private const int MinBinaryBytes = 3;
    private const int SplitLook = 12;
    private const double MinPrintable = 0.95;
    private const double MinLettersOrSpaces = 0.5;
    private const double MinWordsOrSpaces = 0.8;

    private static readonly SearchValues<char> Base64 = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_" + Confusables.LookAlikes);

    private static readonly SearchValues<char> Code = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%+/=");
    private static readonly SearchValues<char> Marks = SearchValues.Create("%\\&0123456789");

    // Up to here codes of the kind were read in vain: they are not read again, so that the scan stays linear.
    private int _hexSeenTo;
    private int _numbersSeenTo;
    private int _splitSeenTo;

    /// <summary>Characters that were looked at to decode them: the measure of the work done.</summary>
    public int Examined { get; private set; }

    /// <summary>Whether a text may hold code at all: a quick look that never misses any.</summary>
    public static bool MayHold(ReadOnlySpan<char> text)
    {
        if (text.ContainsAny(Marks))
        {
            return true;
        }

        // A run of sixteen holds one of every sixteen positions. In split code no two characters of words stand together.
        for (int at = MinBase64Characters - 1; at < text.Length; at += MinBase64Characters)
        {
            int apart = at;
            while (apart < text.Length && apart - at < SplitLook && !(ScriptKinds.IsWord(text[apart]) && ScriptKinds.IsWord(text[apart - 1])))
            {
                apart++;
            }

            if (apart - at == SplitLook)
            {
                return true;
            }

            int start = at;
            int end = at;
            while (start >= 0 && at - start < MinBase64Characters && Base64.Contains(text[start]))
            {
                start--;
            }

            while (end < text.Length && end - at < MinBase64Characters && Base64.Contains(text[end]))
            {
                end++;
            }

            if (end - start > MinBase64Characters)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads an encoded stretch at <paramref name="at"/>.</summary>
    /// <param name="text">The text, folded, in its own case.</param>
    /// <param name="at">Where.</param>
    /// <param name="length">Its length; 1 where nothing there reads as text.</param>
    /// <param name="decoded">The decoded text, until the next call.</param>
    /// <returns>Whether one was decoded.</returns>
    public bool Decode(ReadOnlySpan<char> text, int at, out int length, out ReadOnlySpan<char> decoded)
    {
        length = 1;
        decoded = [];
        char first = text[at];
        if (first == '%' && IsEscapedCharacter(text, at, out char escaped) && !(at + 3 < text.Length && text[at + 3] == '%'))
        {
            scratch.Decoded(1)[0] = escaped;
            decoded = scratch.Decoded(1)[..1];
            length = 3;
            return true;
        }

        if (IsEscape(text, at, out int prefix))
        {
            if (at >= _hexSeenTo && DecodeHex(text, at, prefix, MinEscapedBytes, out length, out decoded))
            {
                return true;
            }

            if (first == '%' && IsEscapedCharacter(text, at, out escaped))
            {
                scratch.Decoded(1)[0] = escaped;
                decoded = scratch.Decoded(1)[..1];
                length = 3;
                return true;
            }
        }

        if ((first is '&' or '\\' or 'U' || char.IsAsciiDigit(first)) && at >= _numbersSeenTo && (at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1]))
            && DecodeNumbers(text, at, out length, out decoded))
        {
            return true;
        }

        if (first == '%' && at >= _splitSeenTo && DecodeSplit(text, at, out length, out decoded))
        {
            return true;
        }

        // Inside a word nothing starts: its first character has been looked at.
        if (!Base64.Contains(first) || (at > 0 && Base64.Contains(text[at - 1])))
        {
            return false;
        }

        int run = text[at..].IndexOfAnyExcept(Base64);
        run = run < 0 ? text.Length - at : run;
        if (run == 1)
        {
            return at >= _splitSeenTo && DecodeSplit(text, at, out length, out decoded);
        }

        if (run >= 2 && at >= _hexSeenTo && char.IsAsciiHexDigit(first) && char.IsAsciiHexDigit(text[at + 1])
            && DecodeHex(text, at, prefix: 0, run == 2 ? MinSeparatedHexBytes : MinHexBytes, out length, out decoded))
        {
            return true;
        }

        length = 1;
        if (run < MinBase64Characters)
        {
            return false;
        }

        Examined += run;
        if (!DecodeBase64(text.Slice(at, run), out decoded) && !DecodeTurned(text.Slice(at, run), out decoded))
        {
            return false;
        }

        int padding = 0;
        while (padding < 2 && at + run + padding < text.Length && text[at + run + padding] == '=')
        {
            padding++;
        }

        length = run + padding;
        return true;
    }

    private static bool IsEscapedCharacter(ReadOnlySpan<char> text, int at, out char escaped)
    {
        escaped = '\0';
        bool afterDigit = at > 0 && char.IsAsciiDigit(text[at - 1]) && !(at >= 3 && text[at - 3] == '%');
        if (afterDigit || at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
        {
            return false;
        }

        escaped = (char)((HexValue(text[at + 1]) << 4) | HexValue(text[at + 2]));
        return char.IsAsciiLetterOrDigit(escaped) || escaped == ' ';
    }

    private static bool IsEscape(ReadOnlySpan<char> text, int at, out int prefix)
    {
        prefix = text[at] switch
        {
            '%' => 1,
            '\\' when at + 1 < text.Length && text[at + 1] is 'x' or 'X' => 2,
            '0' when at + 1 < text.Length && text[at + 1] is 'x' or 'X' => 2,
            _ => 0,
        };
        return prefix != 0;
    }

    private bool DecodeHex(ReadOnlySpan<char> text, int at, int prefix, int minimum, out int length, out ReadOnlySpan<char> decoded)
    {
        ReadOnlySpan<char> mark = text.Slice(at, prefix);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(((text.Length - at) / 2) + 1);
        int count = 0;
        int end = at;
        int next = at;
        while (IsHexUnit(text, next, mark))
        {
            bytes[count++] = (byte)((HexValue(text[next + prefix]) << 4) | HexValue(text[next + prefix + 1]));
            end = next + prefix + 2;
            next = end < text.Length && text[end] is ' ' or ',' or ':' or '-' && mark is not "%" ? end + 1 : end;
            next = next > end && next < text.Length && text[next] == ' ' ? next + 1 : next;
        }

        bool wholeWord = prefix != 0 || end == text.Length || !char.IsAsciiLetterOrDigit(text[end]);
        bool found = ReadBytes(bytes, count >= minimum && wholeWord ? count : 0, out decoded);
        bytes.AsSpan(0, count).Clear();
        ArrayPool<byte>.Shared.Return(bytes);
        _hexSeenTo = end;
        Examined += end - at;
        length = found ? end - at : 1;
        return found;
    }

    private static bool IsHexUnit(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> mark)
        => at + mark.Length + 2 <= text.Length && text.Slice(at, mark.Length).SequenceEqual(mark)
            && char.IsAsciiHexDigit(text[at + mark.Length]) && char.IsAsciiHexDigit(text[at + mark.Length + 1]);

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    // Characters by number: &#98; &#x62; \u0062 U+0062, decimal numbers split by spaces or commas, and bytes in binary.
    private bool DecodeNumbers(ReadOnlySpan<char> text, int at, out int length, out ReadOnlySpan<char> decoded)
    {
        Span<char> characters = scratch.Decoded(text.Length - at);
        int count = 0;
        int end = at;
        int next = at;
        int form = 0;
        while (next < text.Length && ReadNumber(text, next, ref form, out int value, out int units))
        {
            characters[count++] = (char)value;
            end = next + units;
            next = end;
            while (next < text.Length && next - end < 2 && text[next] is ' ' or ',')
            {
                next++;
            }

            if (form == DecimalForm && next == end)
            {
                break;
            }
        }

        int minimum = form == DecimalForm ? MinNumbers : form == BinaryForm ? MinBinaryBytes : MinMarkedNumbers;
        bool found = count >= minimum && (end == text.Length || !char.IsAsciiLetterOrDigit(text[end])) && ReadsAsText(characters[..count]);
        _numbersSeenTo = end;
        Examined += end - at;
        length = found ? end - at : 1;
        decoded = found ? characters[..count] : [];
        return found;
    }

    private const int EntityForm = 1;
    private const int HexEntityForm = 2;
    private const int EscapeForm = 3;
    private const int CodePointForm = 4;
    private const int DecimalForm = 5;
    private const int BinaryForm = 6;

    private static bool ReadNumber(ReadOnlySpan<char> text, int at, ref int form, out int value, out int length)
    {
        ReadOnlySpan<char> rest = text.Slice(at, Math.Min(text.Length - at, 12));
        int found = rest.StartsWith("&#x", StringComparison.OrdinalIgnoreCase) ? HexEntityForm
            : rest.StartsWith("&#") ? EntityForm
            : rest.StartsWith("\\u", StringComparison.OrdinalIgnoreCase) ? EscapeForm
            : rest.StartsWith("U+", StringComparison.OrdinalIgnoreCase) ? CodePointForm
            : IsBinary(rest) ? BinaryForm
            : DecimalForm;
        value = 0;
        length = 0;
        if (form != 0 && form != found)
        {
            return false;
        }

        form = found;
        (int prefix, int digits, int radix) = found switch
        {
            EntityForm => (2, 4, 10),
            HexEntityForm => (3, 4, 16),
            EscapeForm or CodePointForm => (2, 4, 16),
            BinaryForm => (0, 8, 2),
            _ => (0, 3, 10),
        };
        int end = prefix;
        while (end < rest.Length && end - prefix < digits && char.IsAsciiHexDigit(rest[end]) && HexValue(rest[end]) < radix)
        {
            value = (value * radix) + HexValue(rest[end]);
            end++;
        }

        bool whole = found switch
        {
            EntityForm or HexEntityForm => end < rest.Length && rest[end] == ';',
            DecimalForm => end - prefix >= 2 && (end == rest.Length || !char.IsAsciiLetterOrDigit(rest[end])),
            BinaryForm => end == digits,
            _ => end - prefix == digits,
        };
        length = found is EntityForm or HexEntityForm ? end + 1 : end;
        return whole && end > prefix && value is >= ' ' and < 0xD800 && (found is not (DecimalForm or BinaryForm) || value < 0x7F);
    }

    private static bool IsBinary(ReadOnlySpan<char> text)
        => text.Length >= 8 && !text[..8].ContainsAnyExceptInRange('0', '1');

    private bool DecodeSplit(ReadOnlySpan<char> text, int at, out int length, out ReadOnlySpan<char> decoded)
    {
        length = 1;
        decoded = [];
        int[] positions = ArrayPool<int>.Shared.Rent(((text.Length - at) / 2) + 1);
        int count = SplitLetters.Collect(text, at, positions, code: true, out int next, out _);
        bool found = false;
        if (count >= MinBase64Characters)
        {
            char[] joined = ArrayPool<char>.Shared.Rent(count);
            for (int i = 0; i < count; i++)
            {
                joined[i] = text[positions[i]];
            }

            ReadOnlySpan<char> run = joined.AsSpan(0, count).TrimEnd('=');
            found = run[0] == '%'
                ? DecodeHex(run, 0, prefix: 1, MinEscapedBytes, out _, out decoded)
                : !run.ContainsAnyExcept(Base64) && (DecodeHexRun(run, out decoded) || DecodeBase64(run, out decoded));
            ArrayPool<char>.Shared.Return(joined, clearArray: true);
        }

        ArrayPool<int>.Shared.Return(positions);
        Examined += next - at;
        _splitSeenTo = next - 1;
        length = found ? next - at : 1;
        return found;
    }

    private bool DecodeHexRun(ReadOnlySpan<char> run, out ReadOnlySpan<char> decoded)
    {
        decoded = [];
        if (run.Length % 2 != 0 || !ContainsOnlyHex(run))
        {
            return false;
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(run.Length / 2);
        for (int i = 0; i < run.Length; i += 2)
        {
            bytes[i / 2] = (byte)((HexValue(run[i]) << 4) | HexValue(run[i + 1]));
        }

        bool found = ReadBytes(bytes, run.Length / 2, out decoded);
        bytes.AsSpan(0, run.Length / 2).Clear();
        ArrayPool<byte>.Shared.Return(bytes);
        return found;
    }

    private static bool ContainsOnlyHex(ReadOnlySpan<char> run)
    {
        foreach (char character in run)
        {
            if (!char.IsAsciiHexDigit(character))
            {
                return false;
            }
        }

        return true;
    }

    private bool DecodeBase64(ReadOnlySpan<char> run, out ReadOnlySpan<char> decoded)
    {
        decoded = [];
        if (run.Length % 4 == 1)
        {
            return false;
        }

        int padded = (run.Length + 3) / 4 * 4;
        char[] characters = ArrayPool<char>.Shared.Rent(padded);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(padded / 4 * 3);
        Span<char> code = characters.AsSpan(0, padded);
        run.CopyTo(code);
        code[run.Length..].Fill('=');
        code.Replace('-', '+');
        code.Replace('_', '/');
        foreach (ref char character in code)
        {
            if (!char.IsAscii(character) && Confusables.TryFold(character, out char latin))
            {
                character = latin;
            }
        }

        bool found = Convert.TryFromBase64Chars(code, bytes, out int count) && ReadBytes(bytes, count, out decoded);
        bytes.AsSpan(0, padded / 4 * 3).Clear();
        ArrayPool<byte>.Shared.Return(bytes);
        ArrayPool<char>.Shared.Return(characters, clearArray: true);
        return found;
    }

    // Base64 or hexadecimal that was itself reversed or turned by thirteen.
    private bool DecodeTurned(ReadOnlySpan<char> run, out ReadOnlySpan<char> decoded)
    {
        decoded = [];
        if (run.Length < MinTurned)
        {
            return false;
        }

        char[] turned = ArrayPool<char>.Shared.Rent(run.Length);
        Span<char> code = turned.AsSpan(0, run.Length);
        run.CopyTo(code);
        code.Reverse();
        bool found = DecodeHexRun(code, out decoded) || DecodeBase64(code, out decoded);
        if (!found)
        {
            code.Reverse();
            foreach (ref char letter in code)
            {
                letter = TextViews.Rot13(letter);
            }

            found = DecodeBase64(code, out decoded);
        }

        ArrayPool<char>.Shared.Return(turned, clearArray: true);
        return found;
    }

    private bool ReadBytes(byte[] bytes, int count, out ReadOnlySpan<char> decoded)
    {
        decoded = [];
        if (count == 0 || !Utf8.IsValid(bytes.AsSpan(0, count)))
        {
            return false;
        }

        Span<char> characters = scratch.Decoded(count);
        int written = Encoding.UTF8.GetChars(bytes.AsSpan(0, count), characters);
        decoded = characters[..written];
        return ReadsAsText(decoded);
    }

    // Marks and invisible characters may hide words in what was encoded, so they count neither way; nor do digits and dots count against it alone.
    private static bool ReadsAsText(ReadOnlySpan<char> text)
    {
        // Code in code is read next.
        if (text.Length >= MinBase64Characters && !text.ContainsAnyExcept(Code))
        {
            return true;
        }

        int characters = 0;
        int printable = 0;
        int lettersOrSpaces = 0;
        int words = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.Format or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark)
            {
                continue;
            }

            bool letter = category <= UnicodeCategory.OtherLetter || Rune.IsWhiteSpace(rune);
            characters++;
            printable += category != UnicodeCategory.Control || rune.Value is '\n' or '\t' or '\r' ? 1 : 0;
            lettersOrSpaces += letter ? 1 : 0;
            words += letter || category == UnicodeCategory.DecimalDigitNumber || rune.Value is '.' or '-' or '@' or '$' or '*' or '_' or ',' ? 1 : 0;
        }

        return characters > 0 && printable >= MinPrintable * characters && lettersOrSpaces >= MinLettersOrSpaces * characters
            && words >= MinWordsOrSpaces * characters;
    }
}
