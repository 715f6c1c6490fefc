using System.Buffers;
using System.Text;

namespace SafetySdk.Models.Conversion;

/// <summary>Writes one message in the protocol-buffers wire format; nested messages are written first, then embedded.</summary>
internal sealed class ProtobufWriter
{
    private const int Varint = 0;
    private const int Fixed32 = 5;
    private const int LengthDelimited = 2;

    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>What has been written so far.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    /// <summary>Writes an integer field. Negative values take ten bytes, as the format demands of int64.</summary>
    public void WriteInteger(int field, long value)
    {
        WriteVarint(((ulong)field << 3) | Varint);
        WriteVarint((ulong)value);
    }

    /// <summary>Writes a float field.</summary>
    public void WriteSingle(int field, float value)
    {
        WriteVarint(((ulong)field << 3) | Fixed32);
        BitConverter.TryWriteBytes(_buffer.GetSpan(sizeof(float)), value);
        _buffer.Advance(sizeof(float));
    }

    /// <summary>Writes a string field in UTF-8.</summary>
    public void WriteString(int field, string value) => WriteBytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Writes a bytes field.</summary>
    public void WriteBytes(int field, ReadOnlySpan<byte> value)
    {
        WriteVarint(((ulong)field << 3) | LengthDelimited);
        WriteVarint((ulong)value.Length);
        _buffer.Write(value);
    }

    /// <summary>Embeds a message.</summary>
    public void WriteMessage(int field, ProtobufWriter message) => WriteBytes(field, message.Written.Span);

    private void WriteVarint(ulong value)
    {
        Span<byte> span = _buffer.GetSpan(10);
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        _buffer.Advance(length);
    }
}
