using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
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
/// A list of known content, opened and verified: packed PDQ hashes, compared one by one, and sorted exact digests. Look-ups are exact:
/// nothing within the distance is missed.
/// </summary>
/// <remarks>Immutable and thread-safe. Holds the whole file in memory; replacing the file does not change an opened index.</remarks>
public sealed class HashIndex
{
    private readonly byte[] _bytes;
    private readonly HashIndexFormat.Header _header;
    private readonly string[][] _labelSets;

    private HashIndex(byte[] bytes, HashIndexFormat.Header header, string file)
    {
        _bytes = bytes;
        _header = header;
        Digest = Convert.ToHexStringLower(bytes.AsSpan((int)header.ChecksumAt));
        Created = DateTimeOffset.FromUnixTimeMilliseconds(header.CreatedMilliseconds);
        ReadOnlySpan<byte> text = Text;
        if (!Utf8.IsValid(text) || !RecordsFit() || !DigestsAreSorted())
        {
            throw HashIndexFormat.Damaged(file, "its parts contradict each other");
        }

        Name = Encoding.UTF8.GetString(text[..header.NameBytes]);
        _labelSets = new string[header.LabelSets][];
        for (int i = 0; i < _labelSets.Length; i++)
        {
            int at = (int)header.LabelSetsAt + (i * HashIndexFormat.LabelSetBytes);
            string joined = Encoding.UTF8.GetString(text.Slice(Int(at), Int(at + 4)));
            _labelSets[i] = joined.Length == 0 ? [] : joined.Split(HashIndexFormat.LabelSeparator);
        }
    }

    /// <summary>Name of the list in results.</summary>
    public string Name { get; }

    /// <summary>SHA-256 of the index, 64 lower-case hexadecimal digits.</summary>
    public string Digest { get; }

    /// <summary>Time of the lists.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>Most bits in which a PDQ hash may differ.</summary>
    public int MatchDistance => _header.MatchDistance;

    /// <summary>Pictures below this PDQ quality are not looked up by PDQ.</summary>
    public int QualityGate => _header.QualityGate;

    /// <summary>Entries of all kinds.</summary>
    public int Count => (int)_header.Entries;

    private ReadOnlySpan<byte> Text => _bytes.AsSpan((int)_header.TextAt, (int)_header.TextBytes);

    /// <summary>Opens an index and verifies it: magic, version, lengths, checksum, structure.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="HashIndexException">Missing, unreadable, not an index, of another version, too large, or damaged.</exception>
    public static HashIndex Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Path.GetFileName(path);
        try
        {
            using var stream = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
            long length = stream.Length;
            Span<byte> start = stackalloc byte[HashIndexFormat.HeaderBytes];
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            HashIndexFormat.Header header = HashIndexFormat.Header.Read(start, length, file);
            if (length > Array.MaxLength)
            {
                throw new HashIndexException(HashIndexError.TooLarge, file, "the index is larger than 2 GiB; build several.");
            }

            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
            start.CopyTo(bytes);
            stream.ReadExactly(bytes.AsSpan(start.Length));
            return Verify(bytes, header, file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new HashIndexException(HashIndexError.Missing, file, "no such index; build it with `safety lists build`.", exception);
        }
        catch (EndOfStreamException exception)
        {
            throw new HashIndexException(HashIndexError.Damaged, file, "the file shrank while it was read; open it again.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HashIndexException(HashIndexError.Unreadable, file, "the index cannot be read; check its permissions.", exception);
        }
    }

    /// <summary>Builds an index in memory from a list of any format.</summary>
    /// <param name="path">The list; its name without folders is the index's name.</param>
    /// <param name="options">How to read it; null for the defaults.</param>
    /// <exception cref="HashListException">The list cannot be read, or holds no hash.</exception>
    public static HashIndex FromList(string path, HashListOptions? options = null)
    {
        string name = Path.GetFileName(path);
        // A fixed time keeps the digest the same as long as the list is.
        var writer = new HashIndexWriter(name, created: DateTimeOffset.UnixEpoch);
        var builder = new HashListBuilder(writer, options);
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

    /// <summary>Number of entries of one kind.</summary>
    /// <param name="kind">The kind; those that indexes do not hold count 0.</param>
    public int CountOf(HashKind kind)
    {
        int section = HashIndexFormat.Section(kind);
        return section < 0 ? 0 : _header.Counts[section];
    }

    /// <summary>Identifier of an entry.</summary>
    /// <param name="entry">Number of the entry, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such entry.</exception>
    public string Id(int entry)
    {
        int at = EntryAt(entry);
        return Encoding.UTF8.GetString(Text.Slice(Int(at), Int(at + 4)));
    }

    /// <summary>Labels of an entry.</summary>
    /// <param name="entry">Number of the entry, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such entry.</exception>
    public IReadOnlyList<string> Labels(int entry) => _labelSets[Int(EntryAt(entry) + 8)];

    /// <summary>Finds the entries with exactly this digest.</summary>
    /// <param name="kind">MD5, SHA-1 or SHA-256.</param>
    /// <param name="digest">The digest's bytes.</param>
    /// <param name="hits">Receives the entries.</param>
    /// <exception cref="ArgumentException">Not an exact kind, or a wrong length.</exception>
    public void FindExact(HashKind kind, ReadOnlySpan<byte> digest, ICollection<HashIndexHit> hits)
    {
        ArgumentNullException.ThrowIfNull(hits);
        if (!kind.IsExact() || digest.Length != kind.ByteCount())
        {
            throw new ArgumentException($"{digest.Length} bytes are not an exact digest of kind {kind}.", nameof(digest));
        }

        int section = HashIndexFormat.Section(kind);
        ReadOnlySpan<byte> digests = Hashes(section);
        int low = 0;
        int high = _header.Counts[section];
        while (low < high)
        {
            int middle = (int)(((uint)low + (uint)high) / 2);
            if (digests.Slice(middle * digest.Length, digest.Length).SequenceCompareTo(digest) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        int first = FirstEntry(section);
        for (; low < _header.Counts[section] && digests.Slice(low * digest.Length, digest.Length).SequenceEqual(digest); low++)
        {
            hits.Add(new HashIndexHit(first + low, kind, 0, 0));
        }
    }

    /// <summary>Finds every PDQ hash within a distance of any of the given ones.</summary>
    /// <param name="needles">The hashes to look for, at most 64; the eight of a picture together cost little more than one.</param>
    /// <param name="distance">Most bits that may differ, 0 to 256; usually <see cref="MatchDistance"/>.</param>
    /// <param name="hits">Receives the pairs, in the order of the entries.</param>
    /// <exception cref="ArgumentOutOfRangeException">The distance is outside its range, or there are too many needles.</exception>
    public void FindPdq(ReadOnlySpan<PdqHash> needles, int distance, ICollection<HashIndexHit> hits)
    {
        ArgumentNullException.ThrowIfNull(hits);
        ArgumentOutOfRangeException.ThrowIfNegative(distance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(distance, 256);
        const int MaxNeedles = 64;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(needles.Length, MaxNeedles, nameof(needles));
        Span<byte> packed = stackalloc byte[MaxNeedles * PdqHash.ByteCount];
        packed = packed[..(needles.Length * PdqHash.ByteCount)];
        for (int i = 0; i < needles.Length; i++)
        {
            needles[i].WriteBytes(packed[(i * PdqHash.ByteCount)..]);
        }

        var found = new List<HammingHit>();
        HammingScan.Find(Hashes(HashIndexFormat.Section(HashKind.Pdq)), packed, distance, found);
        foreach (HammingHit hit in found)
        {
            hits.Add(new HashIndexHit(hit.Hash, HashKind.Pdq, hit.Distance, hit.Needle));
        }
    }

    /// <summary>Takes the bytes of a whole index over and verifies them.</summary>
    internal static HashIndex FromBytes(byte[] bytes, string file)
        => Verify(
            bytes,
            HashIndexFormat.Header.Read(bytes.AsSpan(0, Math.Min(bytes.Length, HashIndexFormat.HeaderBytes)), bytes.Length, file),
            file);

    private static HashIndex Verify(byte[] bytes, HashIndexFormat.Header header, string file)
    {
        Span<byte> checksum = stackalloc byte[HashIndexFormat.ChecksumBytes];
        SHA256.HashData(bytes.AsSpan(0, (int)header.ChecksumAt), checksum);
        if (!checksum.SequenceEqual(bytes.AsSpan((int)header.ChecksumAt)))
        {
            throw HashIndexFormat.Damaged(file, "the checksum does not fit the content");
        }

        return new HashIndex(bytes, header, file);
    }

    private ReadOnlySpan<byte> Hashes(int section)
        => _bytes.AsSpan((int)_header.HashesAt(section), _header.Counts[section] * HashIndexFormat.Kinds[section].ByteCount());

    private int FirstEntry(int section)
    {
        int first = 0;
        for (int i = 0; i < section; i++)
        {
            first += _header.Counts[i];
        }

        return first;
    }

    private int EntryAt(int entry)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(entry);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(entry, Count);
        return (int)_header.HashesAt(HashIndexFormat.KindCount) + (entry * HashIndexFormat.EntryBytes);
    }

    private int Int(int at) => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(at));

    // A checksum can be made by anyone; what the records point at must exist all the same.
    private bool RecordsFit()
    {
        for (int i = 0; i < Count; i++)
        {
            int at = EntryAt(i);
            if (!TextFits(at) || (uint)Int(at + 8) >= (uint)_header.LabelSets)
            {
                return false;
            }
        }

        for (int i = 0; i < _header.LabelSets; i++)
        {
            if (!TextFits((int)_header.LabelSetsAt + (i * HashIndexFormat.LabelSetBytes)))
            {
                return false;
            }
        }

        return true;
    }

    private bool TextFits(int at)
        => Int(at) >= 0 && Int(at + 4) >= 0 && (long)Int(at) + Int(at + 4) <= _header.TextBytes;

    private bool DigestsAreSorted()
    {
        for (int section = 0; section < HashIndexFormat.KindCount; section++)
        {
            HashKind kind = HashIndexFormat.Kinds[section];
            int size = kind.ByteCount();
            ReadOnlySpan<byte> digests = Hashes(section);
            for (int at = size; kind.IsExact() && at < digests.Length; at += size)
            {
                if (digests.Slice(at - size, size).SequenceCompareTo(digests.Slice(at, size)) > 0)
                {
                    return false;
                }
            }
        }

        return true;
    }
}
