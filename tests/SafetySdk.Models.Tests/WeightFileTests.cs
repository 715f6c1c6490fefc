using System.Text.Json;
using SafetySdk.Classification;

namespace SafetySdk.Models.Tests;

/// <summary>The restored models hold the weights that the reference measured in the packages' files.</summary>
public sealed class WeightFileTests
{
    private static readonly Dictionary<string, string> Models = new()
    {
        ["nsfw_inception_v3"] = "nsfw-inception-v3",
        ["nsfw_mobilenet_v2"] = "nsfw-mobilenet-v2",
        ["faceapi_ssd_mobilenetv1"] = "face-ssd-mobilenet-v1",
        ["faceapi_age_gender"] = "age-faceapi",
        ["faceres"] = "age-faceres",
        ["nanodet"] = "objects-nanodet",
        ["centernet"] = "objects-centernet",
    };

    public static TheoryData<string> References => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(References))]
    public void Sources_have_the_known_digests(string reference)
    {
        JsonElement expected = Reference(reference);
        ModelManifest manifest = ModelManifest.Read(TestEnvironment.Model(Models[reference]));
        Assert.Equal(
            expected.GetProperty("files").EnumerateArray()
                .Select(static file => (file.GetProperty("path").GetString(), file.GetProperty("bytes").GetInt64(), file.GetProperty("sha256").GetString()))
                .Order(),
            manifest.Source.Files.Select(static file => ((string?)file.Name, file.Bytes, (string?)file.Sha256)).Order());
    }

    [Theory]
    [MemberData(nameof(References))]
    public void Weights_have_the_known_values(string reference)
    {
        JsonElement expected = Reference(reference);
        string folder = TestEnvironment.Model(Models[reference]);
        OnnxModel model = new(File.ReadAllBytes(Path.Combine(folder, "model.onnx")));
        int seen = 0;
        foreach (JsonElement sample in expected.GetProperty("samples").EnumerateArray())
        {
            string name = sample.GetProperty("name").GetString()!;
            // Shape constants and the cut tail of a graph are not in the model.
            if (model.Weight(name) is not { } values)
            {
                continue;
            }

            seen++;
            // Reordering keeps sums; only vectors keep their order.
            double magnitude = Math.Max(1, sample.GetProperty("abs_sum").GetDouble());
            Assert.Equal(sample.GetProperty("sum").GetDouble(), values.Sum(static value => (double)value), 1e-5 * magnitude);
            Assert.Equal(sample.GetProperty("abs_sum").GetDouble(), values.Sum(static value => Math.Abs((double)value)), 1e-5 * magnitude);
            if (sample.GetProperty("shape").GetArrayLength() == 1)
            {
                foreach ((int index, JsonElement value) in sample.GetProperty("first4").EnumerateArray().Index())
                {
                    Assert.Equal(value.GetDouble(), values[index], 1e-5 * Math.Max(1, Math.Abs(value.GetDouble())));
                }
            }
        }

        Assert.True(seen >= 2, $"only {seen} samples of {reference} are in the model");
    }

    [Fact]
    public void Published_models_are_taken_as_they_are()
    {
        JsonElement expected = Reference("pp-ocr");
        foreach (string model in (string[])["ocr-detection", "ocr-recognition", "ocr-direction"])
        {
            ModelManifest manifest = ModelManifest.Read(TestEnvironment.Model(model));
            foreach (ModelFile file in manifest.Source.Files)
            {
                JsonElement known = expected.GetProperty("files").EnumerateArray().Single(item => item.GetProperty("path").GetString() == file.Name);
                Assert.Equal(known.GetProperty("sha256").GetString(), file.Sha256);
            }

            Assert.Equal(manifest.Source.Files[0].Sha256, manifest.Sha256);
        }
    }

    private static JsonElement Reference(string model) =>
        JsonDocument.Parse(File.ReadAllBytes(TestEnvironment.Shared("testdata", "models", "weights.json"))).RootElement.EnumerateArray()
            .Single(item => item.GetProperty("model").GetString() == model);
}
