namespace SafetySdk.Models.Conversion;

/// <summary>
/// A value of the network. Where <see cref="ChannelsFirst"/> is set, a logically NHWC tensor is stored NCHW, the order that inference
/// prefers.
/// </summary>
internal readonly record struct NetworkValue(string Name, int Rank, bool ChannelsFirst = false);

/// <summary>Padding rules of TensorFlow.</summary>
internal enum PaddingRule
{
    Valid,
    Same,
    Explicit,
}

/// <summary>Stride, dilation and padding of a convolution or a pooling.</summary>
/// <param name="Stride">Vertical, horizontal.</param>
/// <param name="Padding">The rule.</param>
/// <param name="Dilation">Vertical, horizontal; null is 1, 1.</param>
/// <param name="Pads">Top, left, bottom, right for <see cref="PaddingRule.Explicit"/>.</param>
internal sealed record Window((int Y, int X) Stride, PaddingRule Padding, (int Y, int X)? Dilation = null, long[]? Pads = null);

/// <summary>
/// Builds an ONNX network out of TensorFlow's operators, whose tensors are logically NHWC. Activations are kept NCHW; a Transpose appears
/// only where an operator needs the logical order. Kernels that are stored as uint8 stay so, behind a DequantizeLinear.
/// </summary>
internal sealed class NetworkBuilder(string name)
{
    private static readonly long[] ToChannelsFirstOrder = [0, 3, 1, 2];
    private static readonly long[] ToChannelsLastOrder = [0, 2, 3, 1];

    private readonly OnnxGraph _graph = new(name);
    private readonly Dictionary<string, string> _scalars = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, bool), string> _weights = [];

    public OnnxGraph Graph => _graph;

    /// <summary>Declares an image input [N,H,W,C] and brings it into the inner order.</summary>
    public NetworkValue ImageInput(string input, int height, int width, int channels)
    {
        _graph.AddInput(_graph.Reserve(input), height, width, channels);
        return ToChannelsFirst(new NetworkValue(input, 4));
    }

    /// <summary>Declares a float input of any shape, kept in its logical order.</summary>
    public NetworkValue Input(string input, params ReadOnlySpan<long> dimensions)
    {
        _graph.AddInput(_graph.Reserve(input), dimensions);
        return new NetworkValue(input, dimensions.Length + 1);
    }

    /// <summary>Declares an output under the given name, in the logical order.</summary>
    public void Output(NetworkValue value, string output)
    {
        NetworkValue logical = ToLogical(value);
        if (_graph.Reserve(output) != output)
        {
            throw new InvalidDataException($"The name of the output {output} is taken by another value.");
        }

        _graph.AddNode("Identity", [logical.Name], [output]);
        _graph.AddOutput(output, logical.Rank);
    }

    /// <summary>A convolution with a kernel [H,W,I,O].</summary>
    public NetworkValue Convolution(NetworkValue x, WeightTensor kernel, Window window, WeightTensor? bias, string node)
    {
        RequireRank(kernel, 4);
        string weights = Kernel(kernel, [3, 2, 0, 1], static shape => shape);
        return Convolve(x, weights, (kernel.Shape[0], kernel.Shape[1]), window, bias, groups: 1, node);
    }

    /// <summary>A depthwise convolution with a kernel [H,W,I,M].</summary>
    public NetworkValue DepthwiseConvolution(NetworkValue x, WeightTensor kernel, Window window, WeightTensor? bias, string node)
    {
        RequireRank(kernel, 4);
        // [I,M,H,W] in memory is [I*M,1,H,W].
        string weights = Kernel(kernel, [2, 3, 0, 1], static shape => [shape[0] * shape[1], 1, shape[2], shape[3]]);
        return Convolve(x, weights, (kernel.Shape[0], kernel.Shape[1]), window, bias, groups: kernel.Shape[2], node);
    }

    /// <summary>Batch normalisation over the channels; an absent gamma is one, an absent beta zero.</summary>
    public NetworkValue BatchNormalization(
        NetworkValue x, WeightTensor? gamma, WeightTensor? beta, WeightTensor mean, WeightTensor variance, float epsilon, string node)
    {
        NetworkValue first = ToChannelsFirst(x);
        int channels = mean.Count;
        string scale = gamma is null ? Constant($"{node}/ones", [channels], Filled(channels, 1f)) : Floats(gamma, channelsFirst: false);
        string offset = beta is null ? Constant($"{node}/zeros", [channels], new float[channels]) : Floats(beta, channelsFirst: false);
        return Node(
            "BatchNormalization",
            node,
            first,
            [scale, offset, Floats(mean, channelsFirst: false), Floats(variance, channelsFirst: false)],
            new OnnxAttribute("epsilon", epsilon));
    }

    /// <summary>Maximum pooling.</summary>
    public NetworkValue MaxPool(NetworkValue x, (int Y, int X) size, Window window, string node) => Pool("MaxPool", x, size, window, node);

    /// <summary>Average pooling; padding does not count, as in TensorFlow.</summary>
    public NetworkValue AveragePool(NetworkValue x, (int Y, int X) size, Window window, string node) =>
        Pool("AveragePool", x, size, window, node, new OnnxAttribute("count_include_pad", 0L));

    /// <summary>The mean over height and width.</summary>
    public NetworkValue SpatialMean(NetworkValue x, bool keepDimensions, string node)
    {
        NetworkValue mean = Node(
            "ReduceMean",
            node,
            ToChannelsFirst(x),
            [],
            new OnnxAttribute("axes", new long[] { 2, 3 }),
            new OnnxAttribute("keepdims", keepDimensions ? 1L : 0L));
        return keepDimensions ? mean : new NetworkValue(mean.Name, 2);
    }

    /// <summary>Padding with a constant, given per logical axis as (before, after).</summary>
    public NetworkValue Pad(NetworkValue x, ReadOnlySpan<int> paddings, float fill, string node)
    {
        int rank = paddings.Length / 2;
        if (rank != x.Rank)
        {
            throw new InvalidDataException($"{node} pads {rank} axes of a tensor of rank {x.Rank}.");
        }

        long[] pads = new long[rank * 2];
        for (int axis = 0; axis < rank; axis++)
        {
            int stored = StoredAxis(x, axis);
            pads[stored] = paddings[axis * 2];
            pads[stored + rank] = paddings[(axis * 2) + 1];
        }

        return pads.AsSpan().ContainsAnyExcept(0L) ? Node("Pad", node, x, [Constant($"{node}/pads", [pads.Length], pads), Scalar(fill)]) : x;
    }

    /// <summary>An operator of one input that keeps shape and order: Relu, Sigmoid, Exp and so on.</summary>
    public NetworkValue Unary(string operation, NetworkValue x, string node) => Node(operation, node, x, []);

    /// <summary>max(x, alpha * x) for alpha below one.</summary>
    public NetworkValue LeakyRelu(NetworkValue x, float alpha, string node) => Node("LeakyRelu", node, x, [], new OnnxAttribute("alpha", alpha));

    /// <summary>min(max(x, 0), 6).</summary>
    public NetworkValue Relu6(NetworkValue x, string node) => Node("Clip", node, x, [Scalar(0), Scalar(6)]);

    /// <summary>Softmax over the last logical axis.</summary>
    public NetworkValue Softmax(NetworkValue x, string node) =>
        Node("Softmax", node, x, [], new OnnxAttribute("axis", x.ChannelsFirst ? 1L : -1L));

    /// <summary>An activation by its Keras name, or by the name of a fused TensorFlow operator.</summary>
    public NetworkValue Activation(NetworkValue x, string activation, string node) => activation switch
    {
        "linear" => x,
        "relu" or "Relu" => Unary("Relu", x, node),
        "Relu6" => Relu6(x, node),
        "sigmoid" or "Sigmoid" => Unary("Sigmoid", x, node),
        "tanh" or "Tanh" => Unary("Tanh", x, node),
        "elu" or "Elu" => Unary("Elu", x, node),
        "softmax" => Softmax(x, node),
        _ => throw new InvalidDataException($"The activation {activation} of {node} is not known."),
    };

    /// <summary>An elementwise operator of two tensors with NumPy broadcasting.</summary>
    public NetworkValue Binary(string operation, NetworkValue x, NetworkValue y, string node)
    {
        if (x.ChannelsFirst != y.ChannelsFirst)
        {
            if (x.Rank == 4 && y.Rank == 4)
            {
                (x, y) = (ToChannelsFirst(x), ToChannelsFirst(y));
            }
            else
            {
                (x, y) = (ToLogical(x), ToLogical(y));
            }
        }

        string output = _graph.Reserve(node);
        _graph.AddNode(operation, [x.Name, y.Name], [output]);
        return new NetworkValue(output, Math.Max(x.Rank, y.Rank), x.ChannelsFirst);
    }

    /// <summary>An elementwise operator of a tensor and a constant.</summary>
    /// <param name="operation">Name of the ONNX operator.</param>
    /// <param name="x">The tensor.</param>
    /// <param name="constant">The constant, broadcast over its logical shape.</param>
    /// <param name="constantFirst">Whether the constant is the left operand.</param>
    /// <param name="node">Name of the result.</param>
    public NetworkValue Binary(string operation, NetworkValue x, WeightTensor constant, bool constantFirst, string node)
    {
        string right = Floats(constant, x.ChannelsFirst);
        string output = _graph.Reserve(node);
        _graph.AddNode(operation, constantFirst ? [right, x.Name] : [x.Name, right], [output]);
        return x with { Name = output, Rank = Math.Max(x.Rank, constant.Shape.Length) };
    }

    /// <summary>An elementwise operator of a tensor and one number on its right.</summary>
    public NetworkValue Binary(string operation, NetworkValue x, float constant, string node) => Node(operation, node, x, [Scalar(constant)]);

    /// <summary>An elementwise operator of a tensor and a float constant of the given shape, in the tensor's stored order.</summary>
    public NetworkValue Binary(string operation, NetworkValue x, ReadOnlySpan<int> shape, ReadOnlySpan<float> constant, string node) =>
        Node(operation, node, x, [Constant($"{node}/constant", shape, constant)]);

    /// <summary>A product with a matrix [I,O], plus a bias.</summary>
    public NetworkValue Dense(NetworkValue x, WeightTensor kernel, WeightTensor? bias, string node, bool transposed = false)
    {
        RequireRank(kernel, 2);
        string matrix = Kernel(kernel, transposed ? [1, 0] : [0, 1], static shape => shape);
        NetworkValue product = Node("MatMul", bias is null ? node : $"{node}/product", ToLogical(x), [matrix]);
        return bias is null ? product : Node("Add", node, product, [Floats(bias, channelsFirst: false)]);
    }

    /// <summary>Concatenation along a logical axis.</summary>
    public NetworkValue Concat(ReadOnlySpan<NetworkValue> values, int axis, string node)
    {
        NetworkValue[] parts = values.ToArray();
        if (parts.Any(static part => part.ChannelsFirst))
        {
            parts = Array.ConvertAll(parts, ToChannelsFirst);
        }

        string output = _graph.Reserve(node);
        long stored = StoredAxis(parts[0], axis < 0 ? axis + parts[0].Rank : axis);
        _graph.AddNode("Concat", Array.ConvertAll(parts, static part => part.Name), [output], new OnnxAttribute("axis", stored));
        return parts[0] with { Name = output };
    }

    /// <summary>Splits along a logical axis into parts of the given sizes.</summary>
    public NetworkValue[] Split(NetworkValue x, ReadOnlySpan<int> sizes, int axis, string node)
    {
        string[] outputs = new string[sizes.Length];
        long[] lengths = new long[sizes.Length];
        for (int i = 0; i < sizes.Length; i++)
        {
            outputs[i] = _graph.Reserve(i == 0 ? node : $"{node}:{i}");
            lengths[i] = sizes[i];
        }

        long stored = StoredAxis(x, axis < 0 ? axis + x.Rank : axis);
        string split = Constant($"{node}/sizes", [lengths.Length], lengths);
        _graph.AddNode("Split", [x.Name, split], outputs, new OnnxAttribute("axis", stored));
        return Array.ConvertAll(outputs, output => x with { Name = output });
    }

    /// <summary>Joins all axes but the first, in the logical order.</summary>
    public NetworkValue Flatten(NetworkValue x, string node)
    {
        NetworkValue logical = ToLogical(x);
        string output = _graph.Reserve(node);
        _graph.AddNode("Flatten", [logical.Name], [output], new OnnxAttribute("axis", 1L));
        return new NetworkValue(output, 2);
    }

    /// <summary>A new shape over the logical order; 0 keeps an axis, -1 is inferred.</summary>
    public NetworkValue Reshape(NetworkValue x, ReadOnlySpan<long> shape, string node)
    {
        NetworkValue reshaped = Node("Reshape", node, ToLogical(x), [Constant($"{node}/shape", [shape.Length], shape)]);
        return reshaped with { Rank = shape.Length };
    }

    /// <summary>A transposition of logical axes; between NHWC and NCHW it only relabels.</summary>
    public NetworkValue Transpose(NetworkValue x, ReadOnlySpan<int> order, string node)
    {
        long[] wanted = new long[order.Length];
        for (int i = 0; i < wanted.Length; i++)
        {
            wanted[i] = order[i];
        }

        if (x.ChannelsFirst && wanted.AsSpan().SequenceEqual(ToChannelsFirstOrder))
        {
            return x with { ChannelsFirst = false };
        }

        if (!x.ChannelsFirst && wanted.AsSpan().SequenceEqual(ToChannelsLastOrder))
        {
            return x with { ChannelsFirst = true };
        }

        return Node("Transpose", node, ToLogical(x), [], new OnnxAttribute("perm", wanted));
    }

    /// <summary>Bilinear resize to a fixed size.</summary>
    public NetworkValue ResizeBilinear(NetworkValue x, int height, int width, string coordinates, string node)
    {
        // "sizes" needs all four; the batch and the channels come from the input, so scales cannot be used without knowing its size.
        NetworkValue first = ToChannelsFirst(x);
        string shape = _graph.Reserve($"{node}/shape");
        _graph.AddNode("Shape", [first.Name], [shape], new OnnxAttribute("end", 2L));
        string sizes = _graph.Reserve($"{node}/sizes");
        _graph.AddNode("Concat", [shape, Constant($"{node}/size", [2], [(long)height, width])], [sizes], new OnnxAttribute("axis", 0L));
        return Node(
            "Resize",
            node,
            first,
            ["", "", sizes],
            new OnnxAttribute("mode", "linear"),
            new OnnxAttribute("coordinate_transformation_mode", coordinates));
    }

    /// <summary>Elements begin to end (exclusive) of a logical axis.</summary>
    public NetworkValue Slice(NetworkValue x, int axis, int begin, int end, string node)
    {
        NetworkValue logical = ToLogical(x);
        return Node(
            "Slice",
            node,
            logical,
            [
                Constant($"{node}/begin", [1], [(long)begin]),
                Constant($"{node}/end", [1], [(long)end]),
                Constant($"{node}/axis", [1], [(long)axis]),
            ]);
    }

    /// <summary>Element <paramref name="index"/> of a logical axis, which disappears.</summary>
    public NetworkValue Select(NetworkValue x, int axis, int index, string node)
    {
        NetworkValue selected = Node(
            "Gather", node, ToLogical(x), [Constant($"{node}/index", [], [(long)index])], new OnnxAttribute("axis", (long)axis));
        return selected with { Rank = x.Rank - 1 };
    }

    private static float[] Filled(int count, float value)
    {
        float[] values = new float[count];
        Array.Fill(values, value);
        return values;
    }

    private static void RequireRank(WeightTensor tensor, int rank)
    {
        if (tensor.Shape.Length != rank)
        {
            throw new InvalidDataException($"The tensor {tensor.Name} has rank {tensor.Shape.Length} where {rank} is expected.");
        }
    }

    private static int StoredAxis(NetworkValue x, int axis) =>
        !x.ChannelsFirst ? axis : axis switch { 1 => 2, 2 => 3, 3 => 1, _ => axis };

    private static T[] Permute<T>(ReadOnlySpan<T> source, ReadOnlySpan<int> shape, ReadOnlySpan<int> order, out int[] permutedShape)
    {
        int rank = shape.Length;
        int[] strides = new int[rank];
        for (int axis = rank - 1, stride = 1; axis >= 0; stride *= shape[axis--])
        {
            strides[axis] = stride;
        }

        permutedShape = new int[rank];
        int[] steps = new int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            permutedShape[axis] = shape[order[axis]];
            steps[axis] = strides[order[axis]];
        }

        T[] target = new T[source.Length];
        int[] index = new int[rank];
        int from = 0;
        for (int to = 0; to < target.Length; to++)
        {
            target[to] = source[from];
            for (int axis = rank - 1; axis >= 0; axis--)
            {
                from += steps[axis];
                if (++index[axis] < permutedShape[axis])
                {
                    break;
                }

                from -= steps[axis] * permutedShape[axis];
                index[axis] = 0;
            }
        }

        return target;
    }

    private NetworkValue Convolve(
        NetworkValue x, string weights, (int Y, int X) kernel, Window window, WeightTensor? bias, int groups, string node)
    {
        string[] parameters = bias is null ? [weights] : [weights, Floats(bias, channelsFirst: false)];
        List<OnnxAttribute> attributes = WindowAttributes(kernel, window);
        if (groups > 1)
        {
            attributes.Add(new OnnxAttribute("group", (long)groups));
        }

        return Node("Conv", node, ToChannelsFirst(x), parameters, [.. attributes]);
    }

    private NetworkValue Pool(
        string operation, NetworkValue x, (int Y, int X) size, Window window, string node, params ReadOnlySpan<OnnxAttribute> further) =>
        Node(operation, node, ToChannelsFirst(x), [], [.. WindowAttributes(size, window), .. further]);

    private static List<OnnxAttribute> WindowAttributes((int Y, int X) kernel, Window window)
    {
        (int dilationY, int dilationX) = window.Dilation ?? (1, 1);
        List<OnnxAttribute> attributes =
        [
            new("kernel_shape", new long[] { kernel.Y, kernel.X }),
            new("strides", new long[] { window.Stride.Y, window.Stride.X }),
        ];
        if ((dilationY, dilationX) != (1, 1))
        {
            attributes.Add(new("dilations", new long[] { dilationY, dilationX }));
        }

        switch (window.Padding)
        {
            case PaddingRule.Same when (dilationY, dilationX) != (1, 1):
                // auto_pad ignores dilation in some runtimes; with stride 1 the total does not depend on the picture's size.
                if (window.Stride != (1, 1))
                {
                    throw new InvalidDataException("A dilated convolution with a stride and padding SAME is not supported.");
                }

                long totalY = (kernel.Y - 1L) * dilationY;
                long totalX = (kernel.X - 1L) * dilationX;
                attributes.Add(new("pads", new long[] { totalY / 2, totalX / 2, totalY - (totalY / 2), totalX - (totalX / 2) }));
                break;
            case PaddingRule.Same:
                // TensorFlow puts the odd pixel at the bottom and the right.
                attributes.Add(new("auto_pad", "SAME_UPPER"));
                break;
            case PaddingRule.Explicit:
                attributes.Add(new("pads", window.Pads ?? throw new InvalidDataException("Explicit padding without sizes.")));
                break;
            default:
                attributes.Add(new("auto_pad", "VALID"));
                break;
        }

        return attributes;
    }

    private NetworkValue Node(
        string operation, string node, NetworkValue x, ReadOnlySpan<string> parameters, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        string output = _graph.Reserve(node);
        _graph.AddNode(operation, [x.Name, .. parameters], [output], attributes);
        return x with { Name = output };
    }

    private NetworkValue ToChannelsFirst(NetworkValue x)
    {
        if (x.ChannelsFirst)
        {
            return x;
        }

        if (x.Rank != 4)
        {
            throw new InvalidDataException($"{x.Name} has rank {x.Rank} where a picture of rank 4 is expected.");
        }

        return Node("Transpose", $"{x.Name}/nchw", x, [], new OnnxAttribute("perm", ToChannelsFirstOrder)) with { ChannelsFirst = true };
    }

    private NetworkValue ToLogical(NetworkValue x) => !x.ChannelsFirst
        ? x
        : Node("Transpose", $"{x.Name}/nhwc", x, [], new OnnxAttribute("perm", ToChannelsLastOrder)) with { ChannelsFirst = false };

    /// <summary>A kernel as initializer: uint8 behind a DequantizeLinear where its zero point is an integer, else float.</summary>
    private string Kernel(WeightTensor kernel, ReadOnlySpan<int> order, Func<int[], int[]> reshape)
    {
        if (!kernel.TryGetZeroPoint(out byte zeroPoint))
        {
            float[] values = Permute<float>(kernel.ToSingles(), kernel.Shape, order, out int[] shape);
            return _graph.AddInitializer<float>(kernel.Name, reshape(shape), values);
        }

        byte[] quantised = Permute(kernel.Raw, kernel.Shape, order, out int[] quantisedShape);
        string stored = _graph.AddInitializer<byte>($"{kernel.Name}/quantised", reshape(quantisedShape), quantised);
        string scale = _graph.AddInitializer<float>($"{kernel.Name}/scale", [], [(float)kernel.Scale]);
        string zero = _graph.AddInitializer<byte>($"{kernel.Name}/zero_point", [], [zeroPoint]);
        string output = _graph.Reserve(kernel.Name);
        _graph.AddNode("DequantizeLinear", [stored, scale, zero], [output]);
        return output;
    }

    /// <summary>A constant as float initializer, in the order that broadcasts against a value of the given order.</summary>
    private string Floats(WeightTensor tensor, bool channelsFirst)
    {
        if (_weights.TryGetValue((tensor.Name, channelsFirst), out string? known))
        {
            return known;
        }

        float[] values = tensor.ToSingles();
        int[] shape = tensor.Shape;
        if (channelsFirst)
        {
            switch (shape.Length)
            {
                case 0:
                    break;
                case 1:
                    shape = [shape[0], 1, 1];
                    break;
                case 3:
                    values = Permute<float>(values, shape, [2, 0, 1], out shape);
                    break;
                case 4:
                    values = Permute<float>(values, shape, [0, 3, 1, 2], out shape);
                    break;
                default:
                    throw new InvalidDataException($"The constant {tensor.Name} of rank {shape.Length} meets a picture.");
            }
        }

        string added = _graph.AddInitializer<float>(tensor.Name, shape, values);
        _weights.Add((tensor.Name, channelsFirst), added);
        return added;
    }

    private string Constant<T>(string constant, ReadOnlySpan<int> shape, ReadOnlySpan<T> values)
        where T : unmanaged => _graph.AddInitializer(constant, shape, values);

    private string Constant<T>(string constant, ReadOnlySpan<int> shape, T[] values)
        where T : unmanaged => _graph.AddInitializer<T>(constant, shape, values);

    private string Scalar(float value)
    {
        string key = FormattableString.Invariant($"scalar/{value:R}");
        if (!_scalars.TryGetValue(key, out string? scalar))
        {
            scalar = _graph.AddInitializer<float>(key, [], [value]);
            _scalars.Add(key, scalar);
        }

        return scalar;
    }
}
