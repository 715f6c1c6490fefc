using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>Collects the entries of lists and writes them as one index. Not thread-safe.</summary>
public sealed class HashIndexWriter
{
    /// <summary>Largest match distance that an index may ask for: beyond it, unrelated pictures begin to match.</summary>
    public const int MaxMatchDistance = 80;

    private const int MaxTextBytes = 4096;

    private readonly string _name;
    private readonly byte[] _nameBytes;
    private readonly ArrayBufferWriter<byte>[] _hashes = [new(), new(), new(), new()];
    private readonly List<Record>[] _records = [[], [], [], []];
    private readonly Dictionary<string, int> _labelSets = new(StringComparer.Ordinal) { [""] = 0 };
    private readonly List<string> _labelTexts = [""];
    private readonly ArrayBufferWriter<byte> _text = new();

    /// <summary>Starts an empty index.</summary>
    /// <param name="name">Name of the list in results: 1 to 4,096 bytes of UTF-8, no control characters.</param>
    /// <param name="matchDistance">Most bits in which a PDQ hash may differ, 0 to <see cref="MaxMatchDistance"/>.</param>
    /// <param name="qualityGate">Pictures below this PDQ quality are not looked up by PDQ, 0 to 100.</param>
    /// <param name="created">Time of the lists; null for now.</param>
    /// <exception cref="ArgumentException">A value is outside its range.</exception>
    public HashIndexWriter(
        string name, int matchDistance = PdqHash.MatchDistance, int qualityGate = PdqHasher.QualityGate, DateTimeOffset? created = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(matchDistance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(matchDistance, MaxMatchDistance);
        ArgumentOutOfRangeException.ThrowIfNegative(qualityGate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(qualityGate, 100);
        _name = name;
        MatchDistance = matchDistance;
        QualityGate = qualityGate;
        Created = DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(0, (created ?? DateTimeOffset.UtcNow).ToUnixTimeMilliseconds()));
        _nameBytes = Text(name, nameof(name));
        _text.Write(_nameBytes);
    }

    /// <summary>Most bits in which a PDQ hash may differ.</summary>
    public int MatchDistance { get; }

    /// <summary>Pictures below this PDQ quality are not looked up by PDQ.</summary>
    public int QualityGate { get; }

    /// <summary>Time of the lists, in milliseconds.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>Entries added.</summary>
    public int Count => _records.Sum(records => records.Count);

    /// <summary>Whether an index can hold hashes of this kind: PDQ, MD5, SHA-1, SHA-256.</summary>
    /// <param name="kind">The kind.</param>
    public static bool Holds(HashKind kind) => HashIndexFormat.Section(kind) >= 0;

    /// <summary>Adds an entry. Equal hashes may come more than once; all their entries are found.</summary>
    /// <param name="entry">The entry.</param>
    /// <exception cref="HashException">The value is not a hash of its kind.</exception>
    /// <exception cref="ArgumentException">The kind cannot be held, or an identifier or label is empty, too long or has control
    /// characters.</exception>
    /// <exception cref="HashIndexException">The index would grow beyond 2 GiB.</exception>
    public void Add(HashListEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        int section = HashIndexFormat.Section(entry.Algorithm);
        if (section < 0)
        {
            throw new ArgumentException($"An index does not hold {entry.Algorithm.Name()}.", nameof(entry));
        }

        Span<byte> hash = stackalloc byte[PdqHash.ByteCount];
        hash = hash[..entry.Algorithm.ByteCount()];
        Hexadecimal.Parse(entry.Value, hash, entry.Algorithm.Name());
        byte[] id = Text(entry.Id, nameof(entry));
        int labelSet = LabelSet(entry.Labels);
        if ((long)_text.WrittenCount + id.Length > int.MaxValue / 2
            || (long)_hashes[section].WrittenCount + hash.Length > Array.MaxLength / 2)
        {
            throw new HashIndexException(HashIndexError.TooLarge, _name, "one index cannot hold so many entries; build several.");
        }

        _records[section].Add(new Record(_text.WrittenCount, id.Length, labelSet));
        _text.Write(id);
        _hashes[section].Write(hash);
    }

    /// <summary>Adds every entry of a list.</summary>
    /// <param name="entries">The entries, as <see cref="HashListReader"/> gives them.</param>
    /// <exception cref="HashListException">The list cannot be read.</exception>
    /// <exception cref="HashIndexException">The index would grow beyond 2 GiB.</exception>
    public void AddRange(IEnumerable<HashListEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        foreach (HashListEntry entry in entries)
        {
            Add(entry);
        }
    }

    /// <summary>
    /// Writes the index: to a temporary file beside it, flushed to the disk, then renamed. Readers and other writers see the old index or
    /// the whole new one; on failure the old one stays.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="HashIndexException">The file could not be written.</exception>
    public void Save(string path)
        => Save(path, static temporary => new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None));

    /// <summary>As <see cref="Save(string)"/>; tests put a failing disk in.</summary>
    internal void Save(string path, Func<string, FileStream> create)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (FileStream stream = create(temporary))
            {
                Write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Discard(temporary);
            throw new HashIndexException(
                HashIndexError.WriteFailed, Path.GetFileName(path),
                "the index could not be written, what was there is unchanged; check the folder, its permissions and the free space.",
                exception);
        }
    }

    /// <summary>Writes the index to a stream, which stays open.</summary>
    /// <param name="stream">The stream.</param>
    /// <exception cref="IOException">The stream could not be written.</exception>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] bytes = ToBytes();
        stream.Write(bytes);
    }

    /// <summary>The index as it would be after writing and opening it.</summary>
    /// <exception cref="HashIndexException">It would be larger than 2 GiB.</exception>
    public HashIndex ToIndex() => HashIndex.FromBytes(ToBytes(), _name);

    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report.
        }
    }

    private static byte[] Text(string text, string parameter)
    {
        int bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes is 0 or > MaxTextBytes || text.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"Names, identifiers and labels are 1 to {MaxTextBytes} bytes without control characters.", parameter);
        }

        return Encoding.UTF8.GetBytes(text);
    }

    private int LabelSet(IReadOnlyList<string> labels)
    {
        if (labels.Count == 0)
        {
            return 0;
        }

        foreach (string label in labels)
        {
            Text(label, nameof(labels));
        }

        string joined = string.Join(HashIndexFormat.LabelSeparator, labels);
        if (!_labelSets.TryGetValue(joined, out int set))
        {
            set = _labelTexts.Count;
            _labelSets.Add(joined, set);
            _labelTexts.Add(joined);
        }

        return set;
    }

    private byte[] ToBytes()
    {
        HashIndexFormat.Header header = default;
        header.CreatedMilliseconds = Created.ToUnixTimeMilliseconds();
        header.MatchDistance = MatchDistance;
        header.QualityGate = QualityGate;
        header.LabelSets = _labelTexts.Count;
        header.NameBytes = _nameBytes.Length;
        header.TextBytes = _text.WrittenCount;
        foreach (string labels in _labelTexts)
        {
            header.TextBytes += Encoding.UTF8.GetByteCount(labels);
        }

        for (int i = 0; i < HashIndexFormat.KindCount; i++)
        {
            header.Counts[i] = _records[i].Count;
        }

        if (header.TotalBytes > Array.MaxLength)
        {
            throw new HashIndexException(HashIndexError.TooLarge, _name, "one index cannot hold so many entries; build several.");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)header.TotalBytes);
        header.Write(bytes);
        int entryAt = (int)header.HashesAt(HashIndexFormat.KindCount);
        for (int kind = 0; kind < HashIndexFormat.KindCount; kind++)
        {
            entryAt = WriteKind(kind, bytes, (int)header.HashesAt(kind), entryAt);
        }

        int textAt = (int)header.TextAt;
        _text.WrittenSpan.CopyTo(bytes.AsSpan(textAt));
        int used = _text.WrittenCount;
        int labelSetAt = (int)header.LabelSetsAt;
        foreach (string labels in _labelTexts)
        {
            int length = Encoding.UTF8.GetBytes(labels, bytes.AsSpan(textAt + used));
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(labelSetAt), used);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(labelSetAt + 4), length);
            labelSetAt += HashIndexFormat.LabelSetBytes;
            used += length;
        }

        int checksumAt = (int)header.ChecksumAt;
        SHA256.HashData(bytes.AsSpan(0, checksumAt), bytes.AsSpan(checksumAt));
        return bytes;
    }

    // Hashes and records of one kind; exact digests in their order, PDQ as added. Returns where the next records go.
    private int WriteKind(int kind, byte[] bytes, int hashAt, int entryAt)
    {
        HashKind name = HashIndexFormat.Kinds[kind];
        int size = name.ByteCount();
        ReadOnlyMemory<byte> hashes = _hashes[kind].WrittenMemory;
        int[] order = new int[_records[kind].Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        if (name.IsExact())
        {
            Array.Sort(order, (left, right) =>
            {
                int compared = hashes.Span.Slice(left * size, size).SequenceCompareTo(hashes.Span.Slice(right * size, size));
                return compared != 0 ? compared : left.CompareTo(right);
            });
        }

        foreach (int i in order)
        {
            hashes.Span.Slice(i * size, size).CopyTo(bytes.AsSpan(hashAt));
            hashAt += size;
            Record record = _records[kind][i];
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(entryAt), record.Offset);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(entryAt + 4), record.Length);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(entryAt + 8), record.LabelSet);
            entryAt += HashIndexFormat.EntryBytes;
        }

        return entryAt;
    }

    private readonly record struct Record(int Offset, int Length, int LabelSet);
}
