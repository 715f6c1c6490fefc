using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>
/// Finds people that a list of the host names: those who opted out of being depicted, public figures, artists, private people; and fictional
/// characters and brands. The list is a file, so that it changes without a new build. Names are found through the same disguises as all other
/// words. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// One name a line, cells split by a tab: kind (<c>opt_out</c>, <c>public_figure</c>, <c>private_person</c>, <c>artist</c>, <c>character</c>,
/// <c>brand</c>), name, other names split by <c>|</c>, date of birth (<c>2010</c> or <c>2010-05-31</c>), date of death, status
/// (<c>living</c>, <c>deceased</c>, <c>unknown</c>), source of the status, date of the status. A dash is an empty cell; cells at the end may be
/// left out; a line that begins with <c>#</c> is a remark.
/// </para>
/// <para>
/// A public figure who may be under 18 today counts as a minor. The age is worked out for every text, so that birthdays need no new list. An
/// artist counts in a request for their style, unless deceased: a date of death, or the status. Where two lines share a name, one that knows
/// of a death outweighs one that knows nothing, and one that says living outweighs both. A name of one word, in a script that parts words,
/// counts only in a request for an image or a style. Characters and brands are no finding by themselves: see <see cref="Mentions"/>.
/// </para>
/// </remarks>
public sealed class NameListClassifier : IPromptClassifier
{
    private const double Listed = 0.9;
    private readonly TimeProvider _time;
    private NameList _list;

    private NameListClassifier(NameList list, TimeProvider time)
    {
        _list = list;
        _time = time;
    }

    /// <inheritdoc/>
    public string Name => "name-list";

    /// <summary>Beginning of the SHA-256 of the list in use.</summary>
    public string Version => Volatile.Read(ref _list).Digest;

    /// <summary>Number of names in the list in use, other names included.</summary>
    public int Count => Volatile.Read(ref _list).Count;

    /// <summary>Reads a list.</summary>
    /// <param name="utf8">The list, UTF-8, at most 16 MiB.</param>
    /// <param name="time">The clock that ages are worked out by; null for the system's.</param>
    /// <exception cref="NameListException">The list is malformed.</exception>
    public static NameListClassifier Parse(ReadOnlySpan<byte> utf8, TimeProvider? time = null)
        => new(NameList.Read(utf8), time ?? TimeProvider.System);

    /// <summary>Reads a list from a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="NameListException">The list is malformed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NameListClassifier Open(string path) => Parse(File.ReadAllBytes(path));

    /// <summary>
    /// Puts another list in place of the one in use. Texts that are being judged are judged by the old one, all later ones by the new one; no
    /// text meets a mixture. May be called while other threads classify.
    /// </summary>
    /// <param name="utf8">The list, as for <see cref="Parse"/>.</param>
    /// <exception cref="NameListException">The list is malformed; the old one stays in use.</exception>
    public void Update(ReadOnlySpan<byte> utf8) => Volatile.Write(ref _list, NameList.Read(utf8));

    /// <inheritdoc/>
    public IReadOnlyList<Signal> Classify(string text, TextOrigin origin)
    {
        NameList list = Volatile.Read(ref _list);
        var found = new HashSet<(SafetyCategory Category, TextSpan Span)>();
        DateOnly today = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);
        ForEachReading(text, plain =>
        {
            foreach ((ListedName name, int start, int end) in list.Find(plain))
            {
                if (name.Category(today) is { } category)
                {
                    found.Add((category, plain.Source(start, end)));
                }
            }
        });

        return found.Count == 0
            ? []
            : [.. found.OrderBy(static f => f.Category).ThenBy(static f => f.Span.Start).ThenBy(static f => f.Span.Length)
                .Select(f => new Signal(f.Category, Listed, Name, list.Digest) { Span = f.Span })];
    }

    /// <summary>Every listed name that counts in a text, of whatever kind, with what the list knows of it.</summary>
    /// <param name="text">The text, at most <see cref="PromptLimits.MaxCharacters"/> UTF-16 units.</param>
    /// <returns>The mentions by place; one place has one for each line of the list that it may mean.</returns>
    /// <exception cref="PromptException">The text is empty, not valid Unicode or exceeds a limit.</exception>
    public IReadOnlyList<NameMention> Mentions(string text)
    {
        NameList list = Volatile.Read(ref _list);
        var found = new HashSet<NameMention>();
        ForEachReading(text, plain =>
        {
            foreach ((ListedName name, int start, int end) in list.Find(plain))
            {
                found.Add(new NameMention(name, plain.Source(start, end)));
            }
        });
        return [.. found.OrderBy(static m => m.Span.Start).ThenBy(static m => m.Span.Length).ThenBy(static m => m.Name.Kind)];
    }

    private static void ForEachReading(string text, Action<NormalisedText> read)
    {
        using NormalisedText plain = TextNormaliser.Normalise(text);
        read(plain);
        if (plain.IsAmbiguous)
        {
            using NormalisedText second = TextNormaliser.Normalise(text, Reading.Second);
            read(second);
        }

        if (plain.IsSplit)
        {
            using NormalisedText together = TextNormaliser.Normalise(text, Reading.Together);
            read(together);
        }

        if (plain.HasDigitsForLetters)
        {
            using NormalisedText digits = TextNormaliser.Normalise(text, Reading.AllDigits);
            read(digits);
        }
    }
}
