using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>An entry as an index holds it.</summary>
/// <param name="Hash">The bytes of the hash.</param>
/// <param name="Id">UTF-8 of the identifier.</param>
/// <param name="Labels">The labels, with <see cref="HashIndexFormat.LabelSeparator"/> between them.</param>
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
        foreach (string label in entry.Labels)
        {
            HashIndexWriter.Text(label, nameof(entry));
        }

        return new ParsedEntry(hash, id, JoinLabels(entry.Labels));
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

    public static string JoinLabels(IReadOnlyList<string> labels)
        => labels.Count == 0 ? string.Empty : string.Join(HashIndexFormat.LabelSeparator, labels);

    public static string[] SplitLabels(string labels)
        => labels.Length == 0 ? [] : labels.Split(HashIndexFormat.LabelSeparator);
}
