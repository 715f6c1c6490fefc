using FsCheck;
using FsCheck.Fluent;
using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests.Images;

public sealed class ImageHeaderReaderTests
{
    private static readonly ImageLimits Wide = new()
    {
        MaxBytes = long.MaxValue,
        MaxPixels = long.MaxValue,
        MaxPixelsWithoutStreaming = long.MaxValue,
        MaxSide = int.MaxValue,
        MaxJpegScans = int.MaxValue,
        MaxJpegMarkers = int.MaxValue,
        MaxJpegScanPixels = long.MaxValue,
        MaxMetadataBytes = long.MaxValue,
        MaxStoredFrames = int.MaxValue,
        MaxWebPChunks = int.MaxValue,
    };

    [Theory]
    [InlineData("jpeg grey", ImageFormat.Jpeg, 37, 29, 6, 1, 1, 8, false, false)]
    [InlineData("jpeg colour", ImageFormat.Jpeg, 37, 29, 1, 1, 3, 8, false, false)]
    [InlineData("jpeg progressive", ImageFormat.Jpeg, 37, 29, 1, 1, 3, 8, false, true)]
    [InlineData("jpeg cmyk", ImageFormat.Jpeg, 24, 20, 1, 1, 4, 8, false, false)]
    [InlineData("png grey 1", ImageFormat.Png, 33, 21, 1, 1, 1, 1, false, false)]
    [InlineData("png palette", ImageFormat.Png, 33, 21, 1, 1, 3, 4, true, false)]
    [InlineData("png rgb", ImageFormat.Png, 33, 21, 8, 1, 3, 8, false, false)]
    [InlineData("png rgba 16 interlaced", ImageFormat.Png, 33, 21, 1, 1, 4, 16, true, true)]
    [InlineData("gif", ImageFormat.Gif, 30, 20, 1, 2, 3, 8, true, true)]
    [InlineData("webp lossless", ImageFormat.WebP, 24, 16, 1, 1, 4, 8, true, true)]
    [InlineData("webp lossy", ImageFormat.WebP, 24, 16, 1, 1, 3, 8, false, true)]
    [InlineData("webp extended", ImageFormat.WebP, 24, 16, 3, 1, 3, 8, false, true)]
    public void Structure_is_read(
        string name, ImageFormat format, int width, int height, int orientation, int frames, int channels, int depth, bool alpha, bool whole)
    {
        byte[] file = Samples.Get(name);
        ImageHeader header = ImageHeaderReader.Read(file, ImageLimits.Default);
        Assert.Equal(format, header.Format);
        Assert.Equal((width, height), (header.StoredWidth, header.StoredHeight));
        Assert.Equal(orientation, header.Orientation);
        Assert.Equal(frames, header.Frames);
        Assert.Equal((channels, depth, alpha), (header.Channels, header.BitDepth, header.HasAlpha));
        Assert.Equal(whole, header.NeedsWholePicture);
        Assert.Equal(file.Length, header.EndPosition);
        Assert.Equal(0, header.TrailingBytes);
        ImageInfo info = header.ToInfo();
        Assert.Equal(orientation >= 5 ? (height, width) : (width, height), (info.Width, info.Height));
    }

    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void Trailing_bytes_are_counted(string name)
    {
        byte[] file = Samples.Get(name);
        ImageHeader header = ImageHeaderReader.Read([.. file, .. "PK\x03\x04 and more"u8], ImageLimits.Default);
        Assert.Equal(file.Length, header.EndPosition);
        Assert.Equal("PK\x03\x04 and more".Length, header.TrailingBytes);
    }

    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void Every_prefix_is_known_to_be_incomplete(string name)
    {
        byte[] file = Samples.Get(name);
        for (int length = 0; length < file.Length; length++)
        {
            try
            {
                Assert.False(ImageHeaderReader.Read(file.AsSpan(0, length), ImageLimits.Default).IsComplete, $"{length} bytes");
            }
            catch (ImageException e)
            {
                Assert.True(e.Error is ImageError.Truncated or ImageError.Unsupported, $"{length} bytes: {e.Error}");
                Assert.True(e.Error == ImageError.Truncated || length < 12, $"{length} bytes are enough to know the format");
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u00FF")]
    [InlineData("\u00FF\u00D8")]
    [InlineData("GIF88a------------")]
    [InlineData("II*\0\b\0\0\0\0\0\0\0")]
    [InlineData("MM\0*\0\0\0\b\0\0\0\0")]
    [InlineData("BM------------------")]
    [InlineData("%PDF-1.7\n----------")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")]
    [InlineData("8BPS----------------")]
    [InlineData("RIFF\0\0\0\0WAVEfmt ")]
    [InlineData("a plain text that calls itself picture.jpg")]
    public void Other_content_is_unsupported(string latin1)
    {
        byte[] file = System.Text.Encoding.Latin1.GetBytes(latin1);
        Assert.Null(ImageHeaderReader.Sniff(file));
        Assert.Equal(ImageError.Unsupported, Assert.Throws<ImageException>(() => ImageHeaderReader.Read(file, ImageLimits.Default)).Error);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    [InlineData(5, 5)]
    [InlineData(6, 6)]
    [InlineData(7, 7)]
    [InlineData(8, 8)]
    [InlineData(0, 1)]
    [InlineData(9, 1)]
    [InlineData(65535, 1)]
    public void Orientation_is_read_from_every_container(int stored, int expected)
    {
        foreach (bool littleEndian in (bool[])[false, true])
        {
            byte[] exif = JpegWriter.Exif(stored, littleEndian);
            byte[][] files =
            [
                new JpegWriter(9, 5, 1).WithOrientation(stored, littleEndian).Write(Samples.Wave),
                new PngWriter(9, 5, 0, 8).With("eXIf", exif).Write(Samples.Wave),
                new PngWriter(9, 5, 0, 8).WithAfter("eXIf", exif).Write(Samples.Wave),
                WebPFiles.Riff(WebPFiles.Extended(0x08, 24, 16), WebPFiles.Lossless, WebPFiles.Chunk("EXIF", exif)),
                WebPFiles.Riff(WebPFiles.Extended(0x08, 24, 16), WebPFiles.Lossless, WebPFiles.Chunk("EXIF", [.. "Exif\0\0"u8, .. exif])),
            ];
            Assert.All(files, f => Assert.Equal(expected, ImageHeaderReader.Read(f, ImageLimits.Default).Orientation));
        }
    }

    [Fact]
    public void Of_two_exif_blocks_the_first_counts()
    {
        byte[] file = new JpegWriter(9, 5, 1).WithOrientation(6).WithOrientation(3).Write(Samples.Wave);
        Assert.Equal(6, ImageHeaderReader.Read(file, ImageLimits.Default).Orientation);
    }

    [Fact]
    public void Damaged_exif_means_upright()
    {
        byte[] good = JpegWriter.Exif(6);
        for (int length = 0; length < 22; length++)
        {
            byte[] file = new JpegWriter(9, 5, 1).With(0xE1, [.. "Exif\0\0"u8, .. good.AsSpan(0, length)]).Write(Samples.Wave);
            Assert.Equal(1, ImageHeaderReader.Read(file, ImageLimits.Default).Orientation);
        }

        byte[] farDirectory = [.. good];
        farDirectory[4] = 0xFF;
        byte[] far = new JpegWriter(9, 5, 1).With(0xE1, [.. "Exif\0\0"u8, .. farDirectory]).Write(Samples.Wave);
        Assert.Equal(1, ImageHeaderReader.Read(far, ImageLimits.Default).Orientation);
    }

    [Fact]
    public void Profiles_and_animation_are_reported()
    {
        byte[] profile = new byte[200];
        Assert.True(ImageHeaderReader.Read(
            new JpegWriter(9, 5, 1).With(0xE2, [.. "ICC_PROFILE\0"u8, 1, 1, .. profile]).Write(Samples.Wave), ImageLimits.Default).HasColourProfile);
        Assert.True(ImageHeaderReader.Read(
            new PngWriter(9, 5, 0, 8).With("iCCP", profile).Write(Samples.Wave), ImageLimits.Default).HasColourProfile);
        Assert.True(ImageHeaderReader.Read(
            WebPFiles.Riff(WebPFiles.Extended(0x20, 24, 16), WebPFiles.Chunk("ICCP", profile), WebPFiles.Lossless), ImageLimits.Default).HasColourProfile);
        Assert.Equal(7, ImageHeaderReader.Read(
            new PngWriter(9, 5, 0, 8).With("acTL", [0, 0, 0, 7, 0, 0, 0, 0]).Write(Samples.Wave), ImageLimits.Default).Frames);
        ImageHeader animation = ImageHeaderReader.Read(
            WebPFiles.Riff(
                WebPFiles.Extended(0x02, 40, 30),
                WebPFiles.Chunk("ANIM", new byte[6]),
                WebPFiles.Frame(4, 6, 24, 16, WebPFiles.Lossless),
                WebPFiles.Frame(0, 0, 24, 16, WebPFiles.Lossless)),
            ImageLimits.Default);
        Assert.Equal((2, 40, 30), (animation.Frames, animation.StoredWidth, animation.StoredHeight));
        Assert.Equal((4, 6, 24, 16), animation.FirstFrame);
    }

    [Fact]
    public void A_gif_canvas_grows_for_its_first_frame_only()
    {
        byte[] file = new GifWriter(10, 10).Frame(5, 6, 7, 8, (x, y) => x).Frame(0, 0, 50, 50, (x, y) => y).Write();
        ImageHeader header = ImageHeaderReader.Read(file, ImageLimits.Default);
        Assert.Equal((12, 14), (header.StoredWidth, header.StoredHeight));
        Assert.Equal((5, 6, 7, 8), header.FirstFrame);
    }

    public static TheoryData<string, byte[], ImageLimits, ImageLimits> Bounds { get; } = MakeBounds();

    [Theory]
    [MemberData(nameof(Bounds))]
    public void A_limit_allows_its_value_and_refuses_one_more(string what, byte[] file, ImageLimits allowing, ImageLimits refusing)
    {
        _ = ImageHeaderReader.Read(file, allowing);
        ImageException e = Assert.Throws<ImageException>(() => ImageHeaderReader.Read(file, refusing));
        Assert.Equal(ImageError.LimitExceeded, e.Error);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bombs_are_refused_by_default()
    {
        byte[][] files =
        [
            Samples.JpegHeaderOnly(30000, 30000),
            Samples.JpegHeaderOnly(65500, 100),
            Samples.JpegHeaderOnly(16000, 16000),
            Samples.JpegHeaderOnly(8000, 8000, 0xC2),
            Samples.JpegWithScans(64, 64, 101),
            Samples.JpegWithScans(6000, 6000, 40),
            Samples.JpegWithSegments(80_000),
            new PngWriter(30000, 30000, 2, 8).Assemble([]),
            new PngWriter(int.MaxValue, int.MaxValue, 0, 1).Assemble([]),
            new PngWriter(16000, 6000, 2, 8, interlaced: true).Assemble([]),
            new PngWriter(9, 9, 2, 8).With("zTXt", new byte[(4 << 20) + 1]).Assemble([]),
            new GifWriter(65535, 65535).Frame(0, 0, 1, 1, (x, y) => 0).Write(),
            new GifWriter(1, 1).Frame(65535, 65535, 1, 1, (x, y) => 0).Write(),
            WebPFiles.Riff(WebPFiles.Extended(0, 1 << 24, 1 << 24), WebPFiles.Lossless),
            new byte[(32 << 20) + 1],
        ];
        Assert.All(files, f => Assert.Equal(
            ImageError.LimitExceeded, Assert.Throws<ImageException>(() => ImageHeaderReader.Read(f, ImageLimits.Default)).Error));
    }

    [Fact]
    public void Sides_of_zero_and_unknown_codings_are_corrupt()
    {
        byte[] depth3 = new PngWriter(9, 9, 2, 3).Assemble([1]);
        byte[][] files =
        [
            Samples.JpegHeaderOnly(0, 9),
            Samples.JpegHeaderOnly(9, 0),
            new PngWriter(0, 9, 2, 8).Assemble([1]),
            new PngWriter(9, 0, 2, 8).Assemble([1]),
            new GifWriter(0, 0).Frame(0, 0, 0, 0, (x, y) => 0).Write(),
            depth3,
            new PngWriter(9, 9, 5, 8).Assemble([1]),
            new PngWriter(9, 9, 3, 8).Assemble([1]),
            [0xFF, 0xD8, 0xFF, 0xD9],
            [0xFF, 0xD8, 0xFF, 0xD8],
            [0xFF, 0xD8, 0xFF, 0xE0, 0, 1],
            [.. Samples.JpegHeaderOnly(9, 9), .. Samples.JpegHeaderOnly(9, 9)[2..]],
            [.. Samples.JpegHeaderOnly(9, 9), 0xFF, 0xD9],
            WebPFiles.Riff(),
            WebPFiles.Riff(WebPFiles.Extended(0, 24, 16)),
        ];
        Assert.All(files, f => Assert.Equal(
            ImageError.Corrupt, Assert.Throws<ImageException>(() => ImageHeaderReader.Read(f, ImageLimits.Default)).Error));
    }

    [Theory]
    [InlineData(0xC3)]
    [InlineData(0xC5)]
    [InlineData(0xCB)]
    public void Uncommon_jpeg_processes_are_unsupported(byte process)
        => Assert.Equal(
            ImageError.Unsupported,
            Assert.Throws<ImageException>(() => ImageHeaderReader.Read(Samples.JpegHeaderOnly(9, 9, process), ImageLimits.Default)).Error);

    [Fact]
    public void Fill_bytes_and_stuffing_are_no_markers()
    {
        byte[] file = new JpegWriter(8, 8, 1).Write(Samples.Wave);
        byte[] filled = [.. file[..2], .. Enumerable.Repeat(byte.MaxValue, 1 << 20), .. file[2..]];
        ImageHeader header = ImageHeaderReader.Read(filled, ImageLimits.Default);
        Assert.Equal((1, filled.Length), (header.JpegScans, (int)header.EndPosition));
        Assert.Equal(40, ImageHeaderReader.Read(Samples.JpegWithScans(64, 64, 40), ImageLimits.Default).JpegScans);
    }

    [Fact]
    public void Any_bytes_end_in_a_header_or_an_image_exception()
    {
        byte[][] starts = [[], [0xFF, 0xD8, 0xFF], .. Samples.All.Select(s => s.File[..20]), [.. "RIFF\x10\0\0\0WEBP"u8]];
        Prop.ForAll<byte[], int>((tail, start) => ReadsOrRefuses([.. starts[(uint)start % starts.Length], .. tail ?? []]))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3_000).WithReplay(0x5AFE, 0x1));
    }

    [Fact]
    public void Damaged_files_end_in_a_header_or_an_image_exception()
    {
        var random = new Random(20261125);
        for (int i = 0; i < 30_000; i++)
        {
            Assert.True(ReadsOrRefuses(Samples.Mutate(Samples.All[i % Samples.All.Length].File, random)));
        }
    }

    private static bool ReadsOrRefuses(byte[] file)
    {
        try
        {
            ImageHeader header = ImageHeaderReader.Read(file, Wide);
            return header.StoredWidth > 0
                && header.StoredHeight > 0
                && (long)header.StoredWidth * header.StoredHeight * 3 <= Array.MaxLength
                && header.Orientation is >= 1 and <= 8
                && header.Frames >= 1
                && header.EndPosition <= file.Length
                && (!header.IsComplete || header.EndPosition + header.TrailingBytes == file.Length);
        }
        catch (ImageException)
        {
            return true;
        }
    }

    private static TheoryData<string, byte[], ImageLimits, ImageLimits> MakeBounds()
    {
        byte[] jpeg = new JpegWriter(37, 29, 1).Write(Samples.Wave);
        byte[] png = new PngWriter(20, 10, 0, 8, interlaced: true).Write(Samples.Wave);
        byte[] scans = Samples.JpegWithScans(10, 10, 5);
        byte[] segments = Samples.JpegWithSegments(20);

        byte[] gif = new GifWriter(5, 5).Frame(0, 0, 5, 5, (x, y) => x).Frame(0, 0, 5, 5, (x, y) => y).Frame(0, 0, 1, 1, (x, y) => 0).Write();
        byte[] frame = WebPFiles.Frame(0, 0, 24, 16, WebPFiles.Lossless), junk = WebPFiles.Chunk("JUNK", [1]);
        byte[] webp = WebPFiles.Riff(WebPFiles.Extended(0x02, 24, 16), WebPFiles.Chunk("ANIM", new byte[6]), frame, junk, frame, frame, junk);

        // DQT, SOF, two DHT and the SOS itself come on top.
        const int Markers = 25;
        byte[] exif = new JpegWriter(9, 5, 1).With(0xE1, [.. "Exif\0\0"u8, .. new byte[94]]).With(0xE1, [.. "Exif\0\0"u8, .. new byte[94]])
            .Write(Samples.Wave);
        return new()
        {
            { "bytes", jpeg, Wide with { MaxBytes = jpeg.Length }, Wide with { MaxBytes = jpeg.Length - 1 } },
            { "side", jpeg, Wide with { MaxSide = 37 }, Wide with { MaxSide = 36 } },
            { "pixels", jpeg, Wide with { MaxPixels = 37 * 29 }, Wide with { MaxPixels = (37 * 29) - 1 } },
            { "streamed", png, Wide with { MaxPixelsWithoutStreaming = 200 }, Wide with { MaxPixelsWithoutStreaming = 199 } },
            { "streamed", scans, Wide with { MaxPixelsWithoutStreaming = 100 }, Wide with { MaxPixelsWithoutStreaming = 99 } },
            { "JPEG scans", scans, Wide with { MaxJpegScans = 5 }, Wide with { MaxJpegScans = 4 } },
            { "scans x pixels", scans, Wide with { MaxJpegScanPixels = 500 }, Wide with { MaxJpegScanPixels = 499 } },
            { "frames", gif, Wide with { MaxStoredFrames = 3 }, Wide with { MaxStoredFrames = 2 } },
            { "frames", webp, Wide with { MaxStoredFrames = 3 }, Wide with { MaxStoredFrames = 2 } },
            { "WebP chunks", webp, Wide with { MaxWebPChunks = 4 }, Wide with { MaxWebPChunks = 3 } },
            { "markers", segments, Wide with { MaxJpegMarkers = Markers }, Wide with { MaxJpegMarkers = Markers - 1 } },
            { "metadata", exif, Wide with { MaxMetadataBytes = 200 }, Wide with { MaxMetadataBytes = 199 } },
        };
    }
}
