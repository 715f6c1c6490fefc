using System.Security.Cryptography;

namespace SafetySdk.Evidence;

/// <summary>
/// The content of sealed evidence, read once from beginning to end. Gives out nothing that was not authenticated; that nothing is missing
/// is known at the end. Erases what passed through it when disposed. Not thread-safe.
/// </summary>
public sealed class EvidenceStream : Stream
{
    private readonly Stream _source;
    private readonly SealedChunks _chunks;
    private readonly byte[] _sealed = new byte[SealedChunks.ContentBytes + SealedChunks.TagBytes];
    private readonly byte[] _content = GC.AllocateUninitializedArray<byte>(SealedChunks.ContentBytes, pinned: true);
    private readonly long _count;
    private long _next;
    private long _read;
    private int _from;
    private int _to;

    internal EvidenceStream(Stream source, SealedChunks chunks, EvidenceRecord record)
    {
        _source = source;
        _chunks = chunks;
        Length = record.Length;
        _count = SealedChunks.Count(record.Length);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <summary>Bytes of the content.</summary>
    public override long Length { get; }

    /// <summary>Bytes read.</summary>
    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    /// <exception cref="EvidenceException">The content is not what was sealed.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || (_from == _to && !await OpenNextAsync(cancellationToken).ConfigureAwait(false)))
        {
            return 0;
        }

        int count = Math.Min(buffer.Length, _to - _from);
        _content.AsMemory(_from, count).CopyTo(buffer);
        _from += count;
        _read += count;
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(destination);

        // Without a buffer in between that nobody erases.
        while (_from < _to || await OpenNextAsync(cancellationToken).ConfigureAwait(false))
        {
            await destination.WriteAsync(_content.AsMemory(_from, _to - _from), cancellationToken).ConfigureAwait(false);
            _read += _to - _from;
            _from = _to;
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
        => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        CryptographicOperations.ZeroMemory(_content);
        if (disposing)
        {
            _chunks.Dispose();
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<bool> OpenNextAsync(CancellationToken cancellationToken)
    {
        if (_next == _count)
        {
            return false;
        }

        bool last = _next == _count - 1;
        int content = last ? (int)(Length - (_next * SealedChunks.ContentBytes)) : SealedChunks.ContentBytes;
        int wanted = content + SealedChunks.TagBytes;
        int read;
        try
        {
            read = await _source.ReadAtLeastAsync(_sealed.AsMemory(0, wanted), wanted, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (IOException)
        {
            throw new EvidenceException(EvidenceError.Storage, "The evidence cannot be read from its storage; check the storage.");
        }

        if (read < wanted)
        {
            throw EvidenceRecord.Damaged();
        }

        _chunks.Open(_next, last, _sealed.AsSpan(0, wanted), _content.AsSpan(0, content));
        (_from, _to) = (0, content);
        _next++;
        return content > 0;
    }
}
