using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>A list of names, compiled. Immutable, thread-safe; replaced as a whole.</summary>
internal sealed class NameList
{
    private const int MaxBytes = 16 << 20;
    private const int MaxName = 200;
    private const int MinUnspaced = 6;
    private const int DigestCharacters = 12;
    private const int MaxNear = 16;
    private const int MinCells = 2;
    private const int MaxCells = 8;
    private const string Empty = "-";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // Rules of the embedded lists that ask for a style or an image: a name that needs such a frame stands in for theirs.
    private static readonly Lazy<Frames> Embedded = new(static () => new Frames(PromptLists.Embedded));

    private readonly Names _names = new();
    private readonly Names _unspaced = new();

    private NameList(string digest) => Digest = digest;

    /// <summary>Beginning of the SHA-256 of the list.</summary>
    public string Digest { get; }

    /// <summary>Number of names, other names included.</summary>
    public int Count { get; private set; }

    /// <summary>Reads a list.</summary>
    /// <param name="utf8">The list.</param>
    /// <exception cref="NameListException">The list is malformed.</exception>
    public static NameList Read(ReadOnlySpan<byte> utf8)
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

        var list = new NameList(Convert.ToHexStringLower(SHA256.HashData(utf8))[..DigestCharacters]);
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace() || line[0] == '#')
            {
                continue;
            }

            string[] cells = line.ToString().Split('\t', StringSplitOptions.TrimEntries);
            if (cells.Length is < MinCells or > MaxCells)
            {
                throw new NameListException(
                    number, "expected kind, name, other names, dates of birth and death, status, its source and its date, split by tabs.");
            }

            ListedName listed = ReadLine(cells, number);
            list.Add(cells[1], listed, number);
            foreach (string other in Cell(cells, 2)?.Split('|', StringSplitOptions.TrimEntries) ?? [])
            {
                list.Add(other, listed, number);
            }
        }

        try
        {
            list._names.Build();
            list._unspaced.Build();
        }
        catch (InvalidOperationException)
        {
            throw new NameListException(0, "the list has more names or characters than can be looked for at once; split it.");
        }

        return list;
    }

    /// <summary>The names that count in a text, and where.</summary>
    public List<(ListedName Name, int Start, int End)> Find(NormalisedText plain)
    {
        var hits = new List<PhraseHit>();
        _names.Matcher.Match(plain.Characters, plain.Joined, hits);
        int whole = hits.Count;
        if (plain.Joined.Contains((byte)1))
        {
            _unspaced.Matcher.Match(plain.Characters, plain.Joined, hits);
            for (int i = hits.Count - 1; i >= whole; i--)
            {
                if (plain.Joined[hits[i].Start..hits[i].End].Contains((byte)0))
                {
                    hits.RemoveAt(i);
                }
            }
        }

        var found = new List<(ListedName, int, int)>();
        if (hits.Count == 0)
        {
            return found;
        }

        var framed = new List<(ListedName Name, int Start, int End)>();
        for (int i = 0; i < hits.Count; i++)
        {
            PhraseHit hit = hits[i];
            if (IsInside(hits, i, whole))
            {
                continue;
            }

            bool single = IsSingleWord(plain.Characters[hit.Start..hit.End]);
            foreach (ListedName name in (i < whole ? _names : _unspaced).Of(hit.Phrase))
            {
                (single || name.Kind == NameKind.Artist ? framed : found).Add((name, hit.Start, hit.End));
            }
        }

        if (framed.Count > 0)
        {
            Embedded.Value.Find(plain, framed, found);
        }

        return found;
    }

    // "John" in "Augustus John" is not the John of the list. Hits come by end: of those that may hold it only few are near.
    private static bool IsInside(List<PhraseHit> hits, int at, int whole)
    {
        PhraseHit hit = hits[at];
        for (int i = at < whole ? at + 1 : hits.Count; i < whole && i <= at + MaxNear; i++)
        {
            if (hits[i].Start <= hit.Start && hits[i].End > hit.End)
            {
                return true;
            }
        }

        for (int i = at - 1; i >= 0 && i >= at - MaxNear && hits[i].End == hit.End; i--)
        {
            if (hits[i].Start < hit.Start)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsSingleWord(ReadOnlySpan<char> name) => !name.ContainsAny(' ', '\n') && !ScriptKinds.IsUnspaced(name[0]);

    private void Add(string name, ListedName listed, int line)
    {
        string words = string.Empty;
        if (name.Length is > 0 and <= MaxName)
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

        Count++;
        _names.Add(words, listed, open: false);
        if (char.IsAsciiLetter(words[^1]))
        {
            // Normalising takes the apostrophe of "Ada's" away.
            _names.Add(words + "s", listed, open: false);
        }

        string letters = words.Replace(" ", null, StringComparison.Ordinal);
        if (letters.Length < words.Length && letters.Length >= MinUnspaced)
        {
            _unspaced.Add(letters, listed, open: true);
        }
    }

    private static string? Cell(string[] cells, int index) => cells.Length > index && cells[index] is not (Empty or "") ? cells[index] : null;

    private static ListedName ReadLine(string[] cells, int line)
    {
        DateOnly? died = Date(Cell(cells, 4), line, "death");
        LifeStatus status = Cell(cells, 5) switch
        {
            null when died is not null => LifeStatus.Deceased,
            null or "unknown" => LifeStatus.Unknown,
            "living" => LifeStatus.Living,
            "deceased" => LifeStatus.Deceased,
            _ => throw new NameListException(line, "the status is none of living, deceased, unknown."),
        };
        if (died is not null && status == LifeStatus.Living)
        {
            throw new NameListException(line, "the status is living, and there is a date of death.");
        }

        return new ListedName(
            KindOf(cells[0], line), cells[1], Date(Cell(cells, 3), line, "birth"), died, status, Cell(cells, 6), Date(Cell(cells, 7), line, "the status"));
    }

    private static NameKind KindOf(string cell, int line) => cell switch
    {
        "opt_out" => NameKind.OptOut,
        "public_figure" => NameKind.PublicFigure,
        "private_person" => NameKind.PrivatePerson,
        "artist" => NameKind.Artist,
        "character" => NameKind.Character,
        "brand" => NameKind.Brand,
        _ => throw new NameListException(line, "the kind is none of opt_out, public_figure, private_person, artist, character, brand."),
    };

    // Of a year alone, its last day counts.
    private static DateOnly? Date(string? cell, int line, string what)
    {
        if (cell is null)
        {
            return null;
        }

        if (int.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out int year) && year is > 1000 and < 3000)
        {
            return new DateOnly(year, 12, 31);
        }

        return DateOnly.TryParseExact(cell, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date) && date.Year < 3000
            ? date
            : throw new NameListException(line, $"the date of {what} is neither a year (2010) nor a date (2010-05-31).");
    }

    /// <summary>Phrases and who is called so.</summary>
    private sealed class Names
    {
        private readonly PhraseMatcher.Builder _builder = new();
        private readonly List<ListedName[]> _listed = [];

        public PhraseMatcher Matcher { get; private set; } = new PhraseMatcher.Builder().Build();

        public void Add(string words, ListedName name, bool open)
        {
            int phrase = _builder.Add(words, open, open);
            if (phrase == _listed.Count)
            {
                _listed.Add([name]);
                return;
            }

            if (!_listed[phrase].Contains(name))
            {
                _listed[phrase] = Merge(_listed[phrase], name);
            }
        }

        public ListedName[] Of(int phrase) => _listed[phrase];

        public void Build() => Matcher = _builder.Build();

        // Of artists of one name, who is known to live outweighs who is known to be dead, who outweighs who is not known.
        private static ListedName[] Merge(ListedName[] names, ListedName name)
        {
            ListedName[] all = [.. names, name];
            LifeStatus strongest = LifeStatus.Unknown;
            foreach (ListedName other in all)
            {
                if (other.Kind == NameKind.Artist && other.Status != LifeStatus.Unknown && strongest != LifeStatus.Living)
                {
                    strongest = other.Status;
                }
            }

            return Array.FindAll(all, n => n.Kind != NameKind.Artist || n.Status == strongest);
        }
    }

    /// <summary>The frames in which an artist, or a name of one word, counts.</summary>
    private sealed class Frames
    {
        private readonly PromptLists _lists;
        private readonly PromptRule[] _rules;
        private readonly int _artist;
        private readonly int _single;

        public Frames(PromptLists lists)
        {
            _lists = lists;
            _rules = [.. lists.Rules.Where(static r => r.Category is SafetyCategory.ArtistStyle or SafetyCategory.PublicFigure)];
            _artist = lists.Concept(PromptConcepts.LivingArtist);
            _single = lists.Concept(PromptConcepts.SingleNameFigure);
        }

        public void Find(NormalisedText plain, List<(ListedName Name, int Start, int End)> names, List<(ListedName Name, int Start, int End)> found)
        {
            var terms = new List<(int Start, int End, int Concept)>();
            foreach ((ListedName name, int start, int end) in names)
            {
                terms.Add((start, end, name.Kind == NameKind.Artist ? _artist : _single));
            }

            TermHits hits = TextReading.Terms(plain, _lists, terms);
            var findings = new List<Finding>();
            foreach (PromptRule rule in _rules)
            {
                TextReading.Apply(rule, hits, findings);
            }

            _lists.Requests.Find(plain.Characters, hits, findings);
            foreach ((ListedName name, int start, int end) in names)
            {
                SafetyCategory wanted = name.Kind == NameKind.Artist ? SafetyCategory.ArtistStyle : SafetyCategory.PublicFigure;
                foreach (Finding finding in findings)
                {
                    // A name of one word as a style, too: "a coat by" a brand of one word is no request for its likeness.
                    if (finding.Start <= start && end <= finding.End && finding.Category == wanted)
                    {
                        found.Add(name.Kind == NameKind.Artist ? (name, finding.Start, finding.End) : (name, start, end));
                        break;
                    }
                }
            }
        }
    }
}
