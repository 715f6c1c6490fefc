using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests;

public abstract partial class ImageDecoderContract
{
    private static readonly DecodeOptions ToSrgb = DecodeOptions.Default with { Colour = ColourTreatment.ToSrgb };

    // A sample value that differs between channels and pixels.
    private static int Mixed(int x, int y, int channel) => channel == 3 ? 255 - (x * 7) : ((x * 9) + (y * 5) + (channel * 70)) & 0xFF;

    [Theory]
    [InlineData("png")]
    [InlineData("png 16")]
    [InlineData("png alpha")]
    [InlineData("png alpha 16")]
    [InlineData("webp")]
    [InlineData("avif")]
    public void Profiles_are_applied_where_srgb_is_asked_for(string kind)
    {
        Needs(DecoderFeature.Profiles);
        byte[] profile = IccProfiles.Swapped;
        bool alpha = kind.Contains("alpha", StringComparison.Ordinal);
        int scale = kind.Contains("16", StringComparison.Ordinal) ? 257 : 1;
        Func<int, int, (byte R, byte G, byte B)> stored = kind is "webp" or "avif"
            ? WebPFiles.Colour
            : (x, y) => ((byte)Mixed(x, y, 0), (byte)Mixed(x, y, 1), (byte)Mixed(x, y, 2));
        byte[] file = kind switch
        {
            "webp" => WebPFiles.Riff(WebPFiles.Extended(0x20, 24, 16), WebPFiles.Chunk("ICCP", profile), WebPFiles.Lossless),
            "avif" => new AvifWriter().With(AvifWriter.Box("colr", [.. "prof"u8, .. profile])).Write(),
            _ => new PngWriter(33, 21, alpha ? 6 : 2, scale > 1 ? 16 : 8).With("iCCP", IccProfiles.PngChunk(profile))
                .Write((x, y, c) => Mixed(x, y, c) * scale),
        };
        int Opacity(int x) => alpha ? Mixed(x, 0, 3) : 255;

        using DecodedImage plain = Decoder.Decode(file, DecodeOptions.Default with { AllowAvif = true });
        Assert.Equal(ColourProfileUse.NotApplied, plain.Info.ColourProfile);
        Assert.True(plain.Info.HasColourProfile);
        AssertPixels(plain, (x, y) =>
        {
            (byte r, byte g, byte b) = stored(x, y);
            return (OverWhite(r, Opacity(x)), OverWhite(g, Opacity(x)), OverWhite(b, Opacity(x)));
        });

        // Only the first, second and third channel mean green, blue and red.
        using DecodedImage shown = Decoder.Decode(file, ToSrgb with { AllowAvif = true });
        Assert.Equal(ColourProfileUse.Applied, shown.Info.ColourProfile);
        AssertPixels(
            shown,
            (x, y) =>
            {
                (byte r, byte g, byte b) = stored(x, y);
                return (OverWhite(b, Opacity(x)), OverWhite(r, Opacity(x)), OverWhite(g, Opacity(x)));
            },
            tolerance: 2);
    }

    [Fact]
    public void Profiles_of_grey_and_of_inks_are_applied()
    {
        Needs(DecoderFeature.Profiles);
        byte[] grey = new JpegWriter(40, 24, 1).With(0xE2, IccProfiles.JpegSegment(IccProfiles.LinearGrey)).Write((x, y, c) => 40 + (5 * (x / 8 * 8)));
        using DecodedImage linear = Decoder.Decode(grey, ToSrgb);
        Assert.Equal(ColourProfileUse.Applied, linear.Info.ColourProfile);
        AssertPixels(linear, (x, y) => Grey(IccProfiles.ShownGrey(40 + (5 * (x / 8 * 8)))), tolerance: 3);

        // Stored 255 means no ink; the profile takes no notice of any but black.
        static int Inks(int x, int y, int c) => c == 3 ? 255 - (5 * (x / 8 * 8)) : 90;
        byte[] inks = new JpegWriter(40, 24, 4) { AdobeTransform = 0 }.With(0xE2, IccProfiles.JpegSegment(IccProfiles.BlackOnly)).Write(Inks);
        using DecodedImage black = Decoder.Decode(inks, ToSrgb);
        Assert.Equal(ColourProfileUse.Applied, black.Info.ColourProfile);
        AssertPixels(black, (x, y) => Grey(IccProfiles.ShownBlack(255 - Inks(x, y, 3))), tolerance: 3);

        using DecodedImage plain = Decoder.Decode(inks, DecodeOptions.Default);
        AssertPixels(plain, (x, y) => Grey(Clamp(90 * Inks(x, y, 3) / 255.0)), tolerance: 1);
    }

    [Fact]
    public void Inks_without_a_profile_become_srgb_by_the_decoders_own()
    {
        Needs(DecoderFeature.Profiles);
        using DecodedImage paper = Decoder.Decode(new JpegWriter(24, 20, 4) { AdobeTransform = 0 }.Write((x, y, c) => 255), ToSrgb);
        Assert.Equal(ColourProfileUse.BuiltIn, paper.Info.ColourProfile);
        AssertPixels(paper, (x, y) => Grey(255), tolerance: 2);
        using DecodedImage cyan = Decoder.Decode(new JpegWriter(24, 20, 4) { AdobeTransform = 0 }.Write((x, y, c) => c == 0 ? 0 : 255), ToSrgb);
        AssertPixels(cyan, (x, y) => (0, 160, 230), tolerance: 40);
    }

    [Fact]
    public void Profiles_that_are_broken_too_large_or_of_another_kind_change_nothing()
    {
        Needs(DecoderFeature.Profiles);
        byte[] sound = IccProfiles.Swapped;
        byte[] withoutSignature = [.. sound];
        withoutSignature[36] = 0;
        byte[] wrongOffsets = [.. sound];
        wrongOffsets.AsSpan(132).Fill(0xEE);
        byte[] cut = sound[..200];
        foreach ((byte[] profile, ImageLimits limits, ColourProfileUse expected) in ((byte[], ImageLimits, ColourProfileUse)[])
            [
                (sound, ImageLimits.Default, ColourProfileUse.Applied),
                (withoutSignature, ImageLimits.Default, ColourProfileUse.Broken),
                (wrongOffsets, ImageLimits.Default, ColourProfileUse.Broken),
                (cut, ImageLimits.Default, ColourProfileUse.Broken),
                (new byte[50], ImageLimits.Default, ColourProfileUse.Broken),
                (IccProfiles.LinearGrey, ImageLimits.Default, ColourProfileUse.Broken),
                (sound, new ImageLimits { MaxMetadataBytes = sound.Length - 1 }, ColourProfileUse.TooLarge),
            ])
        {
            byte[] file = WebPFiles.Riff(WebPFiles.Extended(0x20, 24, 16), WebPFiles.Chunk("ICCP", profile), WebPFiles.Lossless);
            using DecodedImage image = Decoder.Decode(file, ToSrgb with { Limits = limits });
            Assert.Equal(expected, image.Info.ColourProfile);
            if (expected != ColourProfileUse.Applied)
            {
                AssertPixels(image, WebPFiles.Colour);
            }
        }

        // Deflated to less than the limit, but more than it once inflated.
        byte[] inflated = [.. sound, .. new byte[4000]];
        inflated[2] = (byte)(inflated.Length >> 8);
        inflated[3] = (byte)inflated.Length;
        byte[] png = new PngWriter(33, 21, 2, 8).With("iCCP", IccProfiles.PngChunk(inflated)).Write(Mixed);
        using DecodedImage bomb = Decoder.Decode(png, ToSrgb with { Limits = new ImageLimits { MaxMetadataBytes = 3000 } });
        Assert.Equal(ColourProfileUse.TooLarge, bomb.Info.ColourProfile);
        AssertPixels(bomb, (x, y) => ((byte)Mixed(x, y, 0), (byte)Mixed(x, y, 1), (byte)Mixed(x, y, 2)));
    }

    [Theory]
    [InlineData(4, 8)]
    [InlineData(4, 16)]
    [InlineData(6, 8)]
    [InlineData(6, 16)]
    public void Alpha_is_dropped_or_laid_over_any_colour(int colourType, int depth)
    {
        int last = colourType == 4 ? 1 : 3, scale = depth == 16 ? 257 : 1;
        int Sample(int x, int y, int c) => (c == last ? 255 - (x * 7) : Mixed(x, y, c)) * scale;
        byte[] file = new PngWriter(33, 21, colourType, depth).Write(Sample);
        var red = new PadColour(250, 40, 3);
        int Channel(int c) => colourType == 4 ? 0 : c;

        using DecodedImage laid = Decoder.Decode(file, DecodeOptions.Default with { Background = red });
        Assert.Equal(AlphaTreatment.Flatten, laid.Info.Alpha);
        AssertPixels(laid, (x, y) => (
            Over(Mixed(x, y, Channel(0)), red.Red, 255 - (x * 7)),
            Over(Mixed(x, y, Channel(1)), red.Green, 255 - (x * 7)),
            Over(Mixed(x, y, Channel(2)), red.Blue, 255 - (x * 7))));

        using DecodedImage dropped = Decoder.Decode(file, DecodeOptions.Default with { Alpha = AlphaTreatment.Drop });
        Assert.Equal(AlphaTreatment.Drop, dropped.Info.Alpha);
        AssertPixels(dropped, (x, y) => ((byte)Mixed(x, y, Channel(0)), (byte)Mixed(x, y, Channel(1)), (byte)Mixed(x, y, Channel(2))));
    }

    private static byte Over(int colour, int under, int alpha) => (byte)((((colour * alpha) + (under * (255 - alpha))) * 2 + 255) / 510);
}
