using System.Globalization;
using System.Text;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>
/// Reads the few elements of an answer that matter, and nothing else of XML: no entities but the five of the language, no document types,
/// no more depth than answers have. What it does not know, it does not read.
/// </summary>
internal static class CyberTiplineAnswerReader
{
    /// <summary>Most bytes of an answer.</summary>
    public const int MaxBytes = 64 * 1024;

    private const int MaxDepth = 4;

    /// <summary>What an answer says.</summary>
    public readonly record struct Fields(int Code, string? ReportId, string? FileId, string? Hash);

    /// <summary>Reads an answer; null where it is none.</summary>
    public static Fields? Read(ReadOnlySpan<byte> body)
    {
        if (body.Length is 0 or > MaxBytes)
        {
            return null;
        }

        body = body.StartsWith("\uFEFF"u8) ? body[3..] : body;
        Span<Range> open = stackalloc Range[MaxDepth];
        int depth = 0;
        bool closed = false;
        int at = 0;
        int? code = null;
        string? report = null, file = null, hash = null;
        while (at < body.Length)
        {
            int less = body[at..].IndexOf((byte)'<');
            ReadOnlySpan<byte> text = less < 0 ? body[at..] : body.Slice(at, less);
            if (depth == 0 && !IsSpace(text))
            {
                return null;
            }

            if (less < 0)
            {
                break;
            }

            at += less + 1;
            ReadOnlySpan<byte> rest = body[at..];
            if (rest.StartsWith("!--"u8) || rest.StartsWith("?"u8))
            {
                int end = rest.StartsWith("?"u8) ? rest.IndexOf("?>"u8) : rest[3..].IndexOf("-->"u8);
                if (end < 0)
                {
                    return null;
                }

                at += rest.StartsWith("?"u8) ? end + 2 : end + 6;
                continue;
            }

            int greater = EndOfTag(rest);
            if (greater < 1 || rest[0] == '!')
            {
                return null;
            }

            ReadOnlySpan<byte> tag = rest[..greater];
            int start = at;
            at += greater + 1;
            if (tag[0] == '/')
            {
                if (depth == 0 || !body[open[depth - 1]].SequenceEqual(tag[1..].TrimEnd(" \t\r\n"u8)))
                {
                    return null;
                }

                ReadOnlySpan<byte> name = Local(body[open[--depth]]);
                closed = depth == 0;
                if (depth != 1)
                {
                    continue;
                }

                // Each of them once; a second one is a lie.
                if (name.SequenceEqual("responseCode"u8))
                {
                    if (code is not null || !int.TryParse(Trim(text), NumberStyles.None, CultureInfo.InvariantCulture, out int value))
                    {
                        return null;
                    }

                    code = value;
                }
                else if ((name.SequenceEqual("reportId"u8) && !Once(ref report, text))
                    || (name.SequenceEqual("fileId"u8) && !Once(ref file, text))
                    || (name.SequenceEqual("hash"u8) && !Once(ref hash, text)))
                {
                    return null;
                }

                continue;
            }

            bool empty = tag[^1] == '/';
            int length = (empty ? tag[..^1] : tag).IndexOfAny(" \t\r\n"u8);
            length = length < 0 ? tag.Length - (empty ? 1 : 0) : length;
            if (length == 0 || closed || depth == MaxDepth || (depth == 0 && (empty || !IsRoot(Local(tag[..length])))))
            {
                return null;
            }

            if (!empty)
            {
                open[depth++] = new Range(start, start + length);
            }
        }

        return closed && code is { } known ? new Fields(known, report, file, hash) : null;
    }

    private static bool IsRoot(ReadOnlySpan<byte> name)
        => name.SequenceEqual("reportResponse"u8) || name.SequenceEqual("reportDoneResponse"u8);

    private static ReadOnlySpan<byte> Local(ReadOnlySpan<byte> name) => name[(name.IndexOf((byte)':') + 1)..];

    // A greater-than sign within quotes is part of an attribute.
    private static int EndOfTag(ReadOnlySpan<byte> rest)
    {
        byte quote = 0;
        for (int i = 0; i < rest.Length; i++)
        {
            byte c = rest[i];
            if (quote != 0)
            {
                quote = c == quote ? (byte)0 : quote;
            }
            else if (c is (byte)'"' or (byte)'\'')
            {
                quote = c;
            }
            else if (c is (byte)'>' or (byte)'<')
            {
                return c == '>' ? i : -1;
            }
        }

        return -1;
    }

    private static bool IsSpace(ReadOnlySpan<byte> text) => Trim(text).IsEmpty;

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t\r\n"u8);

    // Identifiers are letters, digits and few signs: nothing of them can break a document, a form or a column.
    private static bool Once(ref string? field, ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> value = Trim(text);
        foreach (byte c in value)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'-' or (byte)'_' or (byte)'.'))
            {
                return false;
            }
        }

        if (field is not null || value.Length is 0 or > CyberTiplineAnswer.MaxIdLength)
        {
            return false;
        }

        field = Encoding.ASCII.GetString(value);
        return true;
    }
}
