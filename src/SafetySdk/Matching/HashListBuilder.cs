using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>What building from lists came to.</summary>
/// <param name="Added">Entries of the index.</param>
/// <param name="Replaced">Records that replaced an earlier one of the same item.</param>
/// <param name="Removed">Items that a tombstone took off.</param>
/// <param name="Stale">Records older than what was there, passed over.</param>
/// <param name="Bad">Lines, records and fingerprints that could not be read and were passed over.</param>
/// <param name="Unsupported">Fingerprints that are kept in lists but not compared, by type, for example <c>photodna</c>.</param>
public sealed record HashListCounts(
    long Added, long Replaced, long Removed, long Stale, long Bad, IReadOnlyDictionary<string, long> Unsupported);

/// <summary>Reads lists of any format in their order into one index: later records replace earlier ones, tombstones remove.</summary>
/// <remarks>Text lists stream through; records of the other formats are held until <see cref="Complete"/>. Not thread-safe.</remarks>
public sealed class HashListBuilder
{
    private readonly HashIndexWriter _writer;
    private readonly HashListOptions _options;
    private readonly Dictionary<string, HashListRecord> _records = new(StringComparer.Ordinal);
    private long _replaced;
    private long _removed;
    private long _stale;
    private long _bad;

    /// <summary>Starts.</summary>
    /// <param name="writer">Receives the entries.</param>
    /// <param name="options">How lists are read; null for the defaults.</param>
    public HashListBuilder(HashIndexWriter writer, HashListOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(writer);
        options ??= new HashListOptions();
        _writer = writer;
        Action<HashListException>? report = options.OnBadLine;
        _options = report is null ? options : options with
        {
            OnBadLine = problem =>
            {
                _bad++;
                report(problem);
            },
        };
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The list.</param>
    /// <exception cref="HashListException">It cannot be read, or a record is bad and the options do not take bad records.</exception>
    /// <exception cref="HashIndexException">The index would grow beyond 2 GiB.</exception>
    public void Add(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string name = Path.GetFileName(path);
        using FileStream stream = HashListReader.Open(path, name);
        HashListFormat format = _options.Format ?? HashListDocument.DetectFile(stream, name);
        if (format == HashListFormat.Text)
        {
            _writer.AddRange(HashListReader.Read(stream, name, _options));
            return;
        }

        foreach (HashListRecord record in HashListDocument.Read(stream, name, format, _options))
        {
            Add(record);
        }
    }

    /// <summary>Takes one record: new, a replacement, or a tombstone.</summary>
    /// <param name="record">The record.</param>
    public void Add(HashListRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (_records.TryGetValue(record.Key, out HashListRecord? known))
        {
            if (record.Updated < known.Updated)
            {
                _stale++;
                return;
            }

            _removed += record.Removed && !known.Removed ? 1 : 0;
            _replaced += record.Removed || known.Removed ? 0 : 1;
        }

        // A tombstone stays, so that an older record that comes late does not bring the item back.
        _records[record.Key] = record;
    }

    /// <summary>Puts what the records came to into the writer. Call once, at the end.</summary>
    /// <exception cref="HashIndexException">The index would grow beyond 2 GiB.</exception>
    public HashListCounts Complete()
    {
        var unsupported = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (HashListRecord record in _records.Values)
        {
            if (record.Removed)
            {
                continue;
            }

            foreach (HashFingerprint fingerprint in record.Fingerprints)
            {
                if (fingerprint.Kind is { } kind)
                {
                    _writer.Add(Entry(record, kind, fingerprint.Value));
                }
                else
                {
                    unsupported[fingerprint.Type] = unsupported.GetValueOrDefault(fingerprint.Type) + 1;
                }
            }
        }

        _records.Clear();
        return new HashListCounts(_writer.Count, _replaced, _removed, _stale, _bad, unsupported);
    }

    // An index has labels only; the class goes with them.
    private static HashListEntry Entry(HashListRecord record, HashKind kind, string value)
        => new(record.Id, kind, value,
            record.Classification is { } classification ? [.. record.Labels, "classification:" + classification] : record.Labels, record.Source)
        {
            Classification = record.Classification,
            State = record.State,
        };
}
