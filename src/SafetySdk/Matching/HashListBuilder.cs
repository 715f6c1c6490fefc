using System.Security.Cryptography;
using System.Text;
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
/// <remarks>
/// Text lists stream through. Of the other formats some 60 bytes a record are held in memory until <see cref="Complete"/>; the records
/// themselves go to a file without a name in the folder for temporary files once they are more than some MiB. Not thread-safe.
/// </remarks>
public sealed class HashListBuilder : IDisposable
{
    private readonly HashIndexWriter _writer;
    private readonly HashListOptions _options;
    private readonly Dictionary<UInt128, Latest> _latest = [];
    private readonly ByteSpool _records = new();
    private long _written;
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
    /// <exception cref="HashListException">Its texts are empty, too long, or have control characters.</exception>
    /// <exception cref="HashIndexException">There is no room for temporary files.</exception>
    public void Add(HashListRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        record.Checked("a record");
        UInt128 key = KeyOf(record.Key);
        if (_latest.TryGetValue(key, out Latest known))
        {
            if (record.Updated < known.Updated)
            {
                _stale++;
                return;
            }

            _removed += record.Removed && !known.IsRemoved ? 1 : 0;
            _replaced += record.Removed || known.IsRemoved ? 0 : 1;
        }

        // A tombstone stays, so that an older record that comes late does not bring the item back.
        _latest[key] = new Latest(record.Removed ? 0 : ++_written, record.Updated);
        if (!record.Removed)
        {
            Spool(record);
        }
    }

    /// <summary>Puts what the records came to into the writer. Call once, at the end.</summary>
    /// <exception cref="HashIndexException">The index would grow beyond 2 GiB, or there is no room for temporary files.</exception>
    public HashListCounts Complete()
    {
        var unsupported = new SortedDictionary<string, long>(StringComparer.Ordinal);
        using var stream = new ByteSpoolStream(_records);
        long number = 0;
        foreach (HashListRecord record in HashListDocument.Read(stream, "records", HashListFormat.Records))
        {
            if (_latest[KeyOf(record.Key)].Number == ++number)
            {
                Write(record, unsupported);
            }
        }

        _records.Dispose();
        _latest.Clear();
        return new HashListCounts(_writer.Count, _replaced, _removed, _stale, _bad, unsupported);
    }

    /// <summary>Deletes the temporary files.</summary>
    public void Dispose() => _records.Dispose();

    // 128 bits of a digest: that two keys of a list have the same is out of the question, also where somebody tries.
    private static UInt128 KeyOf(string key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), digest);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    // What is not compared only counts here, by its type; a video's fingerprint can have half a megabyte.
    private void Spool(HashListRecord record)
    {
        try
        {
            using var stream = new ByteSpoolStream(_records);
            HashListRecord kept = record with
            {
                Fingerprints = [.. record.Fingerprints.Select(one => one.Kind is null ? one with { Value = string.Empty, Link = null } : one)],
            };
            kept.Write(stream);
        }
        catch (Exception exception) when (AtomicFile.IsWriteFailure(exception))
        {
            throw new HashIndexException(
                HashIndexError.WriteFailed, record.Source, "there is no room for temporary files while the list is read; nothing was changed.",
                exception);
        }
    }

    private void Write(HashListRecord record, SortedDictionary<string, long> unsupported)
    {
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

    // The class goes with the labels too, so that results name it.
    private static HashListEntry Entry(HashListRecord record, HashKind kind, string value)
        => new(record.Id, kind, value,
            record.Classification is { } classification ? [.. record.Labels, "classification:" + classification] : record.Labels, record.Source)
        {
            Classification = record.Classification,
            State = record.State,
        };

    /// <summary>The newest record of an item.</summary>
    /// <param name="Number">Its number among the records that were put by, from 1; 0 for a tombstone.</param>
    /// <param name="Updated">When the list last changed it.</param>
    private readonly record struct Latest(long Number, DateTimeOffset? Updated)
    {
        public bool IsRemoved => Number == 0;
    }
}
