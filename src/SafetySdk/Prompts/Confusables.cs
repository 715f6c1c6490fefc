using System.Collections.Frozen;

namespace SafetySdk.Prompts;

/// <summary>Cyrillic, Greek and Armenian small letters that look like Latin ones. Written for this library from the shapes.</summary>
internal static class Confusables
{
    private const string Pairs =
        "аa вb еe зz иu кk мm нh оo рp сc тt уy хx ьb ѕs іi їi јj ԁd ԛq ԝw һh ґr ёe ӏl ѵv ѡw ҽe єe ҝk қk ңh үy ұy ҳx ԍg пn гr "
        + "αa βb γy δd εe ζz ηn θo κk λl μu νv ξe οo πn ρp ςc σo τt υu φo χx ψy ωw ιi ϲc ϳj ϵe ϱp "
        + "օo սu հh ոn ցg ԛq զq գq յj քp աw";

    private static readonly FrozenDictionary<char, char> Latin = Read();

    /// <summary>All letters that look like Latin ones.</summary>
    public static string LookAlikes { get; } = string.Concat(Latin.Keys.Order());

    /// <summary>The Latin letter that a small letter looks like.</summary>
    public static bool TryFold(char letter, out char latin) => Latin.TryGetValue(letter, out latin);

    /// <summary>Whether the character belongs to a script that is mistaken for Latin: Greek, Cyrillic, Armenian.</summary>
    public static bool IsLookAlikeScript(char character)
        => character is >= '\u0370' and <= '\u03FF' or >= '\u0400' and <= '\u052F' or >= '\u0531' and <= '\u0587';

    /// <summary>Whether all are the small letters a to z.</summary>
    public static bool IsPlainLatin(ReadOnlySpan<char> letters) => !letters.ContainsAnyExceptInRange('a', 'z');

    private static FrozenDictionary<char, char> Read()
    {
        var result = new Dictionary<char, char>();
        foreach (string pair in Pairs.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            result.TryAdd(pair[0], pair[^1]);
        }

        return result.ToFrozenDictionary();
    }
}
