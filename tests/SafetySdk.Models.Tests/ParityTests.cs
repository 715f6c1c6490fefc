using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using SafetySdk.Classification;

namespace SafetySdk.Models.Tests;

/// <summary>The converted models answer as the originals do.</summary>
public sealed class ParityTests(ITestOutputHelper output)
{
    public static TheoryData<int> OwnCases => [.. Enumerable.Range(0, GoldenCase.Own.Count)];

    [Theory]
    [MemberData(nameof(OwnCases))]
    public void Restored_models_answer_like_the_originals(int index)
    {
        GoldenCase golden = GoldenCase.Own[index];
        Compare(golden);
    }

    [Theory]
    [InlineData("nsfw_inception_v3.json", "nsfw-inception-v3")]
    [InlineData("nsfw_mobilenet_v2.json", "nsfw-mobilenet-v2")]
    [InlineData("faceapi_ssd_mobilenetv1.json", "face-ssd-mobilenet-v1")]
    [InlineData("faceres.json", "age-faceres")]
    [InlineData("faceapi_age_gender.json", "age-faceapi")]
    [InlineData("nanodet.json", "objects-nanodet")]
    [InlineData("centernet.json", "objects-centernet")]
    public void Restored_models_answer_like_the_originals_on_the_shared_data(string file, string model)
    {
        foreach (GoldenCase golden in GoldenCase.Shared(file, model))
        {
            Compare(golden);
        }
    }

    [Theory]
    [InlineData("nsfw-inception-v3")]
    [InlineData("nsfw-mobilenet-v2")]
    [InlineData("face-ssd-mobilenet-v1")]
    [InlineData("age-faceres")]
    [InlineData("age-faceapi")]
    [InlineData("objects-nanodet")]
    [InlineData("objects-centernet")]
    public void A_batch_gives_every_picture_its_own_answer(string model)
    {
        using InferenceSession session = Open(model, out ModelManifest manifest);
        GoldenCase[] cases = [.. GoldenCase.Own.Where(golden => golden.Model == model)];
        Assert.Equal(2, cases.Length);
        float[][] both = Run(session, manifest, [2, .. cases[0].Shape[1..]], [.. cases[0].Input(), .. cases[1].Input()]);
        for (int picture = 0; picture < 2; picture++)
        {
            foreach ((JsonElement summary, int index) in Pair(cases[picture], manifest))
            {
                int length = both[index].Length / 2;
                cases[picture].Compare(summary, both[index].AsSpan(picture * length, length), $"picture {picture} of a batch");
            }
        }
    }

    [Fact]
    public void The_manifests_describe_the_graphs()
    {
        int seen = 0;
        foreach (ModelCatalogEntry entry in ModelCatalog.All)
        {
            if (!Directory.Exists(Path.Combine(TestEnvironment.Home.ModelsDirectory, entry.Name)))
            {
                continue;
            }

            using InferenceSession session = Open(entry.Name, out ModelManifest manifest);
            Assert.Equal(manifest.Inputs.Select(static input => input.Name), session.InputMetadata.Keys);
            Assert.Equal(manifest.Outputs.Select(static result => result.Name), session.OutputMetadata.Keys);
            seen++;
        }

        Assert.SkipWhen(seen == 0, "needs restored models: run native/restore.sh");
    }

    private static InferenceSession Open(string model, out ModelManifest manifest)
    {
        string folder = TestEnvironment.Model(model);
        manifest = ModelManifest.Read(folder);
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        options.AddSessionConfigEntry("session.disable_quant_qdq", "1");
        return new InferenceSession(Path.Combine(folder, manifest.File), options);
    }

    private static float[][] Run(InferenceSession session, ModelManifest manifest, long[] shape, float[] input)
    {
        using OrtValue tensor = OrtValue.CreateTensorValueFromMemory(input, shape);
        using RunOptions options = new();
        string[] outputs = [.. manifest.Outputs.Select(static result => result.Name)];
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, [manifest.Inputs[0].Name], [tensor], outputs);
        return [.. results.Select(static result => result.GetTensorDataAsSpan<float>().ToArray())];
    }

    /// <summary>Expected outputs with the index of the manifest's output of that name; the originals of face-api have no names.</summary>
    private static IEnumerable<(JsonElement Summary, int Index)> Pair(GoldenCase golden, ModelManifest manifest)
    {
        string[] names = [.. manifest.Outputs.Select(static result => result.Name)];
        int position = 0;
        foreach (JsonElement summary in golden.Outputs.EnumerateArray())
        {
            int named = Array.IndexOf(names, summary.GetProperty("name").GetString());
            yield return (summary, named >= 0 ? named : position);
            position++;
        }

        Assert.Equal(names.Length, position);
    }

    private void Compare(GoldenCase golden)
    {
        using InferenceSession session = Open(golden.Model, out ModelManifest manifest);
        float[][] results = Run(session, manifest, golden.Shape, golden.Input());
        foreach ((JsonElement summary, int index) in Pair(golden, manifest))
        {
            double difference = golden.Compare(summary, results[index], manifest.Outputs[index].Name);
            output.WriteLine($"{golden.Title}, {manifest.Outputs[index].Name}: largest difference {difference:E2}");
        }
    }
}
