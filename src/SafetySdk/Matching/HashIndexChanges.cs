using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SafetySdk.Matching;

/// <summary>What was added to and removed from an index since its file was written.</summary>
/// <remarks>
/// A version never changes. A later one shares its arrays and has more in them, so that a version costs a few hundred bytes however much
/// there is; only the newest version may be continued, by one thread at a time.
/// </remarks>
internal sealed class HashIndexChanges
{
    private readonly Section[] _sections;
    private readonly Entry[] _entries;

    private HashIndexChanges(Section[] sections, Entry[] entries, int count, RemovedEntries removed, HashIndexFormat.KindCounts removedOf, byte[] digest)
    {
        _sections = sections;
        _entries = entries;
        Count = count;
        Removed = removed;
        RemovedOf = removedOf;
        Digest = digest;
    }

    /// <summary>Entries added, those removed again included.</summary>
    public int Count { get; }

    /// <summary>Entries removed, of the file and of those added: these have the numbers after the file's.</summary>
    public RemovedEntries Removed { get; }

    /// <summary>How many were removed, by kind.</summary>
    public HashIndexFormat.KindCounts RemovedOf { get; }

    /// <summary>SHA-256 over the file's digest and every change, in their order.</summary>
    public byte[] Digest { get; }

    /// <summary>No changes to a file.</summary>
    public static HashIndexChanges None(byte[] digest)
        => new([new(32), new(16), new(20), new(32)], [], 0, RemovedEntries.None, default, digest);

    public int CountOf(int section) => _sections[section].Count;

    public Entry this[int number] => _entries[number];

    /// <summary>Packed hashes of a kind.</summary>
    public ReadOnlySpan<byte> Hashes(int section) => _sections[section].Hashes.AsSpan(0, _sections[section].Count * _sections[section].HashBytes);

    /// <summary>Numbers of their entries, from 0.</summary>
    public ReadOnlySpan<int> Numbers(int section) => _sections[section].Numbers.AsSpan(0, _sections[section].Count);

    /// <summary>First hash from <paramref name="from"/> on that is equal; -1 where there is none.</summary>
    public int IndexOf(int section, ReadOnlySpan<byte> hash, int from)
    {
        Section all = _sections[section];
        ulong key = BinaryPrimitives.ReadUInt64LittleEndian(hash);
        while (from < all.Count)
        {
            int at = all.Keys.AsSpan(from, all.Count - from).IndexOf(key);
            if (at < 0)
            {
                return -1;
            }

            from += at;
            if (all.Hashes.AsSpan(from * all.HashBytes, all.HashBytes).SequenceEqual(hash))
            {
                return from;
            }

            from++;
        }

        return -1;
    }

    public HashIndexChanges WithAdded(HashIndexChange change)
    {
        Entry[] entries = _entries;
        Reserve(ref entries, Count);
        entries[Count] = new Entry(change.Section, change.Id, change.Labels);
        Section[] sections = [.. _sections];
        sections[change.Section] = sections[change.Section].With(change.Hash, Count);
        return new HashIndexChanges(sections, entries, Count + 1, Removed, RemovedOf, After(change));
    }

    public HashIndexChanges WithRemoved(HashIndexChange change, ReadOnlySpan<int> numbers)
    {
        RemovedEntries removed = Removed;
        HashIndexFormat.KindCounts counts = RemovedOf;
        foreach (int number in numbers)
        {
            removed = removed.With(number);
            counts[change.Section]++;
        }

        return new HashIndexChanges(_sections, _entries, Count, removed, counts, After(change));
    }

    private static void Reserve<T>(ref T[] values, int count, int of = 1)
    {
        if ((count + 1) * of > values.Length)
        {
            Array.Resize(ref values, Math.Max(16 * of, values.Length * 2));
        }
    }

    private byte[] After(HashIndexChange change)
    {
        byte[] payload = change.ToBytes();
        byte[] both = new byte[Digest.Length + payload.Length];
        Digest.CopyTo(both, 0);
        payload.CopyTo(both, Digest.Length);
        return SHA256.HashData(both);
    }

    /// <summary>An entry that was added.</summary>
    public readonly record struct Entry(int Section, byte[] Id, string Labels);

    private sealed class Section(int hashBytes)
    {
        public int HashBytes => hashBytes;

        public byte[] Hashes { get; private init; } = [];

        public ulong[] Keys { get; private init; } = [];

        public int[] Numbers { get; private init; } = [];

        public int Count { get; private init; }

        public Section With(ReadOnlySpan<byte> hash, int number)
        {
            byte[] hashes = Hashes;
            ulong[] keys = Keys;
            int[] numbers = Numbers;
            Reserve(ref hashes, Count, hashBytes);
            Reserve(ref keys, Count);
            Reserve(ref numbers, Count);
            hash.CopyTo(hashes.AsSpan(Count * hashBytes));
            keys[Count] = BinaryPrimitives.ReadUInt64LittleEndian(hash);
            numbers[Count] = number;
            return new Section(hashBytes) { Hashes = hashes, Keys = keys, Numbers = numbers, Count = Count + 1 };
        }
    }
}

/// <summary>A set of entry numbers. A version never changes; a later one shares its pages.</summary>
internal sealed class RemovedEntries
{
    private const int PageShift = 15;
    private const int PageWords = 1 << (PageShift - 6);

    private readonly ulong[]?[] _pages;

    private RemovedEntries(ulong[]?[] pages) => _pages = pages;

    public static RemovedEntries None { get; } = new([]);

    public bool IsEmpty => _pages.Length == 0;

    public bool Contains(int number)
        => (number >> PageShift) < _pages.Length && _pages[number >> PageShift] is { } page && (page[Word(number)] & Bit(number)) != 0;

    public RemovedEntries With(int number)
    {
        int page = number >> PageShift;
        ulong[]?[] pages = new ulong[]?[Math.Max(_pages.Length, page + 1)];
        _pages.CopyTo(pages, 0);
        ulong[] words = pages[page] is { } old ? [.. old] : new ulong[PageWords];
        words[Word(number)] |= Bit(number);
        pages[page] = words;
        return new RemovedEntries(pages);
    }

    private static int Word(int number) => (number >> 6) & (PageWords - 1);

    private static ulong Bit(int number) => 1UL << (number & 63);
}
