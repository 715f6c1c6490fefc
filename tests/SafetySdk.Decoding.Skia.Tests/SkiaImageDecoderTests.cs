using SafetySdk.Decoding.Vips.Tests;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Skia.Tests;

public sealed class SkiaImageDecoderTests : ImageDecoderContract
{
    protected override IImageDecoder Decoder { get; } = new SkiaImageDecoder();

    protected override bool Supports(DecoderFeature feature) => false;

    [Fact]
    public void What_it_cannot_do_is_refused()
    {
        Assert.Throws<NotSupportedException>(() => Decoder.Decode([1], DecodeOptions.Default with { Colour = ColourTreatment.ToSrgb }));
        Assert.Throws<NotSupportedException>(() => Decoder.Decode([1], DecodeOptions.Default with { ShrinkTowards = new ShrinkTarget(9, 9) }));
    }
}
