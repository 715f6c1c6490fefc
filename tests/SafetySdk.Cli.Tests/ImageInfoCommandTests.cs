using SafetySdk.Decoding.Vips.Tests.Encoding;

namespace SafetySdk.Cli.Tests;

public sealed class ImageInfoCommandTests
{
    [Fact]
    public void It_says_what_a_picture_is_and_what_was_done()
    {
        using var folder = new TemporaryFolder();
        string png = Path.Combine(folder.Path, "p.png");
        File.WriteAllBytes(png, [.. new PngWriter(3, 2, 6, 16).With("eXIf", JpegWriter.Exif(6)).Write((_, _, _) => 1), 1, 2, 3]);
        string jpeg = Path.Combine(folder.Path, "j.jpg");
        File.WriteAllBytes(jpeg, new JpegWriter(9, 5, 1).Write((_, _, _) => 7));
        CommandRun run = CommandRun.Of("images", "info", png, jpeg);
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal(
            [
                $"{png}: png 2x3 (stored 3x2), 4 x 16 bit, orientation 6, alpha flattened, 3 bytes after the end of the picture",
                $"{jpeg}: jpeg 9x5, 1 x 8 bit",
            ],
            run.Output.TrimEnd().Split('\n'));

        run = CommandRun.Of("images", "info", png, "--format", "json", "--header-only", "--orientation", "ignore", "--alpha", "drop");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("png", run.Json.GetProperty("image_format").GetString());
        Assert.Equal((3, 2, 16), (run.Json.GetProperty("width").GetInt32(), run.Json.GetProperty("stored_height").GetInt32(), run.Json.GetProperty("bit_depth").GetInt32()));
        Assert.Equal((6, false), (run.Json.GetProperty("orientation").GetInt32(), run.Json.GetProperty("orientation_applied").GetBoolean()));
        Assert.Equal("dropped", run.Json.GetProperty("alpha").GetString());
    }

    [Fact]
    public void Data_that_ends_early_is_refused_unless_taken()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "j.jpg");
        byte[] whole = new JpegWriter(64, 64, 1).Write((x, y, _) => (x * y) & 255);
        File.WriteAllBytes(file, whole[..(whole.Length / 2)]);
        CommandRun run = CommandRun.Of("images", "info", file);
        Assert.Equal(65, run.ExitCode);
        Assert.Contains("not complete", run.Error, StringComparison.Ordinal);
        run = CommandRun.Of("images", "info", file, "--allow-truncated");
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Contains("damaged", run.Output, StringComparison.Ordinal);
    }
}
