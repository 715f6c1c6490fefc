using System.Buffers;
using System.Runtime.InteropServices;
using SafetySdk.Images;
using SafetySdk.Tests.Hashing;
using SafetySdk.Tests.Kernels;

namespace SafetySdk.Tests.Images;

/// <summary>That rows taken strip by strip, in any orientation, and bands on threads give the values of the whole picture at once.</summary>
public sealed class StreamedResizeTests
{
    private static readonly (int Width, int Height)[] Sources = [(1, 1), (1, 97), (113, 1), (97, 61), (61, 130), (300, 203)];

    private static readonly (int Width, int Height)[] Targets = [(1, 1), (24, 16), (61, 97), (97, 61), (150, 7)];

    public static TheoryData<ResampleMode, int> ModesAndOrientations()
        => [.. from mode in Enum.GetValues<ResampleMode>() from orientation in Enumerable.Range(1, 8) select (mode, orientation)];

    public static TheoryData<ResampleMode> Modes() => [.. Enum.GetValues<ResampleMode>()];

    [Theory]
    [MemberData(nameof(ModesAndOrientations))]
    public void Strips_give_what_the_displayed_picture_gives(ResampleMode mode, int orientation)
    {
        foreach ((int width, int height) in Sources)
        {
            byte[] stored = SyntheticPicture.Create("noise", width, height, (uint)((width * 1000) + height));
            var format = new ImageRowFormat(width, height, orientation);
            foreach ((int newWidth, int newHeight) in Targets)
            {
                foreach (TensorFit fit in new[] { TensorFit.Squash, TensorFit.Letterbox, TensorFit.CentreCrop, TensorFit.PadTopLeft })
                {
                    foreach (ResamplePrecision precision in Enum.GetValues<ResamplePrecision>())
                    {
                        TensorRecipe recipe = Recipe(mode, newWidth, newHeight) with { Fit = fit, Precision = precision };
                        if (precision == ResamplePrecision.Fast && format.DisplayedWidth == height)
                        {
                            // The passes of a turned picture may come in the other order: at most a level, tested below.
                            continue;
                        }

                        float[] expected = Whole(stored, format, recipe);
                        foreach (int rows in new[] { 16, 48, height })
                        {
                            Assert.Equal(expected, Streamed(stored, format, recipe, rows));
                        }
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(ResampleMode.PillowBox, 1)]
    [InlineData(ResampleMode.PillowBilinear, 1)]
    [InlineData(ResampleMode.PillowBicubic, 2)]
    [InlineData(ResampleMode.PillowLanczos3, 2)]
    public void A_turned_picture_is_as_near_to_exact_in_the_fast_form(ResampleMode mode, int bound)
    {
        foreach (int orientation in Enumerable.Range(5, 4))
        {
            foreach ((int width, int height) in Sources)
            {
                byte[] stored = SyntheticPicture.Create("noise", width, height, (uint)((width * 1000) + height));
                var format = new ImageRowFormat(width, height, orientation);
                foreach ((int newWidth, int newHeight) in Targets)
                {
                    TensorRecipe recipe = Recipe(mode, newWidth, newHeight);
                    float[] fast = Streamed(stored, format, recipe with { Precision = ResamplePrecision.Fast }, 16);
                    Assert.InRange(Whole(stored, format, recipe).Zip(fast, (a, b) => Math.Abs(a - b)).Max(), 0, bound);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Bands_on_threads_give_the_same_bytes(ResampleMode mode)
    {
        using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", 331, 207, 5), 331, 207);
        var rectangle = new PixelRectangle(3, 2, 320, 200);
        foreach (ResamplePrecision precision in Enum.GetValues<ResamplePrecision>())
        {
            foreach (TensorFit fit in new[] { TensorFit.Squash, TensorFit.Letterbox, TensorFit.CentreCrop, TensorFit.PadTopLeft })
            {
                TensorRecipe recipe = Recipe(mode, 90, 41) with { Fit = fit, Precision = precision };
                float[] one = new float[recipe.ElementCount];
                ImageTensor.Write(image, rectangle, recipe, one);
                foreach (int degree in new[] { 2, 3, 8, 41, 100 })
                {
                    float[] several = new float[recipe.ElementCount];
                    Array.Fill(several, float.NaN);
                    ImageTensor.Write(image, rectangle, recipe, several, degree);
                    Assert.Equal(one, several);
                }
            }
        }
    }

    [Theory]
    [InlineData(PixelFormat.Grey)]
    [InlineData(PixelFormat.Rgb)]
    [InlineData(PixelFormat.Rgba)]
    public void Resizing_in_bands_gives_the_same_bytes(PixelFormat format)
    {
        byte[] pixels = SyntheticPicture.Create("noise", 120 * 4, 90, 6)[..(format.Channels() * 120 * 90)];
        foreach (ResampleMode mode in Enum.GetValues<ResampleMode>().Where(mode => mode.Name().StartsWith("pillow", StringComparison.Ordinal)))
        {
            byte[] one = new byte[format.Channels() * 50 * 60];
            ImageResizer.Resize(pixels, format, 120, 90, mode, ResamplePrecision.Exact, 50, 60, one);
            byte[] several = new byte[one.Length];
            ImageResizer.Resize(pixels, format, 120, 90, mode, ResamplePrecision.Exact, 50, 60, several, degree: 7);
            Assert.Equal(one, several);
        }
    }

    [Fact]
    public void Grey_is_one_channel_of_a_grey_picture()
    {
        byte[] grey = SyntheticPicture.Create("noise", 100, 70, 3)[..(100 * 70)];
        byte[] rgb = [.. grey.SelectMany(level => new[] { level, level, level })];
        foreach (ResampleMode mode in Enum.GetValues<ResampleMode>().Where(mode => !mode.IsUnrounded()))
        {
            byte[] one = new byte[31 * 40];
            byte[] three = new byte[3 * one.Length];
            ImageResizer.Resize(grey, PixelFormat.Grey, 100, 70, mode, ResamplePrecision.Exact, 31, 40, one);
            ImageResizer.Resize(rgb, PixelFormat.Rgb, 100, 70, mode, ResamplePrecision.Exact, 31, 40, three);
            Assert.Equal(three, one.SelectMany(level => new[] { level, level, level }));
        }
    }

    [Fact]
    public void Buffers_that_do_not_fit_are_refused()
    {
        byte[] pixels = new byte[400];
        Assert.Throws<ArgumentException>(() => ImageResizer.Resize(
            pixels, PixelFormat.Rgba, 10, 11, ResampleMode.PillowBox, ResamplePrecision.Exact, 5, 5, new byte[100]));
        Assert.Throws<ArgumentException>(() => ImageResizer.Resize(
            pixels, PixelFormat.Rgba, 10, 10, ResampleMode.PillowBox, ResamplePrecision.Exact, 5, 5, new byte[99]));
        Assert.Throws<ArgumentException>(() => ImageResizer.Resize(
            pixels, PixelFormat.Rgba, 10, 10, ResampleMode.BilinearHalfPixel, ResamplePrecision.Exact, 5, 5, new byte[100]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageResizer.Resize(
            pixels, PixelFormat.Rgba, 10, 10, ResampleMode.PillowBox, ResamplePrecision.Exact, 5, 5, new byte[100], degree: 0));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_picture_of_the_content_s_size_leaves_the_padding_alone(ResampleMode mode)
    {
        // As large as its place in the tensor, so that nothing is resampled, but not as large as the tensor.
        using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", 9, 12, 5), 9, 12);
        foreach ((TensorFit fit, int width, int height) in
            new[] { (TensorFit.PadRight, 20, 12), (TensorFit.Letterbox, 20, 12), (TensorFit.Letterbox, 9, 31), (TensorFit.CentreCrop, 10, 12) })
        {
            foreach (TensorLayout layout in Enum.GetValues<TensorLayout>())
            {
                TensorRecipe recipe = Recipe(mode, width, height) with
                {
                    Fit = fit,
                    Anchor = TensorAnchor.TopLeft,
                    Layout = layout,
                    ShortestEdge = 9,
                };
                float[] tensor = new float[recipe.ElementCount];
                ImageTensor.Write(image, recipe, tensor);
                byte[] levels = new byte[recipe.ElementCount];
                ImageTensor.Write(image, new(0, 0, 9, 12), recipe, levels);
                for (int y = 0; y < height; y++)
                {
                    for (int x = 0; x < width; x++)
                    {
                        for (int c = 0; c < 3; c++)
                        {
                            int at = layout == TensorLayout.Nhwc ? (((y * width) + x) * 3) + c : (((c * height) + y) * width) + x;
                            int expected = x < 9 && y < 12 ? image.Pixels[(((y * 9) + x) * 3) + c] : fit == TensorFit.PadRight ? 0 : 1 + c;
                            Assert.Equal((float)expected, tensor[at]);
                            Assert.Equal(expected, levels[at]);
                        }
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void What_was_rented_holds_nothing_of_the_picture_afterwards(ResampleMode mode)
    {
        // One for each mode: arrays that the pool has to allocate are not cleared and may hold what another test left to the collector.
        byte level = (byte)(0xC0 + (int)mode);
        byte[] stored = new byte[3 * 130 * 90];
        Array.Fill(stored, level);
        var found = new List<string>();
        // On a thread of its own, whose pool gives back what it was given last.
        var thread = new Thread(() =>
        {
            foreach (ResamplePrecision precision in Enum.GetValues<ResamplePrecision>())
            {
                foreach (TensorFit fit in new[] { TensorFit.Squash, TensorFit.PadTopLeft })
                {
                    foreach (int orientation in new[] { 1, 4, 6 })
                    {
                        TensorRecipe recipe = Recipe(mode, 40, 33) with { Precision = precision, Fit = fit };
                        Streamed(stored, new(130, 90, orientation), recipe, 16);
                        Whole(stored, new(130, 90, orientation), recipe);
                        if (PoolHolds(level))
                        {
                            found.Add($"{precision} {fit} {orientation}");
                        }
                    }
                }
            }
        });
        thread.Start();
        thread.Join();
        Assert.Empty(found);

        // Several of each size, since only the last one given back comes first.
        static bool PoolHolds(byte level)
        {
            bool holds = false;
            for (int size = 1 << 8; size <= 1 << 20; size *= 2)
            {
                byte[][] rented = [.. Enumerable.Range(0, 6).Select(_ => ArrayPool<byte>.Shared.Rent(size))];
                byte[] run = new byte[48];
                Array.Fill(run, level);
                holds |= rented.Any(array => array.AsSpan().IndexOf(run) >= 0);
                foreach (byte[] array in rented)
                {
                    // Whatever was found must not be found again.
                    array.AsSpan().Clear();
                    ArrayPool<byte>.Shared.Return(array);
                }
            }

            return holds;
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Nothing_is_read_or_written_outside_the_strips_and_the_tensor(ResampleMode mode)
    {
        foreach ((int width, int height) in new[] { (1, 1), (7, 5), (61, 33), (130, 97), (1_000, 20) })
        {
            byte[] stored = SyntheticPicture.Create("noise", width, height, 9);
            foreach ((int newWidth, int newHeight) in new[] { (1, 1), (24, 16), (61, 33), (97, 50) })
            {
                foreach (ResamplePrecision precision in Enum.GetValues<ResamplePrecision>())
                {
                    for (int orientation = 1; orientation <= 8; orientation++)
                    {
                        TensorRecipe recipe = Recipe(mode, newWidth, newHeight) with { Precision = precision };
                        var format = new ImageRowFormat(width, height, orientation);
                        Assert.Equal(Streamed(stored, format, recipe, 16), Guarded(stored, format, recipe));
                    }
                }
            }
        }
    }

    [Fact]
    public void A_line_is_extended_to_a_square_strip_by_strip()
    {
        const int Width = 6_000;
        using var line = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", Width, 1, 5), Width, 1);
        using var square = PixelBuffer.Rent(Width, Width);
        square.Pixels.Clear();
        line.Pixels.CopyTo(square.Pixels);
        foreach (ResampleMode mode in new[] { ResampleMode.PillowBicubic, ResampleMode.TorchvisionBilinear, ResampleMode.OpenCvLinear, ResampleMode.Nearest })
        {
            TensorRecipe recipe = Recipe(mode, 40, 30);
            float[] expected = new float[recipe.ElementCount];
            ImageTensor.Write(square, recipe, expected);
            float[] actual = new float[recipe.ElementCount];
            long allocated = 0;
            // On a thread of its own, whose pool is empty: what it rents, it has to allocate.
            var thread = new Thread(() =>
            {
                ImageTensor.Write(line, recipe with { Fit = TensorFit.PadTopLeft }, actual);
                allocated = GC.GetAllocatedBytesForCurrentThread();
            });
            thread.Start();
            thread.Join();
            Assert.Equal(expected, actual);
            Assert.InRange(allocated, 1, 16 << 20);
        }
    }

    private static TensorRecipe Recipe(ResampleMode mode, int width, int height) => new()
    {
        Name = "streamed",
        Width = width,
        Height = height,
        Resample = mode,
        Layout = TensorLayout.Nchw,
        PadColour = new(1, 2, 3),
    };

    private static float[] Whole(byte[] stored, ImageRowFormat format, TensorRecipe recipe)
    {
        using var rows = new DisplayedPicture();
        rows.Begin(format);
        rows.Receive(stored, 0, format.Height);
        using PixelBuffer image = rows.Take();
        float[] tensor = new float[recipe.ElementCount];
        ImageTensor.Write(image, recipe, tensor);
        return tensor;
    }

    private static unsafe float[] Streamed(byte[] stored, ImageRowFormat format, TensorRecipe recipe, int rows)
    {
        float[] tensor = new float[recipe.ElementCount];
        Array.Fill(tensor, float.NaN);
        fixed (float* target = tensor)
        {
            using var receiver = new TensorRowReceiver<float>(recipe, target);
            receiver.Begin(format);
            int stride = 3 * format.Width;
            for (int top = 0; top < format.Height; top += rows)
            {
                int count = Math.Min(rows, format.Height - top);
                // A copy of its own, overwritten afterwards: a strip must not be looked at later.
                byte[] strip = stored.AsSpan(top * stride, count * stride).ToArray();
                receiver.Receive(strip, top, count);
                strip.AsSpan().Fill(0xAA);
            }
        }

        return tensor;
    }

    private static unsafe float[] Guarded(byte[] stored, ImageRowFormat format, TensorRecipe recipe)
    {
        using var tensor = new GuardedMemory(sizeof(float) * recipe.ElementCount);
        fixed (byte* target = tensor.AtEnd)
        {
            using var receiver = new TensorRowReceiver<float>(recipe, (float*)target);
            receiver.Begin(format);
            int stride = 3 * format.Width;
            for (int top = 0; top < format.Height; top += 16)
            {
                int count = Math.Min(16, format.Height - top);
                using var strip = new GuardedMemory(stride * count);
                stored.AsSpan(top * stride, count * stride).CopyTo(strip.AtEnd);
                receiver.Receive(strip.AtEnd, top, count);
            }
        }

        return MemoryMarshal.Cast<byte, float>(tensor.AtEnd).ToArray();
    }
}
