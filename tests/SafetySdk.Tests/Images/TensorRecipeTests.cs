using SafetySdk.Images;
using SafetySdk.Tests.Hashing;

namespace SafetySdk.Tests.Images;

public sealed class TensorRecipeTests
{
    public static TheoryData<ResampleMode> Modes() => [.. Enum.GetValues<ResampleMode>()];

    [Fact]
    public void Every_resampling_has_one_name()
    {
        ResampleMode[] modes = Enum.GetValues<ResampleMode>();
        Assert.Equal(modes.Order(), ResampleModes.Names.Select(name => ResampleModes.Find(name)!.Value).Order());
        Assert.All(modes, mode => Assert.Equal(mode, ResampleModes.Find(mode.Name())));
        Assert.Null(ResampleModes.Find("bilinear"));
        Assert.Throws<ArgumentOutOfRangeException>(() => ((ResampleMode)99).Name());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_constant_picture_stays_constant(ResampleMode mode)
    {
        foreach ((int width, int height) in new[] { (1, 1), (3, 200), (97, 5), (400, 301) })
        {
            using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("flat", width, height, 199), width, height);
            foreach (ResamplePrecision precision in Enum.GetValues<ResamplePrecision>())
            {
                byte[] levels = new byte[3 * 31 * 23];
                ImageTensor.Write(image, Whole(image), Recipe(mode, 31, 23) with { Precision = precision }, levels);
                Assert.All(levels, level => Assert.Equal(199, level));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Layout_order_type_and_normalisation_follow_from_the_levels(ResampleMode mode)
    {
        using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("mix", 61, 47, 77), 61, 47);
        TensorRecipe plain = Recipe(mode, 19, 14) with { Layout = TensorLayout.Nhwc };
        float[] unrounded = Singles(image, plain);
        foreach (TensorLayout layout in Enum.GetValues<TensorLayout>())
        {
            foreach (ChannelOrder order in Enum.GetValues<ChannelOrder>())
            {
                TensorRecipe recipe = (plain with { Layout = layout, Order = order }).WithUnitNormalisation(new(0.1, 0.2, 0.3), new(0.4, 0.5, 0.6));
                float[] singles = Singles(image, recipe);
                Half[] halves = new Half[recipe.ElementCount];
                ImageTensor.Write(image, Whole(image), recipe, halves);
                byte[] levels = new byte[recipe.ElementCount];
                ImageTensor.Write(image, Whole(image), recipe, levels);
                for (int i = 0; i < 19 * 14; i++)
                {
                    for (int channel = 0; channel < 3; channel++)
                    {
                        int at = layout == TensorLayout.Nhwc ? (3 * i) + channel : (channel * 19 * 14) + i;
                        float level = unrounded[(3 * i) + (order == ChannelOrder.Rgb ? channel : 2 - channel)];
                        float mean = (float)(255 * (0.1 * (channel + 1)));
                        float expected = (level - mean) * (float)(1 / (255 * (0.1 * (channel + 4))));
                        Assert.Equal(expected, singles[at], 1e-6f);
                        Assert.Equal((Half)singles[at], halves[at]);
                        Assert.Equal((byte)MathF.Round(level), levels[at]);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_range_is_reached_at_both_ends()
    {
        foreach ((uint level, float expected) in new[] { (0u, -1f), (255u, 1f) })
        {
            using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("flat", 4, 4, level), 4, 4);
            Assert.All(Singles(image, Recipe(ResampleMode.PillowBilinear, 2, 2).WithRange(-1, 1)), v => Assert.Equal(expected, v, 1e-6f));
        }

        Assert.Throws<ArgumentException>(() => Recipe(ResampleMode.Nearest, 2, 2).WithRange(1, 1));
    }

    [Theory]
    [InlineData(TensorAnchor.TopLeft, 0)]
    [InlineData(TensorAnchor.TopRight, 0)]
    [InlineData(TensorAnchor.Centre, 5)]
    [InlineData(TensorAnchor.BottomLeft, 10)]
    [InlineData(TensorAnchor.BottomRight, 10)]
    public void A_letterbox_lies_where_it_is_anchored_and_maps_back(TensorAnchor anchor, int top)
    {
        TensorRecipe recipe = Recipe(ResampleMode.Nearest, 20, 20) with { Fit = TensorFit.Letterbox, Anchor = anchor, PadColour = new(1, 2, 3) };
        using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("flat", 40, 20, 200), 40, 20);
        byte[] levels = new byte[recipe.ElementCount];
        ImageTensor.Write(image, Whole(image), recipe, levels);
        for (int y = 0; y < 20; y++)
        {
            bool inside = y >= top && y < top + 10;
            Assert.Equal(inside ? (200, 200, 200) : (1, 2, 3), (levels[20 * y], levels[400 + (20 * y)], levels[800 + (20 * y)]));
        }

        TensorGeometry geometry = TensorGeometry.Of(recipe, 40, 20);
        Assert.Equal(new(0, top, 20, 10), geometry.Content);
        Assert.Equal((0, 0), geometry.ToSource(0, top));
        Assert.Equal((40, 20), geometry.ToSource(20, top + 10));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_crop_is_a_part_of_the_full_result(ResampleMode mode)
    {
        using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", 210, 90, 5), 210, 90);
        byte[] full = new byte[3 * 84 * 36];
        ImageTensor.Write(image, Whole(image), Recipe(mode, 84, 36) with { Layout = TensorLayout.Nhwc }, full);
        TensorRecipe crop = Recipe(mode, 30, 30) with { Layout = TensorLayout.Nhwc, Fit = TensorFit.CentreCrop, ShortestEdge = 36 };
        byte[] part = new byte[crop.ElementCount];
        ImageTensor.Write(image, Whole(image), crop, part);
        for (int y = 0; y < 30; y++)
        {
            Assert.Equal(full.AsSpan(3 * (((y + 3) * 84) + 27), 90), part.AsSpan(3 * 30 * y, 90));
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_rectangle_is_a_picture_of_its_own(ResampleMode mode)
    {
        byte[] rgb = SyntheticPicture.Create("noise", 50, 40, 9);
        using var image = PixelBuffer.FromRgb(rgb, 50, 40);
        var rectangle = new PixelRectangle(31, 22, 19, 18);
        using var part = PixelBuffer.Rent(19, 18);
        for (int y = 0; y < 18; y++)
        {
            rgb.AsSpan(3 * (((22 + y) * 50) + 31), 57).CopyTo(part.Pixels[(57 * y)..]);
        }

        foreach ((int width, int height) in new[] { (7, 5), (40, 33), (19, 5), (7, 18), (19, 18) })
        {
            foreach (ResamplePrecision precision in Enum.GetValues<ResamplePrecision>())
            {
                TensorRecipe recipe = Recipe(mode, width, height) with { Precision = precision };
                float[] inPlace = new float[recipe.ElementCount];
                ImageTensor.Write(image, rectangle, recipe, inPlace);
                Assert.Equal(Singles(part, recipe), inPlace);
            }
        }
    }

    [Fact]
    public void Extreme_proportions_are_refused_before_a_table_is_made()
    {
        TensorRecipe recipe = Recipe(ResampleMode.PillowBicubic, 224, 224) with { Fit = TensorFit.CentreCrop };
        using var strip = PixelBuffer.Rent(16_384, 1);
        ImageException error = Assert.Throws<ImageException>(() => ImageTensor.Write(strip, recipe, new float[recipe.ElementCount]));
        Assert.Equal(ImageError.LimitExceeded, error.Error);
    }

    [Fact]
    public void Black_up_to_a_square_takes_part_in_antialiased_windows()
    {
        using var wide = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", 60, 20, 3), 60, 20);
        byte[] padded = new byte[3 * 60 * 60];
        wide.Pixels.CopyTo(padded);
        using var square = PixelBuffer.FromRgb(padded, 60, 60);
        TensorRecipe recipe = Recipe(ResampleMode.PillowBicubic, 16, 16);
        Assert.Equal(Singles(square, recipe), Singles(wide, recipe with { Fit = TensorFit.PadTopLeft }));
    }

    private static TensorRecipe Recipe(ResampleMode mode, int width, int height) => new()
    {
        Name = mode.Name(),
        Width = width,
        Height = height,
        Resample = mode,
        Layout = TensorLayout.Nchw,
    };

    private static PixelRectangle Whole(PixelBuffer image) => new(0, 0, image.Width, image.Height);

    private static float[] Singles(PixelBuffer image, TensorRecipe recipe)
    {
        float[] singles = new float[recipe.ElementCount];
        ImageTensor.Write(image, recipe, singles);
        return singles;
    }
}
