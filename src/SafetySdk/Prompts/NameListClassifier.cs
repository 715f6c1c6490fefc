using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>A list of names cannot be read. The message gives the line and what is wrong, never a name.</summary>
public sealed class NameListException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="line">Line, from 1; 0 where the whole list is meant.</param>
    /// <param name="problem">What is wrong and what would be right.</param>
    public NameListException(int line, string problem)
        : base(line == 0 ? problem : string.Create(CultureInfo.InvariantCulture, $"line {line}: {problem}"))
        => Line = line;

    /// <summary>Line, from 1; 0 where the whole list is meant.</summary>
    public int Line { get; }
}

/// <summary>
/// Finds people that a list of the host names: those who opted out of being depicted, public figures, private people. The list is a file,
/// so that it changes without a new build. Names are found through the same disguises as all other words. Thread-safe.
/// </summary>
/// <remarks>
/// One person a line, cells split by a tab: kind (<c>opt_out</c>, <c>public_figure</c>, <c>private_person</c>), name, other names split by
/// <c>|</c>, date of birth (<c>2010</c> or <c>2010-05-31</c>). A dash is an empty cell; cells at the end may be left out; a line that begins
/// with <c>#</c> is a remark. A public figure who may be under 18 today counts as a minor. The age is worked out for every text, so that
/// birthdays need no new list.
/// </remarks>
public sealed class NameListClassifier : IPromptClassifier
{
    private const int MaxBytes = 16 << 20;
    private const int AdultAge = 18;
    private const double Listed = 0.9;
    private const int MinUnspaced = 6;
    private const int DigestCharacters = 12;
    private const string Empty = "-";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly PhraseMatcher _matcher;
    private readonly PhraseMatcher _unspaced;
    private readonly List<Person>[] _people;
    private readonly List<Person>[] _unspacedPeople;
    private readonly TimeProvider _time;

    private NameListClassifier(string digest, Names names, Names unspaced, TimeProvider time)
    {
        Version = digest;
        (_matcher, _people) = names.Build();
        (_unspaced, _unspacedPeople) = unspaced.Build();
        _time = time;
    }

    private enum Kind
    {
        OptOut,
        PublicFigure,
        PrivatePerson,
    }

    /// <inheritdoc/>
    public string Name => "name-list";

    /// <summary>Beginning of the SHA-256 of the list.</summary>
    public string Version { get; }

    /// <summary>Reads a list.</summary>
    /// <param name="utf8">The list, UTF-8, at most 16 MiB.</param>
    /// <param name="time">The clock that ages are worked out by; null for the system's.</param>
    /// <exception cref="NameListException">The list is malformed.</exception>
    public static NameListClassifier Parse(ReadOnlySpan<byte> utf8, TimeProvider? time = null)
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

        var names = new Names();
        var unspaced = new Names();
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace() || line[0] == '#')
            {
                continue;
            }

            string[] cells = line.ToString().Split('\t', StringSplitOptions.TrimEntries);
            if (cells.Length is < 2 or > 4)
            {
                throw new NameListException(number, "expected kind, name, other names and date of birth, split by tabs.");
            }

            var person = new Person(KindOf(cells[0], number), cells.Length > 3 ? AdultFrom(cells[3], number) : null);
            IEnumerable<string> others = cells.Length > 2 && cells[2] is not (Empty or "") ? cells[2].Split('|', StringSplitOptions.TrimEntries) : [];
            foreach (string name in others.Prepend(cells[1]))
            {
                Add(name, person, number, names, unspaced);
            }
        }

        return new NameListClassifier(Convert.ToHexStringLower(SHA256.HashData(utf8))[..DigestCharacters], names, unspaced, time ?? TimeProvider.System);
    }

    /// <summary>Reads a list from a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="NameListException">The list is malformed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NameListClassifier Open(string path) => Parse(File.ReadAllBytes(path));

    /// <inheritdoc/>
    public IReadOnlyList<Signal> Classify(string text, TextOrigin origin)
    {
        var found = new HashSet<(SafetyCategory Category, TextSpan Span)>();
        DateOnly today = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);
        using (NormalisedText plain = TextNormaliser.Normalise(text))
        {
            Collect(plain, today, found);
            if (plain.IsAmbiguous)
            {
                using NormalisedText second = TextNormaliser.Normalise(text, Reading.Second);
                Collect(second, today, found);
            }

            if (plain.HasDigitsForLetters)
            {
                using NormalisedText digits = TextNormaliser.Normalise(text, Reading.AllDigits);
                Collect(digits, today, found);
            }
        }

        return found.Count == 0
            ? []
            : [.. found.OrderBy(static f => f.Category).ThenBy(static f => f.Span.Start).ThenBy(static f => f.Span.Length)
                .Select(f => new Signal(f.Category, Listed, Name, Version) { Span = f.Span })];
    }

    private void Collect(NormalisedText plain, DateOnly today, HashSet<(SafetyCategory Category, TextSpan Span)> found)
    {
        var hits = new List<PhraseHit>();
        _matcher.Match(plain.Characters, plain.Joined, hits);
        AddEach(hits, _people);
        if (plain.Joined.Contains((byte)1))
        {
            hits.Clear();
            _unspaced.Match(plain.Characters, plain.Joined, hits);
            hits.RemoveAll(h => plain.Joined[h.Start..h.End].Contains((byte)0));
            AddEach(hits, _unspacedPeople);
        }

        void AddEach(List<PhraseHit> hits, List<Person>[] people)
        {
            foreach (PhraseHit hit in hits)
            {
                foreach (Person person in people[hit.Phrase])
                {
                    found.Add((person.CategoryOn(today), plain.Source(hit.Start, hit.End)));
                }
            }
        }
    }

    private static void Add(string name, Person person, int line, Names names, Names unspaced)
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

        try
        {
            names.Add(words, person, open: false);
            if (char.IsAsciiLetter(words[^1]))
            {
                // Normalising takes the apostrophe of "Ada's" away.
                names.Add(words + "s", person, open: false);
            }

            string letters = words.Replace(" ", null, StringComparison.Ordinal);
            if (letters.Length < words.Length && letters.Length >= MinUnspaced)
            {
                unspaced.Add(letters, person, open: true);
            }
        }
        catch (InvalidOperationException)
        {
            throw new NameListException(line, "the list has more names or characters than can be looked for at once; split it.");
        }
    }

    private static Kind KindOf(string cell, int line) => cell switch
    {
        "opt_out" => Kind.OptOut,
        "public_figure" => Kind.PublicFigure,
        "private_person" => Kind.PrivatePerson,
        _ => throw new NameListException(line, "the kind is none of opt_out, public_figure, private_person."),
    };

    // The day from which the person is surely an adult: of a year alone, its last day counts.
    private static DateOnly? AdultFrom(string cell, int line)
    {
        if (cell is Empty or "")
        {
            return null;
        }

        if (int.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out int year) && year is > 1000 and < 3000)
        {
            return new DateOnly(year + AdultAge, 12, 31);
        }

        return DateOnly.TryParseExact(cell, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly born) && born.Year < 3000
            ? born.AddYears(AdultAge)
            : throw new NameListException(line, "the date of birth is neither a year (2010) nor a date (2010-05-31).");
    }

    private readonly record struct Person(Kind Kind, DateOnly? AdultFrom)
    {
        public SafetyCategory CategoryOn(DateOnly today) => Kind switch
        {
            Kind.OptOut => SafetyCategory.OptedOutPerson,
            Kind.PrivatePerson => SafetyCategory.NamedPerson,
            _ => AdultFrom > today ? SafetyCategory.PublicFigureMinor : SafetyCategory.PublicFigure,
        };
    }

    /// <summary>Phrases and who is called so.</summary>
    private sealed class Names
    {
        private readonly PhraseMatcher.Builder _builder = new();
        private readonly List<List<Person>> _people = [];

        public void Add(string words, Person person, bool open)
        {
            int phrase = _builder.Add(words, open, open);
            while (_people.Count <= phrase)
            {
                _people.Add([]);
            }

            if (!_people[phrase].Contains(person))
            {
                _people[phrase].Add(person);
            }
        }

        public (PhraseMatcher Matcher, List<Person>[] People) Build() => (_builder.Build(), [.. _people]);
    }
}
