using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using SafetySdk.Hashing;
using SafetySdk.Kernels;

namespace SafetySdk.Matching;

/// <summary>
/// Exact search for 256-bit hashes within a Hamming distance, without a look at most of them: a multi-index of sixteen 16-bit slots whose
/// tables form a ring.
/// </summary>
/// <remarks>
/// <para>Table t sorts the hashes by slot t (a bucket for each of the 65,536 values, found through a directory) and holds of each the value
/// of slot t + 1 and its rank in that value's bucket of table t + 1. So a hash is a closed walk over the sixteen tables, and needs 32 bytes
/// of values and 16 of ranks in all; three of the tables also say which entry it is. Ranks that a byte is too small for are found through
/// <see cref="SlotRingOverflow"/>.</para>
/// <para>Where two hashes differ in at most D bits there is a slot i from which every run of l slots differs in at most l·D/16 bits, rounded
/// down (cycle lemma; the pigeonring principle of Qin and Xiao, 2018). The search therefore looks, from each of the sixteen slots, at the
/// buckets within D/16 bits of the needle's value, keeps those hashes whose next slot leaves the two within 2·D/16, and walks on with these
/// few. Nothing within the distance is missed; what is given was compared in all 256 bits.</para>
/// </remarks>
internal sealed unsafe class SlotRing
{
    /// <summary>Slots of a hash, and tables.</summary>
    public const int Slots = 16;

    /// <summary>Bytes of a directory: where each bucket begins, and where the last ends.</summary>
    public const int DirectoryBytes = (Buckets + 1) * sizeof(uint);

    /// <summary>Values of a slot.</summary>
    public const int Buckets = 1 << 16;

    /// <summary>Largest distance whose search looks at part of the buckets only; beyond it every hash is compared.</summary>
    public const int MaxDistance = (MaxRadius * Slots) + Slots - 1;

    private const int SlotMask = Slots - 1;
    private const int MaxRadius = 5;
    private const int Chunk = 32;
    private const int LineBytes = 64;
    private const int MaxPrefetchedLines = 8;

    // All 16-bit masks of at most MaxRadius bits, fewest first, and how many have at most so many.
    private static readonly ushort[] Masks =
        [.. Enumerable.Range(0, Buckets).Where(m => BitOperations.PopCount((uint)m) <= MaxRadius).OrderBy(m => BitOperations.PopCount((uint)m)).Select(m => (ushort)m)];

    private readonly HashIndexData _data;
    private readonly Table[] _tables = new Table[Slots];
    private readonly uint _count;
    private readonly int _numberBytes;
    private volatile SlotRingOverflow? _overflow;

    /// <summary>Reads the ring of an index. The caller keeps the data entered during every call.</summary>
    public SlotRing(HashIndexData data)
    {
        _data = data;
        _count = (uint)data.Header.Counts[0];
        _numberBytes = NumberBytes(_count);
        for (int slot = 0; slot < Slots; slot++)
        {
            _tables[slot] = new Table
            {
                Directory = (uint*)(data.Start + data.Layout.Directories[slot]),
                Values = (ushort*)(data.Start + data.Layout.Values[slot]),
                Ranks = data.Start + data.Layout.Ranks[slot],
                RankBytes = data.Header.Ranks[slot],
                Numbers = HasNumbers(slot) ? data.Start + data.Layout.Numbers[slot] : null,
            };
        }
    }

    /// <summary>Whether a table says which entry each hash is: 0, 5 and 10, so that every walk soon comes to one.</summary>
    public static bool HasNumbers(int slot) => (0b100_0010_0001 >> slot & 1) != 0;

    /// <summary>Bytes of the number of an entry.</summary>
    public static int NumberBytes(long count) => count <= 1 << 24 ? 3 : 4;

    /// <summary>Finds the hashes within a distance of a needle, each once, in no order.</summary>
    /// <param name="needle">32 bytes.</param>
    /// <param name="distance">0 to <see cref="MaxDistance"/>.</param>
    /// <param name="scratch">Receives them as <see cref="SearchScratch.Hits"/>.</param>
    /// <param name="number">Number of the needle.</param>
    /// <exception cref="HashIndexException">The index is damaged.</exception>
    public void Find(ReadOnlySpan<byte> needle, int distance, SearchScratch scratch, int number)
    {
        Prove();
        var query = new Query(needle, distance, number);
        scratch.Seen.Clear();
        scratch.WalkerCount = 0;
        int radius = distance / Slots;
        int masks = MaskCount(radius);

        // The buckets of the next chunk are on their way from memory while those of this one are compared.
        int ranges = 0;
        int current = 0;
        for (int slot = 0; slot < Slots; slot++)
        {
            for (int first = 0; first < masks; first += Chunk)
            {
                int other = 1 - current;
                int fetched = Fetch(slot, query.Slot(slot), Masks.AsSpan(first, Math.Min(Chunk, masks - first)), scratch.Ranges[other]);
                Filter(scratch.Ranges[current].AsSpan(0, ranges), ref query, scratch);
                current = other;
                ranges = fetched;
            }
        }

        Filter(scratch.Ranges[current].AsSpan(0, ranges), ref query, scratch);
        Walk(ref query, scratch);
    }

    /// <summary>Puts hashes together again, in the order of table 0.</summary>
    /// <param name="first">Place of the first one, from 0.</param>
    /// <param name="rows">Receives 32 bytes each.</param>
    /// <param name="numbers">Receives their entries; its length is how many at most.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="HashIndexException">The index is damaged.</exception>
    public int Read(long first, Span<byte> rows, Span<int> numbers)
    {
        Prove();
        int count = (int)Math.Min(numbers.Length, _count - first);
        Span<ushort> slots = MemoryMarshal.Cast<byte, ushort>(rows);
        Span<uint> places = count <= 1024 ? stackalloc uint[count] : new uint[count];
        uint bucket = BucketOf((uint)first);
        for (int i = 0; i < count; i++)
        {
            places[i] = (uint)first + (uint)i;
            while (_tables[0].Directory[bucket + 1] <= places[i])
            {
                bucket++;
            }

            slots[i * Slots] = (ushort)bucket;
            numbers[i] = Number(0, places[i]);
        }

        for (int slot = 0; slot < Slots - 1; slot++)
        {
            for (int i = 0; i < count; i++)
            {
                RequireValues(slot, places[i], 1);
                ushort value = _tables[slot].Values[places[i]];
                slots[(i * Slots) + slot + 1] = value;
                if (slot < Slots - 2)
                {
                    places[i] = Next(slot, places[i], value);
                }
            }
        }

        return count;
    }

    private static int MaskCount(int radius) => radius switch { 0 => 1, 1 => 17, 2 => 137, 3 => 697, 4 => 2517, _ => 6885 };

    private uint BucketOf(uint place)
    {
        var ends = new ReadOnlySpan<uint>(_tables[0].Directory + 1, Buckets);
        uint low = 0;
        uint high = Buckets - 1;
        while (low < high)
        {
            uint middle = (low + high) / 2;
            if (ends[(int)middle] <= place)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    // Where the needle's buckets lie; their first lines are asked for.
    private int Fetch(int slot, ushort value, ReadOnlySpan<ushort> masks, Range[] ranges)
    {
        ref readonly Table table = ref _tables[slot];
        int count = 0;
        foreach (ushort mask in masks)
        {
            uint bucket = (uint)(value ^ mask);
            uint start = table.Directory[bucket];
            uint length = table.Directory[bucket + 1] - start;
            if (length == 0)
            {
                continue;
            }

            ranges[count++] = new Range(start, length, (byte)slot, (byte)BitOperations.PopCount(mask));
            byte* line = (byte*)(table.Values + start);
            byte* end = (byte*)(table.Values + Math.Min(start + length, start + (MaxPrefetchedLines * LineBytes / sizeof(ushort))));
            for (; line < end; line += LineBytes)
            {
                Prefetch(line);
            }
        }

        return count;
    }

    // Of the hashes in those buckets, the ones whose next slot is near enough too.
    private void Filter(ReadOnlySpan<Range> ranges, ref Query query, SearchScratch scratch)
    {
        foreach (Range range in ranges)
        {
            ref readonly Table table = ref _tables[range.Slot];
            RequireValues(range.Slot, range.Start, range.Length);
            ushort next = query.Slot(range.Slot + 1);
            int limit = query.Limit(2) - range.Distance;
            ushort* values = table.Values + range.Start;
            for (uint at = 0; at < range.Length; at += SlotFilter.Lanes)
            {
                int lanes = (int)Math.Min(SlotFilter.Lanes, range.Length - at);
                for (uint near = SlotFilter.Near(values + at, lanes, next, limit); near != 0; near &= near - 1)
                {
                    uint lane = (uint)BitOperations.TrailingZeroCount(near);
                    int distance = range.Distance + BitOperations.PopCount((uint)(values[at + lane] ^ next));
                    scratch.Walkers[scratch.WalkerCount++] = new Walker(range.Start + at + lane, range.Slot, distance);
                    Await(range.Slot, range.Start + at + lane);
                }

                if (scratch.WalkerCount > SearchScratch.MaxWalkers - SlotFilter.Lanes)
                {
                    Walk(ref query, scratch);
                }
            }
        }
    }

    // All walkers take a step together: what one reads was asked for a round ago, while the others went on.
    private void Walk(ref Query query, SearchScratch scratch)
    {
        Walker[] walkers = scratch.Walkers;
        int count = scratch.WalkerCount;
        for (int length = 2; count > 0; length++)
        {
            int kept = 0;
            int limit = query.Limit(length);
            for (int i = 0; i < count; i++)
            {
                Walker walker = walkers[i];
                RequireValues(walker.Slot, walker.Place, 1);
                ushort value = _tables[walker.Slot].Values[walker.Place];
                if (length > 2)
                {
                    walker.Distance += BitOperations.PopCount((uint)(value ^ query.Slot(walker.Slot + 1)));
                    if (walker.Distance > (walker.IsNamed ? query.Distance : limit))
                    {
                        continue;
                    }
                }

                if (length == Slots)
                {
                    scratch.Hits.Add(new HammingHit(walker.Number, query.Number, walker.Distance));
                    continue;
                }

                if (HasNumbers(walker.Slot) && !walker.IsNamed)
                {
                    // Several walkers may be the same hash. The first to learn its name goes on, up to the whole distance; the rest stop.
                    walker.Number = Number(walker.Slot, walker.Place);
                    if (!scratch.Seen.Add(walker.Number))
                    {
                        continue;
                    }
                }

                walker.Place = Next(walker.Slot, walker.Place, value);
                walker.Slot = (byte)((walker.Slot + 1) & SlotMask);
                Await(walker.Slot, walker.Place);
                walkers[kept++] = walker;
            }

            count = kept;
        }

        scratch.WalkerCount = 0;
    }

    // Asks for what the next step of a hash at a place reads.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Await(int slot, uint place)
    {
        ref readonly Table table = ref _tables[slot];
        Prefetch(table.Values + place);
        Prefetch(table.Ranks + ((long)place * table.RankBytes));
        if (HasNumbers(slot))
        {
            Prefetch(table.Numbers + ((long)place * _numberBytes));
        }
    }

    // From a hash's place in a table to its place in the next, among those with a value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Next(int slot, uint place, ushort value)
    {
        ref readonly Table table = ref _tables[slot];
        long at = (long)place * table.RankBytes;
        _data.Require(table.Ranks - _data.Start + at, table.RankBytes);
        uint rank = table.RankBytes == 1 ? table.Ranks[at] : *(ushort*)(table.Ranks + at);
        uint* bucket = _tables[(slot + 1) & SlotMask].Directory + value;
        uint size = bucket[1] - bucket[0];
        if (size > SlotRingOverflow.Limit(table.RankBytes))
        {
            rank = LaterRank(slot, place, rank, value, size);
        }

        return rank < size ? bucket[0] + rank : throw _data.Contradiction("a rank leads out of its bucket");
    }

    // The rank of which a table has the low bits.
    private uint LaterRank(int slot, uint place, uint low, ushort value, uint size)
    {
        uint step = SlotRingOverflow.Limit(_tables[slot].RankBytes);
        long run = _data.Layout.Overflow + ((long)_overflow!.Run(slot, value) * sizeof(uint));
        for (uint later = low; later < size - step; later += step)
        {
            long at = run + ((long)later * sizeof(uint));
            _data.Require(at, sizeof(uint));
            if (*(uint*)(_data.Start + at) == place)
            {
                return later + step;
            }
        }

        return low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Number(int slot, uint place)
    {
        byte* at = _tables[slot].Numbers + ((long)place * _numberBytes);
        _data.Require(at - _data.Start, _numberBytes);
        uint number = *(ushort*)at | (_numberBytes == 3 ? (uint)at[2] << 16 : (uint)*(ushort*)(at + 2) << 16);
        return number < _count ? (int)number : throw _data.Contradiction("a table names an entry that does not exist");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RequireValues(int slot, uint place, uint count)
        => _data.Require((byte*)(_tables[slot].Values + place) - _data.Start, (long)count * sizeof(ushort));

    // Once: afterwards every bucket is known to lie inside its table.
    private void Prove()
    {
        if (_overflow is not null)
        {
            return;
        }

        var overflow = new SlotRingOverflow();
        for (int slot = 0; slot < Slots; slot++)
        {
            _data.Require(_data.Layout.Directories[slot], DirectoryBytes);
            var directory = new ReadOnlySpan<uint>(_tables[slot].Directory, Buckets + 1);
            bool ordered = directory[0] == 0 && directory[Buckets] == _count;
            for (int i = 0; i < Buckets; i++)
            {
                ordered &= directory[i] <= directory[i + 1];
            }

            if (!ordered)
            {
                throw _data.Contradiction("a directory is not in order");
            }
        }

        for (int slot = 0; slot < Slots; slot++)
        {
            overflow.AddRuns(slot, _tables[slot].RankBytes, new ReadOnlySpan<uint>(_tables[(slot + 1) & SlotMask].Directory, Buckets + 1));
        }

        _overflow = (long)overflow.Count * sizeof(uint) == _data.Header.OverflowBytes
            ? overflow
            : throw _data.Contradiction("the directories do not fit the ranks that overflow");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(void* line)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(line);
        }
    }

    /// <summary>Part of a table that is looked at.</summary>
    internal readonly record struct Range(uint Start, uint Length, byte Slot, byte Distance);

    /// <summary>A hash on its way around the ring.</summary>
    internal struct Walker(uint place, byte slot, int distance)
    {
        public uint Place = place;
        public int Number = -1;
        public int Distance = distance;
        public byte Slot = slot;

        public readonly bool IsNamed => Number >= 0;
    }

    private struct Table
    {
        public uint* Directory;
        public ushort* Values;
        public byte* Ranks;
        public byte* Numbers;
        public int RankBytes;
    }

    private ref struct Query
    {
        private SlotValues _slots;
        private SlotLimits _limits;

        public Query(ReadOnlySpan<byte> needle, int distance, int number)
        {
            MemoryMarshal.Cast<byte, ushort>(needle[..PdqHash.ByteCount]).CopyTo(_slots);
            for (int length = 0; length <= Slots; length++)
            {
                _limits[length] = length * distance / Slots;
            }

            Distance = distance;
            Number = number;
        }

        public readonly int Distance { get; }

        public readonly int Number { get; }

        public readonly ushort Slot(int slot) => _slots[slot & SlotMask];

        public readonly int Limit(int length) => _limits[length];
    }

    [InlineArray(Slots)]
    private struct SlotValues
    {
        private ushort _first;
    }

    [InlineArray(Slots + 1)]
    private struct SlotLimits
    {
        private int _first;
    }
}
