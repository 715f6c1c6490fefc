using System.Runtime.InteropServices;

namespace SafetySdk.Models.Conversion;

/// <summary>Element types of ONNX tensors, with the numbers of the format.</summary>
internal enum OnnxElementType
{
    Float = 1,
    UInt8 = 2,
    Int64 = 7,
}

/// <summary>An attribute of a node: an integer, a float, a string or a list of integers.</summary>
internal readonly record struct OnnxAttribute(string Name, object Value)
{
    // Values of AttributeProto.AttributeType.
    private const int TypeFloat = 1;
    private const int TypeInteger = 2;
    private const int TypeString = 3;
    private const int TypeIntegers = 7;

    public ProtobufWriter ToMessage()
    {
        ProtobufWriter message = new();
        message.WriteString(1, Name);
        switch (Value)
        {
            case float single:
                message.WriteSingle(2, single);
                message.WriteInteger(20, TypeFloat);
                break;
            case long integer:
                message.WriteInteger(3, integer);
                message.WriteInteger(20, TypeInteger);
                break;
            case string text:
                message.WriteString(4, text);
                message.WriteInteger(20, TypeString);
                break;
            case long[] integers:
                foreach (long item in integers)
                {
                    message.WriteInteger(8, item);
                }

                message.WriteInteger(20, TypeIntegers);
                break;
            default:
                throw new ArgumentException($"Attribute {Name} has the unsupported type {Value.GetType().Name}.");
        }

        return message;
    }
}

/// <summary>
/// An ONNX model under construction: nodes in execution order, initializers, inputs and outputs. Field numbers are those of onnx.proto.
/// Written models are deterministic: the same calls give the same bytes.
/// </summary>
internal sealed class OnnxGraph(string name)
{
    /// <summary>Operator set 17 with format 8 loads in every ONNX Runtime since 1.13.</summary>
    public const int OperatorSet = 17;

    private const int FormatVersion = 8;
    private const string Producer = "SafetySdk.Models";

    /// <summary>The name of the batch dimension of inputs and outputs.</summary>
    private const string Batch = "N";

    private readonly ProtobufWriter _nodes = new();
    private readonly ProtobufWriter _initializers = new();
    private readonly ProtobufWriter _inputs = new();
    private readonly ProtobufWriter _outputs = new();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Number of nodes.</summary>
    public int NodeCount { get; private set; }

    /// <summary>Reserves a name for a value; a number is appended where the name is taken.</summary>
    public string Reserve(string name)
    {
        string candidate = name;
        for (int i = 1; !_names.Add(candidate); i++)
        {
            candidate = $"{name}__{i}";
        }

        return candidate;
    }

    /// <summary>Declares a float input; its first dimension is the batch.</summary>
    public void AddInput(string input, params ReadOnlySpan<long> dimensions) => _inputs.WriteMessage(11, Describe(input, dimensions));

    /// <summary>Declares a float output; its first dimension is the batch, its further sizes are left to the runtime.</summary>
    public void AddOutput(string output, int rank)
    {
        Span<long> unknown = stackalloc long[rank - 1];
        unknown.Clear();
        _outputs.WriteMessage(12, Describe(output, unknown));
    }

    /// <summary>Appends a node.</summary>
    public void AddNode(string operation, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        ProtobufWriter node = new();
        foreach (string input in inputs)
        {
            node.WriteString(1, input);
        }

        foreach (string output in outputs)
        {
            node.WriteString(2, output);
        }

        node.WriteString(3, outputs[0]);
        node.WriteString(4, operation);
        foreach (OnnxAttribute attribute in attributes)
        {
            node.WriteMessage(5, attribute.ToMessage());
        }

        _nodes.WriteMessage(1, node);
        NodeCount++;
    }

    /// <summary>Adds a constant tensor and returns the name it got.</summary>
    public string AddInitializer<T>(string initializer, ReadOnlySpan<int> shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        int type = (int)(default(T) switch
        {
            float => OnnxElementType.Float,
            byte => OnnxElementType.UInt8,
            long => OnnxElementType.Int64,
            _ => throw new ArgumentException($"No ONNX element type for {typeof(T).Name}."),
        });
        string reserved = Reserve(initializer);
        ProtobufWriter tensor = new();
        foreach (int size in shape)
        {
            tensor.WriteInteger(1, size);
        }

        tensor.WriteInteger(2, type);
        tensor.WriteString(8, reserved);
        // raw_data is little-endian, as are all platforms that .NET 9 and later support in practice.
        tensor.WriteBytes(9, MemoryMarshal.AsBytes(values));
        _initializers.WriteMessage(5, tensor);
        return reserved;
    }

    /// <summary>The whole model as bytes.</summary>
    public byte[] ToModel()
    {
        ProtobufWriter graphHead = new();
        graphHead.WriteString(2, name);
        int graphLength = _nodes.Written.Length + graphHead.Written.Length + _initializers.Written.Length + _inputs.Written.Length
            + _outputs.Written.Length;
        ProtobufWriter operators = new();
        operators.WriteString(1, "");
        operators.WriteInteger(2, OperatorSet);

        ProtobufWriter model = new();
        model.WriteInteger(1, FormatVersion);
        model.WriteString(2, Producer);
        byte[] graph = new byte[graphLength];
        int offset = 0;
        foreach (ProtobufWriter part in (ReadOnlySpan<ProtobufWriter>)[_nodes, graphHead, _initializers, _inputs, _outputs])
        {
            part.Written.Span.CopyTo(graph.AsSpan(offset));
            offset += part.Written.Length;
        }

        model.WriteBytes(7, graph);
        model.WriteMessage(8, operators);
        return model.Written.ToArray();
    }

    private static ProtobufWriter Describe(string value, ReadOnlySpan<long> dimensions)
    {
        ProtobufWriter shape = new();
        ProtobufWriter batch = new();
        batch.WriteString(2, Batch);
        shape.WriteMessage(1, batch);
        foreach (long size in dimensions)
        {
            ProtobufWriter dimension = new();
            if (size > 0)
            {
                dimension.WriteInteger(1, size);
            }

            shape.WriteMessage(1, dimension);
        }

        ProtobufWriter tensor = new();
        tensor.WriteInteger(1, (int)OnnxElementType.Float);
        tensor.WriteMessage(2, shape);
        ProtobufWriter type = new();
        type.WriteMessage(1, tensor);
        ProtobufWriter information = new();
        information.WriteString(1, value);
        information.WriteMessage(2, type);
        return information;
    }
}
