using System.Security.Cryptography;
using System.Text;
using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx.Tests;

/// <summary>
/// A home with one model of a single node, written by hand: <c>dense_3 = Log(input_1)</c>, fed like the NSFW classifier MobileNetV2. A black
/// picture gives minus infinity.
/// </summary>
internal sealed class TinyModel : IDisposable
{
    public TinyModel()
    {
        Home = new SafetyHome(Directory.CreateTempSubdirectory("safetysdk-onnx-").FullName);
        Folder = Path.Combine(Home.ModelsDirectory, Recipe.Name);
        Directory.CreateDirectory(Folder);
        Write(Graph());
    }

    public static TensorRecipe Recipe => TensorRecipe.NsfwMobileNetV2;

    public SafetyHome Home { get; }

    public string Folder { get; }

    public string ModelPath => Path.Combine(Folder, "model.onnx");

    public OnnxModel Open() => OnnxModel.Open(Home, Recipe, ["dense_3"], new OnnxOptions { IntraOpThreads = 1 });

    /// <summary>Writes the model and a manifest that fits it.</summary>
    public void Write(byte[] model, Func<ModelManifest, ModelManifest>? change = null)
    {
        File.WriteAllBytes(ModelPath, model);
        var manifest = new ModelManifest
        {
            Name = Recipe.Name,
            Version = "test",
            Role = "nsfw",
            File = "model.onnx",
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(model)),
            Bytes = model.Length,
            Source = new() { Package = "none", Version = "0", Integrity = "none", Files = [] },
            Licence = "MIT",
            LicenceNote = "none",
            Inputs =
            [
                new()
                {
                    Name = "input_1",
                    Layout = "nhwc",
                    Width = 224,
                    Height = 224,
                    Colour = "rgb",
                    Mean = [0, 0, 0],
                    Std = [255, 255, 255],
                    Resample = "bilinear-align-corners",
                    Fit = "squash",
                },
            ],
            Outputs = [new() { Name = "dense_3", Meaning = "logarithms" }],
        };
        using FileStream stream = File.Create(Path.Combine(Folder, ModelManifest.FileName));
        (change?.Invoke(manifest) ?? manifest).Write(stream);
    }

    /// <summary>The model's bytes.</summary>
    /// <param name="side">Width and height of its input.</param>
    public static byte[] Graph(int side = 224)
    {
        byte[] node = [.. Field(1, "input_1"), .. Field(2, "dense_3"), .. Field(4, "Log")];
        byte[] graph = [.. Field(1, node), .. Field(2, "g"), .. Field(11, Value("input_1", side)), .. Field(12, Value("dense_3", side))];
        return [.. Field(1, 8), .. Field(7, graph), .. Field(8, [.. Field(2, 13)])];
    }

    public void Dispose() => Directory.Delete(Home.Path, recursive: true);

    private static byte[] Value(string name, int side)
    {
        byte[] shape = [.. Field(1, Field(2, "N")), .. Field(1, Field(1, side)), .. Field(1, Field(1, side)), .. Field(1, Field(1, 3))];
        byte[] tensor = [.. Field(1, 1), .. Field(2, shape)];
        return [.. Field(1, name), .. Field(2, Field(1, tensor))];
    }

    private static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int number, byte[] bytes) => [.. Varint((number << 3) | 2), .. Varint(bytes.Length), .. bytes];

    private static byte[] Field(int number, int value) => [.. Varint(number << 3), .. Varint(value)];

    private static byte[] Varint(int value)
    {
        var bytes = new List<byte>();
        for (; value >= 128; value >>= 7)
        {
            bytes.Add((byte)(value | 128));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }
}
