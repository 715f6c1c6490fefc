using System.Text;
using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx.Tests;

public sealed class OnnxModelTests
{
    [Fact]
    public void Runs_and_refuses_values_that_are_not_finite()
    {
        using var tiny = new TinyModel();
        using OnnxModel model = tiny.Open();
        using PixelBuffer white = PixelBuffer.FromRgb([255, 255, 255], 1, 1);
        using (ModelOutputs outputs = model.Run(white))
        {
            Assert.Equal([1, 224, 224, 3], outputs.Shape(0));
            Assert.All(outputs.Values(0).ToArray(), static v => Assert.Equal(0, v, 1e-6f));
            Assert.Throws<InferenceException>(() => outputs.Values(0, 5).Length);
        }

        using PixelBuffer black = PixelBuffer.FromRgb([0, 0, 0], 1, 1);
        InferenceException e = Assert.Throws<InferenceException>(() => model.Run(black));
        Assert.Contains("nsfw-mobilenet-v2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_folder_is_missing()
    {
        ModelException e = Assert.Throws<ModelException>(
            static () => OnnxImageAnalyzer.Load(new SafetyHome(Path.Combine(Path.GetTempPath(), "safetysdk-absent"))));
        Check(e, ModelError.Missing);
    }

    [Fact]
    public void A_missing_file_is_missing()
    {
        using var tiny = new TinyModel();
        File.Delete(tiny.ModelPath);
        using OnnxModel model = tiny.Open();
        Check(Assert.Throws<ModelException>(model.Warm), ModelError.Missing);
    }

    [Fact]
    public void A_changed_byte_is_damage_and_a_repair_is_seen()
    {
        using var tiny = new TinyModel();
        byte[] bytes = TinyModel.Graph();
        bytes[^1] ^= 1;
        File.WriteAllBytes(tiny.ModelPath, bytes);
        using OnnxModel model = tiny.Open();
        Check(Assert.Throws<ModelException>(model.Warm), ModelError.Damaged);
        bytes[^1] ^= 1;
        File.WriteAllBytes(tiny.ModelPath, bytes);
        model.Warm();
    }

    [Fact]
    public void A_damaged_manifest_is_damage()
    {
        using var tiny = new TinyModel();
        File.WriteAllText(Path.Combine(tiny.Folder, ModelManifest.FileName), "{");
        Check(Assert.Throws<ModelException>(() => tiny.Open()), ModelError.Damaged);
    }

    [Theory]
    [InlineData("layout")]
    [InlineData("size")]
    [InlineData("colour order")]
    [InlineData("mean")]
    [InlineData("deviation")]
    [InlineData("resampling")]
    [InlineData("fit")]
    [InlineData("crop scale")]
    public void A_manifest_that_asks_for_other_input_is_a_mismatch(string what)
    {
        using var tiny = new TinyModel();
        tiny.Write(TinyModel.Graph(), m => m with
        {
            Inputs =
            [
                what switch
                {
                    "layout" => m.Inputs[0] with { Layout = "nchw" },
                    "size" => m.Inputs[0] with { Height = 299 },
                    "colour order" => m.Inputs[0] with { Colour = "bgr" },
                    "mean" => m.Inputs[0] with { Mean = [0, 1, 0] },
                    "deviation" => m.Inputs[0] with { Std = [255, 255] },
                    "resampling" => m.Inputs[0] with { Resample = "bilinear-half-pixel" },
                    "fit" => m.Inputs[0] with { Fit = "pad-top-left" },
                    _ => m.Inputs[0] with { CropScale = 1 },
                },
            ],
        });
        ModelException e = Assert.Throws<ModelException>(() => tiny.Open());
        Check(e, ModelError.Mismatch);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_names_are_a_mismatch()
    {
        using var tiny = new TinyModel();
        foreach (Func<ModelManifest, ModelManifest> change in new Func<ModelManifest, ModelManifest>[]
        {
            static m => m with { Name = "other" },
            static m => m with { Inputs = [] },
            static m => m with { Outputs = [] },
            static m => m with { Outputs = [m.Outputs[0], m.Outputs[0]] },
        })
        {
            tiny.Write(TinyModel.Graph(), change);
            Check(Assert.Throws<ModelException>(() => tiny.Open()), ModelError.Mismatch);
        }
    }

    [Fact]
    public void A_graph_of_another_shape_is_a_mismatch()
    {
        using var tiny = new TinyModel();
        tiny.Write(TinyModel.Graph(side: 299));
        using OnnxModel model = tiny.Open();
        Check(Assert.Throws<ModelException>(model.Warm), ModelError.Mismatch);
    }

    [Fact]
    public void A_file_that_is_no_model_is_a_mismatch()
    {
        using var tiny = new TinyModel();
        tiny.Write(Encoding.UTF8.GetBytes("no model, but with a digest that fits"));
        using OnnxModel model = tiny.Open();
        Check(Assert.Throws<ModelException>(model.Warm), ModelError.Mismatch);
    }

    [Fact]
    public void A_detector_that_fails_is_a_failure_and_leaves_the_person_unknown()
    {
        // Every model is the real one but for a classifier that answers with other values than five.
        using var tiny = new TinyModel();
        foreach (TensorRecipe recipe in TensorRecipe.All.Where(static r => r != TinyModel.Recipe))
        {
            Directory.CreateSymbolicLink(Path.Combine(tiny.Home.ModelsDirectory, recipe.Name), TestEnvironment.Model(recipe.Name));
        }

        using OnnxImageAnalyzer analyzer = OnnxImageAnalyzer.Load(tiny.Home, new OnnxOptions { IntraOpThreads = 1, ReadText = false });
        using PixelBuffer image = GoldenData.Photograph("Family1-Son1");
        ImageAnalysis analysis = analyzer.Analyze(image, TestContext.Current.CancellationToken);
        CheckFailure failure = Assert.Single(analysis.Failures);
        Assert.Equal("nsfw-inception-v3+nsfw-mobilenet-v2", failure.Check);
        Assert.Equal(CheckFailureKind.Fault, failure.Kind);
        Assert.Equal(PersonPresence.Unknown, analysis.Person);
        Assert.DoesNotContain(analysis.Signals, static s => s.Category is SafetyCategory.Sexual or SafetyCategory.SexualSuggestive);

        // What the others saw still counts.
        Assert.Contains(analysis.Signals, static s => s.Category == SafetyCategory.ChildPhoto && s.Score >= 0.5);
    }

    [Fact]
    public void A_fault_keeps_its_message_to_itself()
    {
        var failures = new List<CheckFailure>();
        Assert.Null(OnnxImageAnalyzer.Attempt<string>(
            "check", failures, static () => throw new InvalidOperationException("pixels"), TestContext.Current.CancellationToken));
        Assert.DoesNotContain("pixels", Assert.Single(failures).Message, StringComparison.Ordinal);
        Assert.Throws<ModelException>(() => OnnxImageAnalyzer.Attempt<string>(
            "check", failures, static () => throw new ModelException(ModelError.Missing, "m", "gone"), TestContext.Current.CancellationToken));
    }

    private static void Check(ModelException e, ModelError error)
    {
        Assert.Equal(error, e.Error);
        Assert.StartsWith("nsfw-", e.Model, StringComparison.Ordinal);
        Assert.Contains(e.Model, e.Message, StringComparison.Ordinal);
        Assert.Contains("safety models restore", e.Message, StringComparison.Ordinal);
    }
}
