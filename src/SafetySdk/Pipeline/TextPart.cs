using SafetySdk.Prompts;

namespace SafetySdk.Pipeline;

/// <summary>One text that is to be judged.</summary>
internal readonly record struct TextPart(string Text, TextOrigin Origin, string Source)
{
    /// <summary>Does not show the text.</summary>
    public override string ToString() => $"{nameof(TextPart)} {{ {Source}, {Text.Length} characters }}";

    /// <summary>
    /// A text that may be longer than one look can take, as pieces that overlap by half, so that nothing is lost at a cut.
    /// </summary>
    public static IEnumerable<TextPart> Pieces(string text, string source)
    {
        for (int start = 0; ; start += PromptLimits.MaxCharacters / 2)
        {
            // A cut must not part a pair of surrogates.
            int from = start > 0 && char.IsLowSurrogate(text[start]) ? start - 1 : start;
            int end = Math.Min(text.Length, from + PromptLimits.MaxCharacters);
            if (end < text.Length && char.IsHighSurrogate(text[end - 1]))
            {
                end--;
            }

            yield return new TextPart(text[from..end], TextOrigin.Prompt, source);
            if (end == text.Length)
            {
                yield break;
            }
        }
    }
}
