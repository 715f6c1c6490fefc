namespace SafetySdk.Matching;

/// <summary>A <see cref="ByteSpool"/> as a stream: written at its end, read from its beginning. Does not close it.</summary>
internal sealed class ByteSpoolStream(ByteSpool spool) : Stream
{
    private long _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => spool.Length;

    public override long Position
    {
        get => _at;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int read = (int)Math.Min(buffer.Length, spool.Length - _at);
        spool.Read(_at, buffer[..read]);
        _at += read;
        return read;
    }

    public override void Write(byte[] buffer, int offset, int count) => spool.Append(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer) => spool.Append(buffer);

    public override void WriteByte(byte value) => spool.Append([value]);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
