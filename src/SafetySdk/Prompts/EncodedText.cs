using System.Buffers;
using System.Text;

namespace SafetySdk.Prompts;

/// <summary>
/// Finds stretches of base64, hexadecimal or percent code that decode to readable text, in one scan of one text from left to right.
/// </summary>
internal struct EncodedText
{
    private const int MinBase64Characters = 16;
    private const int MinHexBytes = 8;
    private const int MinSeparatedHexBytes = 6;
    private const int MinEscapedBytes = 3;
    private const double MinPrintable = 0.95;
    private const double MinLettersOrSpaces = 0.75;

    private static readonly SearchValues<char> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");

    // Up to here hexadecimal was read in vain: it is not read again, so that the scan stays linear.
    private int _seenTo;

    /// <summary>Characters that were looked at to decode them: the measure of the work done.</summary>
    public int Examined { get; private set; }

    /// <summary>
    /// Reads an encoded stretch at <paramref name="at"/>; <paramref name="length"/> is 1 where nothing there reads as text.
    /// </summary>
    /// <returns>The decoded text, or null.</returns>
    public string? Decode(ReadOnlySpan<char> text, int at, out int length)
    {
        length = 1;
        if (IsEscape(text, at, out int prefix))
        {
            return at < _seenTo ? null : DecodeHex(text, at, prefix, MinEscapedBytes, out length);
        }

        // Inside a word nothing starts: its first character has been looked at.
        if (at > 0 && Base64.Contains(text[at - 1]))
        {
            return null;
        }

        int run = text[at..].IndexOfAnyExcept(Base64);
        run = run < 0 ? text.Length - at : run;
        if (run >= 2 && at >= _seenTo && char.IsAsciiHexDigit(text[at]) && char.IsAsciiHexDigit(text[at + 1])
            && DecodeHex(text, at, prefix: 0, run == 2 ? MinSeparatedHexBytes : MinHexBytes, out int hexLength) is { } hex)
        {
            length = hexLength;
            return hex;
        }

        if (run < MinBase64Characters)
        {
            return null;
        }

        Examined += run;
        string? decoded = DecodeBase64(text.Slice(at, run));
        if (decoded is null)
        {
            return null;
        }

        int padding = 0;
        while (padding < 2 && at + run + padding < text.Length && text[at + run + padding] == '=')
        {
            padding++;
        }

        length = run + padding;
        return decoded;
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

    private string? DecodeHex(ReadOnlySpan<char> text, int at, int prefix, int minimum, out int length)
    {
        length = 1;
        if (!IsHexUnit(text, at, text.Slice(at, prefix)))
        {
            return null;
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent((text.Length - at) / 2 + 1);
        int count = 0;
        int next = at;
        int end = at;
        ReadOnlySpan<char> mark = text.Slice(at, prefix);
        while (IsHexUnit(text, next, mark))
        {
            bytes[count++] = (byte)((HexValue(text[next + prefix]) << 4) | HexValue(text[next + prefix + 1]));
            end = next + prefix + 2;
            next = end < text.Length && text[end] is ' ' or ',' && mark is not "%" ? end + 1 : end;
        }

        bool wholeWord = prefix != 0 || end == text.Length || !char.IsAsciiLetterOrDigit(text[end]);
        string? result = count >= minimum && wholeWord ? ReadAsText(bytes.AsSpan(0, count)) : null;
        bytes.AsSpan(0, count).Clear();
        ArrayPool<byte>.Shared.Return(bytes);
        _seenTo = end;
        Examined += end - at;
        length = result is null ? 1 : end - at;
        return result;
    }

    private static bool IsHexUnit(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> mark)
        => at + mark.Length + 2 <= text.Length && text.Slice(at, mark.Length).SequenceEqual(mark)
            && char.IsAsciiHexDigit(text[at + mark.Length]) && char.IsAsciiHexDigit(text[at + mark.Length + 1]);

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static string? DecodeBase64(ReadOnlySpan<char> run)
    {
        if (run.Length % 4 == 1)
        {
            return null;
        }

        int padded = (run.Length + 3) / 4 * 4;
        char[] characters = ArrayPool<char>.Shared.Rent(padded);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(padded / 4 * 3);
        run.CopyTo(characters);
        Span<char> code = characters.AsSpan(0, padded);
        code[run.Length..].Fill('=');
        code.Replace('-', '+');
        code.Replace('_', '/');
        string? result = Convert.TryFromBase64Chars(code, bytes, out int count) ? ReadAsText(bytes.AsSpan(0, count)) : null;
        bytes.AsSpan(0, padded / 4 * 3).Clear();
        ArrayPool<byte>.Shared.Return(bytes);
        ArrayPool<char>.Shared.Return(characters, clearArray: true);
        return result;
    }

    private static string? ReadAsText(ReadOnlySpan<byte> bytes)
    {
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return null;
        }

        string text = Encoding.UTF8.GetString(bytes);
        int printable = 0;
        int lettersOrSpaces = 0;
        foreach (char character in text)
        {
            printable += char.IsControl(character) && character is not '\n' and not '\t' and not '\r' ? 0 : 1;
            lettersOrSpaces += char.IsLetter(character) || char.IsWhiteSpace(character) ? 1 : 0;
        }

        return printable >= MinPrintable * text.Length && lettersOrSpaces >= MinLettersOrSpaces * text.Length ? text : null;
    }
}
