using System.Buffers.Binary;
using System.Text;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>What an index says of one of its entries.</summary>
/// <param name="Id">Identifier in the list that the entry came from.</param>
/// <param name="Source">Name of that list; empty where nobody said.</param>
/// <param name="Classification">The list's class of the content, for example <c>A1</c>; null where it gives none.</param>
/// <param name="State">The list's state of the entry, lower case; null where it gives none.</param>
/// <param name="Labels">The list's labels; may be empty.</param>
public sealed record HashIndexEntry(string Id, string Source, string? Classification, string? State, IReadOnlyList<string> Labels)
{
    /// <summary>Names the list, and shows neither identifier nor labels.</summary>
    public override string ToString() => $"{nameof(HashIndexEntry)} {{ {Source} }}";
}

public sealed partial class HashIndex
{
    /// <summary>What the index says of an entry.</summary>
    /// <param name="entry">Number of the entry, as a hit gives it.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such entry.</exception>
    /// <exception cref="HashIndexException">The index is damaged.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public HashIndexEntry Entry(int entry)
    {
        using HashIndexLease lease = Acquire();
        var details = EntryDetails.Split(JoinedLabels(entry));
        return new HashIndexEntry(
            Encoding.UTF8.GetString(IdBytes(entry)), details.Source, details.Classification, details.State, details.Labels);
    }

    /// <summary>Identifier of an entry.</summary>
    /// <param name="entry">Number of the entry, as a hit gives it.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such entry.</exception>
    /// <exception cref="HashIndexException">The index is damaged.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public string Id(int entry)
    {
        using HashIndexLease lease = Acquire();
        return Encoding.UTF8.GetString(IdBytes(entry));
    }

    /// <summary>Labels of an entry.</summary>
    /// <param name="entry">Number of the entry, as a hit gives it.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such entry.</exception>
    /// <exception cref="HashIndexException">The index is damaged.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public IReadOnlyList<string> Labels(int entry)
    {
        using HashIndexLease lease = Acquire();
        return EntryDetails.Split(JoinedLabels(entry)).Labels;
    }

    /// <summary>The removals that take out the entries with these identifiers. Reads the identifier of every entry.</summary>
    /// <param name="ids">The identifiers.</param>
    /// <param name="source">Only entries of this list; null: of any.</param>
    internal List<HashIndexChange> Removals(IReadOnlySet<string> ids, string? source)
    {
        using HashIndexLease lease = Acquire();
        var entries = new SortedSet<int>();
        var lengths = new HashSet<int>(ids.Select(Encoding.UTF8.GetByteCount));
        for (int entry = 0; entry < _data.Header.Entries + _changes.Count; entry++)
        {
            // The length decides nearly all without their text.
            if (lengths.Contains(IdLength(entry)) && !_changes.Removed.Contains(entry) && ids.Contains(Encoding.UTF8.GetString(IdBytes(entry)))
                && (source is null || EntryDetails.Split(JoinedLabels(entry)).Source == source))
            {
                entries.Add(entry);
            }
        }

        var changes = new List<HashIndexChange>();
        for (int section = 0; section < HashIndexFormat.KindCount; section++)
        {
            Hashes(section, entries, (hash, entry) => changes.Add(
                new HashIndexChange(true, section, hash.ToArray(), IdBytes(entry).ToArray(), source ?? string.Empty)));
        }

        return changes;
    }

    // The hashes of some entries of one kind. Those of a ring are found by reading it through.
    private void Hashes(int section, SortedSet<int> entries, SpanAction give)
    {
        int bytes = HashIndexFormat.Kinds[section].ByteCount();
        int first = FirstEntry(section);
        int inFile = _data.Header.Counts[section];
        SortedSet<int> wanted = entries.GetViewBetween(first, Math.Max(first, first + inFile - 1));
        if (inFile > 0 && section > 0)
        {
            foreach (int entry in wanted)
            {
                give(DigestAt(section, entry - first, bytes), entry);
            }
        }
        else if (inFile > 0 && wanted.Count > 0)
        {
            byte[] rows = new byte[RowsAtOnce * bytes];
            int[] numbers = new int[RowsAtOnce];
            for (int row = 0; row < inFile; row += RowsAtOnce)
            {
                int count = ReadRows(row, rows, numbers);
                for (int i = 0; i < count; i++)
                {
                    if (wanted.Contains(numbers[i]))
                    {
                        give(rows.AsSpan(i * bytes, bytes), numbers[i]);
                    }
                }
            }
        }

        for (int i = 0; i < _changes.CountOf(section); i++)
        {
            int entry = (int)_data.Header.Entries + _changes.Numbers(section)[i];
            if (entries.Contains(entry))
            {
                give(_changes.Hashes(section).Slice(i * bytes, bytes), entry);
            }
        }
    }

    private delegate void SpanAction(ReadOnlySpan<byte> hash, int entry);

    // Whether a removal takes out an entry that has its hash.
    private bool Means(HashIndexChange removal, int entry)
        => (removal.Id.Length == 0 || IdBytes(entry).SequenceEqual(removal.Id))
            && (removal.Labels.Length == 0 || EntryDetails.Split(JoinedLabels(entry)).Source == removal.Labels);

    private int IdLength(int entry)
        => Added(entry) is { } added ? added.Id.Length : (int)(BinaryPrimitives.ReadUInt64LittleEndian(Record(entry)) & 0xFFFF);

    private ReadOnlySpan<byte> IdBytes(int entry)
    {
        if (Added(entry) is { } added)
        {
            return added.Id;
        }

        ulong place = BinaryPrimitives.ReadUInt64LittleEndian(Record(entry));
        return TextAt((long)(place >> 16), (int)(place & 0xFFFF));
    }

    private string JoinedLabels(int entry)
    {
        if (Added(entry) is { } added)
        {
            return added.Labels;
        }

        int set = BinaryPrimitives.ReadInt32LittleEndian(Record(entry)[sizeof(ulong)..]);
        if ((uint)set >= (uint)_data.Header.LabelSets)
        {
            throw _data.Contradiction("an entry has labels that do not exist");
        }

        ReadOnlySpan<byte> place = _data.Bytes(
            _data.Layout.LabelSets + ((long)set * HashIndexFormat.LabelSetBytes), HashIndexFormat.LabelSetBytes);
        return Encoding.UTF8.GetString(
            TextAt(BinaryPrimitives.ReadInt64LittleEndian(place), BinaryPrimitives.ReadInt32LittleEndian(place[sizeof(long)..])));
    }

    private HashIndexChanges.Entry? Added(int entry)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(entry);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(entry, _data.Header.Entries + _changes.Count);
        return entry < _data.Header.Entries ? null : _changes[entry - (int)_data.Header.Entries];
    }

    private ReadOnlySpan<byte> Record(int entry)
        => _data.Bytes(_data.Layout.Records + ((long)entry * HashIndexFormat.RecordBytes), HashIndexFormat.RecordBytes);

    private ReadOnlySpan<byte> TextAt(long offset, int length)
        => offset >= 0 && length >= 0 && offset <= _data.Header.TextBytes - length
            ? _data.Bytes(_data.Layout.Text + offset, length)
            : throw _data.Contradiction("an entry points outside the text");
}
