using System.Text.Json;

namespace SafetySdk.Models.Conversion;

/// <summary>Converts a TensorFlow.js layers-model (a Keras model) to ONNX.</summary>
internal static class LayersModelConverter
{
    /// <summary>Converts the model.</summary>
    /// <param name="name">Name of the graph.</param>
    /// <param name="model">The object with <c>modelTopology</c>.</param>
    /// <param name="weights">Its weights.</param>
    /// <returns>The ONNX model.</returns>
    /// <exception cref="InvalidDataException">A layer is not known, or does not fit its weights.</exception>
    public static OnnxGraph Convert(string name, JsonElement model, IReadOnlyDictionary<string, WeightTensor> weights)
    {
        JsonElement config = model.GetProperty("modelTopology").GetProperty("model_config").GetProperty("config");
        NetworkBuilder network = new(name);
        Dictionary<string, NetworkValue> values = new(StringComparer.Ordinal);
        foreach (JsonElement layer in config.GetProperty("layers").EnumerateArray())
        {
            string layerName = Text(layer, "name");
            values.Add(layerName, Add(network, layer, layerName, Inputs(layer, values, layerName), weights));
        }

        foreach (JsonElement output in config.GetProperty("output_layers").EnumerateArray())
        {
            string layerName = output[0].GetString() ?? "";
            // The layer's own name is taken by its value, and a graph output must be some node's own output.
            network.Output(values[layerName], layerName);
        }

        return network.Graph;
    }

    private static NetworkValue[] Inputs(JsonElement layer, Dictionary<string, NetworkValue> values, string name)
    {
        JsonElement nodes = layer.GetProperty("inbound_nodes");
        if (nodes.GetArrayLength() == 0)
        {
            return [];
        }

        if (nodes.GetArrayLength() > 1)
        {
            throw new InvalidDataException($"The layer {name} is used more than once, which is not supported.");
        }

        return
        [
            .. nodes[0].EnumerateArray().Select(input => values.TryGetValue(input[0].GetString() ?? "", out NetworkValue value)
                ? value
                : throw new InvalidDataException($"The layer {name} is listed before its input {input[0].GetString()}.")),
        ];
    }

    private static NetworkValue Add(
        NetworkBuilder network, JsonElement layer, string name, NetworkValue[] inputs, IReadOnlyDictionary<string, WeightTensor> weights)
    {
        JsonElement config = layer.GetProperty("config");
        string kind = Text(layer, "class_name");
        // The layer's name belongs to its last node: an activation behind the layer's own operator takes it.
        string activation = config.TryGetProperty("activation", out JsonElement function) ? function.GetString() ?? "linear" : "linear";
        string inner = $"{name}/value";
        switch (kind)
        {
            case "InputLayer":
                JsonElement shape = config.GetProperty("batch_input_shape");
                return network.ImageInput(name, shape[1].GetInt32(), shape[2].GetInt32(), shape[3].GetInt32());
            case "Conv2D":
                NetworkValue convolution = network.Convolution(inputs[0], Weight("kernel"), Window(config), Bias(), inner);
                return network.Activation(convolution, activation, $"{name}/activation");
            case "DepthwiseConv2D":
                NetworkValue depthwise = network.DepthwiseConvolution(inputs[0], Weight("depthwise_kernel"), Window(config), Bias(), inner);
                return network.Activation(depthwise, activation, $"{name}/activation");
            case "Dense":
                NetworkValue dense = network.Dense(inputs[0], Weight("kernel"), Bias(), inner);
                return network.Activation(dense, activation, $"{name}/activation");
            case "BatchNormalization":
                return network.BatchNormalization(
                    inputs[0], Optional("gamma"), Optional("beta"), Weight("moving_mean"), Weight("moving_variance"),
                    config.GetProperty("epsilon").GetSingle(), inner);
            case "Activation":
                return network.Activation(inputs[0], activation, inner);
            case "ReLU":
                return config.TryGetProperty("max_value", out JsonElement maximum) && maximum.ValueKind == JsonValueKind.Number
                    ? maximum.GetDouble() == 6
                        ? network.Relu6(inputs[0], inner)
                        : throw new InvalidDataException($"The layer {name} clips at {maximum.GetDouble()}, which is not supported.")
                    : network.Unary("Relu", inputs[0], inner);
            case "ZeroPadding2D":
                JsonElement padding = config.GetProperty("padding");
                int[] paddings =
                [
                    0, 0, padding[0][0].GetInt32(), padding[0][1].GetInt32(), padding[1][0].GetInt32(), padding[1][1].GetInt32(), 0, 0,
                ];
                return network.Pad(inputs[0], paddings, 0, inner);
            case "MaxPooling2D":
                return network.MaxPool(inputs[0], Pair(config, "pool_size"), Window(config), inner);
            case "AveragePooling2D":
                return network.AveragePool(inputs[0], Pair(config, "pool_size"), Window(config), inner);
            case "GlobalAveragePooling2D":
                return network.SpatialMean(inputs[0], keepDimensions: false, inner);
            case "Concatenate":
                return network.Concat(inputs, config.GetProperty("axis").GetInt32(), inner);
            case "Add":
                return inputs.Skip(1).Aggregate(inputs[0], (sum, next) => network.Binary("Add", sum, next, inner));
            case "Flatten":
                return network.Flatten(inputs[0], inner);
            case "Dropout":
                return inputs[0];
            default:
                throw new InvalidDataException($"The layer {name} is a {kind}, which is not known.");
        }

        WeightTensor Weight(string part) => Optional(part) ?? throw new InvalidDataException($"The layer {name} has no {part} among the weights.");

        WeightTensor? Optional(string part) => weights.GetValueOrDefault($"{name}/{part}");

        WeightTensor? Bias() => Optional("bias");
    }

    private static Window Window(JsonElement config) => new(
        Pair(config, "strides"),
        Text(config, "padding") switch
        {
            "same" => PaddingRule.Same,
            "valid" => PaddingRule.Valid,
            string other => throw new InvalidDataException($"The padding {other} is not known."),
        },
        config.TryGetProperty("dilation_rate", out JsonElement dilation) ? (dilation[0].GetInt32(), dilation[1].GetInt32()) : null);

    private static (int Y, int X) Pair(JsonElement config, string property)
    {
        JsonElement pair = config.GetProperty(property);
        return (pair[0].GetInt32(), pair[1].GetInt32());
    }

    private static string Text(JsonElement element, string property) =>
        element.GetProperty(property).GetString() ?? throw new InvalidDataException($"The model has no {property} where one is expected.");
}
