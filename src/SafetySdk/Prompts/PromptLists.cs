using System.Globalization;
using System.Security.Cryptography;
using SafetySdk.Classification;
using SafetySdk.Prompts.Requests;

namespace SafetySdk.Prompts;

/// <summary>What a phrase stands for.</summary>
internal enum PhraseRole
{
    /// <summary>It is a finding of its category by itself.</summary>
    Finding,

    /// <summary>It belongs to a concept that rules combine.</summary>
    Term,

    /// <summary>It is harmless, and so is all that it contains.</summary>
    Benign,
}

/// <summary>One meaning of a phrase.</summary>
/// <param name="Role">What it stands for.</param>
/// <param name="Category">Of a finding.</param>
/// <param name="Score">Of a finding.</param>
/// <param name="Concept">Of a term: an index.</param>
internal readonly record struct PhraseMeaning(PhraseRole Role, SafetyCategory Category, double Score, int Concept);

/// <summary>The lists of the rule classifier, read once and compiled. Immutable.</summary>
internal sealed class PromptLists
{
    private const string Empty = "-";
    private const string RequestClass = "class";
    private const int DigestCharacters = 8;
    private const int MinUnspaced = 5;
    private static readonly Lazy<PromptLists> Lazily = new(() => new PromptLists());

    private readonly Dictionary<string, int> _concepts = new(StringComparer.Ordinal);
    private readonly List<List<PhraseMeaning>> _meanings = [];
    private readonly PhraseMatcher.Builder _builder = new();
    private readonly PhraseMatcher.Builder _unspacedBuilder = new();
    private readonly List<int> _unspaced = [];
    private readonly PhraseMatcher _unspacedMatcher;

    private PromptLists()
    {
        foreach (ListRow row in PromptListReader.Rows("phrases.", 3, 3))
        {
            var meaning = new PhraseMeaning(PhraseRole.Finding, row.Category(0), row.Score(1), -1);
            Add(row, row.Phrases(2), meaning);
        }

        foreach (ListRow row in PromptListReader.Rows("terms.", 2, 2))
        {
            Add(row, row.Phrases(1), new PhraseMeaning(PhraseRole.Term, default, 0, Define(row.Cells[0])));
        }

        foreach (ListRow row in PromptListReader.Rows("requests.", 3, 5).Where(static r => r.Cells[0] == RequestClass))
        {
            Add(row, row.Phrases(2), new PhraseMeaning(PhraseRole.Term, default, 0, Define(RequestFrame.ClassName(row, row.Cells[1]))));
        }

        foreach (ListRow row in PromptListReader.Rows("benign.", 1, 1))
        {
            Add(row, row.Phrases(0), new PhraseMeaning(PhraseRole.Benign, default, 0, -1));
        }

        foreach (ListRow row in PromptListReader.Rows("artists.", 4, 4))
        {
            AddName(row, Year(row, 3) is null ? PromptConcepts.LivingArtist : PromptConcepts.DeceasedArtist, splitSingle: false);
        }

        foreach (ListRow row in PromptListReader.Rows("figures.", 4, 4))
        {
            AddName(row, PromptConcepts.Figure, splitSingle: true);
        }

        Matcher = _builder.Build();
        _unspacedMatcher = _unspacedBuilder.Build();
        Rules = [.. PromptListReader.Rows("rules.", 3, 4).SelectMany(row => PromptRule.Read(row, this))];
        Requests = new RequestGrammar(PromptListReader.Rows("requests.", 3, 5).Where(static r => r.Cells[0] != RequestClass)
            .SelectMany(row => RequestFrame.Read(row, this)));
        Version = Digest();
    }

    /// <summary>The embedded lists.</summary>
    public static PromptLists Embedded => Lazily.Value;

    public PhraseMatcher Matcher { get; }

    /// <summary>Adds every phrase of the text, and where single letters were joined also phrases whose spaces went with theirs.</summary>
    public void Match(NormalisedText plain, List<PhraseHit> hits)
    {
        ReadOnlySpan<byte> joined = plain.Joined;
        Matcher.Match(plain.Characters, joined, hits);
        if (!joined.Contains((byte)1))
        {
            return;
        }

        var unspaced = new List<PhraseHit>();
        _unspacedMatcher.Match(plain.Characters, joined, unspaced);
        foreach (PhraseHit hit in unspaced)
        {
            if (!joined[hit.Start..hit.End].Contains((byte)0))
            {
                hits.Add(hit with { Phrase = _unspaced[hit.Phrase] });
            }
        }
    }

    public IReadOnlyList<PromptRule> Rules { get; }

    public RequestGrammar Requests { get; }

    /// <summary>Short digest over all lists.</summary>
    public string Version { get; }

    public int ConceptCount => _concepts.Count;

    public IReadOnlyCollection<string> Concepts => _concepts.Keys;

    public IReadOnlyList<PhraseMeaning> Meanings(int phrase) => _meanings[phrase];

    public bool IsBenign(int phrase) => _meanings[phrase].Exists(static m => m.Role == PhraseRole.Benign);

    /// <summary>Index of a concept that some term names.</summary>
    public int Concept(string name) => _concepts.TryGetValue(name, out int concept)
        ? concept
        : throw new FormatException($"No term belongs to the concept {name}.");

    public bool TryConcept(string name, out int concept) => _concepts.TryGetValue(name, out concept);

    public static int? Year(ListRow row, int cell)
        => row.Cells[cell] == Empty ? null
            : int.TryParse(row.Cells[cell], NumberStyles.None, CultureInfo.InvariantCulture, out int year)
                && year is > 1200 and < 2100 ? year
            : throw row.Malformed("not a year");

    private int Define(string concept)
    {
        if (!_concepts.TryGetValue(concept, out int index))
        {
            index = _concepts.Count;
            _concepts.Add(concept, index);
        }

        return index;
    }

    private void AddName(ListRow row, string concept, bool splitSingle)
    {
        _ = Year(row, 2);
        string[] names = row.Cells[1] == Empty ? [row.Cells[0]] : [row.Cells[0], .. row.Phrases(1)];
        foreach (string name in names)
        {
            bool single = splitSingle && !name.Contains(' ', StringComparison.Ordinal) && !ScriptKinds.IsUnspaced(name[0]);
            int index = Define(single ? PromptConcepts.SingleNameFigure : concept);
            // Normalising takes the apostrophe of "Ada's" away.
            string[] forms = !single && char.IsAsciiLetter(name[^1]) ? [name, name + "s"] : [name];
            Add(row, forms, new PhraseMeaning(PhraseRole.Term, default, 0, index));
        }
    }

    private void Add(ListRow row, string[] phrases, PhraseMeaning meaning)
    {
        foreach (string phrase in phrases)
        {
            using NormalisedText plain = TextNormaliser.Normalise(phrase.Trim('*'));
            if (plain.Characters.IsEmpty)
            {
                throw row.Malformed("a phrase without letters");
            }

            string words = plain.Characters.ToString();
            int number = _builder.Add(words, phrase[0] == '*', phrase[^1] == '*');
            AddUnspaced(words, number);
            while (_meanings.Count <= number)
            {
                _meanings.Add([]);
            }

            if (!_meanings[number].Contains(meaning))
            {
                _meanings[number].Add(meaning);
            }
        }
    }

    private void AddUnspaced(string words, int number)
    {
        string letters = words.Replace(" ", null, StringComparison.Ordinal);
        if (letters.Length < words.Length && letters.Length >= MinUnspaced && _unspacedBuilder.Add(letters, true, true) == _unspaced.Count)
        {
            _unspaced.Add(number);
        }
    }

    private static string Digest()
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in PromptListReader.Names)
        {
            digest.AppendData(PromptListReader.Bytes(name));
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset())[..DigestCharacters];
    }
}

/// <summary>Concepts that code, not only the rule list, refers to. The rest exist in the lists alone.</summary>
internal static class PromptConcepts
{
    public const string LivingArtist = "artist_living";
    public const string DeceasedArtist = "artist_deceased";
    public const string Figure = "figure";
    public const string SingleNameFigure = "figure_single";
    public const string Minor = "minor";
    public const string AmbiguousMinor = "minor_ambiguous";
    public const string AgeUnit = "age_unit";
    public const string AgePrefix = "age_prefix";
    public const string NumberWord = "number_word";
    public const string TensWord = "tens_word";
    public const string SexualHint = "sexual_hint";
    public const string RevealingClothing = "revealing_clothing";
    public const string AbuseReport = "abuse_report";
    public const string Stance = "stance";
    public const string Game = "game";
}
