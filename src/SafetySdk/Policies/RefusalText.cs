using System.Collections.Frozen;
using System.Reflection;
using System.Text;

namespace SafetySdk.Policies;

/// <summary>What a user may be told of a verdict, in their language: short, neutral, no rule and nothing of what was asked.
/// Immutable.</summary>
/// <param name="Message">What happens with the request.</param>
/// <param name="Reason">What it is about, in a sentence.</param>
public sealed record RefusalText(string Message, string Reason)
{
    private const string Folder = "SafetySdk.Policies.Texts.";
    private static readonly FrozenDictionary<(RefusalCode Code, string Language), string> Reasons = ReadReasons();

    /// <summary>Where the user finds help, with a refusal about self-harm; null otherwise.</summary>
    public HelpResource? Help { get; init; }

    /// <summary>The help resources that come with the library, by locale. A policy's own come first.</summary>
    public static IReadOnlyList<HelpResource> BuiltInHelp { get; } =
        [.. Rows("help.tsv", 5).Select(static r => new HelpResource(r[0], r[1], r[2]))];

    /// <summary>The text for a verdict.</summary>
    /// <param name="verdict">The verdict.</param>
    /// <param name="culture">Name of the user's culture, such as <c>pt-BR</c>; English where there is no text in its language, or it is null.
    /// A name, since an application may run without the data of cultures.</param>
    /// <param name="help">Help resources of the host, looked at before <see cref="BuiltInHelp"/>; null for none. A resource that the verdict
    /// carries is kept.</param>
    /// <returns>The text; null where the decision is <see cref="Decision.Allow"/>.</returns>
    public static RefusalText? For(Verdict verdict, string? culture, IReadOnlyList<HelpResource>? help = null)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        if (verdict.Decision == Decision.Allow)
        {
            return null;
        }

        RefusalCode code = verdict.Refusal ?? RefusalCode.General;
        return new RefusalText(Refusals.Text(verdict.Decision, code, culture), ReasonOf(code, culture))
        {
            Help = verdict.Help ?? (code == RefusalCode.SelfHarm ? HelpResource.For([.. help ?? [], .. BuiltInHelp], culture) : null),
        };
    }

    /// <summary>What a code is about, in a sentence.</summary>
    /// <param name="code">The code.</param>
    /// <param name="culture">Name of the user's culture; English where there is no text in its language, or it is null.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined code.</exception>
    public static string ReasonOf(RefusalCode code, string? culture)
    {
        string language = (culture ?? "en").Split('-', '_')[0].ToLowerInvariant();
        return Reasons.TryGetValue((code, language), out string? text) || Reasons.TryGetValue((code, "en"), out text)
            ? text
            : throw new ArgumentOutOfRangeException(nameof(code), code, "not a defined code.");
    }

    /// <summary>Message, reason and help as one text, split by spaces.</summary>
    public override string ToString()
    {
        string text = $"{Message} {Reason}";
        return Help is { } help ? $"{text} {help.Name}: {help.Contact}" : text;
    }

    private static FrozenDictionary<(RefusalCode Code, string Language), string> ReadReasons()
        => Rows("reasons.tsv", 3).ToFrozenDictionary(
            static r => PolicyVocabulary.TryParse(r[0], out RefusalCode code) ? (code, r[1]) : throw new FormatException($"There is no code {r[0]}."),
            static r => r[2]);

    private static List<string[]> Rows(string name, int cells)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Folder + name)
            ?? throw new FileNotFoundException("The list is not embedded.", name);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var rows = new List<string[]>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                string[] row = line.Split('\t');
                rows.Add(row.Length == cells ? row : throw new FormatException($"A row of {name} has {row.Length} cells."));
            }
        }

        return rows;
    }
}
