using System.Buffers.Binary;
using System.Text;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>Collects the entries of lists and writes them as one index. Not thread-safe.</summary>
/// <remarks>
/// Memory stays small however many entries there are: what is more than some MiB goes to files without a name in the folder for temporary
/// files, which must have room for about 60 bytes an entry. Only distinct sets of labels are held, and while PDQ hashes are written 4 to 10
/// bytes of each.
/// </remarks>
public sealed class HashIndexWriter : IDisposable
{
    /// <summary>Largest match distance that an index may ask for: beyond it, unrelated pictures begin to match.</summary>
    public const int MaxMatchDistance = 80;

    /// <summary>Fewer PDQ hashes are compared one by one, which is then as fast and needs less room.</summary>
    internal const int RingFrom = 1 << 14;

    /// <summary>Beyond this distance a multi-index looks at so much that comparing every hash is faster.</summary>
    internal const int RingUpTo = 47;

    private const int MaxTextBytes = 4096;

    private readonly string _name;
    private readonly byte[] _nameBytes;
    private readonly byte[] _sourceBytes;
    private readonly ByteSpool[] _rows = [new(), new(), new(), new()];
    private readonly int[] _counts = new int[HashIndexFormat.KindCount];
    private readonly Dictionary<string, int> _labelSets = new(StringComparer.Ordinal) { [""] = 0 };
    private readonly List<string> _labelTexts = [""];
    private readonly ByteSpool _text = new();

    /// <summary>Starts an empty index.</summary>
    /// <param name="name">Name of the list in results: 1 to 4,096 bytes of UTF-8, no control characters.</param>
    /// <param name="matchDistance">Most bits in which a PDQ hash may differ, 0 to <see cref="MaxMatchDistance"/>.</param>
    /// <param name="qualityGate">Pictures below this PDQ quality are not looked up by PDQ, 0 to 100.</param>
    /// <param name="created">Time of the lists; null for now.</param>
    /// <param name="source">Where the list comes from, up to 4,096 bytes of UTF-8 without control characters; empty where nobody
    /// says.</param>
    /// <exception cref="ArgumentException">A value is outside its range.</exception>
    public HashIndexWriter(
        string name, int matchDistance = PdqHash.MatchDistance, int qualityGate = PdqHasher.QualityGate, DateTimeOffset? created = null,
        string source = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(matchDistance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(matchDistance, MaxMatchDistance);
        ArgumentOutOfRangeException.ThrowIfNegative(qualityGate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(qualityGate, 100);
        _name = name;
        MatchDistance = matchDistance;
        QualityGate = qualityGate;
        Created = DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(0, (created ?? DateTimeOffset.UtcNow).ToUnixTimeMilliseconds()));
        _nameBytes = Text(name, nameof(name));
        _sourceBytes = source.Length == 0 ? [] : Text(source, nameof(source));
        _text.Append(_nameBytes);
        _text.Append(_sourceBytes);
    }

    /// <summary>Most bits in which a PDQ hash may differ.</summary>
    public int MatchDistance { get; }

    /// <summary>Pictures below this PDQ quality are not looked up by PDQ.</summary>
    public int QualityGate { get; }

    /// <summary>Time of the lists, in milliseconds.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>Entries added.</summary>
    public int Count => _counts.Sum();

    /// <summary>How PDQ hashes are held; null: as is best. Tests choose.</summary>
    internal PdqLayout? Layout { get; init; }

    /// <summary>The changes that the entries hold already.</summary>
    internal HashIndexFormat.LogIdentity AbsorbedLog { get; set; }

    /// <summary>Up to where in the file of changes.</summary>
    internal long AbsorbedBytes { get; set; }

    /// <summary>Whether an index can hold hashes of this kind: PDQ, MD5, SHA-1, SHA-256.</summary>
    /// <param name="kind">The kind.</param>
    public static bool Holds(HashKind kind) => HashIndexFormat.Section(kind) >= 0;

    /// <summary>Adds an entry. Equal hashes may come more than once; all their entries are found.</summary>
    /// <param name="entry">The entry.</param>
    /// <exception cref="HashException">The value is not a hash of its kind.</exception>
    /// <exception cref="ArgumentException">The kind cannot be held, or an identifier or label is empty, too long or has control
    /// characters.</exception>
    /// <exception cref="HashIndexException">More entries than one index can hold, or no room for temporary files.</exception>
    public void Add(HashListEntry entry)
    {
        var parsed = ParsedEntry.Parse(entry);
        Add(HashIndexFormat.Section(entry.Algorithm), parsed.Hash, parsed.Id, parsed.Labels);
    }

    /// <summary>Adds every entry of a list.</summary>
    /// <param name="entries">The entries, as <see cref="HashListReader"/> gives them.</param>
    /// <exception cref="HashListException">The list cannot be read.</exception>
    /// <exception cref="HashIndexException">More entries than one index can hold, or no room for temporary files.</exception>
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
        => Save(path, static temporary => new FileStream(
            temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0));

    /// <summary>As <see cref="Save(string)"/>; tests put a failing disk in.</summary>
    internal void Save(string path, Func<string, FileStream> create)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, create, Write, "the index");
    }

    /// <summary>Writes the index to a stream that can seek, from where it stands; the stream stays open, after the index.</summary>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentException">The stream cannot seek.</exception>
    /// <exception cref="IOException">The stream could not be written.</exception>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
        {
            throw new ArgumentException("The header is written last; the stream must be able to seek.", nameof(stream));
        }

        SlotRingWriter? ring = Ring();
        HashIndexFormat.Header header = Header(ring);
        using var sections = new HashIndexSections(stream, header);
        using var records = new ByteSpool();
        if (ring is not null)
        {
            ring.Write(sections);
            CopyRecords(0, records);
        }
        else
        {
            CopyHashes(sections, records);
        }

        for (int kind = 1; kind < HashIndexFormat.KindCount; kind++)
        {
            DigestSort.Write(_rows[kind], HashIndexFormat.Kinds[kind].ByteCount(), sections, records);
            sections.EndSection();
        }

        records.ReadRows(HashIndexFormat.RecordBytes, (_, part) => sections.Write(part));
        sections.EndSection();
        WriteLabelsAndText(sections);
        sections.Complete(header);
    }

    /// <summary>The index as it would be after writing and opening it, in memory.</summary>
    /// <exception cref="HashIndexException">It would be larger than 2 GiB; save it instead.</exception>
    public HashIndex ToIndex()
    {
        long bytes = new HashIndexLayout(Header(Ring())).TotalBytes;
        if (bytes > Array.MaxLength)
        {
            throw new HashIndexException(HashIndexError.TooLarge, _name, "an index in memory has at most 2 GiB; save it and open the file.");
        }

        byte[] whole = new byte[bytes];
        using var stream = new MemoryStream(whole);
        Write(stream);
        return HashIndex.FromBytes(whole, _name);
    }

    /// <summary>Deletes the temporary files.</summary>
    public void Dispose()
    {
        _text.Dispose();
        foreach (ByteSpool rows in _rows)
        {
            rows.Dispose();
        }
    }

    /// <summary>Adds an entry whose parts were checked.</summary>
    internal void Add(int section, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> id, string labels)
    {
        if (!_labelSets.TryGetValue(labels, out int labelSet))
        {
            labelSet = _labelTexts.Count;
            _labelSets.Add(labels, labelSet);
            _labelTexts.Add(labels);
        }

        if (Count == int.MaxValue || _text.Length + id.Length > HashIndexFormat.MaxTextBytes)
        {
            throw new HashIndexException(HashIndexError.TooLarge, _name, "one index cannot hold so many entries; build several.");
        }

        Span<byte> record = stackalloc byte[HashIndexFormat.RecordBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(record, ((ulong)_text.Length << 16) | (uint)id.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record[sizeof(ulong)..], labelSet);
        try
        {
            _text.Append(id);
            _rows[section].Append(hash);
            _rows[section].Append(record);
        }
        catch (Exception exception) when (AtomicFile.IsWriteFailure(exception))
        {
            throw new HashIndexException(
                HashIndexError.WriteFailed, _name, "there is no room for temporary files while the index is built; nothing was changed.",
                exception);
        }

        _counts[section]++;
    }

    /// <summary>Text of an identifier, name or label.</summary>
    internal static byte[] Text(string text, string parameter)
    {
        int bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes is 0 or > MaxTextBytes || text.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"Names, identifiers and labels are 1 to {MaxTextBytes} bytes without control characters.", parameter);
        }

        return Encoding.UTF8.GetBytes(text);
    }

    private static int RowBytes(int kind) => HashIndexFormat.Kinds[kind].ByteCount() + HashIndexFormat.RecordBytes;

    private SlotRingWriter? Ring()
    {
        if (Layout == PdqLayout.Rows || _counts[0] > SlotRingWriter.MaxCount || (Layout is null && (_counts[0] < RingFrom || MatchDistance > RingUpTo)))
        {
            return null;
        }

        // Where nearly all hashes are alike in some slots, looking at every one is cheaper.
        var ring = new SlotRingWriter(_rows[0], RowBytes(0));
        return Layout == PdqLayout.Ring || ring.MeanCandidates < _counts[0] ? ring : null;
    }

    private HashIndexFormat.Header Header(SlotRingWriter? ring)
    {
        HashIndexFormat.Header header = default;
        header.CreatedMilliseconds = Created.ToUnixTimeMilliseconds();
        header.MatchDistance = MatchDistance;
        header.QualityGate = QualityGate;
        header.LabelSets = _labelTexts.Count;
        header.NameBytes = _nameBytes.Length;
        header.SourceBytes = _sourceBytes.Length;
        header.TextBytes = _text.Length;
        header.AbsorbedLog = AbsorbedLog;
        header.AbsorbedBytes = AbsorbedBytes;
        foreach (string labels in _labelTexts)
        {
            header.TextBytes += Encoding.UTF8.GetByteCount(labels);
        }

        for (int i = 0; i < HashIndexFormat.KindCount; i++)
        {
            header.Counts[i] = _counts[i];
        }

        if (ring is not null)
        {
            header.Layout = PdqLayout.Ring;
            ring.RankWidths.CopyTo((Span<byte>)header.Ranks);
            header.OverflowBytes = ring.OverflowBytes;
        }

        return header;
    }

    private void CopyHashes(HashIndexSections sections, ByteSpool records)
    {
        _rows[0].ReadRows(RowBytes(0), (_, part) =>
        {
            for (; !part.IsEmpty; part = part[RowBytes(0)..])
            {
                sections.Write(part[..PdqHash.ByteCount]);
                records.Append(part[PdqHash.ByteCount..RowBytes(0)]);
            }
        });
        sections.EndSection();
    }

    private void CopyRecords(int kind, ByteSpool records)
        => _rows[kind].ReadRows(RowBytes(kind), (_, part) =>
        {
            for (; !part.IsEmpty; part = part[RowBytes(kind)..])
            {
                records.Append(part[(RowBytes(kind) - HashIndexFormat.RecordBytes)..RowBytes(kind)]);
            }
        });

    private void WriteLabelsAndText(HashIndexSections sections)
    {
        Span<byte> set = stackalloc byte[HashIndexFormat.LabelSetBytes];
        long at = _text.Length;
        foreach (string labels in _labelTexts)
        {
            int length = Encoding.UTF8.GetByteCount(labels);
            BinaryPrimitives.WriteInt64LittleEndian(set, at);
            BinaryPrimitives.WriteInt32LittleEndian(set[sizeof(long)..], length);
            sections.Write(set);
            at += length;
        }

        sections.EndSection();
        _text.ReadRows(1, (_, part) => sections.Write(part));
        foreach (string labels in _labelTexts)
        {
            sections.Write(Encoding.UTF8.GetBytes(labels));
        }

        sections.EndSection();
    }
}
