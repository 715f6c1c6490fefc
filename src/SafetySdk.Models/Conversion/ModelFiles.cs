using System.Buffers;
using System.Text.Json;

namespace SafetySdk.Models.Conversion;

/// <summary>Reads the containers that the packages hold models in, and converts them.</summary>
internal static class ModelFiles
{
    /// <summary>nsfwjs: <c>model.min.js</c> and its shards, all in one folder of the package.</summary>
    public static byte[] ConvertScripts(string name, string folder, IReadOnlyDictionary<string, byte[]> files)
    {
        using JsonDocument model = JavaScriptLiteral.ReadExports(files[$"{folder}/model.min.js"]);
        JsonElement manifest = model.RootElement.GetProperty("weightsManifest");
        byte[] data = Concatenate(manifest, path => JavaScriptLiteral.ReadBase64(File(files, $"{folder}/{path}.min.js")));
        return LayersModelConverter.Convert(name, model.RootElement, WeightTensor.ReadAll(manifest, data)).ToModel();
    }

    /// <summary>A graph-model: <c>name.json</c> and the weight files it names.</summary>
    public static byte[] ConvertGraph(string name, string modelPath, IReadOnlyDictionary<string, byte[]> files, IReadOnlyList<string> outputs)
    {
        using JsonDocument model = JsonDocument.Parse(files[modelPath]);
        JsonElement manifest = model.RootElement.GetProperty("weightsManifest");
        byte[] data = Concatenate(manifest, path => File(files, $"{modelPath[..modelPath.LastIndexOf('/')]}/{path}"));
        return GraphModelConverter.Convert(name, model.RootElement, WeightTensor.ReadAll(manifest, data), outputs).ToModel();
    }

    /// <summary>The weights of face-api: a manifest and the weight files it names, without a topology.</summary>
    public static Dictionary<string, WeightTensor> ReadWeights(string manifestPath, IReadOnlyDictionary<string, byte[]> files)
    {
        using JsonDocument manifest = JsonDocument.Parse(files[manifestPath]);
        byte[] data = Concatenate(manifest.RootElement, path => File(files, $"{manifestPath[..manifestPath.LastIndexOf('/')]}/{path}"));
        return WeightTensor.ReadAll(manifest.RootElement, data);
    }

    private static byte[] File(IReadOnlyDictionary<string, byte[]> files, string path) =>
        files.TryGetValue(path, out byte[]? content) ? content : throw new InvalidDataException($"The model names the weight file {path}.");

    private static byte[] Concatenate(JsonElement manifest, Func<string, byte[]> read)
    {
        ArrayBufferWriter<byte> data = new();
        foreach (JsonElement group in manifest.EnumerateArray())
        {
            foreach (JsonElement path in group.GetProperty("paths").EnumerateArray())
            {
                data.Write(read(path.GetString() ?? ""));
            }
        }

        return data.WrittenSpan.ToArray();
    }
}
