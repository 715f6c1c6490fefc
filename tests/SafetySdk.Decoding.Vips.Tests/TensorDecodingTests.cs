using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests;

/// <summary>From the bytes of a file to a tensor, strip by strip.</summary>
public sealed class TensorDecodingTests
{
    private static readonly VipsImageDecoder Decoder = new(TestEnvironment.Home);

    public static TheoryData<ResampleMode> Modes() => [.. Enum.GetValues<ResampleMode>()];

    [Theory]
    [MemberData(nameof(Modes))]
    public void The_values_are_those_of_decoding_first(ResampleMode mode)
    {
        foreach ((string name, byte[] file) in Samples.All)
        {
            foreach (TensorFit fit in new[] { TensorFit.Squash, TensorFit.Letterbox, TensorFit.PadTopLeft })
            {
                TensorRecipe recipe = Recipe(mode, 20, 15) with { Fit = fit };
                using DecodedImage image = Decoder.Decode(file, DecodeOptions.Default);
                float[] expected = new float[recipe.ElementCount];
                ImageTensor.Write(image.Pixels, recipe, expected);

                float[] singles = new float[recipe.ElementCount];
                Assert.Equal(image.Info, ImageTensor.Decode(Decoder, file, DecodeOptions.Default, recipe, singles));
                Assert.True(expected.AsSpan().SequenceEqual(singles), $"{name}, {fit}");

                byte[] levels = new byte[recipe.ElementCount];
                ImageTensor.Decode(Decoder, file, DecodeOptions.Default, recipe, levels);
                Assert.Equal(singles.Select(value => (byte)MathF.Round(value)), levels);
                Half[] halves = new Half[recipe.ElementCount];
                ImageTensor.Decode(Decoder, file, DecodeOptions.Default, recipe, halves);
                Assert.Equal(singles.Select(value => (Half)value), halves);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void A_large_picture_is_never_held_whole(int orientation)
    {
        byte[] file = new JpegWriter(2400, 1600, 3).WithOrientation(orientation).Write(Samples.Wave);
        TensorRecipe recipe = Recipe(ResampleMode.PillowBilinear, 224, 224);
        float[] tensor = new float[recipe.ElementCount];
        // On a thread of its own, whose pool is empty: what it rents, it has to allocate.
        long allocated = 0;
        var thread = new Thread(() =>
        {
            ImageTensor.Decode(Decoder, file, DecodeOptions.Default, recipe, tensor);
            allocated = GC.GetAllocatedBytesForCurrentThread();
        });
        thread.Start();
        thread.Join();
        Assert.InRange(allocated, 1, 2400 * 1600 * 3 / 4);
    }

    [Fact]
    public void A_failure_reaches_the_caller_and_the_next_picture_is_decoded()
    {
        TensorRecipe recipe = Recipe(ResampleMode.PillowBicubic, 8, 8);
        float[] tensor = new float[recipe.ElementCount];
        byte[] whole = Samples.Get("jpeg colour");
        for (int i = 0; i < 20; i++)
        {
            Assert.Throws<ImageException>(() => ImageTensor.Decode(Decoder, whole.AsSpan(0, whole.Length / 2), DecodeOptions.Default, recipe, tensor));
            ImageTensor.Decode(Decoder, whole, DecodeOptions.Default, recipe, tensor);
        }

        Assert.Throws<ArgumentException>(() => ImageTensor.Decode(Decoder, whole, DecodeOptions.Default, recipe, tensor.AsSpan(1)));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(
            () => ImageTensor.Decode(Decoder, whole, DecodeOptions.Default, recipe, tensor, cancelled.Token));
    }

    private static TensorRecipe Recipe(ResampleMode mode, int width, int height)
        => new() { Name = "decoded", Width = width, Height = height, Resample = mode, Layout = TensorLayout.Nchw };
}
