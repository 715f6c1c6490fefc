using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests;

public abstract partial class ImageDecoderContract
{
    private static readonly DecodeOptions Avif = DecodeOptions.Default with { AllowAvif = true };
    private static readonly DecodeOptions Lenient = DecodeOptions.Default with { AllowTruncated = true };

    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void Rows_are_the_picture(string name)
    {
        byte[] file = Samples.Get(name);
        foreach (DecodeOptions options in (DecodeOptions[])
            [DecodeOptions.Default, DecodeOptions.Default with { Orientation = OrientationTreatment.Ignore, Alpha = AlphaTreatment.Drop }])
        {
            using DecodedImage image = Decoder.Decode(file, options);
            var rows = new RecordedRows();
            ImageInfo info = Decoder.DecodeRows(file, options, rows);
            Assert.Equal(image.Info, info);
            Assert.Equal((info.Width, info.Height), (rows.Format.DisplayedWidth, rows.Format.DisplayedHeight));
            Assert.Equal((info.StoredWidth, info.StoredHeight), (rows.Format.Width, rows.Format.Height));
            Assert.Equal(info.IsOrientationApplied ? info.Orientation : 1, rows.Format.Orientation);
            Assert.Equal(rows.Format.Height, rows.Next);
            AssertPixels(image, (x, y) => rows.Displayed(x, y));
        }
    }

    [Fact]
    public void Large_pictures_come_in_strips_of_whole_rows()
    {
        byte[] file = new PngWriter(2048, 1537, 2, 8).Write((x, y, c) => (x + (y * 3) + c) & 0xFF);
        var rows = new RecordedRows();
        Decoder.DecodeRows(file, DecodeOptions.Default, rows);
        Assert.Equal(1537, rows.Next);
        Assert.Equal((2047 + (1536 * 3) + 2) & 0xFF, rows.Displayed(2047, 1536).B);
    }

    [Fact]
    public void What_a_receiver_throws_reaches_the_caller()
    {
        byte[] file = Samples.Get("png rgb");
        foreach (int at in (int[])[-1, 0, 16])
        {
            Assert.Throws<ReceiverException>(() => Decoder.DecodeRows(file, Lenient, new ThrowingReceiver(at)));
        }

        Decoder.Decode(file, DecodeOptions.Default).Dispose();
    }

    [Fact]
    public void Orientation_is_left_alone_where_asked()
    {
        byte[] png = new PngWriter(45, 34, 2, 8).With("eXIf", JpegWriter.Exif(6)).Write((x, y, c) => c == 0 ? x : c == 1 ? y : x + y);
        DecodeOptions options = DecodeOptions.Default with { Orientation = OrientationTreatment.Ignore };
        using DecodedImage image = Decoder.Decode(png, options);
        Assert.Equal((6, false, 45, 34), (image.Info.Orientation, image.Info.IsOrientationApplied, image.Info.Width, image.Info.Height));
        Assert.Equal(image.Info, Decoder.ReadInfo(png, options));
        AssertPixels(image, (x, y) => ((byte)x, (byte)y, (byte)(x + y)));
    }

    [Fact]
    public void Info_says_what_was_done()
    {
        Needs(DecoderFeature.Profiles);
        byte[] file = new PngWriter(33, 21, 6, 16).With("eXIf", JpegWriter.Exif(8)).With("iCCP", IccProfiles.PngChunk(IccProfiles.Swapped))
            .Write((x, y, c) => Mixed(x, y, c) * 257);
        using DecodedImage image = Decoder.Decode([.. file, 1, 2, 3], ToSrgb);
        Assert.Equal(
            new ImageInfo(ImageFormat.Png, 21, 33, 8, 1, true, true)
            {
                StoredWidth = 33,
                StoredHeight = 21,
                Channels = 4,
                BitDepth = 16,
                IsOrientationApplied = true,
                ColourProfile = ColourProfileUse.Applied,
                Alpha = AlphaTreatment.Flatten,
                ShrinkFactor = 1,
                TrailingBytes = 3,
                IsDamaged = false,
            },
            image.Info);
    }

    [Theory]
    [InlineData("jpeg colour")]
    [InlineData("jpeg progressive")]
    [InlineData("png rgb")]
    [InlineData("png rgba 16 interlaced")]
    [InlineData("gif")]
    [InlineData("webp lossless")]
    [InlineData("webp lossy")]
    public void Cut_files_show_what_is_there_where_asked(string name)
    {
        byte[] file = Samples.Get(name);
        using DecodedImage whole = Decoder.Decode(file, DecodeOptions.Default);
        int shown = 0;
        for (int sixteenth = 1; sixteenth < 16; sixteenth++)
        {
            byte[] cut = file[..Math.Max(12, file.Length * sixteenth / 16)];
            try
            {
                using DecodedImage image = Decoder.Decode(cut, Lenient);
                shown++;
                Assert.Equal(whole.Info with { IsDamaged = true }, image.Info with { HasAlpha = whole.Info.HasAlpha, Alpha = whole.Info.Alpha, Frames = whole.Info.Frames });

                // The same again after other pictures have used the memory: nothing of them shows.
                byte[] first = image.Pixels.Pixels.ToArray();
                foreach (string other in (string[])["png rgb", "jpeg grey", "webp lossy"])
                {
                    Decoder.Decode(Samples.Get(other), DecodeOptions.Default).Dispose();
                }

                using DecodedImage again = Decoder.Decode(cut, Lenient);
                Assert.True(first.AsSpan().SequenceEqual(again.Pixels.Pixels), $"{name} at {sixteenth}/16");
            }
            catch (ImageException e)
            {
                Assert.Equal(ImageError.Truncated, e.Error);
            }
        }

        // Codecs that need the whole may show nothing of a part.
        Assert.True(shown > 0 || name.StartsWith("webp", StringComparison.Ordinal) || name.EndsWith("interlaced", StringComparison.Ordinal));
    }

    [Fact]
    public void The_part_before_the_damage_is_intact()
    {
        byte[] jpeg = new JpegWriter(64, 600, 3).Write(Samples.Wave);

        // Noise, so that half of the bytes is half of the rows; what is read ahead of the cut may be lost.
        var random = new Random(5);
        byte[] png = new PngWriter(64, 600, 2, 8).Write((x, y, c) => random.Next(256));
        byte[] damagedPng = [.. png];
        damagedPng.AsSpan(png.Length / 2, 300).Fill(0xAA);
        foreach ((byte[] file, byte[] damaged) in ((byte[], byte[])[])
            [(jpeg, jpeg[..(jpeg.Length / 2)]), (png, png[..(png.Length / 2)]), (png, damagedPng)])
        {
            using DecodedImage whole = Decoder.Decode(file, Lenient);
            Assert.False(whole.Info.IsDamaged);
            using DecodedImage part = Decoder.Decode(damaged, Lenient);
            Assert.True(part.Info.IsDamaged);
            Assert.Equal((64, 600), (part.Pixels.Width, part.Pixels.Height));
            int upper = 64 * 3 * 192;
            Assert.True(whole.Pixels.Pixels[..upper].SequenceEqual(part.Pixels.Pixels[..upper]));
            Assert.False(whole.Pixels.Pixels[upper..].SequenceEqual(part.Pixels.Pixels[upper..]));
        }
    }

    [Theory]
    [InlineData(1, 24, 18, 8)]
    [InlineData(1, 25, 18, 4)]
    [InlineData(1, 30, 18, 4)]
    [InlineData(1, 48, 36, 4)]
    [InlineData(1, 49, 36, 2)]
    [InlineData(1, 96, 70, 2)]
    [InlineData(1, 98, 70, 1)]
    [InlineData(6, 18, 24, 8)]
    [InlineData(6, 70, 96, 2)]
    public void Jpegs_are_decoded_smaller_where_that_leaves_enough(int orientation, int width, int height, int factor)
    {
        Needs(DecoderFeature.Shrinking);
        // 643 is 3.3 x 24.4 x 8, 3.3 x 48.7 x 4, 3.3 x 97.4 x 2.
        const int Width = 643, Height = 483;
        static int Smooth(int x, int y, int c) => (int)(127.5 + (60 * Math.Sin(x * 0.02)) + (40 * Math.Cos(y * 0.03)));
        byte[] file = new JpegWriter(Width, Height, 1).WithOrientation(orientation).Write(Smooth);
        DecodeOptions options = DecodeOptions.Default with { ShrinkTowards = new ShrinkTarget(width, height) };
        using DecodedImage image = Decoder.Decode(file, options);
        Assert.Equal(factor, image.Info.ShrinkFactor);
        Assert.Equal((Width, Height), (image.Info.StoredWidth, image.Info.StoredHeight));
        (int w, int h) = (Width / factor, Height / factor);
        Assert.Equal(orientation == 6 ? (h, w) : (w, h), (image.Info.Width, image.Info.Height));
        Assert.Equal((image.Info.Width, image.Info.Height), (image.Pixels.Width, image.Pixels.Height));
        Assert.Equal(image.Info, Decoder.ReadInfo(file, options));
        AssertPixels(
            image,
            (x, y) =>
            {
                (int storedX, int storedY) = Stored(orientation, x, y, w, h);
                double sum = 0;
                for (int i = 0; i < factor * factor; i++)
                {
                    sum += Smooth((storedX * factor) + (i % factor), (storedY * factor) + (i / factor), 0);
                }

                return Grey((int)Math.Round(sum / (factor * factor)));
            },
            tolerance: 4);
    }

    [Fact]
    public void Nothing_else_is_decoded_smaller()
    {
        Needs(DecoderFeature.Shrinking);
        DecodeOptions options = DecodeOptions.Default with { ShrinkTowards = new ShrinkTarget(1, 1) };
        foreach ((string name, byte[] file) in Samples.All.Where(s => !s.Name.StartsWith("jpeg", StringComparison.Ordinal)))
        {
            using DecodedImage image = Decoder.Decode(file, options);
            Assert.True(image.Info.ShrinkFactor == 1, name);
        }
    }

    [Fact]
    public void Avif_is_read_only_where_allowed()
    {
        Needs(DecoderFeature.Avif);
        byte[] file = new AvifWriter().Write();
        AssertRefused(file, ImageError.Unsupported);
        using DecodedImage image = Decoder.Decode(file, Avif);
        Assert.Equal(new ImageInfo(ImageFormat.Avif, 24, 16, 1, 1, false, false), Plain(image.Info));
        AssertPixels(image, WebPFiles.Colour);

        using DecodedImage alpha = Decoder.Decode(new AvifWriter { Alpha = true }.Write(), Avif);
        Assert.True(alpha.Info.HasAlpha);
        AssertPixels(alpha, (x, y) =>
        {
            (byte r, byte g, byte b) = WebPFiles.Colour(x, y);
            int a = WebPFiles.Alpha(x, y);
            return (OverWhite(r, a), OverWhite(g, a), OverWhite(b, a));
        });

        // Allowed once is not allowed for others.
        AssertRefused(file, ImageError.Unsupported);
    }

    [Theory]
    [InlineData(0, -1, 1)]
    [InlineData(1, -1, 8)]
    [InlineData(2, -1, 3)]
    [InlineData(3, -1, 6)]
    [InlineData(0, 0, 4)]
    [InlineData(0, 1, 2)]
    [InlineData(1, 0, 5)]
    [InlineData(1, 1, 7)]
    [InlineData(2, 0, 2)]
    [InlineData(2, 1, 4)]
    [InlineData(3, 0, 7)]
    [InlineData(3, 1, 5)]
    public void Avif_is_turned_and_mirrored_as_its_container_says(int quarters, int axis, int orientation)
    {
        Needs(DecoderFeature.Avif);
        var writer = new AvifWriter();
        if (quarters > 0)
        {
            writer.Rotated(quarters);
        }

        if (axis >= 0)
        {
            writer.Mirrored(axis);
        }

        DecodeOptions unturned = Avif with { Orientation = OrientationTreatment.Ignore };
        using DecodedImage stored = Decoder.Decode(writer.Write(), unturned);
        Assert.Equal((24, 16, orientation), (stored.Info.Width, stored.Info.Height, stored.Info.Orientation));
        Assert.Equal(stored.Info, Decoder.ReadInfo(writer.Write(), unturned));
        AssertPixels(stored, WebPFiles.Colour);

        using DecodedImage image = Decoder.Decode(writer.Write(), Avif);
        Assert.Equal(orientation, image.Info.Orientation);
        Assert.Equal(image.Info, Decoder.ReadInfo(writer.Write(), Avif));
        AssertPixels(image, (x, y) =>
        {
            // Mirroring is done last, so that it is undone first.
            (int w, int h) = (image.Info.Width, image.Info.Height);
            (int sx, int sy) = axis == 0 ? (x, h - 1 - y) : axis == 1 ? (w - 1 - x, y) : (x, y);
            for (int i = 0; i < quarters; i++)
            {
                // One quarter counter-clockwise puts the right column on top.
                (sx, sy) = (h - 1 - sy, sx);
                (w, h) = (h, w);
            }

            return WebPFiles.Colour(sx, sy);
        });
    }

    [Fact]
    public void Avif_containers_are_judged_before_a_codec_sees_them()
    {
        Needs(DecoderFeature.Avif);
        void Refused(byte[] file, ImageError error)
            => Assert.Equal(error, Assert.Throws<ImageException>(() => Decoder.Decode(file, Avif)).Error);
        Refused(new AvifWriter { Codec = "hvc1" }.Write(), ImageError.Unsupported);
        Refused(new AvifWriter { Brand = "heic" }.Write(), ImageError.Unsupported);
        Refused(new AvifWriter { Declared = (60_000, 60_000) }.Write(), ImageError.LimitExceeded);
        Refused(new AvifWriter { Declared = (9_000, 9_000) }.Write(), ImageError.LimitExceeded);
        Refused(new AvifWriter { Declared = (0, 16) }.Write(), ImageError.Corrupt);
        Refused(new AvifWriter { Declared = (24, 17) }.Write(), ImageError.Corrupt);
        Refused(new AvifWriter().With(AvifWriter.Box("clap", new byte[32])).Write(), ImageError.Unsupported);
        byte[] file = new AvifWriter().Write();
        for (int length = 40; length < file.Length; length++)
        {
            Refused(file[..length], ImageError.Truncated);
        }

        using DecodedImage appended = Decoder.Decode([.. file, .. "PK\x03\x04<script>"u8], Avif);
        Assert.Equal(12, appended.Info.TrailingBytes);
        AssertPixels(appended, WebPFiles.Colour);
        var random = new Random(11);
        for (int i = 0; i < 1_000; i++)
        {
            try
            {
                Decoder.Decode(Samples.Mutate(file, random), Avif with { Limits = ImageLimits.Default with { MaxPixels = 1 << 20 } }).Dispose();
            }
            catch (ImageException e)
            {
                Assert.True(e.Error is ImageError.Unsupported or ImageError.LimitExceeded or ImageError.Truncated or ImageError.Corrupt);
            }
        }
    }

    private sealed class RecordedRows : IImageRowReceiver
    {
        private byte[] _pixels = [];

        public ImageRowFormat Format { get; private set; }

        public int Next { get; private set; }

        public void Begin(ImageRowFormat format)
        {
            Assert.Empty(_pixels);
            Format = format;
            _pixels = new byte[format.Width * format.Height * 3];
        }

        public void Receive(ReadOnlySpan<byte> rgb, int top, int count)
        {
            Assert.Equal(Next, top);
            Assert.True(count > 0 && (count % IImageRowReceiver.StripRows == 0 || top + count == Format.Height));
            Assert.Equal(count * Format.Width * 3, rgb.Length);
            rgb.CopyTo(_pixels.AsSpan(top * Format.Width * 3));
            Next += count;
        }

        public (byte R, byte G, byte B) Displayed(int x, int y)
        {
            (int storedX, int storedY) = Stored(Format.Orientation, x, y, Format.Width, Format.Height);
            int at = ((storedY * Format.Width) + storedX) * 3;
            return (_pixels[at], _pixels[at + 1], _pixels[at + 2]);
        }
    }

    private sealed class ThrowingReceiver(int at) : IImageRowReceiver
    {
        public void Begin(ImageRowFormat format) => Throw(-1);

        public void Receive(ReadOnlySpan<byte> rgb, int top, int count) => Throw(top);

        private void Throw(int now)
        {
            if (now == at)
            {
                throw new ReceiverException();
            }
        }
    }
}
