namespace SafetySdk.Models.Conversion;

/// <summary>
/// The networks of @vladmandic/face-api, whose package holds weights but no topology. Sources: src/ssdMobilenetv1/*.ts,
/// src/xception/TinyXception.ts and src/ageGenderNet/AgeGenderNet.ts of version 1.7.15.
/// </summary>
internal static class FaceApiNetworks
{
    private const int SsdSize = 512;
    private const int AgeSize = 112;
    private const int SsdClasses = 3;
    private const int BoxValues = 4;
    private const int FaceClass = 1;
    private const float SsdEpsilon = 0.0010000000474974513f;

    /// <summary>
    /// SSD MobileNetV1: picture [N,512,512,3], RGB 0..255, to <c>boxes</c> [N,5118,4] (ymin, xmin, ymax, xmax as fractions of the square)
    /// and <c>scores</c> [N,5118].
    /// </summary>
    public static OnnxGraph SsdMobileNetV1(IReadOnlyDictionary<string, WeightTensor> weights)
    {
        NetworkBuilder network = new("face-ssd-mobilenet-v1");
        NetworkValue x = network.ImageInput("image", SsdSize, SsdSize, 3);
        x = network.Binary("Div", x, 127.5f, "scaled");
        x = network.Binary("Sub", x, 1f, "normalised");
        x = Pointwise(x, "MobilenetV1/Conv2d_0_pointwise", "convolution_bn_offset", stride: 2);
        NetworkValue? eleventh = null;
        for (int i = 1; i <= 13; i++)
        {
            string prefix = $"MobilenetV1/Conv2d_{i}_depthwise";
            x = network.DepthwiseConvolution(x, Weight($"{prefix}/depthwise_weights"), Same(i is 2 or 4 or 6 or 12 ? 2 : 1), null, $"{prefix}/conv");
            x = network.BatchNormalization(
                x,
                Weight($"{prefix}/BatchNorm/gamma"),
                Weight($"{prefix}/BatchNorm/beta"),
                Weight($"{prefix}/BatchNorm/moving_mean"),
                Weight($"{prefix}/BatchNorm/moving_variance"),
                SsdEpsilon,
                $"{prefix}/norm");
            x = network.Relu6(x, $"{prefix}/relu6");
            x = Pointwise(x, $"MobilenetV1/Conv2d_{i}_pointwise", "convolution_bn_offset", stride: 1);
            eleventh = i == 11 ? x : eleventh;
        }

        List<NetworkValue> maps = [eleventh!.Value, x];
        for (int k = 0; k < 8; k++)
        {
            x = Pointwise(x, $"Prediction/Conv2d_{k}_pointwise", "convolution_bn_offset", stride: k % 2 == 0 ? 1 : 2);
            if (k % 2 == 1)
            {
                maps.Add(x);
            }
        }

        List<NetworkValue> encodings = [];
        List<NetworkValue> classes = [];
        for (int m = 0; m < maps.Count; m++)
        {
            encodings.Add(Head(maps[m], $"Prediction/BoxPredictor_{m}/BoxEncodingPredictor", BoxValues));
            classes.Add(Head(maps[m], $"Prediction/BoxPredictor_{m}/ClassPredictor", SsdClasses));
        }

        NetworkValue boxes = Decode(network, network.Concat([.. encodings], 1, "encodings"), Weight("Output/extra_dim"));
        NetworkValue logit = network.Select(network.Concat([.. classes], 1, "classes"), axis: 2, FaceClass, "logits");
        network.Output(boxes, "boxes");
        network.Output(network.Unary("Sigmoid", logit, "probabilities"), "scores");
        return network.Graph;

        WeightTensor Weight(string name) => Find(weights, name);

        NetworkValue Pointwise(NetworkValue input, string prefix, string bias, int stride)
        {
            NetworkValue sum = network.Convolution(
                input, Weight($"{prefix}/weights"), Same(stride), Weight($"{prefix}/{bias}"), $"{prefix}/conv");
            return network.Relu6(sum, $"{prefix}/relu6");
        }

        NetworkValue Head(NetworkValue input, string prefix, int values)
        {
            NetworkValue map = network.Convolution(input, Weight($"{prefix}/weights"), Same(1), Weight($"{prefix}/biases"), $"{prefix}/conv");
            return network.Reshape(map, [0, -1, values], $"{prefix}/anchors");
        }
    }

    /// <summary>
    /// TinyXception: face [N,112,112,3], RGB 0..255, to <c>age</c> [N,1] in years and <c>gender</c> [N,2] (male, female; they sum to one).
    /// </summary>
    public static OnnxGraph AgeGender(IReadOnlyDictionary<string, WeightTensor> weights)
    {
        NetworkBuilder network = new("age-faceapi");
        NetworkValue x = network.ImageInput("image", AgeSize, AgeSize, 3);
        x = network.Binary("Sub", x, [3, 1, 1], [122.782f, 117.001f, 104.298f], "centred");
        x = network.Binary("Div", x, 255f, "normalised");
        x = network.Unary("Relu", Convolution(x, "entry_flow/conv_in", stride: 2), "entry_flow/relu");
        x = Reduction(x, "entry_flow/reduction_block_0", activateFirst: false);
        x = Reduction(x, "entry_flow/reduction_block_1", activateFirst: true);
        for (int i = 0; i < 2; i++)
        {
            NetworkValue inner = x;
            for (int j = 0; j < 3; j++)
            {
                string prefix = $"middle_flow/main_block_{i}/separable_conv{j}";
                inner = Separable(network.Unary("Relu", inner, $"{prefix}/relu"), prefix);
            }

            x = network.Binary("Add", inner, x, $"middle_flow/main_block_{i}/sum");
        }

        x = Reduction(x, "exit_flow/reduction_block", activateFirst: true);
        x = network.Unary("Relu", Separable(x, "exit_flow/separable_conv"), "exit_flow/relu");
        x = network.AveragePool(x, (7, 7), new Window((2, 2), PaddingRule.Valid), "features/pool");
        x = network.Flatten(x, "features");
        NetworkValue age = network.Dense(x, Weight("fc/age/weights"), Weight("fc/age/bias"), "years");
        NetworkValue gender = network.Dense(x, Weight("fc/gender/weights"), Weight("fc/gender/bias"), "gender_logits");
        network.Output(age, "age");
        network.Output(network.Softmax(gender, "gender_probabilities"), "gender");
        return network.Graph;

        WeightTensor Weight(string name) => Find(weights, name);

        NetworkValue Convolution(NetworkValue input, string prefix, int stride) =>
            network.Convolution(input, Weight($"{prefix}/filters"), Same(stride), Weight($"{prefix}/bias"), $"{prefix}/conv");

        NetworkValue Separable(NetworkValue input, string prefix)
        {
            NetworkValue depthwise = network.DepthwiseConvolution(
                input, Weight($"{prefix}/depthwise_filter"), Same(1), null, $"{prefix}/depthwise");
            return network.Convolution(depthwise, Weight($"{prefix}/pointwise_filter"), Same(1), Weight($"{prefix}/bias"), $"{prefix}/pointwise");
        }

        NetworkValue Reduction(NetworkValue input, string prefix, bool activateFirst)
        {
            NetworkValue inner = activateFirst ? network.Unary("Relu", input, $"{prefix}/relu0") : input;
            inner = Separable(inner, $"{prefix}/separable_conv0");
            inner = Separable(network.Unary("Relu", inner, $"{prefix}/relu1"), $"{prefix}/separable_conv1");
            inner = network.MaxPool(inner, (3, 3), Same(2), $"{prefix}/pool");
            return network.Binary("Add", inner, Convolution(input, $"{prefix}/expansion_conv", stride: 2), $"{prefix}/sum");
        }
    }

    /// <summary>Turns encodings (ty, tx, th, tw) relative to the anchors into boxes; src/ssdMobilenetv1/outputLayer.ts.</summary>
    private static NetworkValue Decode(NetworkBuilder network, NetworkValue encodings, WeightTensor anchorTable)
    {
        float[] anchors = anchorTable.ToSingles();
        int count = anchors.Length / BoxValues;
        float[] sizes = new float[count * 2];
        float[] centres = new float[count * 2];
        for (int i = 0; i < count; i++)
        {
            for (int axis = 0; axis < 2; axis++)
            {
                float minimum = anchors[(i * BoxValues) + axis];
                float size = anchors[(i * BoxValues) + axis + 2] - minimum;
                sizes[(i * 2) + axis] = size;
                centres[(i * 2) + axis] = minimum + (size / 2);
            }
        }

        int[] shape = [1, count, 2];
        NetworkValue offset = network.Binary("Div", network.Slice(encodings, 2, 0, 2, "offset_codes"), 10f, "offsets_relative");
        offset = network.Binary("Mul", offset, shape, sizes, "offsets");
        NetworkValue centre = network.Binary("Add", offset, shape, centres, "centres");
        NetworkValue extent = network.Binary("Div", network.Slice(encodings, 2, 2, 4, "size_codes"), 5f, "sizes_logarithmic");
        extent = network.Binary("Mul", network.Unary("Exp", extent, "sizes_relative"), shape, sizes, "sizes");
        NetworkValue half = network.Binary("Div", extent, 2f, "half_sizes");
        return network.Concat(
            [network.Binary("Sub", centre, half, "corners_first"), network.Binary("Add", centre, half, "corners_last")], 2, "corners");
    }

    private static Window Same(int stride) => new((stride, stride), PaddingRule.Same);

    private static WeightTensor Find(IReadOnlyDictionary<string, WeightTensor> weights, string name) =>
        weights.TryGetValue(name, out WeightTensor? weight) ? weight : throw new InvalidDataException($"The weights have no tensor {name}.");
}
