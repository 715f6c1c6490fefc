using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SafetySdk.Matching;

/// <summary>Writes the sections of an index one after the other, with the checksums and the digest. Not thread-safe.</summary>
internal sealed class HashIndexSections : IDisposable
{
    private static readonly byte[] Zeros = new byte[64];

    private readonly Stream _stream;
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<uint> _blocks = [];
    private readonly byte[] _pending = new byte[HashIndexFormat.BlockBytes];
    private readonly long _origin;
    private long _at = HashIndexFormat.HeaderBytes;
    private int _pendingCount;

    /// <summary>Starts where the stream stands, and leaves room for the header.</summary>
    public HashIndexSections(Stream stream, in HashIndexFormat.Header header)
    {
        _stream = stream;
        _origin = stream.Position;
        Span<byte> start = stackalloc byte[HashIndexFormat.HeaderBytes];
        start.Clear();
        stream.Write(start);
        header.WriteDescription(start);
        _digest.AppendData(start[..HashIndexFormat.DigestAt]);
    }

    public void Dispose() => _digest.Dispose();

    public void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged
        => Write(MemoryMarshal.AsBytes(values));

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int room = HashIndexFormat.BlockBytes - (int)(_at % HashIndexFormat.BlockBytes);
            ReadOnlySpan<byte> part = bytes[..Math.Min(room, bytes.Length)];
            part.CopyTo(_pending.AsSpan(_pendingCount));
            _pendingCount += part.Length;
            _at += part.Length;
            bytes = bytes[part.Length..];
            if (part.Length == room)
            {
                EndBlock();
            }
        }
    }

    /// <summary>Ends a section: fills up to where the next begins.</summary>
    public void EndSection() => Write(Zeros.AsSpan(0, (int)(HashIndexLayout.Align(_at) - _at)));

    /// <summary>Writes the checksums, then the header.</summary>
    /// <exception cref="InvalidOperationException">The sections are not as long as the header says: a fault of ours.</exception>
    public void Complete(HashIndexFormat.Header header)
    {
        if (_pendingCount > 0)
        {
            EndBlock();
        }

        var layout = new HashIndexLayout(header);
        if (_at != layout.BlockTable || _blocks.Count != layout.Blocks)
        {
            throw new InvalidOperationException($"The sections end at byte {_at}, not {layout.BlockTable}.");
        }

        ReadOnlySpan<byte> table = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_blocks));
        _stream.Write(table);
        header.BlockTableCheck = HashIndexFormat.Check(table);
        Span<byte> start = stackalloc byte[HashIndexFormat.HeaderBytes];
        Span<byte> digest = stackalloc byte[HashIndexFormat.DigestBytes];
        _digest.GetHashAndReset(digest);
        start.Clear();
        header.Write(start, digest);
        _stream.Position = _origin;
        _stream.Write(start);
        _stream.Position = _origin + layout.TotalBytes;
    }

    private void EndBlock()
    {
        ReadOnlySpan<byte> block = _pending.AsSpan(0, _pendingCount);
        _blocks.Add(HashIndexFormat.Check(block));
        _digest.AppendData(block);
        _stream.Write(block);
        _pendingCount = 0;
    }
}
