using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SafetySdk.Matching;

/// <summary>
/// The file of changes beside an index, little-endian: a header of 64 bytes (magic, version, identity, checksum), then the changes, each with
/// its length and checksums. A change that was not written whole because the process died stands at the end and is passed over; anything
/// else that does not fit is an error.
/// </summary>
/// <remarks>Not thread-safe. One process writes, which the file with the ending <c>.lock</c> sees to; others read.</remarks>
internal sealed class HashIndexLog : IDisposable
{
    /// <summary>Added to the name of the index.</summary>
    public const string Ending = ".changes";

    private const string LockEnding = ".lock";
    private const uint Version = 1;
    private const int HeaderBytes = 64;
    private const int CheckAt = HeaderBytes - sizeof(uint);

    // Length, checksum of the change, checksum of these two.
    private const int PrefixBytes = 3 * sizeof(uint);
    private const int MaxChangeBytes = 1 << 26;

    private readonly string _path;
    private readonly FileStream _lock;
    private FileStream _stream;

    private HashIndexLog(string path, FileStream held, FileStream stream, HashIndexFormat.LogIdentity identity)
    {
        _path = path;
        _lock = held;
        _stream = stream;
        Identity = identity;
    }

    /// <summary>Identity of the file.</summary>
    public HashIndexFormat.LogIdentity Identity { get; private set; }

    /// <summary>Bytes written.</summary>
    public long Length => _stream.Length;

    private static ReadOnlySpan<byte> Magic => "SAFETYCH"u8;

    /// <summary>Opens the changes of an index for writing, and begins them where there are none.</summary>
    /// <param name="index">The index.</param>
    /// <param name="content">What was in the file.</param>
    /// <exception cref="HashIndexException">Another process writes, or the file is damaged or cannot be used.</exception>
    public static HashIndexLog Open(string index, out Content content)
    {
        string path = index + Ending;
        string file = Path.GetFileName(path);
        FileStream? held = null;
        FileStream? stream = null;
        try
        {
            held = Lock(index);
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            content = bytes.Length < HeaderBytes ? default : Content.Read(bytes, file);
            if (bytes.Length < HeaderBytes)
            {
                // The process died while it began the file; no change can have been in it.
                content = Begin(stream);
            }

            stream.SetLength(content.End);
            stream.Position = content.End;
            return new HashIndexLog(path, held, stream, content.Identity);
        }
        catch (Exception exception)
        {
            stream?.Dispose();
            held?.Dispose();
            throw exception is IOException or UnauthorizedAccessException ? Failed(file, exception) : exception;
        }
    }

    /// <summary>Reads the changes of an index; empty where there are none.</summary>
    /// <exception cref="HashIndexException">The file is damaged or cannot be read.</exception>
    public static Content Read(string index)
    {
        string path = index + Ending;
        string file = Path.GetFileName(path);
        try
        {
            if (!File.Exists(path))
            {
                return default;
            }

            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            byte[] bytes = new byte[stream.Length];
            bytes = bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
            return bytes.Length < HeaderBytes ? default : Content.Read(bytes, file);
        }
        catch (Exception exception) when (exception is FileNotFoundException)
        {
            return default;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HashIndexException(
                HashIndexError.Unreadable, file, "the changes of the index cannot be read; check their permissions.", exception);
        }
    }

    /// <summary>Appends changes: handed to the operating system when this returns, on the disk after <see cref="Flush"/>.</summary>
    /// <exception cref="HashIndexException">They could not be written; the file is as before.</exception>
    public void Append(params ReadOnlySpan<HashIndexChange> changes)
    {
        long before = _stream.Position;
        using var all = new MemoryStream();
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        foreach (HashIndexChange change in changes)
        {
            byte[] payload = change.ToBytes();
            BinaryPrimitives.WriteInt32LittleEndian(prefix, payload.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(prefix[4..], HashIndexFormat.Check(payload));
            BinaryPrimitives.WriteUInt32LittleEndian(prefix[8..], HashIndexFormat.Check(prefix[..8]));
            all.Write(prefix);
            all.Write(payload);
        }

        ReadOnlySpan<byte> bytes = all.GetBuffer().AsSpan(0, (int)all.Length);
        try
        {
            _stream.Write(bytes);
        }
        catch (Exception exception) when (AtomicFile.IsWriteFailure(exception))
        {
            // Half a change must not stand before the next one.
            _stream.SetLength(before);
            _stream.Position = before;
            throw Failed(Path.GetFileName(_path), exception);
        }
    }

    /// <summary>Waits until all changes are on the disk.</summary>
    /// <exception cref="HashIndexException">They could not be written.</exception>
    public void Flush()
    {
        try
        {
            _stream.Flush(flushToDisk: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failed(Path.GetFileName(_path), exception);
        }
    }

    /// <summary>Begins a new file that has the changes from a place on.</summary>
    /// <exception cref="HashIndexException">It could not be written; the old file stays.</exception>
    public void Cut(long from)
    {
        byte[] rest = new byte[_stream.Length - from];
        Content begun = default;
        _stream.Position = from;
        try
        {
            _stream.ReadExactly(rest);
            AtomicFile.Write(
                _path,
                static temporary => new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0),
                stream =>
                {
                    begun = Begin(stream);
                    stream.Write(rest);
                },
                "the changes");
            FileStream old = _stream;
            _stream = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            old.Dispose();
            Identity = begun.Identity;
        }
        finally
        {
            _stream.Position = _stream.Length;
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _lock.Dispose();
    }

    private static FileStream Lock(string index)
    {
        try
        {
            return new FileStream(index + LockEnding, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new HashIndexException(
                HashIndexError.InUse, Path.GetFileName(index), "another process changes this index; only one may.", exception);
        }
    }

    private static Content Begin(Stream stream)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Version);
        HashIndexFormat.LogIdentity identity = default;
        RandomNumberGenerator.Fill(identity);
        ((ReadOnlySpan<byte>)identity).CopyTo(header[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CheckAt..], HashIndexFormat.Check(header[..CheckAt]));
        stream.SetLength(0);
        stream.Position = 0;
        stream.Write(header);
        return new Content(identity, [], HeaderBytes);
    }

    private static HashIndexException Failed(string file, Exception exception)
        => new(HashIndexError.WriteFailed, file, "the changes could not be written; check the folder, its permissions and the free space.", exception);

    /// <summary>What a file of changes holds.</summary>
    /// <param name="Identity">Which file it is.</param>
    /// <param name="Changes">Each change and where it ends.</param>
    /// <param name="End">Where the whole changes end.</param>
    public readonly record struct Content(HashIndexFormat.LogIdentity Identity, IReadOnlyList<(HashIndexChange Change, long End)> Changes, long End)
    {
        /// <summary>Those that an index does not hold yet.</summary>
        public IEnumerable<HashIndexChange> Since(HashIndexFormat.Header header)
        {
            HashIndexFormat.LogIdentity identity = Identity;
            long absorbed = ((ReadOnlySpan<byte>)header.AbsorbedLog).SequenceEqual(identity) ? header.AbsorbedBytes : 0;
            return (Changes ?? []).Where(change => change.End > absorbed).Select(change => change.Change);
        }

        public static Content Read(ReadOnlySpan<byte> bytes, string file)
        {
            if (!bytes.StartsWith(Magic)
                || HashIndexFormat.Check(bytes[..CheckAt]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[CheckAt..]))
            {
                throw Damaged(file, 0);
            }

            uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            if (version != Version)
            {
                throw new HashIndexException(
                    HashIndexError.UnsupportedVersion, file, $"the changes have format {version}, this library reads {Version}.");
            }

            HashIndexFormat.LogIdentity identity = default;
            bytes.Slice(16, 16).CopyTo(identity);
            var changes = new List<(HashIndexChange, long)>();
            int at = HeaderBytes;
            while (bytes.Length - at >= PrefixBytes)
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
                if (HashIndexFormat.Check(bytes.Slice(at, 8)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 8)..])
                    || length is < 0 or > MaxChangeBytes)
                {
                    // After a power failure the file may be longer than what reached the disk.
                    if (!bytes[at..].ContainsAnyExcept((byte)0))
                    {
                        break;
                    }

                    throw Damaged(file, at);
                }

                int end = at + PrefixBytes + length;
                if (end > bytes.Length)
                {
                    break;
                }

                ReadOnlySpan<byte> payload = bytes[(at + PrefixBytes)..end];
                if (HashIndexFormat.Check(payload) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 4)..])
                    || HashIndexChange.Read(payload) is not { } change)
                {
                    throw Damaged(file, at);
                }

                changes.Add((change, end));
                at = end;
            }

            return new Content(identity, changes, at);
        }

        private static HashIndexException Damaged(string file, int at)
            => new(
                HashIndexError.Damaged, file,
                $"the change at byte {at} is not the one that was written; restore the file, or delete it to lose all changes since the index was built.");
    }
}
