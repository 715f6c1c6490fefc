namespace SafetySdk.Prompts;

/// <summary>What the scripts need to be told apart for.</summary>
internal static class ScriptKinds
{
    /// <summary>Whether the character belongs to a script that writes no space between words: ideographs, kana, Hangul, Thai.</summary>
    public static bool IsUnspaced(char character)
        => character is >= '\u0E00' and <= '\u0E7F' or >= '\u3040' and <= '\u30FF' or >= '\u31F0' and <= '\u31FF'
            or >= '\u3400' and <= '\u9FFF' or >= '\uAC00' and <= '\uD7AF' or >= '\uF900' and <= '\uFAFF' || char.IsSurrogate(character);

    /// <summary>Whether the character is part of a word, marks of Indic and Arabic words included.</summary>
    public static bool IsWord(char character)
        => char.IsAscii(character)
            ? char.IsAsciiLetterOrDigit(character)
            : char.IsLetterOrDigit(character) || char.IsSurrogate(character)
                || char.GetUnicodeCategory(character) is System.Globalization.UnicodeCategory.NonSpacingMark
                    or System.Globalization.UnicodeCategory.SpacingCombiningMark;
}
