using SafetySdk.Classification;

namespace SafetySdk.Models.Tests;

public sealed class ModelManifestTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_manifest_reads_back_as_it_was_written()
    {
        ModelManifest manifest = Write();
        ModelManifest read = ModelManifest.Read(_folder.Path);
        Assert.Equal(
            (manifest.Name, manifest.Version, manifest.Role, manifest.File, manifest.Sha256, manifest.Bytes, manifest.Licence),
            (read.Name, read.Version, read.Role, read.File, read.Sha256, read.Bytes, read.Licence));
        ModelInput input = Assert.Single(read.Inputs);
        Assert.Equal(("x", "nhwc", 2, 3, "bgr", 1.4), (input.Name, input.Layout, input.Width, input.Height, input.Colour, input.CropScale));
        Assert.Equal([103.939, 116.779, 123.68], input.Mean);
        Assert.Equal("y", Assert.Single(read.Outputs).Name);
        Assert.Equal(["a", "b"], read.Labels);
        Assert.Equal("keys.txt", Assert.Single(read.ExtraFiles).Name);
        Assert.Equal("p.bin", Assert.Single(read.Source.Files).Name);
        read.Verify(_folder.Path);
        Assert.Contains("\"licence_note\"", File.ReadAllText(Path.Combine(_folder.Path, "model.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_manifest_says_how_to_restore()
    {
        ModelException e = Assert.Throws<ModelException>(() => ModelManifest.Read(Path.Combine(_folder.Path, "absent")));
        Assert.Equal(ModelError.Missing, e.Error);
        Assert.Equal("absent", e.Model);
        Assert.Contains("safety models restore", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"name\":\"x\"}")]
    [InlineData("not json")]
    public void A_malformed_manifest_is_damage(string json)
    {
        File.WriteAllText(Path.Combine(_folder.Path, "model.json"), json);
        ModelException e = Assert.Throws<ModelException>(() => ModelManifest.Read(_folder.Path));
        Assert.Equal(ModelError.Damaged, e.Error);
    }

    [Theory]
    [InlineData("\"file\": \"model.onnx\"", "\"file\": \"../model.onnx\"")]
    [InlineData("\"file\": \"model.onnx\"", "\"file\": \"a\\\\model.onnx\"")]
    [InlineData("\"file\": \"model.onnx\"", "\"file\": \"..\"")]
    [InlineData("\"file\": \"model.onnx\"", "\"file\": null")]
    [InlineData("\"name\": \"keys.txt\"", "\"name\": \"/etc/passwd\"")]
    [InlineData("\"bytes\": 3,", "\"bytes\": -3,")]
    [InlineData("\"sha256\": \"", "\"sha256\": \"A")]
    public void A_manifest_that_points_elsewhere_is_damage(string from, string to)
    {
        Write();
        string path = Path.Combine(_folder.Path, "model.json");
        string json = File.ReadAllText(path);
        Assert.Contains(from, json, StringComparison.Ordinal);
        File.WriteAllText(path, json.Replace(from, to, StringComparison.Ordinal));
        ModelException e = Assert.Throws<ModelException>(() => ModelManifest.Read(_folder.Path));
        Assert.Equal(ModelError.Damaged, e.Error);
    }

    [Fact]
    public void Altered_truncated_and_missing_files_are_told_apart()
    {
        ModelManifest manifest = Write();
        foreach (string file in (string[])["model.onnx", "keys.txt"])
        {
            string path = Path.Combine(_folder.Path, file);
            byte[] content = File.ReadAllBytes(path);
            content[^1] ^= 1;
            File.WriteAllBytes(path, content);
            Assert.Equal(ModelError.Damaged, Assert.Throws<ModelException>(() => manifest.Verify(_folder.Path)).Error);
            File.WriteAllBytes(path, content.AsSpan(1));
            Assert.Equal(ModelError.Damaged, Assert.Throws<ModelException>(() => manifest.Verify(_folder.Path)).Error);
            File.Delete(path);
            ModelException e = Assert.Throws<ModelException>(() => manifest.Verify(_folder.Path));
            Assert.Equal(ModelError.Missing, e.Error);
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
            Write();
        }
    }

    private ModelManifest Write()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "model.onnx"), "abc");
        File.WriteAllText(Path.Combine(_folder.Path, "keys.txt"), "abc");
        // SHA-256 of "abc", from FIPS 180-2.
        ModelFile abc = new() { Name = "keys.txt", Sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Bytes = 3 };
        ModelManifest manifest = new()
        {
            Name = "tiny",
            Version = "1",
            Role = "age",
            File = "model.onnx",
            Sha256 = abc.Sha256,
            Bytes = 3,
            Source = new ModelSource { Package = "p", Version = "1", Integrity = "sha512-", Files = [abc with { Name = "p.bin" }] },
            Licence = "MIT",
            LicenceNote = "none",
            Inputs =
            [
                new ModelInput
                {
                    Name = "x",
                    Layout = "nhwc",
                    Width = 2,
                    Height = 3,
                    Colour = "bgr",
                    Mean = [103.939, 116.779, 123.68],
                    Std = [1, 1, 1],
                    Resample = "bilinear-asymmetric",
                    Fit = "square-crop",
                    CropScale = 1.4,
                },
            ],
            Outputs = [new ModelOutput { Name = "y", Meaning = "years" }],
            Labels = ["a", "b"],
            ExtraFiles = [abc],
        };
        using FileStream stream = File.Create(Path.Combine(_folder.Path, "model.json"));
        manifest.Write(stream);
        return manifest;
    }
}
