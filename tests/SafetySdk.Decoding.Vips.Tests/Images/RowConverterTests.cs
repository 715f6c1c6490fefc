using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests.Images;

public sealed class RowConverterTests
{
    [Fact]
    public void Alpha_over_white_is_rounded_exactly()
    {
        byte[] rgb = new byte[3];
        for (int colour = 0; colour < 256; colour++)
        {
            for (int alpha = 0; alpha < 256; alpha++)
            {
                Converter(SampleLayout.Rgba).ToRgb([(byte)colour, 0, 255, (byte)alpha], rgb);
                int expected = (int)Math.Floor((((colour * alpha) + (255 * (255 - alpha))) / 255m) + 0.5m);
                Assert.Equal(expected, rgb[0]);
                Assert.Equal(255, rgb[2]);
                Converter(SampleLayout.GreyAlpha).ToRgb([(byte)colour, (byte)alpha], rgb);
                Assert.Equal([(byte)expected, (byte)expected, (byte)expected], rgb);
            }
        }
    }

    [Fact]
    public void Inks_are_converted_as_pillow_does()
    {
        byte[] rgb = new byte[3];
        for (int ink = 0; ink < 256; ink++)
        {
            for (int black = 0; black < 256; black++)
            {
                Converter(SampleLayout.Cmyk).ToRgb([(byte)ink, 0, 255, (byte)black], rgb);
                int light = 255 - black;
                Assert.Equal(light - (int)Math.Floor((ink * light / 255m) + 0.5m), rgb[0]);
                Assert.Equal(light, rgb[1]);
                Assert.Equal(0, rgb[2]);
            }
        }
    }

    [Fact]
    public void Sixteen_bits_lose_their_lower_half()
    {
        byte[] rgb = new byte[6];
        byte[] samples = new byte[12];
        ushort[] values = [0x00FF, 0x0100, 0x7FFF, 0x8000, 0xFF00, 0xFFFF];
        Buffer.BlockCopy(values, 0, samples, 0, samples.Length);
        Converter(SampleLayout.Rgb, sixteenBit: true).ToRgb(samples, rgb);
        Assert.Equal([0x00, 0x01, 0x7F, 0x80, 0xFF, 0xFF], rgb);
    }

    [Theory]
    [InlineData(1, "abc def")]
    [InlineData(2, "cba fed")]
    [InlineData(3, "fed cba")]
    [InlineData(4, "def abc")]
    [InlineData(5, "ad be cf")]
    [InlineData(6, "da eb fc")]
    [InlineData(7, "fc eb da")]
    [InlineData(8, "cf be ad")]
    public void Every_orientation_places_rows_as_displayed(int orientation, string expected)
    {
        // EXIF 2.32, tag 0x0112: where the stored picture "abc / def" shows its 0th row and 0th column.
        byte[] stored = [.. "abcdef"u8.ToArray().SelectMany(c => new byte[] { c, 1, 2 })];
        foreach (int strip in (int[])[1, 2])
        {
            using var picture = new DisplayedPicture();
            picture.Begin(new ImageRowFormat(3, 2, orientation));
            for (int top = 0; top < 2; top += strip)
            {
                picture.Receive(stored.AsSpan(top * 9, strip * 9), top, strip);
            }

            using PixelBuffer displayed = picture.Take();
            Assert.Equal(orientation >= 5 ? (2, 3) : (3, 2), (displayed.Width, displayed.Height));
            Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), new string([.. displayed.Pixels.ToArray().Where((_, i) => i % 3 == 0).Select(b => (char)b)]));
        }
    }

    private static RowConverter Converter(SampleLayout layout, bool sixteenBit = false, AlphaTreatment alpha = AlphaTreatment.Flatten)
        => new(layout, sixteenBit, alpha, new PadColour(255, 255, 255));
}
