using System.Runtime.InteropServices;
using System.Text;
using SafetySdk.Hashing;
using SafetySdk.Kernels;

namespace SafetySdk.Matching;

/// <summary>An entry of an index that a look-up hit.</summary>
/// <param name="Entry">Number of the entry, for <see cref="HashIndex.Id"/> and <see cref="HashIndex.Labels"/>.</param>
/// <param name="Algorithm">The hash that hit.</param>
/// <param name="Distance">Bits that differ; 0 for exact digests.</param>
/// <param name="Needle">Number of the hash that was looked up.</param>
public readonly record struct HashIndexHit(int Entry, HashKind Algorithm, int Distance, int Needle);

/// <summary>
/// A list of known content: PDQ hashes, found within any distance, and exact digests. Look-ups are exact: nothing within the distance is
/// missed.
/// </summary>
/// <remarks>
/// <para>Immutable and thread-safe. A file is mapped, not read, and shared by the processes that open it: opening takes milliseconds and
/// proves the header and the table of checksums; every block of 64 KiB is proved when a look-up first needs it, so that a damaged file gives
/// an exception and never a wrong answer. <see cref="Verify"/> proves all of it at once. A file that fits its checksums is trusted to be one
/// that <see cref="HashIndexWriter"/> wrote; one that was made to deceive finds what it wants to, but nothing is read outside of it.</para>
/// <para>The file may be replaced by renaming another over it, as <see cref="HashIndexWriter.Save(string)"/> does; an open index stays what
/// it was. It must not be written into or cut off.</para>
/// </remarks>
public sealed partial class HashIndex : IDisposable
{
    private const int MaxNeedles = 64;
    private const int RowsAtOnce = 256;

    private readonly HashIndexData _data;
    private readonly HashIndexChanges _changes;
    private readonly bool _ownsData;

    private HashIndex(HashIndexData data)
    {
        _data = data;
        _ownsData = true;
        _changes = HashIndexChanges.None(data.Digest);
        HashIndexFormat.Header header = data.Header;
        Created = DateTimeOffset.FromUnixTimeMilliseconds(header.CreatedMilliseconds);
        Name = Encoding.UTF8.GetString(data.Bytes(data.Layout.Text, header.NameBytes));
        Source = Encoding.UTF8.GetString(data.Bytes(data.Layout.Text + header.NameBytes, header.SourceBytes));
        Digest = Convert.ToHexStringLower(data.Digest);
    }

    private HashIndex(HashIndex former, HashIndexChanges changes, bool ownsData)
    {
        _data = former._data;
        _ownsData = ownsData;
        _changes = changes;
        Created = former.Created;
        Name = former.Name;
        Source = former.Source;
        Digest = Convert.ToHexStringLower(changes.Digest);
    }

    /// <summary>Name of the list in results.</summary>
    public string Name { get; }

    /// <summary>Where the list comes from; empty where nobody said.</summary>
    public string Source { get; }

    /// <summary>SHA-256 of the index, 64 lower-case hexadecimal digits; of two versions of an index that changes, two.</summary>
    public string Digest { get; }

    /// <summary>Time of the lists.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>Most bits in which a PDQ hash may differ.</summary>
    public int MatchDistance => _data.Header.MatchDistance;

    /// <summary>Pictures below this PDQ quality are not looked up by PDQ.</summary>
    public int QualityGate => _data.Header.QualityGate;

    /// <summary>Entries of all kinds.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (HashKind kind in HashIndexFormat.Kinds)
            {
                count += CountOf(kind);
            }

            return count;
        }
    }

    /// <summary>Bytes of the file, or of the memory where there is none.</summary>
    public long FileBytes => _data.Layout.TotalBytes;

    /// <summary>Entries added and removed since the file was written.</summary>
    public int Changes
    {
        get
        {
            int changes = _changes.Count;
            foreach (int removed in _changes.RemovedOf)
            {
                changes += removed;
            }

            return changes;
        }
    }

    internal HashIndexData Data => _data;

    /// <summary>Opens an index, with the changes beside it, and proves its header; see the remarks of the class.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="HashIndexException">Missing, unreadable, not an index, of another version, or damaged.</exception>
    public static HashIndex Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);

        // In this order: a file of changes is cut only when an index that holds the changes stands in its place.
        HashIndexLog.Content log = HashIndexLog.Read(path);
        return Open(path, log);
    }

    /// <summary>Builds an index in memory from a list of any format.</summary>
    /// <param name="path">The list; its name without folders is the index's name.</param>
    /// <param name="options">How to read it; null for the defaults.</param>
    /// <exception cref="HashListException">The list cannot be read, or holds no hash.</exception>
    public static HashIndex FromList(string path, HashListOptions? options = null)
    {
        string name = Path.GetFileName(path);
        // A fixed time keeps the digest the same as long as the list is.
        using var writer = new HashIndexWriter(name, created: DateTimeOffset.UnixEpoch);
        using var builder = new HashListBuilder(writer, options);
        builder.Add(path);
        builder.Complete();
        return writer.Count > 0
            ? writer.ToIndex()
            : throw new HashListException(HashListError.Empty, name, 0, "the list holds no hash; is it the right file, and whole?");
    }

    /// <summary>Opens what is at <paramref name="path"/>: an index, or a list of any format, told apart by content.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to read a list; null for the defaults.</param>
    /// <exception cref="HashIndexException">The file is missing, or an index that cannot be used.</exception>
    /// <exception cref="HashListException">The list cannot be read.</exception>
    public static HashIndex OpenAny(string path, HashListOptions? options = null)
    {
        try
        {
            return Open(path);
        }
        catch (HashIndexException exception) when (exception.Error == HashIndexError.NotAnIndex)
        {
            return FromList(path, options);
        }
    }

    /// <summary>Proves the whole file against its checksums and its digest; 1 s for about 1.5 GB.</summary>
    /// <exception cref="HashIndexException">The file is not what was written.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public void Verify()
    {
        using HashIndexLease lease = Acquire();
        _data.Verify();
    }

    /// <summary>Keeps the index from being closed until the lease is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public HashIndexLease Acquire()
    {
        ObjectDisposedException.ThrowIf(!TryEnter(), this);
        return new HashIndexLease(this);
    }

    /// <summary>Number of entries of one kind.</summary>
    /// <param name="kind">The kind; those that indexes do not hold count 0.</param>
    public int CountOf(HashKind kind)
    {
        int section = HashIndexFormat.Section(kind);
        return section < 0 ? 0 : _data.Header.Counts[section] + _changes.CountOf(section) - _changes.RemovedOf[section];
    }

    /// <summary>Finds the entries with exactly this digest.</summary>
    /// <param name="kind">MD5, SHA-1 or SHA-256.</param>
    /// <param name="digest">The digest's bytes.</param>
    /// <param name="hits">Receives the entries.</param>
    /// <exception cref="ArgumentException">Not an exact kind, or a wrong length.</exception>
    /// <exception cref="HashIndexException">The index is damaged.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public void FindExact(HashKind kind, ReadOnlySpan<byte> digest, ICollection<HashIndexHit> hits)
    {
        ArgumentNullException.ThrowIfNull(hits);
        if (!kind.IsExact() || digest.Length != kind.ByteCount())
        {
            throw new ArgumentException($"{digest.Length} bytes are not an exact digest of kind {kind}.", nameof(digest));
        }

        using HashIndexLease lease = Acquire();
        int section = HashIndexFormat.Section(kind);
        int count = _data.Header.Counts[section];
        int low = 0;
        int high = count;
        while (low < high)
        {
            int middle = (int)(((uint)low + (uint)high) / 2);
            if (DigestAt(section, middle, digest.Length).SequenceCompareTo(digest) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        int first = FirstEntry(section);
        for (; low < count && DigestAt(section, low, digest.Length).SequenceEqual(digest); low++)
        {
            Give(new HashIndexHit(first + low, kind, 0, 0), hits);
        }

        for (int at = _changes.IndexOf(section, digest, 0); at >= 0; at = _changes.IndexOf(section, digest, at + 1))
        {
            Give(new HashIndexHit((int)_data.Header.Entries + _changes.Numbers(section)[at], kind, 0, 0), hits);
        }
    }

    /// <summary>Finds every PDQ hash within a distance of any of the given ones.</summary>
    /// <param name="needles">The hashes to look for, at most 64.</param>
    /// <param name="distance">Most bits that may differ, 0 to 256; usually <see cref="MatchDistance"/>. Beyond 95 every hash is
    /// compared.</param>
    /// <param name="hits">Receives the pairs, in the order of the entries, then of the needles.</param>
    /// <remarks>Allocates nothing once a thread has done it, unless the answer is huge.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The distance is outside its range, or there are too many needles.</exception>
    /// <exception cref="HashIndexException">The index is damaged.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public void FindPdq(ReadOnlySpan<PdqHash> needles, int distance, ICollection<HashIndexHit> hits)
    {
        ArgumentNullException.ThrowIfNull(hits);
        ArgumentOutOfRangeException.ThrowIfNegative(distance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(distance, 256);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(needles.Length, MaxNeedles, nameof(needles));
        Span<byte> packed = stackalloc byte[MaxNeedles * PdqHash.ByteCount];
        packed = packed[..(needles.Length * PdqHash.ByteCount)];
        for (int i = 0; i < needles.Length; i++)
        {
            needles[i].WriteBytes(packed[(i * PdqHash.ByteCount)..]);
        }

        using HashIndexLease lease = Acquire();
        SearchScratch scratch = SearchScratch.Rent();
        List<HammingHit> found = scratch.Hits;
        FindInFile(packed, distance, scratch);
        int inFile = found.Count;
        HammingScan.Find(_changes.Hashes(0), packed, distance, found);
        foreach (ref HammingHit hit in CollectionsMarshal.AsSpan(found)[inFile..])
        {
            hit = hit with { Hash = (int)_data.Header.Entries + _changes.Numbers(0)[hit.Hash] };
        }

        foreach (HammingHit hit in found)
        {
            Give(new HashIndexHit(hit.Hash, HashKind.Pdq, hit.Distance, hit.Needle), hits);
        }

        scratch.Return();
    }

    /// <summary>Closes the index; the memory goes when the last look-up under way has ended. A version that a lease gives is not closed by
    /// this.</summary>
    public void Dispose()
    {
        if (_ownsData)
        {
            _data.Dispose();
        }
    }

    /// <summary>Takes the bytes of a whole index over.</summary>
    internal static HashIndex FromBytes(byte[] bytes, string file) => new(HashIndexData.FromBytes(bytes, file));

    /// <summary>Maps a file, and applies the changes that it does not hold.</summary>
    internal static HashIndex Open(string path, HashIndexLog.Content log)
    {
        var index = new HashIndex(HashIndexData.Map(path));
        try
        {
            foreach (HashIndexChange change in log.Since(index._data.Header))
            {
                index = index.With(change, out _);
            }

            return new HashIndex(index, index._changes, ownsData: true);
        }
        catch
        {
            index._data.Dispose();
            throw;
        }
    }

    internal bool TryEnter() => _data.TryEnter();

    internal void Release() => _data.Exit();

    /// <summary>The next version, which shares the file.</summary>
    /// <param name="change">What changes.</param>
    /// <param name="entries">How many entries were added or removed.</param>
    internal HashIndex With(HashIndexChange change, out int entries)
    {
        if (!change.IsRemoval)
        {
            entries = 1;
            return new HashIndex(this, _changes.WithAdded(change), ownsData: false);
        }

        var hits = new List<HashIndexHit>();
        using HashIndexLease lease = Acquire();
        if (change.Section == 0)
        {
            FindPdq([PdqHash.FromBytes(change.Hash)], 0, hits);
        }
        else
        {
            FindExact(HashIndexFormat.Kinds[change.Section], change.Hash, hits);
        }

        int[] removed = [.. hits.Select(hit => hit.Entry).Where(entry => Means(change, entry))];
        entries = removed.Length;
        return new HashIndex(this, _changes.WithRemoved(change, removed), ownsData: false);
    }

    /// <summary>Writes all entries into a new index.</summary>
    internal void CopyTo(HashIndexWriter writer)
    {
        using HashIndexLease lease = Acquire();
        byte[] rows = new byte[RowsAtOnce * PdqHash.ByteCount];
        int[] numbers = new int[RowsAtOnce];
        int hashes = _data.Header.Counts[0];
        for (int first = 0; first < hashes; first += RowsAtOnce)
        {
            int count = ReadRows(first, rows, numbers);
            for (int i = 0; i < count; i++)
            {
                Copy(0, rows.AsSpan(i * PdqHash.ByteCount, PdqHash.ByteCount), numbers[i], writer);
            }
        }

        for (int section = 1; section < HashIndexFormat.KindCount; section++)
        {
            int bytes = HashIndexFormat.Kinds[section].ByteCount();
            for (int i = 0; i < _data.Header.Counts[section]; i++)
            {
                Copy(section, DigestAt(section, i, bytes), FirstEntry(section) + i, writer);
            }
        }

        for (int section = 0; section < HashIndexFormat.KindCount; section++)
        {
            int bytes = HashIndexFormat.Kinds[section].ByteCount();
            for (int i = 0; i < _changes.CountOf(section); i++)
            {
                Copy(
                    section, _changes.Hashes(section).Slice(i * bytes, bytes),
                    (int)_data.Header.Entries + _changes.Numbers(section)[i], writer);
            }
        }
    }

    private void Copy(int section, ReadOnlySpan<byte> hash, int entry, HashIndexWriter writer)
    {
        if (!_changes.Removed.Contains(entry))
        {
            writer.Add(section, hash, IdBytes(entry), JoinedLabels(entry));
        }
    }

    private void Give(HashIndexHit hit, ICollection<HashIndexHit> hits)
    {
        if (!_changes.Removed.Contains(hit.Entry))
        {
            hits.Add(hit);
        }
    }

    private void FindInFile(ReadOnlySpan<byte> needles, int distance, SearchScratch scratch)
    {
        if (_data.Ring is null)
        {
            HammingScan.Find(Rows(), needles, distance, scratch.Hits);
            return;
        }

        if (distance <= SlotRing.MaxDistance)
        {
            for (int i = 0; i < needles.Length / PdqHash.ByteCount; i++)
            {
                _data.Ring.Find(needles.Slice(i * PdqHash.ByteCount, PdqHash.ByteCount), distance, scratch, i);
            }
        }
        else
        {
            Span<byte> rows = stackalloc byte[RowsAtOnce * PdqHash.ByteCount];
            Span<int> numbers = stackalloc int[RowsAtOnce];
            for (int first = 0; first < _data.Header.Counts[0]; first += RowsAtOnce)
            {
                int count = ReadRows(first, rows, numbers);
                int before = scratch.Hits.Count;
                HammingScan.Find(rows[..(count * PdqHash.ByteCount)], needles, distance, scratch.Hits);
                foreach (ref HammingHit hit in CollectionsMarshal.AsSpan(scratch.Hits)[before..])
                {
                    hit = hit with { Hash = numbers[hit.Hash] };
                }
            }
        }

        scratch.Hits.Sort(static (left, right) => left.Hash != right.Hash ? left.Hash.CompareTo(right.Hash) : left.Needle.CompareTo(right.Needle));
    }

    private unsafe ReadOnlySpan<byte> Rows()
    {
        long bytes = (long)_data.Header.Counts[0] * PdqHash.ByteCount;
        return _data.Bytes(_data.Layout.Hashes(0), checked((int)bytes));
    }

    private int ReadRows(int first, Span<byte> rows, Span<int> numbers)
    {
        if (_data.Ring is { } ring)
        {
            return ring.Read(first, rows, numbers);
        }

        int count = Math.Min(numbers.Length, _data.Header.Counts[0] - first);
        _data.Bytes(_data.Layout.Hashes(0) + ((long)first * PdqHash.ByteCount), count * PdqHash.ByteCount).CopyTo(rows);
        for (int i = 0; i < count; i++)
        {
            numbers[i] = first + i;
        }

        return count;
    }

    private ReadOnlySpan<byte> DigestAt(int section, int number, int bytes)
        => _data.Bytes(_data.Layout.Hashes(section) + ((long)number * bytes), bytes);

    private int FirstEntry(int section)
    {
        int first = 0;
        for (int i = 0; i < section; i++)
        {
            first += _data.Header.Counts[i];
        }

        return first;
    }
}
