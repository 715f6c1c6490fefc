using System.Buffers;
using System.Net;
using System.Security.Cryptography;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>A file on its way, read once and in pieces; what passed through the buffer is erased. Knows the MD5 of what was sent.</summary>
internal sealed class FileContent(Stream source, long length) : HttpContent
{
    private const int BufferBytes = 64 * 1024;

    private bool _begun;

    /// <summary>32 hexadecimal digits once all of it was sent.</summary>
    public string? Md5 { get; private set; }

    /// <summary>Why the file could not be read; null where it could.</summary>
    public Exception? Fault { get; private set; }

    protected override bool TryComputeLength(out long bytes)
    {
        bytes = length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_begun)
        {
            throw new IOException("The file was sent before.");
        }

        _begun = true;

        // The protocol compares MD5; nothing here relies on its strength.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (long left = length; left > 0;)
            {
                int read = await ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, BufferBytes)), cancellationToken).ConfigureAwait(false);
                hash.AppendData(buffer, 0, read);
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                left -= read;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        Md5 = Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            int read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            return read > 0 ? read : throw new EndOfStreamException("The file is shorter than was said.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Fault = e;
            throw;
        }
    }
}
