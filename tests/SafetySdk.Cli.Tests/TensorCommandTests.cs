using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using SafetySdk.Decoding.Vips;
using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Images;

namespace SafetySdk.Cli.Tests;

/// <summary><c>safety images tensor</c> against the library's own tensor of the same picture, read back from the file.</summary>
public sealed class TensorCommandTests
{
    [Theory]
    [InlineData("nsfw-inception-v3")]
    [InlineData("objects-nanodet")]
    [InlineData("face-ssd-mobilenet-v1")]
    public void A_model_gets_its_own_tensor(string model)
    {
        string photo = Photograph.Of("user1-128x128.jpg");
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "t.npy");
        CommandRun run = CommandRun.Of("images", "tensor", photo, "--recipe", model, "--out", file, "--format", "json");
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        TensorRecipe recipe = TensorRecipe.Find(model)!;
        Assert.Equal("float32", run.Json.GetProperty("dtype").GetString());
        float[] expected = new float[recipe.ElementCount];
        using DecodedImage image = Decode(photo);
        ImageTensor.Write(image.Pixels, recipe, expected);
        string shape = recipe.Layout == TensorLayout.Nchw ? $"(1, 3, {recipe.Height}, {recipe.Width})" : $"(1, {recipe.Height}, {recipe.Width}, 3)";
        Assert.Equal(MemoryMarshal.AsBytes<float>(expected), Body(file, "<f4", shape));
    }

    [Fact]
    public void Every_resampling_type_and_layout_is_written()
    {
        string photo = Photograph.Of("user1-128x128.jpg");
        using DecodedImage image = Decode(photo);
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "t.npy");
        foreach (string name in ResampleModes.Names)
        {
            foreach (string layout in new[] { "nchw", "nhwc" })
            {
                var recipe = new TensorRecipe
                {
                    Name = name,
                    Width = 40,
                    Height = 30,
                    Resample = ResampleModes.Find(name)!.Value,
                    Layout = layout == "nchw" ? TensorLayout.Nchw : TensorLayout.Nhwc,
                };
                string shape = layout == "nchw" ? "(1, 3, 30, 40)" : "(1, 30, 40, 3)";
                byte[] levels = new byte[recipe.ElementCount];
                ImageTensor.Write(image.Pixels, Whole(image), recipe, levels);
                Assert.Equal(levels, Tensor("uint8", "|u1", shape));
                Half[] halves = new Half[recipe.ElementCount];
                ImageTensor.Write(image.Pixels, Whole(image), recipe, halves);
                Assert.Equal(MemoryMarshal.AsBytes<Half>(halves), Tensor("float16", "<f2", shape));
                float[] singles = new float[recipe.ElementCount];
                ImageTensor.Write(image.Pixels, recipe, singles);
                Assert.Equal(MemoryMarshal.AsBytes<float>(singles), Tensor("float32", "<f4", shape));

                byte[] Tensor(string type, string descr, string shape)
                {
                    CommandRun run = CommandRun.Of(
                        "images", "tensor", photo, "--recipe", name, "--size", "40x30", "--dtype", type, "--layout", layout, "--out", file);
                    Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
                    return Body(file, descr, shape);
                }
            }
        }
    }

    [Fact]
    public void Shaping_options_reach_the_recipe()
    {
        string photo = Photograph.Of("user1-128x128.jpg");
        using DecodedImage image = Decode(photo);
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "t.npy");
        TensorRecipe recipe = new TensorRecipe
        {
            Name = "pillow-bicubic",
            Width = 48,
            Height = 32,
            Resample = ResampleMode.PillowBicubic,
            Fit = TensorFit.Letterbox,
            Anchor = TensorAnchor.BottomRight,
            PadColour = new(0x72, 0x73, 0x74),
            Order = ChannelOrder.Bgr,
            Layout = TensorLayout.Nchw,
        }.WithUnitNormalisation(new(0.1, 0.2, 0.3), new(0.4, 0.5, 0.6));
        float[] expected = new float[recipe.ElementCount];
        ImageTensor.Write(image.Pixels, new(10, 20, 100, 90), recipe, expected);
        CommandRun run = CommandRun.Of(
            "images", "tensor", photo, "--recipe", "pillow-bicubic", "--size", "48x32", "--out", file, "--fit", "letterbox", "--anchor",
            "bottom-right",
            "--pad-colour", "727374", "--order", "bgr", "--mean", "0.1,0.2,0.3", "--std", "0.4,0.5,0.6", "--crop", "10,20,100,90");
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal(MemoryMarshal.AsBytes<float>(expected), Body(file, "<f4", "(1, 3, 32, 48)"));
    }

    [Fact]
    public void Decoding_options_reach_the_decoder()
    {
        using var folder = new TemporaryFolder();
        // Left transparent red, right opaque blue; stored turned by a quarter.
        byte[] png = new PngWriter(2, 1, 6, 8).With("eXIf", JpegWriter.Exif(6)).Write((x, _, c) => (c == 3 ? x == 1 : c == 2 * x) ? 255 : 0);
        string picture = Path.Combine(folder.Path, "p.png");
        File.WriteAllBytes(picture, png);

        Assert.Equal([255, 255, 255, 0, 0, 255], Levels("1x2"));
        Assert.Equal([0, 16, 32, 0, 0, 255], Levels("1x2", "--background", "001020"));
        Assert.Equal([255, 0, 0, 0, 0, 255], Levels("1x2", "--alpha", "drop"));
        Assert.Equal([255, 0, 0, 0, 0, 255], Levels("2x1", "--alpha", "drop", "--orientation", "ignore"));

        File.WriteAllBytes(picture, png[..^12]);
        CommandRun refused = CommandRun.Of("images", "tensor", picture, "--recipe", "nearest", "--size", "1x2", "--out", picture + ".npy");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Equal([255, 0, 0, 0, 0, 255], Levels("1x2", "--alpha", "drop", "--allow-truncated"));

        byte[] Levels(string size, params string[] arguments)
        {
            string file = Path.Combine(folder.Path, "t.npy");
            CommandRun run = CommandRun.Of(
            [
                "images", "tensor", picture, "--recipe", "nearest", "--size", size, "--dtype", "uint8", "--layout", "nhwc", "--out", file,
                .. arguments,
            ]);
            Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
            return Body(file, "|u1", size == "1x2" ? "(1, 2, 1, 3)" : "(1, 1, 2, 3)");
        }
    }

    [Theory]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--background", "white")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--alpha", "keep")]
    [InlineData("--recipe", "pillow-bicubic")]
    [InlineData("--recipe", "bicubic", "--size", "8x8")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "0x8")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "16384x16384")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--mean", "0,0,0")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--range", "1,1")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--pad-colour", "red")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--range=-1e308,1e308")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--mean", "0,0,0", "--std", "1e-320,1,1")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--shortest-edge", "9")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--fit", "centre-crop", "--shortest-edge", "0")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--fit", "centre-crop", "--anchor", "top-left")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--pad-colour", "000000")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--dtype", "uint8", "--range", "0,1")]
    [InlineData("--recipe", "pillow-bicubic", "--size", "8x8", "--crop", "0,0,1,1", "--shrink-on-load")]
    [InlineData("--recipe", "age-faceres", "--crop", "0,0,1,1", "--shrink-on-load")]
    [InlineData("--recipe", "nsfw-inception-v3", "--size", "8x8")]
    [InlineData("--recipe", "nsfw-inception-v3", "--layout", "nchw")]
    [InlineData("--recipe", "nsfw-inception-v3", "--order", "bgr")]
    [InlineData("--recipe", "ocr-detection")]
    [InlineData("--size", "8x8")]
    public void Wrong_usage_is_refused_before_the_picture_is_read(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "t.npy");
        CommandRun run = CommandRun.Of(["images", "tensor", Path.Combine(folder.Path, "absent.jpg"), "--out", file, .. arguments]);
        Assert.Equal(64, run.ExitCode);
        Assert.NotEmpty(run.Error);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void What_cannot_be_written_is_said()
    {
        string photo = Photograph.Of("user1-128x128.jpg");
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "absent", "t.npy");
        CommandRun run = CommandRun.Of("images", "tensor", photo, "--recipe", "nearest", "--size", "8x8", "--out", file);
        Assert.Equal((65, $"safety: {file}: cannot be written (DirectoryNotFoundException)."), (run.ExitCode, run.Error.TrimEnd()));
        Assert.Equal(64, CommandRun.Of("images", "tensor", photo, "--recipe", "nearest", "--size", "8x8", "--out", "").ExitCode);
    }

    [Theory]
    // 1280 / 4 is 3.3 x 96, 960 / 4 is 3.3 x 72: a quarter for a squash.
    [InlineData("96x72", "squash", null, 4)]
    // The middle of a picture that is as large as the source: nothing may be left out, however small the middle is.
    [InlineData("32x32", "centre-crop", 960, 1)]
    [InlineData("32x32", "centre-crop", 145, 2)]
    [InlineData("96x96", "letterbox", null, 4)]
    public void A_jpeg_is_decoded_smaller_by_the_size_before_a_crop(string size, string fit, int? edge, int factor)
    {
        using var folder = new TemporaryFolder();
        string picture = Path.Combine(folder.Path, "p.jpg"), file = Path.Combine(folder.Path, "t.npy");
        byte[] jpeg = new JpegWriter(1280, 960, 1).WithOrientation(6).Write((x, y, _) => (int)(127 + (90 * Math.Sin(x * 0.09)) + (30 * Math.Cos(y * 0.2))));
        File.WriteAllBytes(picture, jpeg);
        // Stored turned: as displayed the sides are exchanged.
        string[] sides = size.Split('x');
        (int width, int height) = (int.Parse(sides[1], CultureInfo.InvariantCulture), int.Parse(sides[0], CultureInfo.InvariantCulture));
        string[] edges = edge is null ? [] : ["--shortest-edge", $"{edge}"];
        CommandRun run = CommandRun.Of(
        [
            "images", "tensor", picture, "--recipe", "pillow-bilinear", "--size", $"{width}x{height}", "--fit", fit, "--dtype", "uint8",
            "--out", file, "--shrink-on-load", .. edges,
        ]);
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        TensorRecipe recipe = new()
        {
            Name = "shrunk",
            Width = width,
            Height = height,
            Resample = ResampleMode.PillowBilinear,
            Layout = TensorLayout.Nchw,
            Fit = fit switch { "squash" => TensorFit.Squash, "letterbox" => TensorFit.Letterbox, _ => TensorFit.CentreCrop },
            ShortestEdge = edge ?? 0,
        };
        var decoder = new VipsImageDecoder(TestEnvironment.Home);
        int[] same = [.. new[] { 1, 2, 4, 8 }.Where(f =>
        {
            DecodeOptions options = DecodeOptions.Default with { ShrinkTowards = new(960 * 10 / (33 * f), 1280 * 10 / (33 * f)) };
            byte[] levels = new byte[recipe.ElementCount];
            Assert.Equal(f, ImageTensor.Decode(decoder, jpeg, options, recipe, levels).ShrinkFactor);
            return levels.AsSpan().SequenceEqual(Body(file, "|u1", $"(1, 3, {height}, {width})"));
        })];
        Assert.Equal([factor], same);
    }

    [Fact]
    public void A_face_model_needs_the_face()
    {
        string photo = Photograph.Of("user1-128x128.jpg");
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "t.npy");
        Assert.Equal(64, CommandRun.Of("images", "tensor", photo, "--recipe", "age-faceres", "--out", file).ExitCode);
        Assert.Equal(0, CommandRun.Of("images", "tensor", photo, "--recipe", "age-faceres", "--out", file, "--crop", "30,30.5,60,70").ExitCode);
        using DecodedImage image = Decode(photo);
        float[] expected = new float[TensorRecipe.AgeFaceres.ElementCount];
        ImageTensor.Write(
            image.Pixels, PixelRectangle.SquareAround(30, 30.5, 60, 70, TensorRecipe.AgeFaceres.CropScale, 128, 128), TensorRecipe.AgeFaceres, expected);
        Assert.Equal(MemoryMarshal.AsBytes<float>(expected), Body(file, "<f4", "(1, 224, 224, 3)"));
    }

    private static PixelRectangle Whole(DecodedImage image) => new(0, 0, image.Pixels.Width, image.Pixels.Height);

    private static DecodedImage Decode(string file) => new VipsImageDecoder(TestEnvironment.Home).Decode(File.ReadAllBytes(file), DecodeOptions.Default);

    // The format as numpy.lib.format states it, read without the writer's help.
    private static byte[] Body(string file, string descr, string shape)
    {
        byte[] bytes = File.ReadAllBytes(file);
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0], bytes[..8]);
        int end = 10 + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        Assert.Equal(0, end % 64);
        Assert.Equal($"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}", Encoding.ASCII.GetString(bytes[10..end]).TrimEnd());
        Assert.Equal((byte)'\n', bytes[end - 1]);
        return bytes[end..];
    }
}
