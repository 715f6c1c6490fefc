using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Hashing;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests;

/// <summary>That a picture hashes as a person sees it, however its samples are stored: within 10 of 256 bits of the RGB form.</summary>
public sealed class HashedModesTests
{
    private const int Width = 200;
    private const int Height = 150;
    private const int MostBits = 10;

    private static readonly VipsImageDecoder Decoder = new(TestEnvironment.Home);

    private static readonly PdqHash Rgb = Hash(new PngWriter(Width, Height, 2, 8).Write(Scene));

    public static TheoryData<string> Modes() => [.. Files().Select(file => file.Mode)];

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_mode_hashes_like_the_rgb_form(string mode)
        => Assert.InRange(Rgb.HammingDistance(Hash(Files().Single(file => file.Mode == mode).Bytes)), 0, MostBits);

    [Fact]
    public void Another_picture_does_not()
        => Assert.InRange(Rgb.HammingDistance(Hash(new PngWriter(Width, Height, 2, 8).Write((x, y, c) => Scene(Width - 1 - x, y, c)))), MostBits + 1, 256);

    // What lies under full transparency is not seen; a hash that takes it for the picture misses the copy without it.
    [Theory]
    [InlineData(6)]
    [InlineData(4)]
    public void What_transparency_hides_does_not_count(int colourType)
    {
        int Hidden(int x, int y) => x < 90 ? (((x / 15) + (y / 15)) % 2) * 255 : Grey(x, y);
        int alpha = colourType == 4 ? 1 : 3;
        PdqHash seen = Hash(new PngWriter(Width, Height, 0, 8).Write((x, y, _) => x < 90 ? 255 : Grey(x, y)));
        PdqHash hidden = Hash(new PngWriter(Width, Height, 0, 8).Write((x, y, _) => Hidden(x, y)));
        PdqHash transparent = Hash(new PngWriter(Width, Height, colourType, 8).Write((x, y, c) => c == alpha ? (x < 90 ? 0 : 255) : Hidden(x, y)));
        Assert.InRange(seen.HammingDistance(transparent), 0, MostBits);
        Assert.InRange(hidden.HammingDistance(transparent), MostBits + 1, 256);
    }

    [Fact]
    public void The_reference_variants_are_near_their_rgb_form()
    {
        PdqHash reference = Hash(File.ReadAllBytes(TestEnvironment.Shared("testdata", "pdq", "modes", "RGB.jpg")));
        foreach (string name in new[] { "L.png", "P.png", "YCbCr.jpg" })
        {
            int distance = reference.HammingDistance(Hash(File.ReadAllBytes(TestEnvironment.Shared("testdata", "pdq", "modes", name))));
            Assert.True(distance <= MostBits, $"{name}: {distance}");
        }
    }

    private static PdqHash Hash(byte[] file)
    {
        using DecodedImage image = Decoder.Decode(file, DecodeOptions.Default);
        PdqResult result = PdqHasher.Hash(image.Pixels);
        Assert.True(result.Quality >= PdqHasher.QualityGate, "too little detail for a comparison");
        return result.Hash;
    }

    private static IEnumerable<(string Mode, byte[] Bytes)> Files()
    {
        yield return ("grey 8", new PngWriter(Width, Height, 0, 8).Write((x, y, _) => Grey(x, y)));
        yield return ("grey 16", new PngWriter(Width, Height, 0, 16).Write((x, y, _) => Grey(x, y) * 257));
        yield return ("grey 4", new PngWriter(Width, Height, 0, 4).Write((x, y, _) => Grey(x, y) >> 4));
        yield return ("grey and alpha", new PngWriter(Width, Height, 4, 8).Write((x, y, c) => c == 1 ? 255 : Grey(x, y)));
        yield return ("palette", new PngWriter(Width, Height, 3, 8).With("PLTE", GreyPalette()).Write((x, y, _) => Grey(x, y)));
        yield return ("rgb 16", new PngWriter(Width, Height, 2, 16).Write((x, y, c) => Scene(x, y, c) * 257));
        yield return ("rgba", new PngWriter(Width, Height, 6, 8).Write((x, y, c) => c == 3 ? 255 : Scene(x, y, c)));
        yield return ("interlaced", new PngWriter(Width, Height, 2, 8, interlaced: true).Write(Scene));
        yield return ("jpeg", new JpegWriter(Width, Height, 3).Write(Ycc));
        yield return ("jpeg progressive", new JpegWriter(Width, Height, 3) { Progressive = true }.Write(Ycc));
        yield return ("jpeg grey", new JpegWriter(Width, Height, 1).Write((x, y, _) => Grey(x, y)));
        // Inverted, as Adobe writes and every reader takes four components: 255 is no ink.
        yield return ("jpeg cmyk", new JpegWriter(Width, Height, 4) { AdobeTransform = 0 }.Write((x, y, c) => c == 3 ? 255 : Scene(x, y, c)));
        yield return ("jpeg turned", new JpegWriter(Height, Width, 1).WithOrientation(6).Write((x, y, _) => Grey(Width - 1 - y, x)));
    }

    // Large soft shapes, and enough edges for PDQ's quality.
    private static int Scene(int x, int y, int channel)
    {
        double value = 120 + (60 * Math.Sin((x * 0.07) + (y * 0.02))) + (40 * Math.Cos((y * 0.11) - (x * 0.03)));
        bool disc = ((x - 60) * (x - 60)) + ((y - 50) * (y - 50)) < 900, box = x is > 110 and < 170 && y is > 70 and < 130;
        value = disc ? 250 - (value / 4) : box ? value / 5 : value;
        return (int)Math.Clamp(value + (channel * 6), 0, 255);
    }

    private static int Grey(int x, int y)
        => (int)((0.299 * Scene(x, y, 0)) + (0.587 * Scene(x, y, 1)) + (0.114 * Scene(x, y, 2)));

    private static int Ycc(int x, int y, int channel) => channel == 0 ? Grey(x, y) : 128;

    private static byte[] GreyPalette() => [.. Enumerable.Range(0, 256).SelectMany(i => new[] { (byte)i, (byte)i, (byte)i })];
}
