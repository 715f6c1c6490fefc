using System.Text;

namespace SafetySdk.Tests.Prompts;

/// <summary>A way of hiding words from a filter while a reader, or a model that is told, still reads them.</summary>
/// <param name="Name">What it is called in reports.</param>
/// <param name="IsCode">Whether the result is a code, and no letter may be touched after it.</param>
/// <param name="Apply">Disguises a text, the same way each time.</param>
internal sealed record Disguise(string Name, bool IsCode, Func<string, string> Apply);

/// <summary>The disguises that the normaliser is measured against.</summary>
internal static class Disguises
{
    public static IReadOnlyList<Disguise> All { get; } =
    [
        new("digits for letters", false, static t => Map(t, static c => Replace(c, "aeiostAEIOST", "431057431057"))),
        new("look-alikes", false, static t => Map(t, static c => Replace(c, "aeopcxy", "аеорсху"))),
        new("zero width", false, static t => Map(t, static c => c + "\u200B")),
        new("full width", false, static t => Map(t, static c => c.Length == 1 && c[0] is > ' ' and < '\u007F' ? ((char)(c[0] + 0xFEE0)).ToString() : c)),
        new("accents", false, static t => Map(t, static c => char.IsAsciiLetter(c[0]) ? c + "\u0301\u0323" : c)),
        new("mathematical letters", false, static t => Map(t, Mathematical)),
        new("mixed case", false, static t => string.Concat(Elements(t).Select(static (c, i) => i % 2 == 0 ? c.ToUpperInvariant() : c.ToLowerInvariant()))),
        new("swapped letters", false, static t => Words(t, Swap)),
        new("letters held down", false, static t => string.Concat(Elements(t).Select(static (c, i) => i % 4 == 0 && char.IsLetter(c[0]) ? c + c + c + c : c))),
        new("dots", false, static t => Words(t, static w => string.Join('.', Elements(w)))),
        new("spaces, two between words", false, static t => string.Join("  ", t.Split(' ').Select(static w => string.Join(' ', Elements(w))))),
        new("spaces, one between words", false, static t => Words(t, static w => string.Join(' ', Elements(w)))),
        new("reversed", false, static t => Reverse(t)),
        new("words reversed", false, static t => Words(t, Reverse)),
        new("rot13", false, static t => Map(t, Rot13)),
        new("base64", true, static t => Convert.ToBase64String(Encoding.UTF8.GetBytes(t))),
        new("hexadecimal", true, static t => Convert.ToHexString(Encoding.UTF8.GetBytes(t))),
        new("percent code", true, static t => string.Concat(Encoding.UTF8.GetBytes(t).Select(static b => $"%{b:x2}"))),
        new("tag characters", true, static t => "hello" + string.Concat(t.Where(char.IsAscii).Select(static c => char.ConvertFromUtf32(0xE0000 + c)))),
    ];

    private static IEnumerable<string> Elements(string text) => text.EnumerateRunes().Select(static r => r.ToString());

    private static string Map(string text, Func<string, string> map) => string.Concat(Elements(text).Select(map));

    private static string Reverse(string text) => string.Concat(Elements(text).Reverse());

    private static string Words(string text, Func<string, string> map) => string.Join(' ', text.Split(' ').Select(map));

    private static string Replace(string letter, string from, string to)
        => from.IndexOf(letter, StringComparison.Ordinal) is >= 0 and int i ? to[i].ToString() : letter;

    private static string Mathematical(string letter) => letter[0] switch
    {
        >= 'a' and <= 'z' => char.ConvertFromUtf32(0x1D41A + letter[0] - 'a'),
        >= 'A' and <= 'Z' => char.ConvertFromUtf32(0x1D400 + letter[0] - 'A'),
        _ => letter,
    };

    private static string Rot13(string letter) => letter[0] switch
    {
        >= 'a' and <= 'z' => ((char)('a' + ((letter[0] - 'a' + 13) % 26))).ToString(),
        >= 'A' and <= 'Z' => ((char)('A' + ((letter[0] - 'A' + 13) % 26))).ToString(),
        _ => letter,
    };

    // Two letters inside each word of four and more, which ones by the letters of the word.
    private static string Swap(string word)
    {
        int letters = 0;
        while (letters < word.Length && char.IsLetter(word[letters]) && !char.IsSurrogate(word[letters]))
        {
            letters++;
        }

        if (letters < 4)
        {
            return word;
        }

        int at = 1 + (word.Sum(static c => c) % (letters - 2));
        at = at + 1 < letters - 1 ? at : letters - 3;
        char[] swapped = word.ToCharArray();
        (swapped[at], swapped[at + 1]) = (swapped[at + 1], swapped[at]);
        return new string(swapped);
    }
}
