using System.IO.Compression;
using System.Text;
using SafetySdk.Images;
using SafetySdk.Tests.Hashing;

namespace SafetySdk.Tests.Images;

/// <summary>How far the fast form may be from Pillow, that it is never used unasked, and that no form allocates.</summary>
public sealed class FastResizeTests
{
    private static readonly (int Width, int Height)[] Sizes = [(224, 224), (299, 299), (512, 384), (640, 640), (97, 31), (24, 18)];

    public static TheoryData<ResampleMode, int> PhotographBounds() => new()
    {
        { ResampleMode.PillowBox, 1 },
        { ResampleMode.PillowBilinear, 1 },
        { ResampleMode.PillowBicubic, 2 },
        { ResampleMode.PillowLanczos3, 2 },
    };

    public static TheoryData<ResampleMode, int> NoiseBounds() => new()
    {
        { ResampleMode.PillowBox, 1 },
        { ResampleMode.PillowBilinear, 1 },
        { ResampleMode.PillowBicubic, 2 },
        { ResampleMode.PillowLanczos3, 2 },
    };

    [Theory]
    [MemberData(nameof(PhotographBounds))]
    public void On_photographs_it_stays_within_its_bound(ResampleMode mode, int bound)
    {
        foreach (string name in new[] { "Family1-Dad1", "Family1-Son1", "faces" })
        {
            using PixelBuffer image = Photograph(TestEnvironment.Shared("testdata", "models", "raw", $"{name}.ppm.gz"));
            foreach ((int width, int height) in Sizes)
            {
                int most = Distance(image, mode, width, height);
                Assert.True(most <= bound, $"{name} to {width}x{height}: {most} levels");
            }
        }
    }

    [Theory]
    [MemberData(nameof(NoiseBounds))]
    public void On_noise_it_stays_within_its_worst_case(ResampleMode mode, int bound)
    {
        int worst = 0;
        foreach ((uint seed, int width, int height) in new[] { (1u, 217, 331), (2u, 640, 480), (3u, 40, 30), (4u, 1500, 700) })
        {
            using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", width, height, seed), width, height);
            foreach ((int newWidth, int newHeight) in Sizes)
            {
                worst = Math.Max(worst, Distance(image, mode, newWidth, newHeight));
            }
        }

        // Equal bytes would mean that the fast form did not run.
        Assert.InRange(worst, 1, bound);
    }

    [Fact]
    public void Exact_is_what_a_recipe_gets_unless_it_asks_for_fast()
    {
        var recipe = new TensorRecipe { Name = "r", Width = 64, Height = 48, Resample = ResampleMode.PillowBilinear };
        Assert.Equal(ResamplePrecision.Exact, recipe.Precision);
        Assert.All(TensorRecipe.All, r => Assert.Equal(ResamplePrecision.Exact, r.Precision));
        using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", 300, 200, 8), 300, 200);
        Assert.Equal(Levels(image, recipe), Resized(image, recipe.Resample, ResamplePrecision.Exact, 64, 48));
        Assert.Equal(Levels(image, recipe with { Precision = ResamplePrecision.Fast }), Resized(image, recipe.Resample, ResamplePrecision.Fast, 64, 48));
        Assert.NotEqual(Levels(image, recipe), Levels(image, recipe with { Precision = ResamplePrecision.Fast }));
    }

    [Theory]
    [InlineData(ResamplePrecision.Exact, 300, 200)]
    [InlineData(ResamplePrecision.Fast, 300, 200)]
    [InlineData(ResamplePrecision.Fast, 1300, 900)]
    [InlineData(ResamplePrecision.Fast, 50, 40)]
    public void In_steady_state_nothing_is_allocated(ResamplePrecision precision, int width, int height)
    {
        using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", width, height, 8), width, height);
        foreach (ResampleMode mode in Enum.GetValues<ResampleMode>())
        {
            TensorRecipe recipe = new()
            {
                Name = "r",
                Width = 64,
                Height = 48,
                Resample = mode,
                Precision = precision,
                Fit = TensorFit.Letterbox,
                Layout = TensorLayout.Nchw,
            };
            float[] singles = new float[recipe.ElementCount];
            byte[] levels = new byte[recipe.ElementCount];
            var whole = new PixelRectangle(0, 0, width, height);
            Assert.Equal(0, SteadyState.LeastAllocated(() =>
            {
                ImageTensor.Write(image, whole, recipe, singles);
                ImageTensor.Write(image, whole, recipe, levels);
            }));
        }
    }

    [Fact]
    public void Threads_share_tables_and_get_the_same_bytes()
    {
        using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", 300, 200, 8), 300, 200);
        byte[][] expected = [.. Enumerable.Range(40, 90).Select(side => Resized(image, ResampleMode.PillowBicubic, ResamplePrecision.Fast, side, side))];
        Parallel.For(0, 360, i => Assert.Equal(
            expected[i % 90], Resized(image, ResampleMode.PillowBicubic, ResamplePrecision.Fast, 40 + (i % 90), 40 + (i % 90))));
    }

    private static int Distance(PixelBuffer image, ResampleMode mode, int width, int height)
    {
        byte[] exact = Resized(image, mode, ResamplePrecision.Exact, width, height);
        byte[] fast = Resized(image, mode, ResamplePrecision.Fast, width, height);
        return exact.Zip(fast, (a, b) => Math.Abs(a - b)).Max();
    }

    private static byte[] Resized(PixelBuffer image, ResampleMode mode, ResamplePrecision precision, int width, int height)
    {
        byte[] resized = new byte[3 * width * height];
        ImageResizer.Resize(image, mode, precision, width, height, resized);
        return resized;
    }

    private static byte[] Levels(PixelBuffer image, TensorRecipe recipe)
    {
        byte[] levels = new byte[recipe.ElementCount];
        ImageTensor.Write(image, new(0, 0, image.Width, image.Height), recipe, levels);
        return levels;
    }

    // Binary PPM: P6, width, height, 255, one white space, pixels.
    private static PixelBuffer Photograph(string path)
    {
        using var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        byte[] file = memory.ToArray();
        string[] head = Encoding.ASCII.GetString(file, 0, 64).Split([' ', '\n'], 5);
        Assert.Equal("P6", head[0]);
        int width = int.Parse(head[1], System.Globalization.CultureInfo.InvariantCulture);
        int height = int.Parse(head[2], System.Globalization.CultureInfo.InvariantCulture);
        return PixelBuffer.FromRgb(file.AsSpan(file.Length - (3 * width * height)), width, height);
    }
}
