using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>An entry as an index holds it.</summary>
/// <param name="Hash">The bytes of the hash.</param>
/// <param name="Id">UTF-8 of the identifier.</param>
/// <param name="Labels">Labels, source, class and state, as <see cref="EntryDetails.Join"/> writes them.</param>
internal readonly record struct ParsedEntry(byte[] Hash, byte[] Id, string Labels)
{
    /// <summary>Checks an entry.</summary>
    /// <exception cref="HashException">The value is not a hash of its kind.</exception>
    /// <exception cref="ArgumentException">The kind cannot be held, or an identifier or label is empty, too long or has control
    /// characters.</exception>
    public static ParsedEntry Parse(HashListEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        byte[] hash = ParseHash(entry.Algorithm, entry.Value);
        byte[] id = HashIndexWriter.Text(entry.Id, nameof(entry));
        foreach (string? text in (IEnumerable<string?>)[.. entry.Labels, entry.Source is "" ? null : entry.Source, entry.Classification, entry.State])
        {
            if (text is not null)
            {
                HashIndexWriter.Text(text, nameof(entry));
            }
        }

        return new ParsedEntry(hash, id, EntryDetails.Join(entry));
    }

    /// <summary>Reads a hash of a kind that indexes hold.</summary>
    public static byte[] ParseHash(HashKind kind, string value)
    {
        if (!HashIndexWriter.Holds(kind))
        {
            throw new ArgumentException($"An index does not hold {kind.Name()}.", nameof(kind));
        }

        byte[] hash = new byte[kind.ByteCount()];
        Hexadecimal.Parse(value, hash, kind.Name());
        return hash;
    }
}

/// <summary>What a list says of an entry beside hash and identifier. Entries of one list share it, so that an index holds it once.</summary>
internal readonly record struct EntryDetails(string[] Labels, string Source, string? Classification, string? State)
{
    // After the labels; texts have no control characters.
    private const char DetailSeparator = '\u001E';

    /// <summary>One text: the labels with <see cref="HashIndexFormat.LabelSeparator"/> between them, then source, class and state, each
    /// behind a separator of its own where there is one.</summary>
    public static string Join(HashListEntry entry)
    {
        string labels = entry.Labels.Count == 0 ? string.Empty : string.Join(HashIndexFormat.LabelSeparator, entry.Labels);
        return entry is { Classification: null, State: null }
            ? entry.Source.Length == 0 ? labels : $"{labels}{DetailSeparator}{entry.Source}"
            : $"{labels}{DetailSeparator}{entry.Source}{DetailSeparator}{entry.Classification}{DetailSeparator}{entry.State}";
    }

    /// <summary>Reads what <see cref="Join"/> wrote.</summary>
    public static EntryDetails Split(string joined)
    {
        string[] parts = joined.Split(DetailSeparator);
        return new EntryDetails(
            parts[0].Length == 0 ? [] : parts[0].Split(HashIndexFormat.LabelSeparator), parts.ElementAtOrDefault(1) ?? string.Empty,
            Given(2), Given(3));

        string? Given(int part) => parts.ElementAtOrDefault(part) is { Length: > 0 } text ? text : null;
    }
}
