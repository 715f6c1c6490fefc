using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests;

/// <summary>What a decoder may refuse; what it does not refuse it must do as the contract says.</summary>
public enum DecoderFeature
{
    Profiles,
    Shrinking,
    Avif,
}

/// <summary>What every <see cref="IImageDecoder"/> must do. Inputs are written here and their pixels are known without a decoder.</summary>
public abstract partial class ImageDecoderContract
{
    protected abstract IImageDecoder Decoder { get; }

    /// <summary>Whether the decoder does what a decoder may refuse.</summary>
    protected virtual bool Supports(DecoderFeature feature) => true;

    private void Needs(DecoderFeature feature) => Assert.SkipUnless(Supports(feature), $"{Decoder.Name} refuses this: {feature}");

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(0, 4)]
    [InlineData(0, 8)]
    [InlineData(0, 16)]
    [InlineData(2, 8)]
    [InlineData(2, 16)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(3, 4)]
    [InlineData(3, 8)]
    [InlineData(4, 8)]
    [InlineData(4, 16)]
    [InlineData(6, 8)]
    [InlineData(6, 16)]
    public void Png_of_every_kind_is_exact(int colourType, int depth)
    {
        int mask = (1 << depth) - 1;
        int Sample(int x, int y, int channel) => (((x * 2654435) ^ (y * 40503)) + (channel * 7919)) & mask;
        int Eight(int value) => depth == 16 ? value >> 8 : value * 255 / mask;
        byte[] palette = Samples.Palette(1 << Math.Min(depth, 8));
        foreach ((int width, int height) in (ReadOnlySpan<(int, int)>)[(1, 1), (7, 3), (37, 41), (9, 16), (16, 17)])
        {
            foreach (bool interlaced in (bool[])[false, true])
            {
                var writer = new PngWriter(width, height, colourType, depth, interlaced);
                if (colourType == 3)
                {
                    writer.With("PLTE", palette);
                }

                using DecodedImage image = Decoder.Decode(writer.Write(Sample), DecodeOptions.Default);
                Assert.Equal(new ImageInfo(ImageFormat.Png, width, height, 1, 1, colourType >= 4, false), Plain(image.Info));
                AssertPixels(image, (x, y) =>
                {
                    int alpha = colourType is 4 ? Eight(Sample(x, y, 1)) : colourType is 6 ? Eight(Sample(x, y, 3)) : 255;
                    byte Channel(int channel) => colourType == 3
                        ? palette[(Sample(x, y, 0) * 3) + channel]
                        : OverWhite(Eight(Sample(x, y, colourType is 0 or 4 ? 0 : channel)), alpha);
                    return (Channel(0), Channel(1), Channel(2));
                });
            }
        }
    }

    [Fact]
    public void Transparent_palette_entries_and_colours_show_white()
    {
        byte[] palette = Samples.Palette(16);
        byte[] opacity = [0, 128, 200];
        using DecodedImage indexed = Decoder.Decode(
            new PngWriter(20, 9, 3, 4).With("PLTE", palette).With("tRNS", opacity).Write((x, y, c) => (x + y) & 15), DecodeOptions.Default);
        Assert.True(indexed.Info.HasAlpha);
        AssertPixels(indexed, (x, y) =>
        {
            int index = (x + y) & 15, alpha = index < opacity.Length ? opacity[index] : 255;
            return (OverWhite(palette[index * 3], alpha), OverWhite(palette[(index * 3) + 1], alpha), OverWhite(palette[(index * 3) + 2], alpha));
        });

        using DecodedImage grey = Decoder.Decode(new PngWriter(20, 9, 0, 8).With("tRNS", [0, 5]).Write((x, y, c) => x), DecodeOptions.Default);
        AssertPixels(grey, (x, y) => x == 5 ? ((byte)255, (byte)255, (byte)255) : ((byte)x, (byte)x, (byte)x));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Jpeg_is_within_two_levels(bool progressive)
    {
        foreach ((int width, int height) in (ReadOnlySpan<(int, int)>)[(1, 1), (7, 3), (8, 8), (61, 47)])
        {
            byte[] file = new JpegWriter(width, height, 1) { Progressive = progressive }.Write(Samples.Wave);
            using DecodedImage grey = Decoder.Decode(file, DecodeOptions.Default);
            Assert.Equal(new ImageInfo(ImageFormat.Jpeg, width, height, 1, 1, false, false), Plain(grey.Info));
            AssertPixels(grey, (x, y) => Grey(Samples.Wave(x, y, 0)), tolerance: 2);

            file = new JpegWriter(width, height, 3) { Progressive = progressive, RestartInterval = 2 }
                .Write((x, y, c) => c == 0 ? Samples.Wave(x, y, 0) : 128 + (c * 10));
            using DecodedImage colour = Decoder.Decode(file, DecodeOptions.Default);
            AssertPixels(
                colour,
                (x, y) => (
                    Clamp(Samples.Wave(x, y, 0) + (1.402 * 20)),
                    Clamp(Samples.Wave(x, y, 0) - (0.344136 * 10) - (0.714136 * 20)),
                    Clamp(Samples.Wave(x, y, 0) + (1.772 * 10))),
                tolerance: 2);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData((byte)0)]
    [InlineData((byte)2)]
    public void Four_components_are_inverted_inks(byte? transform)
    {
        // Stored 255 means no ink. With transform 2 the first three are YCbCr of what 255 exceeds them by.
        int[] stored = [200, 128, 128, 230];
        int[] inks = transform == 2 ? [55, 55, 55, 230] : stored;
        using DecodedImage image = Decoder.Decode(
            new JpegWriter(19, 17, 4) { AdobeTransform = transform }.Write((x, y, c) => stored[c]), DecodeOptions.Default);
        byte Light(int i) => Clamp(inks[i] * inks[3] / 255.0);
        AssertPixels(image, (x, y) => (Light(0), Light(1), Light(2)), tolerance: 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Orientation_is_applied(int orientation)
    {
        const int Width = 45, Height = 34;
        (byte, byte, byte) Shown(int x, int y)
        {
            (int storedX, int storedY) = Stored(orientation, x, y, Width, Height);
            return ((byte)storedX, (byte)storedY, (byte)(storedX + storedY));
        }

        byte[] png = new PngWriter(Width, Height, 2, 8).With("eXIf", JpegWriter.Exif(orientation)).Write((x, y, c) => c == 0 ? x : c == 1 ? y : x + y);
        using DecodedImage image = Decoder.Decode(png, DecodeOptions.Default);
        Assert.Equal(orientation, image.Info.Orientation);
        Assert.Equal(orientation >= 5 ? (Height, Width) : (Width, Height), (image.Info.Width, image.Info.Height));
        AssertPixels(image, Shown);

        byte[] jpeg = new JpegWriter(Width, Height, 1).WithOrientation(orientation).Write((x, y, c) => 2 * (x + (3 * y / 2)));
        using DecodedImage grey = Decoder.Decode(jpeg, DecodeOptions.Default);
        AssertPixels(
            grey,
            (x, y) =>
            {
                (byte storedX, byte storedY, _) = Shown(x, y);
                return Grey(2 * (storedX + (3 * storedY / 2)));
            },
            tolerance: 2);
    }

    [Fact]
    public void Large_pictures_are_turned_too()
    {
        // Above 3 MP, where decoders that stream cannot fall back on a small picture's buffer.
        const int Width = 2048, Height = 1536;
        byte[] file = new JpegWriter(Width, Height, 1).Write((x, y, channel) => ((x >> 3) * 5) + ((y >> 3) * 3) & 0xFF);
        using DecodedImage upright = Decoder.Decode(file, DecodeOptions.Default);
        for (int orientation = 1; orientation <= 8; orientation++)
        {
            byte[] exif = new JpegWriter(1, 1, 1).WithOrientation(orientation).Segments;
            using DecodedImage turned = Decoder.Decode([.. file[..2], .. exif, .. file[2..]], DecodeOptions.Default);
            ReadOnlySpan<byte> from = upright.Pixels.Pixels, to = turned.Pixels.Pixels;
            Assert.Equal(orientation, turned.Info.Orientation);
            for (int y = 0; y < turned.Info.Height; y++)
            {
                for (int x = 0; x < turned.Info.Width; x++)
                {
                    (int storedX, int storedY) = Stored(orientation, x, y, Width, Height);
                    if (from[((storedY * Width) + storedX) * 3] != to[((y * turned.Info.Width) + x) * 3])
                    {
                        Assert.Fail($"orientation {orientation}: ({x}, {y})");
                    }
                }
            }
        }
    }

    [Fact]
    public void Of_a_gif_the_first_frame_is_shown_on_its_canvas()
    {
        static int Index(int x, int y) => (x + (y * 3)) & 127;
        foreach ((int canvasWidth, int canvasHeight, int left, int top) in (ReadOnlySpan<(int, int, int, int)>)
            [(20, 18, 0, 0), (20, 18, 4, 3), (10, 9, 4, 3), (800, 600, 1, 2), (3000, 7, 0, 0)])
        {
            foreach (int transparent in (int[])[-1, 9])
            {
                byte[] file = new GifWriter(canvasWidth, canvasHeight)
                    .Frame(left, top, 14, 13, Index, transparent)
                    .Frame(0, 0, 3, 3, (x, y) => 99)
                    .Write();
                using DecodedImage image = Decoder.Decode(file, DecodeOptions.Default);
                Assert.Equal(
                    new ImageInfo(ImageFormat.Gif, Math.Max(canvasWidth, left + 14), Math.Max(canvasHeight, top + 13), 1, 2, transparent >= 0, false),
                    Plain(image.Info));
                AssertPixels(image, (x, y) =>
                {
                    bool inside = x >= left && x < left + 14 && y >= top && y < top + 13;
                    int index = Index(x - left, y - top);
                    return inside && index != transparent ? GifWriter.Colour(index) : ((byte)255, (byte)255, (byte)255);
                });
            }
        }
    }

    [Fact]
    public void Webp_is_exact_where_lossless()
    {
        using DecodedImage opaque = Decoder.Decode(WebPFiles.Riff(WebPFiles.Lossless), DecodeOptions.Default);
        Assert.Equal(new ImageInfo(ImageFormat.WebP, 24, 16, 1, 1, false, false), Plain(opaque.Info));
        AssertPixels(opaque, WebPFiles.Colour);

        using DecodedImage alpha = Decoder.Decode(WebPFiles.Riff(WebPFiles.LosslessAlpha), DecodeOptions.Default);
        Assert.True(alpha.Info.HasAlpha);
        AssertPixels(alpha, (x, y) =>
        {
            (byte r, byte g, byte b) = WebPFiles.Colour(x, y);
            int a = WebPFiles.Alpha(x, y);
            return (OverWhite(r, a), OverWhite(g, a), OverWhite(b, a));
        });

        using DecodedImage lossy = Decoder.Decode(WebPFiles.Riff(WebPFiles.Lossy), DecodeOptions.Default);
        AssertPixels(lossy, WebPFiles.Colour, tolerance: 40);

        using DecodedImage turned = Decoder.Decode(
            WebPFiles.Riff(WebPFiles.Extended(0x08, 24, 16), WebPFiles.Lossless, WebPFiles.Chunk("EXIF", JpegWriter.Exif(6))), DecodeOptions.Default);
        Assert.Equal((16, 24, 6), (turned.Info.Width, turned.Info.Height, turned.Info.Orientation));
        AssertPixels(turned, (x, y) => WebPFiles.Colour(y, 15 - x));
    }

    [Fact]
    public void Of_an_animated_webp_the_first_frame_is_shown()
    {
        byte[] file = WebPFiles.Riff(
            WebPFiles.Extended(0x02, 40, 30),
            WebPFiles.Chunk("ANIM", new byte[6]),
            WebPFiles.Frame(4, 6, 24, 16, WebPFiles.Lossless),
            WebPFiles.Frame(0, 0, 24, 16, WebPFiles.Lossless));
        using DecodedImage image = Decoder.Decode(file, DecodeOptions.Default);
        Assert.Equal((40, 30, 2), (image.Info.Width, image.Info.Height, image.Info.Frames));
        AssertPixels(image, (x, y) => x is >= 4 and < 28 && y is >= 6 and < 22 ? WebPFiles.Colour(x - 4, y - 6) : ((byte)255, (byte)255, (byte)255));
    }

    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void Info_is_the_same_with_and_without_decoding(string name)
    {
        byte[] file = Samples.Get(name);
        using DecodedImage image = Decoder.Decode(file, DecodeOptions.Default);
        Assert.Equal(image.Info, Decoder.ReadInfo(file, DecodeOptions.Default));
        Assert.Equal((image.Info.Width, image.Info.Height), (image.Pixels.Width, image.Pixels.Height));
    }

    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void Cut_files_are_truncated(string name)
    {
        byte[] file = Samples.Get(name);
        for (int sixteenth = 1; sixteenth < 16; sixteenth++)
        {
            byte[] cut = file[..Math.Max(12, file.Length * sixteenth / 16)];
            AssertRefused(cut, ImageError.Truncated);
        }

        AssertRefused(file[..^1], ImageError.Truncated);
    }

    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void Bytes_after_the_end_change_nothing(string name)
    {
        byte[] file = Samples.Get(name);
        using DecodedImage plain = Decoder.Decode(file, DecodeOptions.Default);
        using DecodedImage appended = Decoder.Decode([.. file, .. "PK\x03\x04<script>"u8, .. new byte[1000]], DecodeOptions.Default);
        Assert.Equal(14 + 1000 - 2, appended.Info.TrailingBytes);
        Assert.Equal(plain.Info, appended.Info with { TrailingBytes = 0 });
        Assert.True(plain.Pixels.Pixels.SequenceEqual(appended.Pixels.Pixels));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("\u00FF\u00D8")]
    [InlineData("GIF")]
    [InlineData("this text is called picture.jpg")]
    [InlineData("II*\0\b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("BM\u0046\0\0\0\0\0\0\0\u0036\0\0\0\u0028\0\0\0\u0001\0\0\0\u0001\0\0\0\u0001\0\u0018\0\0\0\0\0")]
    [InlineData("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>")]
    [InlineData("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("P6\n1 1\n255\nabc")]
    public void Other_content_is_unsupported(string latin1)
        => AssertRefused(System.Text.Encoding.Latin1.GetBytes(latin1), ImageError.Unsupported);

    [Fact]
    public void Bombs_are_refused_from_their_header()
    {
        byte[][] files =
        [
            Samples.JpegHeaderOnly(30000, 30000),
            Samples.JpegHeaderOnly(65500, 8),
            new PngWriter(30000, 30000, 2, 8).Assemble(new byte[1000]),
            Samples.JpegWithScans(64, 64, 127),
            Samples.JpegWithScans(5000, 5000, 64),
            Samples.JpegWithSegments(80_000),
            new GifWriter(60000, 60000).Frame(0, 0, 1, 1, (x, y) => 0).Write(),
        ];
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (byte[] file in files)
        {
            Assert.Equal(ImageError.LimitExceeded, Assert.Throws<ImageException>(() => Decoder.Decode(file, DecodeOptions.Default)).Error);
            Assert.Equal(ImageError.LimitExceeded, Assert.Throws<ImageException>(() => Decoder.ReadInfo(file, DecodeOptions.Default)).Error);
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20, "no pixel buffer may exist before judgement");
    }

    [Fact]
    public void Callers_limits_are_kept()
    {
        byte[] file = Samples.Get("jpeg progressive");
        foreach (ImageLimits limits in (ImageLimits[])
            [
                new() { MaxBytes = file.Length - 1 },
                new() { MaxSide = 36 },
                new() { MaxPixels = 1000 },
                new() { MaxPixelsWithoutStreaming = 1000 },
                new() { MaxJpegScans = 3 },
                new() { MaxJpegScanPixels = 4000 },
                new() { MaxJpegMarkers = 2 },
            ])
        {
            Assert.Equal(ImageError.LimitExceeded, Assert.Throws<ImageException>(() => Decoder.Decode(file, With(limits))).Error);
        }
    }

    [Fact]
    public void Damage_is_corrupt()
    {
        byte[] png = new PngWriter(40, 40, 2, 8).Write(Samples.Wave);
        int idat = png.AsSpan().IndexOf("IDAT"u8);
        byte[] wrongChecksum = [.. png];
        wrongChecksum[^17] ^= 1;
        byte[] wrongData = [.. png];
        wrongData.AsSpan(idat + 4 + 20, 40).Fill(0xAA);
        byte[] wrongHeaderChecksum = [.. png];
        wrongHeaderChecksum[29] ^= 1;
        byte[] emptyData = new PngWriter(40, 40, 2, 8).Assemble([]);
        foreach (byte[] file in (byte[][])[wrongChecksum, wrongData, wrongHeaderChecksum, emptyData])
        {
            AssertRefused(file, ImageError.Corrupt);
        }

        AssertRefused(Samples.JpegHeaderOnly(0, 9), ImageError.Corrupt);
        AssertRefused(new PngWriter(0, 9, 2, 8).Assemble([1]), ImageError.Corrupt);

        // The header of one format, the body of another.
        AssertRefused([.. png[..8], .. Samples.Get("jpeg colour")], ImageError.Corrupt);
    }

    [Fact]
    public void Cancellation_and_time_are_kept()
    {
        byte[] file = Samples.Get("jpeg colour");
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => Decoder.Decode(file, DecodeOptions.Default, cancelled.Token));
        Assert.Equal(
            ImageError.TimedOut,
            Assert.Throws<ImageException>(() => Decoder.Decode(file, With(ImageLimits.Default with { MaxDecodeTime = TimeSpan.Zero }))).Error);
    }

    [Fact]
    public async Task Many_threads_get_the_same_pixels()
    {
        byte[][] expected = [.. Samples.All.Select(s => Pixels(s.File))];
        var damaged = Samples.All.Select(s => s.File[..(s.File.Length / 2)]).ToArray();
        await Parallel.ForAsync(0, 400, TestContext.Current.CancellationToken, (i, _) =>
        {
            int sample = i % expected.Length;
            if (i % 3 == 0)
            {
                Assert.Throws<ImageException>(() => Decoder.Decode(damaged[sample], DecodeOptions.Default));
            }

            Assert.True(expected[sample].AsSpan().SequenceEqual(Pixels(Samples.All[sample].File)), Samples.All[sample].Name);
            return ValueTask.CompletedTask;
        });

        byte[] Pixels(byte[] file)
        {
            using DecodedImage image = Decoder.Decode(file, DecodeOptions.Default);
            return image.Pixels.Pixels.ToArray();
        }
    }

    [Fact]
    public void Damaged_files_end_in_pixels_or_an_image_exception()
    {
        var random = new Random(7);
        var limits = ImageLimits.Default with { MaxPixels = 1 << 20, MaxPixelsWithoutStreaming = 1 << 20 };
        int refused = 0, decoded = 0;
        for (int i = 0; i < 4_000; i++)
        {
            byte[] file = Samples.Mutate(Samples.All[i % Samples.All.Length].File, random);
            try
            {
                using DecodedImage image = Decoder.Decode(file, With(limits));
                Assert.Equal(image.Info.Width * image.Info.Height * 3, image.Pixels.ByteCount);
                decoded++;
            }
            catch (ImageException e)
            {
                Assert.True(e.Error is ImageError.Unsupported or ImageError.LimitExceeded or ImageError.Truncated or ImageError.Corrupt);
                refused++;
            }
        }

        Assert.True(refused > 500 && decoded > 500, $"{refused} refused, {decoded} decoded: the damage is too mild or too hard to test anything");
    }

    protected static void AssertPixels(DecodedImage image, Func<int, int, (byte R, byte G, byte B)> expected, int tolerance = 0)
    {
        ReadOnlySpan<byte> pixels = image.Pixels.Pixels;
        int width = image.Info.Width;
        for (int i = 0; i < pixels.Length; i += 3)
        {
            (byte r, byte g, byte b) = expected(i / 3 % width, i / 3 / width);
            if (Math.Abs(pixels[i] - r) > tolerance || Math.Abs(pixels[i + 1] - g) > tolerance || Math.Abs(pixels[i + 2] - b) > tolerance)
            {
                Assert.Fail($"({i / 3 % width}, {i / 3 / width}) is {pixels[i]},{pixels[i + 1]},{pixels[i + 2]}, expected {r},{g},{b} within {tolerance}");
            }
        }
    }

    private void AssertRefused(byte[] file, ImageError error)
        => Assert.Equal(error, Assert.Throws<ImageException>(() => Decoder.Decode(file, DecodeOptions.Default)).Error);

    // EXIF 2.32, tag 0x0112: where the displayed pixel (x, y) is stored.
    private static (int X, int Y) Stored(int orientation, int x, int y, int width, int height) => orientation switch
    {
        1 => (x, y),
        2 => (width - 1 - x, y),
        3 => (width - 1 - x, height - 1 - y),
        4 => (x, height - 1 - y),
        5 => (y, x),
        6 => (y, height - 1 - x),
        7 => (width - 1 - y, height - 1 - x),
        _ => (width - 1 - y, x),
    };

    protected static DecodeOptions With(ImageLimits limits) => DecodeOptions.Default with { Limits = limits };

    // The part of the information that a picture has by itself.
    private static ImageInfo Plain(ImageInfo info) => new(
        info.Format, info.Width, info.Height, info.Orientation, info.Frames, info.HasAlpha, info.HasColourProfile);

    private static byte OverWhite(int colour, int alpha) => Over(colour, 255, alpha);

    private static (byte, byte, byte) Grey(int value) => ((byte)value, (byte)value, (byte)value);

    private static byte Clamp(double value) => (byte)Math.Clamp(Math.Round(value), 0, 255);
}
