using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace SafetySdk.Models.Tests;

/// <summary>Decodes a protocol-buffers message, independently of the writer.</summary>
internal sealed class ProtobufMessage
{
    private readonly List<(int Field, object Value)> _fields = [];

    public ProtobufMessage(ReadOnlyMemory<byte> bytes)
    {
        int offset = 0;
        while (offset < bytes.Length)
        {
            ulong tag = Varint(bytes.Span, ref offset);
            int field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add((field, (long)Varint(bytes.Span, ref offset)));
                    break;
                case 2:
                    int length = (int)Varint(bytes.Span, ref offset);
                    _fields.Add((field, bytes.Slice(offset, length)));
                    offset += length;
                    break;
                case 5:
                    _fields.Add((field, BinaryPrimitives.ReadSingleLittleEndian(bytes.Span[offset..])));
                    offset += 4;
                    break;
                default:
                    throw new InvalidDataException($"Wire type {tag & 7}.");
            }
        }
    }

    public long[] Integers(int field) => [.. All<long>(field)];

    public float Single(int field) => All<float>(field).Single();

    public ReadOnlyMemory<byte> Bytes(int field) => All<ReadOnlyMemory<byte>>(field).Single();

    public string[] Texts(int field) => [.. All<ReadOnlyMemory<byte>>(field).Select(static bytes => Encoding.UTF8.GetString(bytes.Span))];

    public string Text(int field) => Texts(field).Single();

    public ProtobufMessage[] Messages(int field) => [.. All<ReadOnlyMemory<byte>>(field).Select(static bytes => new ProtobufMessage(bytes))];

    public ProtobufMessage Message(int field) => Messages(field).Single();

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int offset)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[offset++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    private IEnumerable<T> All<T>(int field) => _fields.Where(item => item.Field == field).Select(static item => (T)item.Value);
}

/// <summary>The parts of an ONNX model that tests look at.</summary>
internal sealed class OnnxModel
{
    public OnnxModel(ReadOnlyMemory<byte> bytes)
    {
        Message = new ProtobufMessage(bytes);
        Graph = Message.Message(7);
        Initializers = Graph.Messages(5).ToDictionary(static tensor => tensor.Text(8), StringComparer.Ordinal);
        Nodes = Graph.Messages(1);
    }

    public ProtobufMessage Message { get; }

    public ProtobufMessage Graph { get; }

    public ProtobufMessage[] Nodes { get; }

    public Dictionary<string, ProtobufMessage> Initializers { get; }

    public string[] Operations => [.. Nodes.Select(static node => node.Text(4))];

    /// <summary>The first attribute of that name among the nodes of an operation.</summary>
    public ProtobufMessage Attribute(string operation, string attribute) => Nodes.First(node => node.Text(4) == operation).Messages(5)
        .First(item => item.Text(1) == attribute);

    public float[] Floats(string initializer) => MemoryMarshal.Cast<byte, float>(Initializers[initializer].Bytes(9).Span).ToArray();

    /// <summary>The values of a weight, dequantised where it is stored as uint8; null where the graph does not use it.</summary>
    public float[]? Weight(string name)
    {
        if (Initializers.ContainsKey(name))
        {
            return Floats(name);
        }

        if (!Initializers.TryGetValue($"{name}/quantised", out ProtobufMessage? quantised))
        {
            return null;
        }

        float scale = Floats($"{name}/scale")[0];
        byte zero = Initializers[$"{name}/zero_point"].Bytes(9).Span[0];
        return Array.ConvertAll(quantised.Bytes(9).ToArray(), value => (value - zero) * scale);
    }
}
