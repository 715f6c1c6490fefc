using System.Runtime.InteropServices;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>Builds the tables of a <see cref="SlotRing"/> from rows, one table at a time: memory is 4 to 8 bytes a hash, and 8 MiB.</summary>
/// <remarks>Each table is filled by one pass over the rows. Buckets keep the order of the rows, so that the rank of a row in a bucket is the
/// number of earlier rows in it: a running count, whichever table asks. Little-endian machines only, as the format.</remarks>
internal sealed class SlotRingWriter
{
    /// <summary>Most hashes of a ring: a table is one array.</summary>
    public const int MaxCount = (int.MaxValue / 4) - 1;

    // A bucket's ranks beyond one byte are looked for, 256 apart: not in many places, and not if that takes more room than a second byte.
    private const uint MaxBucketOfBytes = 1 << 12;

    private readonly ByteSpool _rows;
    private readonly int _rowBytes;
    private readonly int _count;
    private readonly uint[][] _directories = new uint[SlotRing.Slots][];
    private readonly SlotRingOverflow _overflow = new();
    private readonly uint[] _laterPlaces;

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
            long beyondBytes = 0;
            for (int bucket = 0; bucket < SlotRing.Buckets; bucket++)
            {
                uint size = directory[bucket + 1];
                largest = Math.Max(largest, size);
                beyondBytes += Math.Max(0, (long)size - SlotRingOverflow.Limit(1));
                MeanCandidates += (double)size * size / Math.Max(1, _count);
                directory[bucket + 1] += directory[bucket];
            }

            // The ranks in this slot's buckets stand in the table before.
            int before = (slot + SlotRing.Slots - 1) % SlotRing.Slots;
            RankWidths[before] = (byte)(largest <= MaxBucketOfBytes && beyondBytes * sizeof(uint) <= _count / 2 ? 1 : 2);
        }

        for (int slot = 0; slot < SlotRing.Slots; slot++)
        {
            _overflow.AddRuns(slot, RankWidths[slot], _directories[Next(slot)]);
        }

        _laterPlaces = new uint[_overflow.Count];
    }

    /// <summary>Bytes of a rank in each table.</summary>
    public byte[] RankWidths { get; } = new byte[SlotRing.Slots];

    /// <summary>Bytes of the ranks that do not fit.</summary>
    public long OverflowBytes => (long)_laterPlaces.Length * sizeof(uint);

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

        sections.Write<uint>(_laterPlaces);
        sections.EndSection();
    }

    private static int Next(int slot) => (slot + 1) % SlotRing.Slots;

    private void WriteTable(HashIndexSections sections, int slot)
    {
        int next = Next(slot);
        int width = RankWidths[slot];
        uint limit = SlotRingOverflow.Limit(width);
        int numberBytes = SlotRing.NumberBytes(_count);
        uint[] place = _directories[slot].AsSpan(0, SlotRing.Buckets).ToArray();
        uint[] rank = new uint[SlotRing.Buckets];
        ushort[] values = new ushort[_count];
        byte[] ranks = new byte[(long)_count * width];
        byte[] numbers = SlotRing.HasNumbers(slot) ? new byte[(long)_count * numberBytes] : [];
        _rows.ReadRows(_rowBytes, (first, part) =>
        {
            for (int number = (int)first; !part.IsEmpty; part = part[_rowBytes..], number++)
            {
                ReadOnlySpan<ushort> slots = MemoryMarshal.Cast<byte, ushort>(part[..PdqHash.ByteCount]);
                int at = (int)place[slots[slot]]++;
                uint among = rank[slots[next]]++;
                values[at] = slots[next];
                ranks[at * width] = (byte)among;
                if (width > 1)
                {
                    ranks[(at * width) + 1] = (byte)(among >> 8);
                }

                if (among >= limit)
                {
                    _laterPlaces[_overflow.Run(slot, slots[next]) + among - limit] = (uint)at;
                }

                if (numbers.Length > 0)
                {
                    Span<byte> bytes = numbers.AsSpan(at * numberBytes, numberBytes);
                    bytes[0] = (byte)number;
                    bytes[1] = (byte)(number >> 8);
                    bytes[2] = (byte)(number >> 16);
                    if (numberBytes > 3)
                    {
                        bytes[3] = (byte)(number >> 24);
                    }
                }
            }
        });
        sections.Write<ushort>(values);
        sections.Write(stackalloc byte[64]);
        sections.EndSection();
        sections.Write(ranks);
        sections.EndSection();
        if (numbers.Length > 0)
        {
            sections.Write(numbers);
            sections.EndSection();
        }
    }
}
