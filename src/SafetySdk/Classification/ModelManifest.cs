using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafetySdk.Classification;

/// <summary>
/// What a restored model folder holds and how the model is fed: the content of its <c>model.json</c>.
/// Written when the model is restored, read before a session is made of it. Immutable, safe for concurrent use.
/// </summary>
public sealed record ModelManifest
{
    /// <summary>Name of the manifest in the model's folder.</summary>
    public const string FileName = "model.json";

    /// <summary>The command that obtains the models; every message about a missing or damaged file names it.</summary>
    public const string RestoreCommand = "safety models restore";

    // A manifest is a few kilobytes; more is not a manifest.
    private const long MaximumBytes = 1 << 20;

    private static readonly SearchValues<char> LowerHexadecimal = SearchValues.Create("0123456789abcdef");

    /// <summary>Name of the model, which is also the name of its folder.</summary>
    public required string Name { get; init; }

    /// <summary>Version of the converted model: it changes whenever the file may answer differently.</summary>
    public required string Version { get; init; }

    /// <summary>
    /// What the model is for: <c>nsfw</c>, <c>face-detection</c>, <c>age</c>, <c>objects</c>, <c>text-detection</c> and so on.
    /// </summary>
    public required string Role { get; init; }

    /// <summary>Name of the ONNX file in the folder; a bare file name.</summary>
    public required string File { get; init; }

    /// <summary>SHA-256 of the ONNX file, 64 lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Length of the ONNX file in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Where the weights come from.</summary>
    public required ModelSource Source { get; init; }

    /// <summary>Licence of the weights, an SPDX expression, or <c>NOASSERTION</c> where none is stated.</summary>
    public required string Licence { get; init; }

    /// <summary>What a user of the weights should know besides the licence.</summary>
    public required string LicenceNote { get; init; }

    /// <summary>The input tensors, in the order of the graph.</summary>
    public required IReadOnlyList<ModelInput> Inputs { get; init; }

    /// <summary>The output tensors, in the order of the graph.</summary>
    public required IReadOnlyList<ModelOutput> Outputs { get; init; }

    /// <summary>Class names in the order of the model's classes; empty where the model has no named classes.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Further files of the folder that belong to the model.</summary>
    public IReadOnlyList<ModelFile> ExtraFiles { get; init; } = [];

    /// <summary>Reads the manifest of a model folder. The files it names are not opened: see <see cref="Verify"/>.</summary>
    /// <param name="folder">The model's folder; its last part is the model's name in messages.</param>
    /// <returns>The manifest, with bare file names, well-formed digests and lengths that are not negative.</returns>
    /// <exception cref="ModelException"><see cref="ModelError.Missing"/> where there is no manifest, <see cref="ModelError.Damaged"/> where
    /// it is not a manifest.</exception>
    public static ModelManifest Read(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string name = NameOf(folder);
        string path = Path.Combine(folder, FileName);
        ModelManifest? manifest;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > MaximumBytes)
            {
                throw Damaged(name, $"{path} is {stream.Length} bytes long; a manifest has at most {MaximumBytes}");
            }

            manifest = JsonSerializer.Deserialize(stream, ModelManifestJsonContext.Default.ModelManifest);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelException(
                ModelError.Missing, name, $"The model {name} is missing: there is no {path}. Run: {RestoreCommand}", e);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Damaged(name, $"{path} cannot be read as a manifest: {e.Message}", e);
        }

        if (manifest is null)
        {
            throw Damaged(name, $"{path} holds no manifest");
        }

        CheckFile(name, manifest.File, manifest.Sha256, manifest.Bytes);
        foreach (ModelFile file in manifest.ExtraFiles)
        {
            CheckFile(name, file.Name, file.Sha256, file.Bytes);
        }

        return manifest;
    }

    /// <summary>
    /// Compares length and SHA-256 of the ONNX file and of every extra file with what the manifest says. Reads the files whole; a 25 MB
    /// model takes some 20 ms on a recent processor.
    /// </summary>
    /// <param name="folder">The model's folder.</param>
    /// <exception cref="ModelException"><see cref="ModelError.Missing"/> where a file is absent, <see cref="ModelError.Damaged"/> where it
    /// is not the one that was restored.</exception>
    public void Verify(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        VerifyFile(folder, File, Sha256, Bytes);
        foreach (ModelFile file in ExtraFiles)
        {
            VerifyFile(folder, file.Name, file.Sha256, file.Bytes);
        }
    }

    /// <summary>Writes the manifest as indented UTF-8 JSON.</summary>
    /// <param name="stream">Where to write; neither flushed nor closed.</param>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        JsonSerializer.Serialize(stream, this, ModelManifestJsonContext.Default.ModelManifest);
    }

    private static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    private static ModelException Damaged(string name, string what, Exception? inner = null) =>
        new(ModelError.Damaged, name, $"The model {name} is damaged: {what}. Run: {RestoreCommand}", inner);

    private void VerifyFile(string folder, string file, string sha256, long bytes)
    {
        string path = Path.Combine(folder, file);
        string found;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            // The length first: a truncated file need not be read.
            if (stream.Length != bytes)
            {
                throw Damaged(Name, $"{path} is {stream.Length} bytes long where the manifest says {bytes}");
            }

            found = Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelException(
                ModelError.Missing, Name, $"The model {Name} is incomplete: there is no {path}. Run: {RestoreCommand}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Damaged(Name, $"{path} cannot be read: {e.Message}", e);
        }

        if (found != sha256)
        {
            throw Damaged(Name, $"{path} has the SHA-256 {found} where the manifest says {sha256}");
        }
    }

    private static void CheckFile(string name, string file, string sha256, long bytes)
    {
        // The manifest decides which files are opened, so it must not point outside its folder.
        if (file.Length == 0 || file is "." or ".." || file.AsSpan().IndexOfAny('/', '\\', ':') >= 0)
        {
            throw Damaged(name, $"its manifest names the file '{file}', which is not a bare file name");
        }

        if (sha256.Length != 64 || sha256.AsSpan().ContainsAnyExcept(LowerHexadecimal))
        {
            throw Damaged(name, $"its manifest gives '{file}' a SHA-256 that is not 64 lower-case hexadecimal digits");
        }

        if (bytes < 0)
        {
            throw Damaged(name, $"its manifest gives '{file}' a negative length");
        }
    }
}

/// <summary>The package that a model was made of.</summary>
public sealed record ModelSource
{
    /// <summary>Name of the package.</summary>
    public required string Package { get; init; }

    /// <summary>Version of the package.</summary>
    public required string Version { get; init; }

    /// <summary>The registry's integrity of the package's archive: <c>sha512-</c> and the digest in base64.</summary>
    public required string Integrity { get; init; }

    /// <summary>The files of the package that the model was made of; names are paths in the package.</summary>
    public required IReadOnlyList<ModelFile> Files { get; init; }
}

/// <summary>A file with its digest.</summary>
public sealed record ModelFile
{
    /// <summary>Name, or path where the documentation of the holder says so.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256, 64 lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Length in bytes.</summary>
    public required long Bytes { get; init; }
}

/// <summary>
/// How an input tensor is made of a picture: crop by <see cref="Fit"/>, resample to <see cref="Width"/> x <see cref="Height"/> by
/// <see cref="Resample"/>, put the channels in the order of <see cref="Colour"/>, and compute (v - <see cref="Mean"/>[c]) /
/// <see cref="Std"/>[c]
/// of every value v in 0..255, unrounded.
/// </summary>
public sealed record ModelInput
{
    /// <summary>Name of the input in the graph.</summary>
    public required string Name { get; init; }

    /// <summary><c>nhwc</c> or <c>nchw</c>, float32; the batch may be any number of pictures.</summary>
    public required string Layout { get; init; }

    /// <summary>Width in pixels; 0 where the graph takes any.</summary>
    public required int Width { get; init; }

    /// <summary>Height in pixels; 0 where the graph takes any.</summary>
    public required int Height { get; init; }

    /// <summary><c>rgb</c> or <c>bgr</c>: the order of the tensor's channels.</summary>
    public required string Colour { get; init; }

    /// <summary>Subtracted from 0..255 values, one per channel of the tensor, by position.</summary>
    public required IReadOnlyList<double> Mean { get; init; }

    /// <summary>Divides after the mean, one per channel of the tensor, by position.</summary>
    public required IReadOnlyList<double> Std { get; init; }

    /// <summary>
    /// <c>bilinear-align-corners</c>, <c>bilinear-asymmetric</c> or <c>bilinear-half-pixel</c>; none of them antialiases.
    /// </summary>
    public required string Resample { get; init; }

    /// <summary>
    /// <c>squash</c> (the whole picture, proportions not kept), <c>pad-top-left</c> (zeros right or below up to a square),
    /// <c>square-crop</c> (around a face, see <see cref="CropScale"/>), <c>limit-960-multiple-32</c> (text detection) or
    /// <c>line-pad-right</c> (a text line at full height, zeros after normalisation on the right).
    /// </summary>
    public required string Fit { get; init; }

    /// <summary>Side of the square crop as a multiple of the longer side of the box; 0 where <see cref="Fit"/> is no square crop.</summary>
    public double CropScale { get; init; }
}

/// <summary>An output tensor of a model.</summary>
public sealed record ModelOutput
{
    /// <summary>Name of the output in the graph.</summary>
    public required string Name { get; init; }

    /// <summary>What its values mean, with shape, order and units.</summary>
    public required string Meaning { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(ModelManifest))]
internal sealed partial class ModelManifestJsonContext : JsonSerializerContext;
