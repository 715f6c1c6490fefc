using System.Text.Json;
using SafetySdk.Images;

namespace SafetySdk.Onnx.Tests;

public sealed class ImageTensorTests
{
    private static readonly TensorRecipe Plain = new() { Name = "plain", Width = 1, Height = 1, Resample = ResampleMode.BilinearAsymmetric };

    [Fact]
    public void Resizing_equals_the_reference()
    {
        using JsonDocument data = GoldenData.Json("preprocessing.json");
        int cases = 0;
        foreach (JsonElement c in data.RootElement.GetProperty("resize").EnumerateArray())
        {
            using PixelBuffer image = GoldenData.Formula(
                c.GetProperty("formula").GetString()!, c.GetProperty("p").GetUInt32(), c.GetProperty("w").GetInt32(), c.GetProperty("h").GetInt32());
            TensorRecipe recipe = Plain with
            {
                Width = c.GetProperty("out_w").GetInt32(),
                Height = c.GetProperty("out_h").GetInt32(),
                Resample = c.GetProperty("mode").GetString() switch
                {
                    "align_corners" => ResampleMode.BilinearAlignCorners,
                    "asymmetric" => ResampleMode.BilinearAsymmetric,
                    _ => ResampleMode.BilinearHalfPixel,
                },
            };
            var tensor = new float[recipe.ElementCount];
            ImageTensor.Write(image, recipe, tensor);
            GoldenData.AssertSummary(c, tensor, 1e-3, $"case {cases++}");
        }

        Assert.Equal(57, cases);
    }

    [Fact]
    public void Padding_puts_black_right_or_below()
    {
        using JsonDocument data = GoldenData.Json("preprocessing.json");
        int cases = 0;
        foreach (JsonElement c in data.RootElement.GetProperty("pad").EnumerateArray())
        {
            if (c.GetProperty("centred").GetBoolean())
            {
                continue;
            }

            cases++;
            using PixelBuffer image = GoldenData.Formula(
                c.GetProperty("formula").GetString()!, c.GetProperty("p").GetUInt32(), c.GetProperty("w").GetInt32(), c.GetProperty("h").GetInt32());
            int side = c.GetProperty("side").GetInt32();
            var tensor = new float[side * side * 3];
            ImageTensor.Write(image, Plain with { Width = side, Height = side, Fit = TensorFit.PadTopLeft }, tensor);
            Assert.Equal(c.GetProperty("last_nonzero").GetInt32(), Array.FindLastIndex(tensor, static v => v != 0));
            foreach (JsonElement probe in c.GetProperty("probes").EnumerateArray())
            {
                Assert.Equal(probe[1].GetSingle(), tensor[probe[0].GetInt32()]);
            }
        }

        Assert.True(cases > 0);
    }

    [Fact]
    public void Crops_equal_the_reference()
    {
        using JsonDocument data = GoldenData.Json("preprocessing.json");
        foreach (JsonElement c in data.RootElement.GetProperty("crop").EnumerateArray())
        {
            double[] box = [.. c.GetProperty("box_xywh").EnumerateArray().Select(static v => v.GetDouble())];
            int[] image = [.. c.GetProperty("image").EnumerateArray().Select(static v => v.GetInt32())];
            int[] want = [.. c.GetProperty("crop_ltwh").EnumerateArray().Select(static v => v.GetInt32())];
            Assert.Equal(
                new PixelRectangle(want[0], want[1], want[2], want[3]),
                PixelRectangle.SquareAround(box[0], box[1], box[2], box[3], c.GetProperty("scale").GetDouble(), image[0], image[1]));
        }
    }

    [Fact]
    public void Crop_is_cut_at_the_border()
    {
        Assert.Equal(new PixelRectangle(89, 50, 101, 101), PixelRectangle.SquareAround(100.4, 50.7, 80.2, 101.9, 1, 600, 400));
        Assert.Equal(new PixelRectangle(541, 336, 59, 64), PixelRectangle.SquareAround(560, 350, 60, 70, 1.4, 600, 400));
        Assert.Throws<ArgumentOutOfRangeException>(() => PixelRectangle.SquareAround(0, 0, double.NaN, 1, 1, 600, 400));
    }

    // A grey ramp 0, 30, 60, 90 of four columns brought to three.
    [Theory]
    [InlineData(ResampleMode.BilinearAlignCorners, 0, 45, 90)]
    [InlineData(ResampleMode.BilinearAsymmetric, 0, 40, 80)]
    [InlineData(ResampleMode.BilinearHalfPixel, 5, 45, 85)]
    public void Modes_place_samples(ResampleMode mode, float a, float b, float c)
    {
        using PixelBuffer image = Ramp();
        var tensor = new float[9];
        ImageTensor.Write(image, Plain with { Width = 3, Resample = mode }, tensor);
        float[] want = [a, a, a, b, b, b, c, c, c];
        for (int i = 0; i < want.Length; i++)
        {
            Assert.Equal(want[i], tensor[i], 1e-4f);
        }
    }

    [Fact]
    public void Channels_mean_and_layout_follow_the_recipe()
    {
        using PixelBuffer image = PixelBuffer.FromRgb([10, 20, 30, 40, 50, 60], 2, 1);
        var tensor = new float[6];
        TensorRecipe recipe = Plain with { Width = 2, Mean = new(1, 2, 3), Std = new(1, 2, 4) };

        ImageTensor.Write(image, recipe, tensor);
        Assert.Equal([9f, 9f, 6.75f, 39f, 24f, 14.25f], tensor);

        ImageTensor.Write(image, recipe with { Order = ChannelOrder.Bgr }, tensor);
        Assert.Equal([29f, 9f, 1.75f, 59f, 24f, 9.25f], tensor);

        ImageTensor.Write(image, recipe with { Order = ChannelOrder.Bgr, Layout = TensorLayout.Nchw }, tensor);
        Assert.Equal([29f, 59f, 9f, 24f, 1.75f, 9.25f], tensor);
    }

    [Fact]
    public void A_rectangle_is_a_picture_of_its_own()
    {
        using PixelBuffer image = GoldenData.Formula("noise", 5, 20, 12);
        using PixelBuffer part = PixelBuffer.Rent(7, 6);
        for (int y = 0; y < 6; y++)
        {
            image.Pixels.Slice((((y + 4) * 20) + 9) * 3, 21).CopyTo(part.Pixels[(y * 21)..]);
        }

        TensorRecipe recipe = Plain with { Width = 15, Height = 11, Resample = ResampleMode.BilinearHalfPixel, Fit = TensorFit.PadTopLeft };
        var want = new float[recipe.ElementCount];
        var got = new float[recipe.ElementCount];
        ImageTensor.Write(part, recipe, want);
        ImageTensor.Write(image, new PixelRectangle(9, 4, 7, 6), recipe, got);
        Assert.Equal(want, got);
        Assert.Throws<ArgumentException>(() => ImageTensor.Write(image, new PixelRectangle(14, 4, 7, 6), recipe, got));
    }

    [Fact]
    public void Lines_are_padded_with_zeros_after_normalisation()
    {
        using PixelBuffer image = PixelBuffer.FromRgb([255, 255, 255, 255, 255, 255], 2, 1);
        TensorRecipe recipe = TensorRecipe.TextRecognition with { Width = 5, Height = 2 };
        var tensor = new float[recipe.ElementCount];
        tensor.AsSpan().Fill(7);
        ImageTensor.Write(image, recipe, tensor);
        float[] row = [1, 1, 1, 1, 0];
        Assert.Equal([.. row, .. row, .. row, .. row, .. row, .. row], tensor);
    }

    [Fact]
    public void A_straight_quadrilateral_is_a_rectangle()
    {
        using PixelBuffer image = GoldenData.Formula("mix", 3, 40, 30);
        TensorRecipe recipe = Plain with { Width = 33, Height = 9, Resample = ResampleMode.BilinearHalfPixel };
        var want = new float[recipe.ElementCount];
        var got = new float[recipe.ElementCount];
        ImageTensor.Write(image, new PixelRectangle(5, 7, 20, 10), recipe, want);
        ImageTensor.WriteQuadrilateral(image, [5, 7, 25, 7, 25, 17, 5, 17], 0, recipe, got);
        for (int i = 0; i < want.Length; i++)
        {
            Assert.Equal(want[i], got[i], 1e-3f);
        }
    }

    // 3 x 2 pixels with values 0..5: what np.rot90 gives for one to three turns.
    [Theory]
    [InlineData(0, 3, 2, "0 1 2 3 4 5")]
    [InlineData(1, 2, 3, "2 5 1 4 0 3")]
    [InlineData(2, 3, 2, "5 4 3 2 1 0")]
    [InlineData(3, 2, 3, "3 0 4 1 5 2")]
    public void Turns_are_counter_clockwise(int turns, int width, int height, string want)
    {
        using PixelBuffer image = PixelBuffer.FromRgb([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5], 3, 2);
        TensorRecipe recipe = Plain with { Width = width, Height = height };
        var tensor = new float[recipe.ElementCount];
        ImageTensor.WriteQuadrilateral(image, [0, 0, 3, 0, 3, 2, 0, 2], turns, recipe, tensor);
        Assert.Equal(want, string.Join(' ', tensor.Where(static (_, i) => i % 3 == 0)));
    }

    [Fact]
    public void Perspective_keeps_straight_lines()
    {
        // Red is x and green is y, so every output value tells where it was taken from.
        using PixelBuffer image = PixelBuffer.Rent(60, 50);
        for (int y = 0; y < 50; y++)
        {
            for (int x = 0; x < 60; x++)
            {
                image.Pixels[((y * 60) + x) * 3] = (byte)x;
                image.Pixels[(((y * 60) + x) * 3) + 1] = (byte)y;
            }
        }

        double[] corners = [10, 10, 50, 10, 44, 34, 16, 34];
        Assert.Equal((40, 24), ImageTensor.QuadrilateralSize(corners));
        TensorRecipe recipe = Plain with { Width = 40, Height = 24 };
        var tensor = new float[recipe.ElementCount];
        ImageTensor.WriteQuadrilateral(image, corners, 0, recipe, tensor);
        Assert.Equal((10f, 10f), (tensor[0], tensor[1]));

        // The centre is where the diagonals cross, not the mean of the corners.
        int centre = ((12 * 40) + 20) * 3;
        Assert.Equal(30, tensor[centre], 1e-3f);
        Assert.Equal(10 + (24 * 20 / 34f), tensor[centre + 1], 1e-3f);
    }

    [Fact]
    public void Degenerate_quadrilaterals_are_refused()
    {
        using PixelBuffer image = Ramp();
        foreach (double[] corners in new double[][]
        {
            [0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 10, 0, 20, 0, 30, 0], [0, 0, 9, 0, 4, 1, 0, 9], [0, 0, 1, 0, double.NaN, 1, 0, 1], [0, 0, 1, 0],
        })
        {
            Assert.Throws<ArgumentException>(() => ImageTensor.WriteQuadrilateral(image, corners, 0, Plain, new float[3]));
        }
    }

    [Fact]
    public void Sizes_are_checked()
    {
        using PixelBuffer image = Ramp();
        Assert.Throws<ArgumentException>(() => ImageTensor.Write(image, TensorRecipe.TextDetection, new float[100]));
        Assert.Throws<ArgumentException>(() => ImageTensor.Write(image, TensorRecipe.AgeFaceApi, new float[100]));
    }

    [Fact]
    public void Recipes_are_found_by_the_models_names()
    {
        Assert.Equal(9, TensorRecipe.All.Count);
        Assert.All(TensorRecipe.All, static recipe => Assert.Same(recipe, TensorRecipe.Find(recipe.Name)));
        Assert.Null(TensorRecipe.Find("NSFW-inception-v3"));
    }

    private static PixelBuffer Ramp() => PixelBuffer.FromRgb([0, 0, 0, 30, 30, 30, 60, 60, 60, 90, 90, 90], 4, 1);
}
