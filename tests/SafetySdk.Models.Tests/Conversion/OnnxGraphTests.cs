using SafetySdk.Models.Conversion;

namespace SafetySdk.Models.Tests.Conversion;

public sealed class OnnxGraphTests
{
    [Fact]
    public void A_model_reads_back_as_it_was_written()
    {
        OnnxGraph graph = new("tiny");
        graph.AddInput(graph.Reserve("x"), 300, 3);
        string weight = graph.AddInitializer<float>("w", [2, 1], [1.5f, -2f]);
        string steps = graph.AddInitializer<long>("steps", [2], [-1L, 1L << 40]);
        string bytes = graph.AddInitializer<byte>("bytes", [], [200]);
        graph.AddNode(
            "Conv",
            [graph.Reserve("x2"), "", weight],
            ["y"],
            new OnnxAttribute("pads", new long[] { 0, 1, -1 }),
            new OnnxAttribute("alpha", 0.25f),
            new OnnxAttribute("group", 128L),
            new OnnxAttribute("auto_pad", "SAME_UPPER"));
        graph.AddOutput("y", 2);

        OnnxModel model = new(graph.ToModel());

        Assert.Equal([8], model.Message.Integers(1));
        Assert.Equal("", model.Message.Message(8).Text(1));
        Assert.Equal([17], model.Message.Message(8).Integers(2));
        Assert.Equal("tiny", model.Graph.Text(2));
        ProtobufMessage node = Assert.Single(model.Nodes);
        Assert.Equal(["x2", "", "w"], node.Texts(1));
        Assert.Equal(["y"], node.Texts(2));
        ProtobufMessage[] attributes = node.Messages(5);
        Assert.Equal(["pads", "alpha", "group", "auto_pad"], attributes.Select(static attribute => attribute.Text(1)));
        Assert.Equal([0, 1, -1], attributes[0].Integers(8));
        Assert.Equal([7], attributes[0].Integers(20));
        Assert.Equal(0.25f, attributes[1].Single(2));
        Assert.Equal([1], attributes[1].Integers(20));
        Assert.Equal([128], attributes[2].Integers(3));
        Assert.Equal("SAME_UPPER", attributes[3].Text(4));
        Assert.Equal([1.5f, -2f], model.Floats("w"));
        Assert.Equal([2, 1], model.Initializers["w"].Integers(1));
        Assert.Equal([1], model.Initializers["w"].Integers(2));
        Assert.Equal([7], model.Initializers[steps].Integers(2));
        Assert.Equal([2], model.Initializers[bytes].Integers(2));
        ProtobufMessage tensor = model.Graph.Message(11).Message(2).Message(1);
        ProtobufMessage[] dimensions = tensor.Message(2).Messages(1);
        Assert.Equal("N", dimensions[0].Text(2));
        Assert.Equal([300], dimensions[1].Integers(1));
        Assert.Equal("y", model.Graph.Message(12).Text(1));
    }

    [Fact]
    public void A_name_is_given_once()
    {
        OnnxGraph graph = new("names");
        Assert.Equal("a", graph.Reserve("a"));
        Assert.Equal("a__1", graph.Reserve("a"));
        Assert.Equal("a__2", graph.Reserve("a"));
    }
}
