using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace SafetySdk.Matching;

/// <summary>
/// The bytes of an index: a file mapped read-only, which processes share, or an array. A block is proved by its checksum when it is first
/// read; a reader that asks <see cref="Require"/> first never sees a byte that is not the one that was written.
/// </summary>
/// <remarks>Thread-safe. The memory stays while a reader is between <see cref="TryEnter"/> and <see cref="Exit"/>.</remarks>
internal sealed unsafe class HashIndexData : IDisposable
{
    private readonly SafeHandle _handle;
    private readonly byte* _start;
    private readonly uint[] _checks;
    private readonly byte[] _proved;
    private readonly string _file;
    private long _unproved;

    private HashIndexData(SafeHandle handle, byte* start, HashIndexFormat.Header header, uint[] checks, string file)
    {
        _handle = handle;
        _start = start;
        _checks = checks;
        _proved = new byte[checks.Length];
        _unproved = checks.Length;
        _file = file;
        Header = header;
        Layout = new HashIndexLayout(header);
        Ring = header.Layout == PdqLayout.Ring ? new SlotRing(this) : null;
        Digest = new ReadOnlySpan<byte>(start + HashIndexFormat.DigestAt, HashIndexFormat.DigestBytes).ToArray();
    }

    public HashIndexFormat.Header Header { get; }

    public HashIndexLayout Layout { get; }

    /// <summary>The search, where the PDQ hashes are a ring.</summary>
    public SlotRing? Ring { get; }

    /// <summary>Name of the file without folders, for errors.</summary>
    public string File => _file;

    /// <summary>SHA-256 of description and sections, as the header gives it.</summary>
    public byte[] Digest { get; }

    /// <summary>Where the bytes begin. Only inside <see cref="TryEnter"/>, and only what was required.</summary>
    public byte* Start => _start;

    /// <summary>Maps a file.</summary>
    /// <exception cref="HashIndexException">Missing, unreadable, not an index, of another version, or damaged.</exception>
    public static HashIndexData Map(string path)
    {
        string file = Path.GetFileName(path);
        try
        {
            using var stream = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.RandomAccess);
            long length = stream.Length;
            Span<byte> start = stackalloc byte[HashIndexFormat.HeaderBytes];
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            HashIndexFormat.Header header = HashIndexFormat.Header.Read(start, length, file);

            // The mapping outlives both the file's handle and its name.
            using MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            using MemoryMappedViewAccessor view = mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            SafeMemoryMappedViewHandle handle = view.SafeMemoryMappedViewHandle;
            byte* mapped = null;
            handle.AcquirePointer(ref mapped);
            var held = new View(handle);
            try
            {
                return new HashIndexData(held, mapped, header, Checks(mapped, header, file), file);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new HashIndexException(HashIndexError.Missing, file, "no such index; build it with `safety lists build`.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HashIndexException(HashIndexError.Unreadable, file, "the index cannot be read; check its permissions.", exception);
        }
    }

    /// <summary>Takes an array over, which must not change.</summary>
    /// <exception cref="HashIndexException">Not an index, of another version, or damaged.</exception>
    public static HashIndexData FromBytes(byte[] bytes, string file)
    {
        HashIndexFormat.Header header = HashIndexFormat.Header.Read(
            bytes.AsSpan(0, Math.Min(bytes.Length, HashIndexFormat.HeaderBytes)), bytes.Length, file);
        var pinned = new Pinned(bytes);
        try
        {
            return new HashIndexData(pinned, pinned.Start, header, Checks(pinned.Start, header, file), file);
        }
        catch
        {
            pinned.Dispose();
            throw;
        }
    }

    /// <summary>Keeps the memory until <see cref="Exit"/>; false where it was released.</summary>
    public bool TryEnter()
    {
        bool entered = false;
        try
        {
            _handle.DangerousAddRef(ref entered);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }

        return entered;
    }

    public void Exit() => _handle.DangerousRelease();

    /// <summary>Releases the memory as soon as no reader is inside.</summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>Proves the blocks under a range of bytes.</summary>
    /// <exception cref="HashIndexException">The bytes are not those that were written.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Require(long at, long bytes)
    {
        if (Volatile.Read(ref _unproved) == 0 || bytes == 0)
        {
            return;
        }

        long last = (at + bytes - 1) >> HashIndexFormat.BlockShift;
        for (long block = at >> HashIndexFormat.BlockShift; block <= last; block++)
        {
            if (Volatile.Read(ref _proved[block]) == 0)
            {
                Prove(block);
            }
        }
    }

    /// <summary>A range of bytes, proved.</summary>
    public ReadOnlySpan<byte> Bytes(long at, int bytes)
    {
        Require(at, bytes);
        return new ReadOnlySpan<byte>(_start + at, bytes);
    }

    /// <summary>Proves everything: all blocks, and the digest.</summary>
    /// <exception cref="HashIndexException">The bytes are not those that were written.</exception>
    public void Verify()
    {
        using IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> part = stackalloc byte[HashIndexFormat.DigestBytes];
        digest.AppendData(new ReadOnlySpan<byte>(_start, HashIndexFormat.DigestAt));
        for (long block = 0; block < _checks.Length; block++)
        {
            Prove(block);
            digest.AppendData(Block(block));
        }

        digest.GetHashAndReset(part);
        if (!part.SequenceEqual(Digest))
        {
            throw HashIndexFormat.Damaged(_file, "the digest does not fit the content");
        }
    }

    public HashIndexException Contradiction(string what) => HashIndexFormat.Damaged(_file, what);

    private static uint[] Checks(byte* start, in HashIndexFormat.Header header, string file)
    {
        var layout = new HashIndexLayout(header);
        var table = new ReadOnlySpan<byte>(start + layout.BlockTable, checked((int)(layout.Blocks * sizeof(uint))));
        if (HashIndexFormat.Check(table) != header.BlockTableCheck)
        {
            throw HashIndexFormat.Damaged(file, $"the checksum of the table at byte {layout.BlockTable} does not fit");
        }

        return MemoryMarshal.Cast<byte, uint>(table).ToArray();
    }

    private ReadOnlySpan<byte> Block(long block)
    {
        long first = Math.Max(HashIndexFormat.HeaderBytes, block << HashIndexFormat.BlockShift);
        long end = Math.Min(Layout.BlockTable, (block + 1) << HashIndexFormat.BlockShift);
        return new ReadOnlySpan<byte>(_start + first, (int)(end - first));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Prove(long block)
    {
        ReadOnlySpan<byte> bytes = Block(block);
        if (HashIndexFormat.Check(bytes) != _checks[block])
        {
            long first = Math.Max(HashIndexFormat.HeaderBytes, block << HashIndexFormat.BlockShift);
            throw HashIndexFormat.Damaged(_file, $"the checksum of bytes {first} to {first + bytes.Length - 1} does not fit the content");
        }

        if (Interlocked.Exchange(ref _proved[block], 1) == 0)
        {
            Interlocked.Decrement(ref _unproved);
        }
    }

    /// <summary>A view with the pointer acquired: released together.</summary>
    private sealed class View : SafeHandle
    {
        private readonly SafeMemoryMappedViewHandle _view;

        public View(SafeMemoryMappedViewHandle view)
            : base(0, ownsHandle: true)
        {
            _view = view;
            SetHandle(1);
        }

        public override bool IsInvalid => false;

        // The accessor was disposed when the pointer was taken, so that this is the last reference.
        protected override bool ReleaseHandle()
        {
            _view.ReleasePointer();
            return true;
        }
    }

    private sealed class Pinned : SafeHandle
    {
        public Pinned(byte[] bytes)
            : base(0, ownsHandle: true)
            => SetHandle(GCHandle.ToIntPtr(GCHandle.Alloc(bytes, GCHandleType.Pinned)));

        public override bool IsInvalid => false;

        public byte* Start => (byte*)GCHandle.FromIntPtr(handle).AddrOfPinnedObject();

        protected override bool ReleaseHandle()
        {
            GCHandle.FromIntPtr(handle).Free();
            return true;
        }
    }
}
