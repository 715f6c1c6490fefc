using System.Globalization;
using System.Text;

namespace SafetySdk.Storage.Postgres;

/// <summary>
/// Any string as text that PostgreSQL takes: it knows no NUL and no half of a surrogate pair, and identifiers of a host may hold either.
/// Backslash, NUL and halves are written <c>\\</c>, <c>\0</c> and <c>\uXXXX</c>; all else is as it is.
/// </summary>
internal static class PostgresText
{
    public static string Encode(string text)
    {
        if (text.AsSpan().IndexOfAny('\\', '\0') < 0 && text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return text;
        }

        var encoded = new StringBuilder(text.Length + 16);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                encoded.Append(c).Append(text[++i]);
            }
            else if (char.IsSurrogate(c))
            {
                encoded.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            }
            else
            {
                _ = c switch { '\\' => encoded.Append(@"\\"), '\0' => encoded.Append(@"\0"), _ => encoded.Append(c) };
            }
        }

        return encoded.ToString();
    }

    public static string Decode(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var decoded = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            switch (text.AsSpan(i))
            {
                case ['\\', '\\', ..]:
                    decoded.Append('\\');
                    i++;
                    break;
                case ['\\', '0', ..]:
                    decoded.Append('\0');
                    i++;
                    break;
                case ['\\', 'u', _, _, _, _, ..]
                    when ushort.TryParse(
                        text.AsSpan(i + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort half):
                    decoded.Append((char)half);
                    i += 5;
                    break;
                default:
                    decoded.Append(text[i]);
                    break;
            }
        }

        return decoded.ToString();
    }
}
