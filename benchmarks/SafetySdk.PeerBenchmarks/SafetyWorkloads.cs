using SafetySdk.Decoding.Vips;
using SafetySdk.Images;

namespace SafetySdk.PeerBenchmarks;

/// <summary>The library's own work, by its public API alone.</summary>
internal sealed class SafetyWorkloads(Pictures pictures)
{
    private readonly Lazy<VipsImageDecoder> _decoder = new(static () => new VipsImageDecoder());

    // Levels that the fast form may be from Pillow's on photographs.
    private static readonly Dictionary<string, int> FastBound = new() { ["bilinear"] = 1, ["bicubic"] = 2, ["lanczos3"] = 6 };

    /// <summary>A picture in memory to a normalised NCHW tensor.</summary>
    public Workload Resize(Shrink shrink, string filter, bool fast)
    {
        PixelBuffer image = pictures.Image(shrink.Source, shrink.Width, shrink.Height);
        TensorRecipe recipe = Recipe(shrink.Side, filter, fast);
        float[] tensor = new float[recipe.ElementCount];
        return new(() => ImageTensor.Write(image, recipe, tensor), Check) { Output = tensor };

        string Check()
        {
            byte[] resized = new byte[recipe.ElementCount];
            ImageResizer.Resize(image, recipe.Resample, recipe.Precision, shrink.Side, shrink.Side, resized);
            (int largest, double mean) = Answer.Difference(resized, pictures.Read($"{shrink.Name}-{filter}.rgb"));
            int bound = fast ? FastBound[filter] : 0;
            if (largest > bound)
            {
                throw new WrongAnswerException($"{largest} levels from Pillow, {bound} allowed");
            }

            Answer.RequireNormalised(tensor, resized);
            return $"{largest}, {mean:0.####}";
        }
    }

    /// <summary>Interleaved bytes to normalised planes of the same size.</summary>
    public static Workload Normalise(int side)
    {
        byte[] rgb = new byte[3 * side * side];
        new Random(1).NextBytes(rgb);
        var image = PixelBuffer.FromRgb(rgb, side, side);
        TensorRecipe recipe = Recipe(side, "bilinear", fast: false);
        float[] tensor = new float[recipe.ElementCount];
        return new(() => ImageTensor.Write(image, recipe, tensor), Check) { Output = tensor };

        string Check()
        {
            Answer.RequireNormalised(tensor, rgb);
            return "-";
        }
    }

    /// <summary>A JPEG's bytes to a normalised NCHW tensor.</summary>
    public Workload Jpeg(string megapixels, bool fast)
    {
        byte[] encoded = pictures.Read($"{megapixels}.jpg");
        TensorRecipe recipe = Recipe(224, "bilinear", fast);
        float[] tensor = new float[recipe.ElementCount];
        return new(() => WriteTensor(encoded, recipe, tensor), Check) { Output = tensor };

        string Check()
        {
            using PixelBuffer whole = Decode(encoded);
            if (!whole.Pixels.SequenceEqual(pictures.Read($"{megapixels}.rgb")))
            {
                throw new WrongAnswerException("the pixels are not Pillow's");
            }

            float[] inSteps = new float[recipe.ElementCount];
            ImageTensor.Write(whole, recipe, inSteps);
            return tensor.AsSpan().SequenceEqual(inSteps)
                ? "-"
                : throw new WrongAnswerException("the tensor is not that of decode, then write");
        }
    }

    // The one place that says how bytes become a tensor.
    private void WriteTensor(byte[] encoded, TensorRecipe recipe, float[] tensor)
        => ImageTensor.Decode(_decoder.Value, encoded, DecodeOptions.Default, recipe, tensor);

    // To a whole picture, which the streamed tensor is checked against.
    private PixelBuffer Decode(byte[] encoded) => _decoder.Value.Decode(encoded, DecodeOptions.Default).Pixels;

    private static TensorRecipe Recipe(int side, string filter, bool fast) => new TensorRecipe
    {
        Name = "benchmark",
        Width = side,
        Height = side,
        Resample = ResampleModes.Find($"pillow-{filter}")!.Value,
        Layout = TensorLayout.Nchw,
        Precision = fast ? ResamplePrecision.Fast : ResamplePrecision.Exact,
    }.WithUnitNormalisation(new(0.485, 0.456, 0.406), new(0.229, 0.224, 0.225));
}
