namespace SafetySdk.Prompts.Training;

/// <summary>The outputs that are trained, and which rows say what about them.</summary>
internal static class PromptHeads
{
    public const string Unsafe = "unsafe";

    /// <summary>The categories of harm, by the names of the corpus, which are those of the library.</summary>
    public static readonly string[] Categories =
    [
        "sexual", "hate", "harassment", "violence", "graphic_violence", "self_harm", "illicit", "weapons", "extremism", "privacy",
        "misinformation", "jailbreak",
    ];

    /// <summary>
    /// What a request wants, where the corpus has enough rows. Styles of artists and public figures are left to lists of names: their
    /// n-grams are names, and those of other rows are not among them.
    /// </summary>
    public static readonly string[] Intents = ["identification", "geolocation", "captcha"];

    /// <summary>All, in the order of the columns.</summary>
    public static readonly string[] All = [.. Categories, Unsafe, .. Intents];

    /// <summary>Whether the strongest window of a long text counts: measured to help these two and to hurt others.</summary>
    public static bool UsesWindows(string head) => head is "sexual" or "graphic_violence";

    /// <summary>1 where the row is of this kind, -1 where it is not, 0 where that is unknown.</summary>
    public static int Label(CorpusRow row, string head)
    {
        if (head == Unsafe)
        {
            return row.Unsafe switch { 1 => 1, 0 => -1, _ => 0 };
        }

        if (Intents.Contains(head))
        {
            // Nobody labelled intents outside the composed rows, and they are rare there.
            return row.Tags.Contains("intent:" + head) ? 1 : row.Source == ProfanityRows.Source ? 0 : -1;
        }

        return row.Positive.Contains(head) ? 1 : row.Negative.Contains(head) ? -1 : 0;
    }
}
