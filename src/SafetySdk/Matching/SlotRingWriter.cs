using System.Runtime.InteropServices;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>Builds the tables of a <see cref="SlotRing"/> from rows, one table at a time: memory is 4 to 10 bytes a hash, and 8 MiB.</summary>
/// <remarks>Each table is filled by one pass over the rows. Buckets keep the order of the rows, so that the rank of a row in a bucket is the
/// number of earlier rows in it: a running count, whichever table asks. Little-endian machines only, as the format.</remarks>
internal sealed class SlotRingWriter
{
    private readonly ByteSpool _rows;
    private readonly int _rowBytes;
    private readonly int _count;
    private readonly uint[][] _directories = new uint[SlotRing.Slots][];

    /// <summary>Counts the values of every slot.</summary>
    /// <param name="rows">Rows that begin with the 32 bytes of a hash.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    public SlotRingWriter(ByteSpool rows, int rowBytes)
    {
        _rows = rows;
        _rowBytes = rowBytes;
        _count = checked((int)(rows.Length / rowBytes));
        for (int slot = 0; slot < SlotRing.Slots; slot++)
        {
            _directories[slot] = new uint[SlotRing.Buckets + 1];
        }

        rows.ReadRows(rowBytes, (_, part) =>
        {
            for (; !part.IsEmpty; part = part[rowBytes..])
            {
                ReadOnlySpan<ushort> slots = MemoryMarshal.Cast<byte, ushort>(part[..PdqHash.ByteCount]);
                for (int slot = 0; slot < SlotRing.Slots; slot++)
                {
                    _directories[slot][slots[slot] + 1]++;
                }
            }
        });
        for (int slot = 0; slot < SlotRing.Slots; slot++)
        {
            uint[] directory = _directories[slot];
            uint largest = 0;
            for (int bucket = 0; bucket < SlotRing.Buckets; bucket++)
            {
                uint size = directory[bucket + 1];
                largest = Math.Max(largest, size);
                MeanCandidates += (double)size * size / Math.Max(1, _count);
                directory[bucket + 1] += directory[bucket];
            }

            // The ranks in this slot's buckets stand in the table before.
            RankWidths[(slot + SlotRing.Slots - 1) % SlotRing.Slots] = (byte)(largest <= 1 << 8 ? 1 : largest <= 1 << 16 ? 2 : 4);
        }
    }

    /// <summary>Bytes of a rank in each table.</summary>
    public byte[] RankWidths { get; } = new byte[SlotRing.Slots];

    /// <summary>Hashes in the sixteen buckets of a needle that is like the list, on average.</summary>
    public double MeanCandidates { get; }

    /// <summary>Writes directories and tables.</summary>
    /// <param name="sections">Where to.</param>
    public void Write(HashIndexSections sections)
    {
        foreach (uint[] directory in _directories)
        {
            sections.Write<uint>(directory);
            sections.EndSection();
        }

        for (int slot = 0; slot < SlotRing.Slots; slot++)
        {
            WriteTable(sections, slot);
        }
    }

    private void WriteTable(HashIndexSections sections, int slot)
    {
        int next = (slot + 1) % SlotRing.Slots;
        int width = RankWidths[slot];
        uint[] place = _directories[slot].AsSpan(0, SlotRing.Buckets).ToArray();
        uint[] rank = new uint[SlotRing.Buckets];
        ushort[] values = new ushort[_count];
        byte[] ranks = new byte[(long)_count * width];
        int[] numbers = SlotRing.HasNumbers(slot) ? new int[_count] : [];
        _rows.ReadRows(_rowBytes, (first, part) =>
        {
            Span<ushort> wide = MemoryMarshal.Cast<byte, ushort>(ranks.AsSpan());
            Span<uint> widest = MemoryMarshal.Cast<byte, uint>(ranks.AsSpan());
            for (int number = (int)first; !part.IsEmpty; part = part[_rowBytes..], number++)
            {
                ReadOnlySpan<ushort> slots = MemoryMarshal.Cast<byte, ushort>(part[..PdqHash.ByteCount]);
                int at = (int)place[slots[slot]]++;
                uint among = rank[slots[next]]++;
                values[at] = slots[next];
                switch (width)
                {
                    case 1:
                        ranks[at] = (byte)among;
                        break;
                    case 2:
                        wide[at] = (ushort)among;
                        break;
                    default:
                        widest[at] = among;
                        break;
                }

                if (numbers.Length > 0)
                {
                    numbers[at] = number;
                }
            }
        });
        sections.Write<ushort>(values);
        sections.Write(stackalloc byte[64]);
        sections.EndSection();
        sections.Write(ranks);
        sections.EndSection();
        if (SlotRing.HasNumbers(slot))
        {
            sections.Write<int>(numbers);
            sections.EndSection();
        }
    }
}
