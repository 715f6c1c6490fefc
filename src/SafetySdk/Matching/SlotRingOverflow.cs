namespace SafetySdk.Matching;

/// <summary>
/// Where the ranks of a <see cref="SlotRing"/> are that do not fit into the byte or two that its tables have for them. Of each bucket with
/// more hashes than that the file has a run: the places, in the table before, of the hashes with the later ranks, 4 bytes each.
/// </summary>
/// <remarks>A rank is found again from its low bits, which the table has: of a run every 256th (or 65,536th) can be the one, and the one is
/// at its place. Which runs there are, and where, follows from the directories.</remarks>
internal sealed class SlotRingOverflow
{
    private readonly ushort[][] _buckets = new ushort[SlotRing.Slots][];
    private readonly uint[][] _runs = new uint[SlotRing.Slots][];

    /// <summary>Later ranks of all tables.</summary>
    public uint Count { get; private set; }

    /// <summary>Ranks that fit into so many bytes.</summary>
    public static uint Limit(int width) => 1u << (8 * width);

    /// <summary>Finds the runs of one table; table after table.</summary>
    /// <param name="slot">The table.</param>
    /// <param name="width">Bytes of its ranks.</param>
    /// <param name="next">Directory of the next table.</param>
    public void AddRuns(int slot, int width, ReadOnlySpan<uint> next)
    {
        var buckets = new List<ushort>();
        var runs = new List<uint>();
        for (int bucket = 0; bucket < SlotRing.Buckets; bucket++)
        {
            uint size = next[bucket + 1] - next[bucket];
            if (size > Limit(width))
            {
                buckets.Add((ushort)bucket);
                runs.Add(Count);
                Count = checked(Count + size - Limit(width));
            }
        }

        _buckets[slot] = [.. buckets];
        _runs[slot] = [.. runs];
    }

    /// <summary>Number of the first rank of a run, among those of all tables.</summary>
    /// <param name="slot">The table.</param>
    /// <param name="bucket">A bucket of the next table with more hashes than fit.</param>
    public uint Run(int slot, ushort bucket) => _runs[slot][Array.BinarySearch(_buckets[slot], bucket)];
}
