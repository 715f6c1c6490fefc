using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SafetySdk.Models.Conversion;

/// <summary>Converts a TensorFlow.js graph-model (a TensorFlow GraphDef) to ONNX.</summary>
internal sealed class GraphModelConverter
{
    private readonly NetworkBuilder _network;
    private readonly Dictionary<string, GraphNode> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WeightTensor> _constants;
    private readonly Dictionary<string, NetworkValue[]> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _outputs;

    private GraphModelConverter(string name, JsonElement model, IReadOnlyDictionary<string, WeightTensor> weights, IEnumerable<string> outputs)
    {
        _network = new NetworkBuilder(name);
        _constants = new Dictionary<string, WeightTensor>(weights, StringComparer.Ordinal);
        _outputs = new HashSet<string>(outputs, StringComparer.Ordinal);
        foreach (JsonElement node in model.GetProperty("modelTopology").GetProperty("node").EnumerateArray())
        {
            GraphNode read = new(node);
            _nodes.Add(read.Name, read);
        }
    }

    /// <summary>Converts the part of the model that the outputs need.</summary>
    /// <param name="name">Name of the graph.</param>
    /// <param name="model">The object with <c>modelTopology</c>.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="outputs">Names of the nodes whose values are the outputs, in the order wanted.</param>
    /// <returns>The ONNX model.</returns>
    /// <exception cref="InvalidDataException">An operator is not known, or does not fit its weights.</exception>
    public static OnnxGraph Convert(
        string name, JsonElement model, IReadOnlyDictionary<string, WeightTensor> weights, IReadOnlyList<string> outputs)
    {
        GraphModelConverter converter = new(name, model, weights, outputs);
        foreach (GraphNode node in converter.InExecutionOrder(outputs))
        {
            converter.Add(node);
        }

        foreach (string output in outputs)
        {
            converter._network.Output(converter.Value(output), output);
        }

        return converter._network.Graph;
    }

    private static (string Node, int Output) Split(string input)
    {
        int colon = input.LastIndexOf(':');
        return colon > 0 && int.TryParse(input.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int output)
            ? (input[..colon], output)
            : (input, 0);
    }

    /// <summary>Depth first without recursion: a graph may be thousands of nodes deep.</summary>
    private List<GraphNode> InExecutionOrder(IReadOnlyList<string> outputs)
    {
        List<GraphNode> order = [];
        Dictionary<string, bool> done = new(StringComparer.Ordinal);
        Stack<string> pending = new(outputs.Reverse());
        while (pending.TryPeek(out string? name))
        {
            if (done.TryGetValue(name, out bool finished) && finished)
            {
                pending.Pop();
                continue;
            }

            if (!_nodes.TryGetValue(name, out GraphNode? node))
            {
                throw new InvalidDataException($"The graph has no node {name}.");
            }

            // Entered but not finished are exactly the nodes between here and an output.
            done[name] = false;
            bool ready = true;
            for (int i = node.Inputs.Length - 1; i >= 0; i--)
            {
                string source = Split(node.Inputs[i]).Node;
                if (!done.TryGetValue(source, out bool sourceFinished))
                {
                    pending.Push(source);
                    ready = false;
                }
                else if (!sourceFinished)
                {
                    throw new InvalidDataException($"The graph has a cycle at {source}.");
                }
            }

            if (ready)
            {
                pending.Pop();
                done[name] = true;
                order.Add(node);
            }
        }

        return order;
    }

    private NetworkValue Value(string input)
    {
        (string node, int output) = Split(input);
        return _values.TryGetValue(node, out NetworkValue[]? values) && output < values.Length
            ? values[output]
            : throw new InvalidDataException($"{input} is a constant or unknown where a computed value is expected.");
    }

    private WeightTensor Constant(string input) => _constants.TryGetValue(Split(input).Node, out WeightTensor? constant)
        ? constant
        : throw new InvalidDataException($"{input} is computed where a constant is expected.");

    private bool IsConstant(string input) => _constants.ContainsKey(Split(input).Node);

    private void Add(GraphNode node)
    {
        if (node.Operation == "Const")
        {
            // The values came with the weights; a constant without any is an error of its consumer's.
            return;
        }

        if (node.Inputs.Length > 0 && node.Inputs.All(IsConstant))
        {
            _constants.Add(node.Name, Fold(node));
            return;
        }

        _values.Add(node.Name, node.Operation == "SplitV" ? AddSplit(node) : [AddSingle(node)]);
    }

    private WeightTensor Fold(GraphNode node)
    {
        switch (node.Operation)
        {
            case "Identity":
                return Constant(node.Inputs[0]);
            case "AddV2" or "Add":
                WeightTensor left = Constant(node.Inputs[0]);
                WeightTensor right = Constant(node.Inputs[1]);
                int[] sum = left.ToIntegers();
                int[] addend = right.ToIntegers();
                if (sum.Length != addend.Length)
                {
                    break;
                }

                for (int i = 0; i < sum.Length; i++)
                {
                    sum[i] += addend[i];
                }

                return WeightTensor.OfIntegers(node.Name, left.Shape, sum);
            case "SparseToDense":
                int[] indices = Constant(node.Inputs[0]).ToIntegers();
                int[] shape = Constant(node.Inputs[1]).ToIntegers();
                int[] values = Constant(node.Inputs[2]).ToIntegers();
                if (shape.Length != 1 || shape[0] is < 0 or > 1024 || values.Length != indices.Length
                    || indices.Any(index => index < 0 || index >= shape[0]))
                {
                    break;
                }

                int[] dense = new int[shape[0]];
                Array.Fill(dense, Constant(node.Inputs[3]).ToIntegers()[0]);
                for (int i = 0; i < indices.Length; i++)
                {
                    dense[indices[i]] = values[i];
                }

                return WeightTensor.OfIntegers(node.Name, shape, dense);
            default:
                break;
        }

        throw new InvalidDataException($"The constant expression {node.Operation} of {node.Name} is not known.");
    }

    private NetworkValue[] AddSplit(GraphNode node) => _network.Split(
        Value(node.Inputs[0]), Constant(node.Inputs[1]).ToIntegers(), Constant(node.Inputs[2]).ToIntegers()[0], node.Name);

    private NetworkValue AddSingle(GraphNode node)
    {
        // An output's name is kept for the graph's output itself.
        string name = _outputs.Contains(node.Name) ? $"{node.Name}/value" : node.Name;
        switch (node.Operation)
        {
            case "Placeholder":
                return AddPlaceholder(node);
            case "Identity" or "StopGradient":
                return Value(node.Inputs[0]);
            case "Conv2D" or "_FusedConv2D":
                return AddConvolution(node, name, depthwise: false);
            case "DepthwiseConv2dNative" or "FusedDepthwiseConv2dNative":
                return AddConvolution(node, name, depthwise: true);
            case "MatMul" or "_FusedMatMul":
                return AddProduct(node, name);
            case "Add" or "AddV2" or "BiasAdd":
                return AddBinary("Add", node, name);
            case "Sub":
                return AddBinary("Sub", node, name);
            case "Mul":
                return AddBinary("Mul", node, name);
            case "RealDiv":
                return AddBinary("Div", node, name);
            case "Maximum":
                return AddBinary("Max", node, name);
            case "Minimum":
                return AddBinary("Min", node, name);
            case "Relu" or "Relu6" or "Sigmoid" or "Tanh" or "Elu":
                return _network.Activation(Value(node.Inputs[0]), node.Operation, name);
            case "LeakyRelu":
                return _network.LeakyRelu(Value(node.Inputs[0]), node.Single("alpha", 0.2f), name);
            case "Softmax":
                return _network.Softmax(Value(node.Inputs[0]), name);
            case "MaxPool":
                return _network.MaxPool(Value(node.Inputs[0]), node.Pair("ksize"), node.Window(), name);
            case "AvgPool":
                return _network.AveragePool(Value(node.Inputs[0]), node.Pair("ksize"), node.Window(), name);
            case "Mean":
                return AddMean(node, name);
            case "Pad":
                return _network.Pad(Value(node.Inputs[0]), Constant(node.Inputs[1]).ToIntegers(), 0, name);
            case "PadV2":
                return _network.Pad(
                    Value(node.Inputs[0]), Constant(node.Inputs[1]).ToIntegers(), Constant(node.Inputs[2]).ToSingles()[0], name);
            case "Transpose":
                return _network.Transpose(Value(node.Inputs[0]), Constant(node.Inputs[1]).ToIntegers(), name);
            case "ConcatV2":
                NetworkValue[] parts = [.. node.Inputs[..^1].Select(Value)];
                return _network.Concat(parts, Constant(node.Inputs[^1]).ToIntegers()[0], name);
            case "Reshape":
                long[] shape = Array.ConvertAll(Constant(node.Inputs[1]).ToIntegers(), static size => (long)size);
                // A graph that was written for one picture says 1 where it means the batch.
                shape[0] = shape[0] is 1 or -1 && shape.AsSpan(1).Contains(-1L) ? 0 : shape[0];
                return _network.Reshape(Value(node.Inputs[0]), shape, name);
            case "ResizeBilinear":
                int[] size = Constant(node.Inputs[1]).ToIntegers();
                string coordinates = node.Boolean("align_corners") ? "align_corners"
                    : node.Boolean("half_pixel_centers") ? "half_pixel"
                    : "asymmetric";
                return _network.ResizeBilinear(Value(node.Inputs[0]), size[0], size[1], coordinates, name);
            default:
                throw new InvalidDataException($"The operator {node.Operation} of {node.Name} is not known.");
        }
    }

    private NetworkValue AddPlaceholder(GraphNode node)
    {
        int[] shape = node.Shape();
        return shape.Length == 4 && shape[3] is >= 1 and <= 4
            ? _network.ImageInput(node.Name, shape[1], shape[2], shape[3])
            : _network.Input(node.Name, Array.ConvertAll(shape[1..], static size => (long)size));
    }

    private NetworkValue AddConvolution(GraphNode node, string name, bool depthwise)
    {
        (WeightTensor? bias, string activation) = FusedOperations(node);
        NetworkValue x = Value(node.Inputs[0]);
        WeightTensor kernel = Constant(node.Inputs[1]);
        string inner = activation == "linear" ? name : $"{name}/inner";
        NetworkValue result = depthwise
            ? _network.DepthwiseConvolution(x, kernel, node.Window(), bias, inner)
            : _network.Convolution(x, kernel, node.Window(), bias, inner);
        return Activate(node, result, activation, name);
    }

    private NetworkValue AddProduct(GraphNode node, string name)
    {
        if (node.Boolean("transpose_a"))
        {
            throw new InvalidDataException($"{node.Name} transposes its left matrix, which is not supported.");
        }

        (WeightTensor? bias, string activation) = FusedOperations(node);
        string inner = activation == "linear" ? name : $"{name}/inner";
        NetworkValue result = _network.Dense(
            Value(node.Inputs[0]), Constant(node.Inputs[1]), bias, inner, transposed: node.Boolean("transpose_b"));
        return Activate(node, result, activation, name);
    }

    private NetworkValue Activate(GraphNode node, NetworkValue value, string activation, string name) => activation == "LeakyRelu"
        ? _network.LeakyRelu(value, node.Single("leakyrelu_alpha", 0.2f), name)
        : _network.Activation(value, activation, name);

    private (WeightTensor? Bias, string Activation) FusedOperations(GraphNode node)
    {
        string[] fused = node.Strings("fused_ops");
        bool biased = fused.Length > 0 && fused[0] == "BiasAdd";
        int activations = fused.Length - (biased ? 1 : 0);
        if (activations > 1)
        {
            throw new InvalidDataException($"{node.Name} fuses {string.Join(", ", fused)}, which is not supported.");
        }

        return (biased ? Constant(node.Inputs[2]) : null, activations == 1 ? fused[^1] : "linear");
    }

    private NetworkValue AddBinary(string operation, GraphNode node, string name)
    {
        (string left, string right) = (node.Inputs[0], node.Inputs[1]);
        return IsConstant(right) ? _network.Binary(operation, Value(left), Constant(right), constantFirst: false, name)
            : IsConstant(left) ? _network.Binary(operation, Value(right), Constant(left), constantFirst: true, name)
            : _network.Binary(operation, Value(left), Value(right), name);
    }

    private NetworkValue AddMean(GraphNode node, string name)
    {
        NetworkValue x = Value(node.Inputs[0]);
        int[] axes = Constant(node.Inputs[1]).ToIntegers();
        if (x.Rank != 4 || axes is not [1, 2])
        {
            throw new InvalidDataException($"{node.Name} averages over axes other than height and width, which is not supported.");
        }

        return _network.SpatialMean(x, node.Boolean("keep_dims"), name);
    }

    /// <summary>A node of the GraphDef in its JSON form: strings are base64, integers are strings.</summary>
    private sealed class GraphNode
    {
        private readonly JsonElement _attributes;

        public GraphNode(JsonElement node)
        {
            Name = node.GetProperty("name").GetString() ?? "";
            Operation = node.GetProperty("op").GetString() ?? "";
            // Control edges order side effects; there are none here.
            Inputs = node.TryGetProperty("input", out JsonElement inputs)
                ? [.. inputs.EnumerateArray().Select(static input => input.GetString() ?? "").Where(static input => !input.StartsWith('^'))]
                : [];
            node.TryGetProperty("attr", out _attributes);
        }

        public string Name { get; }

        public string Operation { get; }

        public string[] Inputs { get; }

        public bool Boolean(string attribute) => Find(attribute, "b", out JsonElement value) && value.GetBoolean();

        public float Single(string attribute, float fallback) => Find(attribute, "f", out JsonElement value) ? value.GetSingle() : fallback;

        public string[] Strings(string attribute) => Find(attribute, "list", out JsonElement list) && list.TryGetProperty("s", out JsonElement items)
            ? [.. items.EnumerateArray().Select(static item => Encoding.ASCII.GetString(item.GetBytesFromBase64()))]
            : [];

        public (int Y, int X) Pair(string attribute)
        {
            long[] four = Integers(attribute);
            return four.Length == 4 ? ((int)four[1], (int)four[2]) : (1, 1);
        }

        public Window Window()
        {
            string padding = Find("padding", "s", out JsonElement value) ? Encoding.ASCII.GetString(value.GetBytesFromBase64()) : "";
            if (Find("data_format", "s", out JsonElement format) && !format.ValueEquals("TkhXQw=="))
            {
                throw new InvalidDataException($"{Name} is not in the data format NHWC.");
            }

            long[] pads = Integers("explicit_paddings");
            return padding switch
            {
                "SAME" => new Window(Pair("strides"), PaddingRule.Same, Pair("dilations")),
                "VALID" => new Window(Pair("strides"), PaddingRule.Valid, Pair("dilations")),
                // [n,n,top,bottom,left,right,c,c]
                "EXPLICIT" when pads.Length == 8 =>
                    new Window(Pair("strides"), PaddingRule.Explicit, Pair("dilations"), [pads[2], pads[4], pads[3], pads[5]]),
                _ => throw new InvalidDataException($"The padding {padding} of {Name} is not known."),
            };
        }

        public int[] Shape() => Find("shape", "shape", out JsonElement shape) && shape.TryGetProperty("dim", out JsonElement dimensions)
            ? [.. dimensions.EnumerateArray().Select(static dimension => (int)Integer(dimension.GetProperty("size")))]
            : throw new InvalidDataException($"The input {Name} has no shape.");

        private static long Integer(JsonElement value) => value.ValueKind == JsonValueKind.Number
            ? value.GetInt64()
            : long.Parse(value.GetString() ?? "", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

        private long[] Integers(string attribute) => Find(attribute, "list", out JsonElement list) && list.TryGetProperty("i", out JsonElement items)
            ? [.. items.EnumerateArray().Select(Integer)]
            : [];

        private bool Find(string attribute, string kind, out JsonElement value)
        {
            value = default;
            return _attributes.ValueKind == JsonValueKind.Object
                && _attributes.TryGetProperty(attribute, out JsonElement holder)
                && holder.TryGetProperty(kind, out value);
        }
    }
}
