using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using SafetySdk.Models.Conversion;

namespace SafetySdk.Models.Tests.Conversion;

/// <summary>The shape of converted graphs; what they compute is tested against the original networks.</summary>
public sealed class ConverterTests
{
    private static readonly string Same = Convert.ToBase64String(Encoding.ASCII.GetBytes("SAME"));

    [Fact]
    public void A_quantised_kernel_stays_bytes_in_the_inner_order()
    {
        WeightTensor kernel = new("k", [1, 1, 2, 3], WeightStorage.UInt8, isInteger: false, new byte[] { 0, 1, 2, 3, 4, 5 }, 0.5, -1);
        NetworkBuilder network = new("t");
        NetworkValue x = network.ImageInput("x", 4, 4, 2);
        network.Output(network.Convolution(x, kernel, new Window((1, 1), PaddingRule.Same), null, "y"), "out");

        OnnxModel model = new(network.Graph.ToModel());

        Assert.Equal(["Transpose", "DequantizeLinear", "Conv", "Transpose", "Identity"], model.Operations);
        Assert.Equal([3, 2, 1, 1], model.Initializers["k/quantised"].Integers(1));
        Assert.Equal([0, 3, 1, 4, 2, 5], model.Initializers["k/quantised"].Bytes(9).ToArray());
        Assert.Equal([-1f, 0.5f, -0.5f, 1f, 0f, 1.5f], model.Weight("k")!);
        Assert.Equal("SAME_UPPER", model.Attribute("Conv", "auto_pad").Text(4));
    }

    [Fact]
    public void A_dilated_convolution_gets_its_pads_spelled_out()
    {
        NetworkBuilder network = new("t");
        NetworkValue x = network.ImageInput("x", 8, 8, 1);
        network.Convolution(x, Floats("k", [2, 3, 1, 1]), new Window((1, 1), PaddingRule.Same, (3, 2)), null, "y");

        OnnxModel model = new(network.Graph.ToModel());

        Assert.Equal([1, 2, 2, 2], model.Attribute("Conv", "pads").Integers(8));
        Assert.Equal([3, 2], model.Attribute("Conv", "dilations").Integers(8));
    }

    [Fact]
    public void A_transposition_between_the_orders_only_relabels()
    {
        NetworkBuilder network = new("t");
        NetworkValue x = network.Input("x", 3, 8, 8);
        NetworkValue logical = network.Transpose(x, [0, 2, 3, 1], "a");
        Assert.Equal(("x", true), (logical.Name, logical.ChannelsFirst));
        Assert.Equal(x, network.Transpose(logical, [0, 3, 1, 2], "b"));
        Assert.Equal(0, network.Graph.NodeCount);
    }

    [Fact]
    public void Padding_follows_the_stored_order()
    {
        NetworkBuilder network = new("t");
        network.Pad(network.ImageInput("x", 4, 4, 1), [0, 0, 1, 2, 3, 4, 0, 0], 0, "y");

        OnnxModel model = new(network.Graph.ToModel());

        Assert.Equal([0L, 0, 1, 3, 0, 0, 2, 4], MemoryMarshal.Cast<byte, long>(model.Initializers["y/pads"].Bytes(9).Span).ToArray());
    }

    [Fact]
    public void A_constant_meets_a_picture_by_its_channels()
    {
        NetworkBuilder network = new("t");
        NetworkValue x = network.ImageInput("x", 4, 4, 3);
        network.Binary("Mul", x, Floats("v", [3]), constantFirst: true, "y");
        network.Binary("Mul", x, Floats("m", [1, 2, 3]), constantFirst: false, "z");

        OnnxModel model = new(network.Graph.ToModel());

        Assert.Equal([3, 1, 1], model.Initializers["v"].Integers(1));
        Assert.Equal([3, 1, 2], model.Initializers["m"].Integers(1));
        Assert.Equal([0f, 3f, 1f, 4f, 2f, 5f], model.Floats("m"));
        Assert.Equal(["v", "x/nchw"], model.Nodes[1].Texts(1));
    }

    [Fact]
    public void A_graph_is_sorted_and_only_what_the_outputs_need_is_converted()
    {
        string json = """
            {"modelTopology":{"node":[
              {"name":"out","op":"Relu","input":["sum"]},
              {"name":"unused","op":"NoSuchOperator","input":["sum"]},
              {"name":"sum","op":"AddV2","input":["conv","conv:0","^out"]},
              {"name":"conv","op":"Conv2D","input":["x","k"],"attr":{"padding":{"s":"SAME64"},"strides":{"list":{"i":["1","2","2","1"]}},"dilations":{"list":{}}}},
              {"name":"k","op":"Const"},
              {"name":"x","op":"Placeholder","attr":{"shape":{"shape":{"dim":[{"size":"-1"},{"size":"8"},{"size":"8"},{"size":"1"}]}}}}]}}
            """.Replace("SAME64", Same, StringComparison.Ordinal);

        OnnxModel model = new(Convert1(json, "out").ToModel());

        Assert.Equal(["Transpose", "Conv", "Add", "Relu", "Transpose", "Identity"], model.Operations);
        Assert.Equal("out", model.Graph.Message(12).Text(1));
        Assert.Equal([2, 2], model.Attribute("Conv", "strides").Integers(8));
    }

    [Theory]
    [InlineData("unknown", "NoSuchOperator")]
    [InlineData("absent", "no node")]
    [InlineData("loop", "cycle")]
    [InlineData("constant", "computed value")]
    public void A_graph_that_cannot_be_converted_is_refused(string output, string reason)
    {
        const string json = """
            {"modelTopology":{"node":[
              {"name":"unknown","op":"NoSuchOperator","input":["x"]},
              {"name":"loop","op":"Relu","input":["again"]},
              {"name":"again","op":"Relu","input":["loop"]},
              {"name":"constant","op":"Const"},
              {"name":"x","op":"Placeholder","attr":{"shape":{"shape":{"dim":[{"size":"1"},{"size":"8"},{"size":"8"},{"size":"1"}]}}}}]}}
            """;
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Convert1(json, output));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_become_nodes_and_unknown_ones_are_refused()
    {
        static string Model(string kind) => """
            {"modelTopology":{"model_config":{"config":{"output_layers":[["d",0,0]],"layers":[
              {"name":"in","class_name":"InputLayer","config":{"batch_input_shape":[null,4,4,2]},"inbound_nodes":[]},
              {"name":"n","class_name":"BatchNormalization","config":{"epsilon":0.001},"inbound_nodes":[[["in",0,0,{}]]]},
              {"name":"p","class_name":"KIND","config":{"pool_size":[4,4],"strides":[4,4],"padding":"valid"},"inbound_nodes":[[["n",0,0,{}]]]},
              {"name":"f","class_name":"Flatten","config":{},"inbound_nodes":[[["p",0,0,{}]]]},
              {"name":"d","class_name":"Dense","config":{"activation":"softmax"},"inbound_nodes":[[["f",0,0,{}]]]}]}}}}
            """.Replace("KIND", kind, StringComparison.Ordinal);
        Dictionary<string, WeightTensor> weights = new()
        {
            ["n/moving_mean"] = Floats("n/moving_mean", [2]),
            ["n/moving_variance"] = Floats("n/moving_variance", [2]),
            ["d/kernel"] = Floats("d/kernel", [2, 3]),
            ["d/bias"] = Floats("d/bias", [3]),
        };

        OnnxModel model = new(
            LayersModelConverter.Convert("t", JsonDocument.Parse(Model("AveragePooling2D")).RootElement, weights).ToModel());

        Assert.Equal(
            ["Transpose", "BatchNormalization", "AveragePool", "Transpose", "Flatten", "MatMul", "Add", "Softmax", "Identity"], model.Operations);
        Assert.Equal([0], model.Attribute("AveragePool", "count_include_pad").Integers(3));
        Assert.Equal(0.001f, model.Attribute("BatchNormalization", "epsilon").Single(2));
        // No gamma and no beta among the weights.
        Assert.Equal([1f, 1f], model.Floats("n/value/ones"));
        Assert.Equal([0f, 0f], model.Floats("n/value/zeros"));
        Assert.Throws<InvalidDataException>(
            () => LayersModelConverter.Convert("t", JsonDocument.Parse(Model("Lambda")).RootElement, weights));
        weights.Remove("d/kernel");
        Assert.Throws<InvalidDataException>(
            () => LayersModelConverter.Convert("t", JsonDocument.Parse(Model("AveragePooling2D")).RootElement, weights));
    }

    private static OnnxGraph Convert1(string json, string output) => GraphModelConverter.Convert(
        "t", JsonDocument.Parse(json).RootElement, new Dictionary<string, WeightTensor> { ["k"] = Floats("k", [3, 3, 1, 1]) }, [output]);

    /// <summary>A float tensor holding 0, 1, 2, ...</summary>
    private static WeightTensor Floats(string name, int[] shape)
    {
        float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, static (count, size) => count * size)).Select(static value => (float)value)];
        return new WeightTensor(name, shape, WeightStorage.Float32, isInteger: false, MemoryMarshal.AsBytes<float>(values).ToArray(), 1, 0);
    }
}
