using SafetySdk.Images;

namespace SafetySdk.Tests.Images;

/// <summary>That a decoder which does not keep its contract causes an exception, and neither reads nor shows memory that is not its own.</summary>
public sealed class DecoderContractBreachTests
{
    public static TheoryData<string> Breaches =>
        ["no begin", "no rows", "rows missing", "gap", "again", "too many", "short strip", "odd strip", "orientation 9", "no width"];

    [Theory]
    [MemberData(nameof(Breaches))]
    public void It_is_refused(string breach)
    {
        var decoder = new CarelessDecoder(breach);
        foreach (ResampleMode mode in Enum.GetValues<ResampleMode>())
        {
            var recipe = new TensorRecipe { Name = "careless", Width = 5, Height = 4, Resample = mode };
            float[] tensor = new float[recipe.ElementCount];
            Assert.Throws<InvalidOperationException>(() => ImageTensor.Decode(decoder, [1], DecodeOptions.Default, recipe, tensor));
            Assert.NotNull(ImageTensor.Decode(new CarelessDecoder("none"), [1], DecodeOptions.Default, recipe, tensor));
        }

        if (breach == "odd strip")
        {
            // Where rows are only put together, their number does not matter.
            decoder.Decode([1], DecodeOptions.Default).Dispose();
            return;
        }

        Assert.Throws<InvalidOperationException>(() => decoder.Decode([1], DecodeOptions.Default));
    }

    private sealed class CarelessDecoder(string breach) : IImageDecoder
    {
        private const int Width = 7, Height = 40;

        public string Name => "careless";

        public string Version => "0";

        public ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, DecodeOptions options) => new(ImageFormat.Png, Width, Height, 1, 1, false, false);

        public DecodedImage Decode(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
        {
            using var picture = new DisplayedPicture();
            ImageInfo info = DecodeRows(encoded, options, picture, cancellationToken);
            return new DecodedImage(info, picture.Take());
        }

        public ImageInfo DecodeRows(
            ReadOnlySpan<byte> encoded, DecodeOptions options, IImageRowReceiver receiver, CancellationToken cancellationToken = default)
        {
            if (breach != "no begin")
            {
                receiver.Begin(new ImageRowFormat(breach == "no width" ? 0 : Width, Height, breach == "orientation 9" ? 9 : 1));
            }

            (int Top, int Count)[] strips = breach switch
            {
                "no rows" => [],
                "rows missing" => [(0, 16), (16, 16)],
                "gap" => [(0, 16), (32, 8)],
                "again" => [(0, 16), (0, 16), (16, 16), (32, 8)],
                "too many" => [(0, 16), (16, 16), (32, 16)],
                "odd strip" => [(0, 10), (10, 30)],
                _ => [(0, 16), (16, 16), (32, 8)],
            };
            foreach ((int top, int count) in strips)
            {
                receiver.Receive(new byte[(3 * Width * count) - (breach == "short strip" ? 1 : 0)], top, count);
            }

            return ReadInfo(encoded, options);
        }

        public DecodedFrames DecodeFrames(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default)
            => throw new NotSupportedException();
    }
}
