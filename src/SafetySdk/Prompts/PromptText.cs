using System.Globalization;
using System.Text;

namespace SafetySdk.Prompts;

/// <summary>Reads text that is to be judged. Thread-safe.</summary>
public static class PromptText
{
    private const int MaxBytesPerUnit = 3;

    /// <summary>Decodes UTF-8 strictly: no byte is replaced or dropped, so that what is judged is what was sent.</summary>
    /// <param name="utf8">The bytes, without a byte order mark; one that is there is kept as a character.</param>
    /// <returns>The text.</returns>
    /// <exception cref="PromptException">
    /// No byte, more than <see cref="PromptLimits.MaxCharacters"/> UTF-16 units, or not valid UTF-8; the message then names the
    /// offset of the first byte that is wrong.
    /// </exception>
    public static string FromUtf8(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            throw Empty();
        }

        if (utf8.Length > PromptLimits.MaxCharacters * MaxBytesPerUnit)
        {
            throw TooLong();
        }

        for (int offset = 0; offset < utf8.Length;)
        {
            if (Rune.DecodeFromUtf8(utf8[offset..], out _, out int consumed) != System.Buffers.OperationStatus.Done)
            {
                throw new PromptException(
                    PromptError.InvalidEncoding,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The text is not valid UTF-8 at byte offset {offset} of {utf8.Length}. Send it undamaged and uncut."));
            }

            offset += consumed;
        }

        string text = Encoding.UTF8.GetString(utf8);
        return text.Length > PromptLimits.MaxCharacters ? throw TooLong() : text;
    }

    /// <summary>Checks the bounds that every text must keep.</summary>
    internal static void Check(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0)
        {
            throw Empty();
        }

        if (text.Length > PromptLimits.MaxCharacters)
        {
            throw TooLong();
        }

        ReadOnlySpan<char> rest = text;
        int at = 0;
        while (true)
        {
            int next = rest[at..].IndexOfAnyInRange('\uD800', '\uDFFF');
            if (next < 0)
            {
                return;
            }

            at += next;
            if (at + 1 >= rest.Length || !char.IsSurrogatePair(rest[at], rest[at + 1]))
            {
                throw new PromptException(
                    PromptError.InvalidEncoding,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The text holds a lone surrogate at UTF-16 unit {at} of {rest.Length}. Send valid Unicode."));
            }

            at += 2;
        }
    }

    private static PromptException Empty()
        => new(PromptError.Empty, "The text is empty. Leave the text out where there is none.");

    private static PromptException TooLong()
        => new(
            PromptError.TooLong,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The text is longer than {PromptLimits.MaxCharacters} UTF-16 units. Shorten or split it."));
}
