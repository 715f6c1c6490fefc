using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests;

public abstract partial class ImageDecoderContract
{
    private static readonly (byte R, byte G, byte B) White = (255, 255, 255);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frames_of_a_gif_are_composed_as_a_viewer_shows_them(bool transparency)
    {
        // Place, palette index (127 is transparent where that is declared) and disposal of each frame.
        (int Left, int Top, int Width, int Height, int Index, int Disposal)[] frames =
        [
            (1, 1, 20, 14, 10, 0), (4, 4, 6, 9, 20, 2), (8, 2, 9, 9, 30, 0), (0, 0, 24, 18, 40, 3), (20, 15, 4, 3, 127, 0), (2, 2, 3, 3, 50, 1),
            (0, 0, 24, 18, 60, 2), (5, 5, 2, 2, 70, 0),
        ];
        var writer = new GifWriter(24, 18);
        foreach ((int left, int top, int width, int height, int index, int disposal) in frames)
        {
            writer.Frame(left, top, width, height, (x, y) => index, transparency ? 127 : -1, disposal);
        }

        byte[] file = writer.Write();
        var canvas = new (byte, byte, byte)[24, 18];
        for (int i = 0; i < canvas.Length; i++)
        {
            canvas[i % 24, i / 24] = White;
        }

        using DecodedFrames decoded = Decoder.DecodeFrames(file, DecodeOptions.Default);
        Assert.Equal(frames.Length, decoded.Count);
        Assert.Equal(frames.Length, decoded.Info.Frames);
        for (int n = 0; n < frames.Length; n++)
        {
            (int left, int top, int width, int height, int index, int disposal) = frames[n];
            var before = ((byte, byte, byte)[,])canvas.Clone();
            ForEachPixel((x, y) => canvas[x, y] = transparency && index == 127 ? canvas[x, y] : GifWriter.Colour(index));
            Assert.Equal(n, decoded[n].Index);
            AssertPixels(new DecodedImage(decoded.Info, decoded[n].Pixels), (x, y) => canvas[x, y]);
            if (disposal == 2)
            {
                ForEachPixel((x, y) => canvas[x, y] = White);
            }
            else if (disposal == 3)
            {
                canvas = before;
            }

            void ForEachPixel(Action<int, int> action)
            {
                for (int i = 0; i < width * height; i++)
                {
                    action(left + (i % width), top + (i / width));
                }
            }
        }
    }

    [Fact]
    public void Frames_of_a_webp_are_composed_as_a_viewer_shows_them()
    {
        byte[] file = WebPFiles.Riff(
            WebPFiles.Extended(0x0A, 40, 30),
            WebPFiles.Chunk("ANIM", new byte[6]),
            WebPFiles.Frame(4, 6, 24, 16, WebPFiles.Lossless),
            WebPFiles.Frame(0, 0, 24, 16, WebPFiles.Lossless, flags: 1),
            WebPFiles.Frame(16, 14, 24, 16, WebPFiles.Lossless),
            WebPFiles.Chunk("EXIF", JpegWriter.Exif(6)));
        using DecodedFrames decoded = Decoder.DecodeFrames(file, DecodeOptions.Default);
        Assert.Equal(3, decoded.Count);
        Assert.Equal((30, 40), (decoded.Info.Width, decoded.Info.Height));
        (byte, byte, byte) First(int x, int y) => x is >= 4 and < 28 && y is >= 6 and < 22 ? WebPFiles.Colour(x - 4, y - 6) : White;
        AssertStored(0, First);
        AssertStored(1, (x, y) => x < 24 && y < 16 ? WebPFiles.Colour(x, y) : First(x, y));
        AssertStored(2, (x, y) => x >= 16 && y >= 14 ? WebPFiles.Colour(x - 16, y - 14) : x < 24 && y < 16 ? White : First(x, y));

        void AssertStored(int frame, Func<int, int, (byte, byte, byte)> expected) => AssertPixels(
            new DecodedImage(decoded.Info, decoded[frame].Pixels),
            (x, y) =>
            {
                (int storedX, int storedY) = Stored(6, x, y, 40, 30);
                return expected(storedX, storedY);
            });
    }

    [Theory]
    [InlineData(1, 1, "0")]
    [InlineData(1, 16, "0")]
    [InlineData(5, 5, "0 1 2 3 4")]
    [InlineData(5, 9, "0 1 2 3 4")]
    [InlineData(9, 3, "0 4 8")]
    [InlineData(100, 4, "0 33 66 99")]
    [InlineData(100, 1, "0")]
    [InlineData(101, 2, "0 100")]
    public void Frames_are_spread_evenly_with_the_first_and_the_last(int frames, int most, string expected)
    {
        var writer = new GifWriter(9, 7);
        for (int i = 0; i < frames; i++)
        {
            int index = i;
            writer.Frame(0, 0, 9, 7, (x, y) => index);
        }

        using DecodedFrames decoded = Decoder.DecodeFrames(writer.Write(), DecodeOptions.Default with { MaxFrames = most });
        Assert.Equal(expected, string.Join(' ', decoded.Select(f => f.Index)));
        Assert.Equal(frames, decoded.Info.Frames);
        foreach (DecodedFrame frame in decoded)
        {
            AssertPixels(new DecodedImage(decoded.Info, frame.Pixels), (x, y) => GifWriter.Colour(frame.Index));
        }
    }

    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void The_first_frame_is_the_picture(string name)
    {
        byte[] file = Samples.Get(name);
        using DecodedImage image = Decoder.Decode(file, DecodeOptions.Default);
        using DecodedFrames frames = Decoder.DecodeFrames(file, DecodeOptions.Default);
        Assert.Equal(image.Info, frames.Info);
        Assert.Equal(image.Info.Frames, frames.Count);
        Assert.True(image.Pixels.Pixels.SequenceEqual(frames[0].Pixels.Pixels));
        AssertFramesRefused(file[..^1], DecodeOptions.Default, ImageError.Truncated);
    }

    [Fact]
    public void Of_an_animated_png_the_first_frame_is_shown_and_the_count_reported()
    {
        byte[] file = new PngWriter(9, 7, 2, 8).With("acTL", [0, 0, 0, 3, 0, 0, 0, 0]).Write(Mixed);
        using DecodedFrames decoded = Decoder.DecodeFrames(file, DecodeOptions.Default);
        Assert.Equal((1, 3), (decoded.Count, decoded.Info.Frames));
        AssertPixels(
            new DecodedImage(decoded.Info, decoded[0].Pixels), (x, y) => ((byte)Mixed(x, y, 0), (byte)Mixed(x, y, 1), (byte)Mixed(x, y, 2)));
    }

    [Fact]
    public void Limits_of_frames_are_kept()
    {
        byte[] file = new GifWriter(20, 10).Frame(0, 0, 20, 10, (x, y) => 1).Frame(0, 0, 20, 10, (x, y) => 2).Frame(0, 0, 9, 9, (x, y) => 3).Write();
        AssertFramesRefused(file, With(new ImageLimits { MaxDecodedBytes = 1799 }), ImageError.LimitExceeded);
        AssertFramesRefused(file, With(new ImageLimits { MaxAnimationFrames = 2 }), ImageError.LimitExceeded);
        AssertFramesRefused(file, With(new ImageLimits { MaxDecodeTime = TimeSpan.Zero }), ImageError.TimedOut);
        Decoder.DecodeFrames(file, With(new ImageLimits { MaxDecodedBytes = 1800, MaxAnimationFrames = 3 })).Dispose();
        Decoder.DecodeFrames(file, With(new ImageLimits { MaxDecodedBytes = 1200 }) with { MaxFrames = 2 }).Dispose();
        ImageException e = Assert.Throws<ImageException>(() => Decoder.DecodeFrames(file, With(new ImageLimits { MaxDecodedBytes = 1 })));
        Assert.Equal((1800L, 1L), (e.Found, e.Allowed));
        Assert.Throws<ArgumentOutOfRangeException>(() => DecodeOptions.Default with { MaxFrames = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => DecodeOptions.Default with { MaxFrames = 257 });
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => Decoder.DecodeFrames(file, DecodeOptions.Default, cancelled.Token));
    }

    [Fact]
    public void Of_a_cut_animation_the_frames_before_the_cut_are_shown_where_asked()
    {
        var writer = new GifWriter(40, 30);
        for (int i = 0; i < 10; i++)
        {
            int index = i;
            writer.Frame(0, 0, 40, 30, (x, y) => index);
        }

        byte[] file = writer.Write();
        byte[] cut = file[..(file.Length / 2)];
        AssertFramesRefused(cut, DecodeOptions.Default, ImageError.Truncated);
        using DecodedFrames decoded = Decoder.DecodeFrames(cut, Lenient);
        Assert.True(decoded.Info.IsDamaged);
        Assert.InRange(decoded.Count, 4, 6);
        for (int i = 0; i < 4; i++)
        {
            AssertPixels(new DecodedImage(decoded.Info, decoded[i].Pixels), (x, y) => GifWriter.Colour(decoded[i].Index));
        }
    }

    private void AssertFramesRefused(byte[] file, DecodeOptions options, ImageError error)
        => Assert.Equal(error, Assert.Throws<ImageException>(() => Decoder.DecodeFrames(file, options)).Error);
}
