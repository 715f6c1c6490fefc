using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SafetySdk.Prompts.Requests;

/// <summary>
/// Names of artists and public figures that a host brings for the request rules: whose style or likeness a request asks for. Unlike
/// <see cref="NameListClassifier"/> it reports no mention by itself; a name counts only in a request. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// One person a line, cells split by a tab: kind (<c>artist</c>, <c>public_figure</c>), name, other names split by <c>|</c>, year of birth,
/// year of death. A dash is an empty cell; cells at the end may be left out; a line that begins with <c>#</c> is a remark. An artist without
/// year of death is taken for living until 110 years after birth; a name that is listed both as a living and as a deceased artist counts as
/// deceased. A name of one word is left out: single words need the built-in lists.
/// </remarks>
public sealed class RequestNames
{
    private const int MaxBytes = 16 << 20;
    private const int LongestLife = 110;
    private const int DigestCharacters = 8;
    private const string Empty = "-";
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly PhraseMatcher _matcher;
    private readonly string[] _concepts;

    private RequestNames(string digest, PhraseMatcher matcher, string[] concepts)
    {
        Version = digest;
        _matcher = matcher;
        _concepts = concepts;
    }

    /// <summary>Beginning of the SHA-256 of the list.</summary>
    public string Version { get; }

    /// <summary>Names that are looked for, forms with a possessive s not counted.</summary>
    public int Count { get; private init; }

    /// <summary>Reads a list.</summary>
    /// <param name="utf8">The list, UTF-8, at most 16 MiB.</param>
    /// <param name="time">The clock that says which year it is; null for the system's.</param>
    /// <exception cref="NameListException">The list is malformed.</exception>
    public static RequestNames Parse(ReadOnlySpan<byte> utf8, TimeProvider? time = null)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new NameListException(0, $"the list has {utf8.Length} bytes, at most {MaxBytes} are read.");
        }

        string text;
        try
        {
            text = Utf8.GetString(utf8.StartsWith(Encoding.UTF8.Preamble) ? utf8[3..] : utf8);
        }
        catch (DecoderFallbackException)
        {
            throw new NameListException(0, "the list is not valid UTF-8.");
        }

        int year = (time ?? TimeProvider.System).GetUtcNow().Year;
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace() || line[0] == '#')
            {
                continue;
            }

            string[] cells = line.ToString().Split('\t', StringSplitOptions.TrimEntries);
            if (cells.Length is < 2 or > 5)
            {
                throw new NameListException(number, "expected kind, name, other names, year of birth and year of death, split by tabs.");
            }

            string concept = ConceptOf(cells, year, number);
            IEnumerable<string> others = cells.Length > 2 && cells[2] is not (Empty or "") ? cells[2].Split('|', StringSplitOptions.TrimEntries) : [];
            foreach (string name in others.Prepend(cells[1]))
            {
                Add(names, name, concept, number);
            }
        }

        var builder = new PhraseMatcher.Builder();
        var concepts = new List<string>();
        try
        {
            foreach ((string words, string concept) in names)
            {
                Number(builder.Add(words, false, false), concept, concepts);
                if (char.IsAsciiLetter(words[^1]) && !names.ContainsKey(words + "s"))
                {
                    // Normalising takes the apostrophe of "Ada's" away.
                    Number(builder.Add(words + "s", false, false), concept, concepts);
                }
            }

            return new RequestNames(Convert.ToHexStringLower(SHA256.HashData(utf8))[..DigestCharacters], builder.Build(), [.. concepts])
            {
                Count = names.Count,
            };
        }
        catch (InvalidOperationException)
        {
            throw new NameListException(0, "the list has more names or characters than can be looked for at once; split it.");
        }
    }

    /// <summary>Reads a list from a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="NameListException">The list is malformed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RequestNames Open(string path) => Parse(File.ReadAllBytes(path));

    /// <summary>Adds what was found to the terms of a text.</summary>
    internal void Find(NormalisedText plain, PromptLists lists, TermHits terms)
    {
        var hits = new List<PhraseHit>();
        _matcher.Match(plain.Characters, plain.Joined, hits);

        // Who is known to be dead is not made living by a list that knows no dates.
        IReadOnlyList<(int Start, int End)> dead =
        [
            .. terms.Of(lists.Concept(PromptConcepts.DeceasedArtist)),
            .. hits.Where(h => _concepts[h.Phrase] == PromptConcepts.DeceasedArtist).Select(static h => (h.Start, h.End)),
        ];
        hits.RemoveAll(h => _concepts[h.Phrase] == PromptConcepts.LivingArtist && dead.Any(d => d.Start <= h.Start && d.End >= h.End));
        foreach (IGrouping<string, PhraseHit> group in hits.GroupBy(h => _concepts[h.Phrase]))
        {
            terms.Merge(lists.Concept(group.Key), group.Select(static h => (h.Start, h.End)));
        }
    }

    private static void Number(int phrase, string concept, List<string> concepts)
    {
        while (concepts.Count <= phrase)
        {
            concepts.Add(concept);
        }
    }

    private static string ConceptOf(string[] cells, int year, int line)
    {
        int? born = Year(cells, 3, line);
        int? died = Year(cells, 4, line);
        return cells[0] switch
        {
            "public_figure" => PromptConcepts.Figure,
            "artist" => died is not null || born + LongestLife < year ? PromptConcepts.DeceasedArtist : PromptConcepts.LivingArtist,
            _ => throw new NameListException(line, "the kind is none of artist, public_figure."),
        };
    }

    private static int? Year(string[] cells, int cell, int line)
        => cells.Length <= cell || cells[cell] is Empty or "" ? null
            : int.TryParse(cells[cell], NumberStyles.None, CultureInfo.InvariantCulture, out int year) && year is > 1000 and < 3000 ? year
            : throw new NameListException(line, "a year is not a number from 1001 to 2999.");

    private static void Add(Dictionary<string, string> names, string name, string concept, int line)
    {
        string words = string.Empty;
        if (name.Length is > 0 and <= 200)
        {
            try
            {
                using NormalisedText plain = TextNormaliser.Normalise(name);
                words = plain.Characters.ToString();
            }
            catch (PromptException)
            {
                // Said below, without the name.
            }
        }

        if (words.Length == 0)
        {
            throw new NameListException(line, "a name is empty, longer than 200 characters, or has no letters.");
        }

        if (words.Contains('\n', StringComparison.Ordinal))
        {
            // An initial with its full stop looks like the end of a sentence: the name counts with and without.
            Put(names, words.Replace('\n', ' '), concept);
        }

        Put(names, words, concept);
        string plainName = Untitled(words);
        if (plainName.Length < words.Length)
        {
            Put(names, plainName, concept);
        }
    }

    private static string Untitled(string words)
    {
        foreach (string title in (ReadOnlySpan<string>)["sir ", "dame ", "lord ", "lady ", "baron ", "rev ", "rev\n"])
        {
            if (words.StartsWith(title, StringComparison.Ordinal))
            {
                return words[title.Length..];
            }
        }

        return words;
    }

    private static void Put(Dictionary<string, string> names, string words, string concept)
    {
        bool single = words.AsSpan().IndexOfAny(' ', '\n') < 0 && !ScriptKinds.IsUnspaced(words[0]);
        if (!single && (concept == PromptConcepts.DeceasedArtist || !names.ContainsKey(words)))
        {
            names[words] = concept;
        }
    }
}
