using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>
/// Where the sections of an index stand; all of it follows from the header. PDQ hashes in the order they were added, either as rows or as
/// the directories, values, ranks, entry numbers and overflow of a ring; MD5, SHA-1 and SHA-256 digests, each sorted; one record an entry in the same
/// order; one record a label set; the text that the records point into, which begins with the name and the source; the checksums of the
/// blocks.
/// </summary>
internal sealed class HashIndexLayout
{
    private const int Alignment = 64;

    private readonly long[] _hashes = new long[HashIndexFormat.KindCount];
    private long _at = HashIndexFormat.HeaderBytes;

    public HashIndexLayout(in HashIndexFormat.Header header)
    {
        long hashes = header.Counts[0];
        if (header.Layout == PdqLayout.Rows)
        {
            _hashes[0] = Next(hashes * PdqHash.ByteCount);
        }
        else
        {
            _hashes[0] = _at;
            for (int slot = 0; slot < SlotRing.Slots; slot++)
            {
                Directories[slot] = Next(SlotRing.DirectoryBytes);
            }

            for (int slot = 0; slot < SlotRing.Slots; slot++)
            {
                // Vectors read past the end of the last bucket.
                Values[slot] = Next((hashes * sizeof(ushort)) + Alignment);
                Ranks[slot] = Next(hashes * header.Ranks[slot]);
                Numbers[slot] = SlotRing.HasNumbers(slot) ? Next(hashes * SlotRing.NumberBytes(hashes)) : 0;
            }

            Overflow = Next(header.OverflowBytes);
        }

        for (int i = 1; i < HashIndexFormat.KindCount; i++)
        {
            _hashes[i] = Next((long)header.Counts[i] * HashIndexFormat.Kinds[i].ByteCount());
        }

        Records = Next(header.Entries * HashIndexFormat.RecordBytes);
        LabelSets = Next((long)header.LabelSets * HashIndexFormat.LabelSetBytes);
        Text = Next(header.TextBytes);
        BlockTable = Next(0);
        Blocks = (BlockTable + HashIndexFormat.BlockBytes - 1) >> HashIndexFormat.BlockShift;
        TotalBytes = BlockTable + (Blocks * sizeof(uint));
    }

    public long[] Directories { get; } = new long[SlotRing.Slots];

    public long[] Values { get; } = new long[SlotRing.Slots];

    public long[] Ranks { get; } = new long[SlotRing.Slots];

    public long[] Numbers { get; } = new long[SlotRing.Slots];

    public long Overflow { get; }

    public long Records { get; }

    public long LabelSets { get; }

    public long Text { get; }

    /// <summary>Where the checksums of the blocks begin: also the end of what they cover.</summary>
    public long BlockTable { get; }

    public long Blocks { get; }

    public long TotalBytes { get; }

    /// <summary>Where the hashes of a kind begin.</summary>
    public long Hashes(int section) => _hashes[section];

    /// <summary>The next multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long at) => (at + Alignment - 1) & -Alignment;

    private long Next(long bytes)
    {
        long at = _at;
        _at = Align(at + bytes);
        return at;
    }
}
