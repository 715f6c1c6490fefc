using System.IO.Compression;
using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Decoding.Vips.Tests.Images;
using static SafetySdk.Images.ImageError;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

internal static partial class HostileCorpus
{
    private const int Megabyte = 1 << 20;

    private static readonly Lazy<byte[]> Inflating = new(() => PackedZeros(256L * Megabyte));

    private static IEnumerable<HostileFile> PixelBombs()
    {
        yield return Refused("30000x30000 flat png", () => new PngWriter(30_000, 30_000, 0, 1).Assemble(PackedZeros(30_000L * 3_751)), LimitExceeded);
        yield return Refused("30000x30000 webp canvas", () => WebPFiles.Riff(WebPFiles.Extended(0, 30_000, 30_000), WebPFiles.Flat(16_383, 16_383)), LimitExceeded);
        yield return Refused("16383x16383 flat webp in 33 bytes", () => WebPFiles.Riff(WebPFiles.Flat(16_383, 16_383)), LimitExceeded);
        yield return Refused("16777216x16777216 webp canvas", () => WebPFiles.Riff(WebPFiles.Extended(0, 1 << 24, 1 << 24), WebPFiles.Lossless), LimitExceeded);
        yield return Refused("65500x65500 jpeg header", () => Samples.JpegHeaderOnly(65_500, 65_500), LimitExceeded);
        yield return Refused("16000x16000 jpeg header", () => Samples.JpegHeaderOnly(16_000, 16_000), LimitExceeded);
        yield return Refused("8000x8000 progressive jpeg header", () => Samples.JpegHeaderOnly(8_000, 8_000, 0xC2), LimitExceeded);
        yield return Refused("10000x10000 jpeg header without data", () => Samples.JpegHeaderOnly(10_000, 10_000), Truncated);
        yield return Refused("2147483647x2147483647 png", () => new PngWriter(int.MaxValue, int.MaxValue, 6, 16).Assemble([1]), LimitExceeded);
        yield return Refused("-1x-1 png", () => new PngWriter(-1, -1, 6, 16).Assemble([1]), LimitExceeded);
        yield return Refused("10000x9000 interlaced png", () => new PngWriter(10_000, 9_000, 0, 1, interlaced: true).Assemble([1]), LimitExceeded);
        yield return Refused("65535x65535 gif with a frame of one pixel", () => new GifWriter(65_535, 65_535).Frame(0, 0, 1, 1, (x, y) => 0).Write(), LimitExceeded);
        yield return Refused("gif whose frame lies at 65535,65535", () => new GifWriter(1, 1).Frame(65_535, 65_535, 1, 1, (x, y) => 0).Write(), LimitExceeded);
        yield return Refused("gif whose frame is 65535x65535", () => GifFrameOfSize(65_535, 65_535), LimitExceeded);
    }

    private static IEnumerable<HostileFile> StructureBombs()
    {
        const int LargeCount = 80_000;
        byte[] jpeg = Samples.Get("jpeg colour"), png = Samples.Get("png rgb"), gif = Samples.Get("gif"), webp = Samples.Get("webp extended");
        (int jpegWidth, int jpegHeight) = SizeOf(jpeg);
        (int pngWidth, int pngHeight) = SizeOf(png);
        (int gifWidth, int gifHeight) = SizeOf(gif);

        yield return Large(Refused("jpeg of 80,000 APP segments", () => Samples.JpegWithSegments(LargeCount), LimitExceeded));
        yield return Large(Refused(
            "jpeg of 80,000 APP segments behind its scan",
            () => [.. jpeg[..^2], .. Repeat([0xFF, 0xE5, 0, 2], LargeCount), .. jpeg[^2..]],
            LimitExceeded));
        yield return Large(Decodes(
            "jpeg with 20 MB of fill bytes", jpegWidth, jpegHeight, () => Insert(jpeg, 1, Repeat([0xFF], 20 * Megabyte))));
        yield return Large(Decodes(
            "jpeg with 20 MB of fill bytes at the end of its scan",
            jpegWidth,
            jpegHeight,
            () => [.. jpeg[..^2], .. Repeat([0xFF], 20 * Megabyte), .. jpeg[^2..]]));
        yield return Large(Decodes(
            "jpeg with 20 MB of stuffed bytes in its scan", jpegWidth, jpegHeight, () => [.. jpeg[..^2], .. Repeat([0xFF, 0], 10 * Megabyte), .. jpeg[^2..]]));
        yield return Large(Decodes(
            "jpeg with 20 MB of restart marks", jpegWidth, jpegHeight, () => [.. jpeg[..^2], .. Repeat([0xFF, 0xD3], 10 * Megabyte), .. jpeg[^2..]]));
        yield return Large(Decodes(
            "jpeg with 20 MB of zeros between segments", jpegWidth, jpegHeight, () => Insert(jpeg, 2, new byte[20 * Megabyte]), Corrupt));

        byte[] scans64 = new JpegWriter(64, 64, 1) { Progressive = true, AcBands = 63 }.Write(Samples.Wave);
        yield return Decodes("jpeg of 64 scans", 64, 64, () => scans64);
        yield return Decodes("jpeg of 100 scans", 40, 40, () => new JpegWriter(40, 40, 3) { Progressive = true, AcBands = 33 }.Write(Samples.Wave));
        yield return Refused("jpeg of 127 scans", () => new JpegWriter(40, 40, 3) { Progressive = true, AcBands = 42 }.Write(Samples.Wave), LimitExceeded);
        yield return Refused("jpeg of 190 scans", () => new JpegWriter(40, 40, 3) { Progressive = true, AcBands = 63 }.Write(Samples.Wave), LimitExceeded);
        yield return Refused("jpeg of 64 scans of 16 Mpixel", () => WithJpegSize(scans64, 4_000, 4_000), LimitExceeded);
        yield return Refused("baseline jpeg with its scan 127 times", () => RepeatedScan(jpeg, 127), LimitExceeded);
        yield return Large(Refused("jpeg of 100,000 scans", () => Samples.JpegWithScans(64, 64, 100_000), LimitExceeded));

        foreach ((string type, byte[] prefix) in ((string, byte[])[])
            [("zTXt", [.. "Comment\0\0"u8]), ("iTXt", [.. "Comment\0\x01\0\0\0"u8]), ("iCCP", [.. "profile\0\0"u8])])
        {
            yield return Large(Decodes(
                $"png whose {type} inflates to 256 MB", pngWidth, pngHeight, () => Insert(png, 2, PngWriter.Chunk(type, [.. prefix, .. Inflating.Value])), Corrupt));
        }

        yield return Large(Decodes("png whose IDAT inflates to 256 MB", 20, 20, () => new PngWriter(20, 20, 0, 8).Assemble(Inflating.Value), Corrupt));
        yield return Large(Refused("png with 5 MB of text", () => Insert(png, 2, PngWriter.Chunk("tEXt", [.. "Comment\0"u8, .. new byte[5 * Megabyte]])), LimitExceeded));
        foreach (string type in (string[])["tEXt", "prVt", "IDAT", "tIME", "sBIT"])
        {
            yield return Large(Decodes(
                $"png of 80,000 chunks {type}", pngWidth, pngHeight, () => Insert(png, 2, Repeat(PngWriter.Chunk(type, [.. "a\0"u8]), LargeCount)), Corrupt));
        }

        yield return Large(Decodes("png of 2 million empty chunks", pngWidth, pngHeight, () => Insert(png, 2, Repeat(PngWriter.Chunk("prVt", []), 2_000_000))));
        yield return Large(Decodes("gif of 5,000 frames", gifWidth, gifHeight, () => GifFlood(gif, 5_000)));
        yield return Large(Decodes("gif of 7 million extensions", gifWidth, gifHeight, () => Insert(gif, 1, Repeat([0x21, 0xFE, 0], 7_000_000))));
        yield return Large(Decodes("gif of 16 MB of blocks of one byte", gifWidth, gifHeight, () => Insert(gif, 1, [0x21, 0xFE, .. Repeat([1, 0x55], 8_000_000), 0])));
        yield return Large(Refused("webp of 1 million empty chunks", () => Insert(webp, 2, Repeat(WebPFiles.Chunk("JUNK", []), 1_000_000)), LimitExceeded));
        yield return Large(Decodes(
            "webp of 5,000 frames",
            24,
            16,
            () => WebPFiles.Riff(
                WebPFiles.Extended(0x02, 24, 16), WebPFiles.Chunk("ANIM", new byte[6]), Repeat(WebPFiles.Frame(0, 0, 24, 16, WebPFiles.Lossless), 5_000))));

        // As many structures as 32 MiB hold: codecs keep something for each of them, and some take a time that grows with the square.
        byte[] gifFrame = new GifWriter(gifWidth, gifHeight).Frame(0, 0, 1, 1, (x, y) => 1).Write(), webpFrame = WebPFiles.Frame(0, 0, 1, 1, WebPFiles.Flat(1, 1));
        yield return Large(Refused("gif of 1.2 million frames", () => GifFlood(gifFrame, 1_200_000), LimitExceeded));
        yield return Large(Refused("webp of 4 million empty chunks", () => Insert(webp, 2, Repeat(WebPFiles.Chunk("JUNK", []), 4_000_000)), LimitExceeded));
        yield return Large(Refused(
            "webp of 600,000 frames",
            () => WebPFiles.Riff(WebPFiles.Extended(0x02, 24, 16), WebPFiles.Chunk("ANIM", new byte[6]), Repeat(webpFrame, 600_000)),
            LimitExceeded));
        yield return Large(Decodes(
            "webp of 10,000 frames",
            24,
            16,
            () => WebPFiles.Riff(WebPFiles.Extended(0x02, 24, 16), WebPFiles.Chunk("ANIM", new byte[6]), Repeat(webpFrame, 10_000))));
        yield return Large(Decodes(
            "png of 2.7 million empty texts", pngWidth, pngHeight, () => Insert(png, 2, Repeat(PngWriter.Chunk("tEXt", []), 2_700_000)), Corrupt));

        static HostileFile Large(HostileFile file) => file with { IsLarge = true };
    }

    /// <summary>What the limits allow costs what its pixels cost, and no more.</summary>
    private static IEnumerable<HostileFile> LargeButAllowed()
    {
        yield return Honest("png of 100 Mpixel in 12 kB", 10_000, 10_000, whole: false, () => new PngWriter(10_000, 10_000, 0, 1).Assemble(PackedZeros(10_000L * 1_251)));
        yield return Honest("webp of 40 Mpixel in 33 bytes", 16_000, 2_500, whole: true, () => WebPFiles.Riff(WebPFiles.Flat(16_000, 2_500)));
        yield return Honest("gif canvas of 39 Mpixel with a frame of one pixel", 6_500, 6_000, whole: true, () => new GifWriter(6_500, 6_000).Frame(0, 0, 1, 1, (x, y) => 0).Write());
        yield return Honest("jpeg header of 36 Mpixel, data of 1,073 pixels", 6_000, 6_000, whole: false, () => JpegOfSize(6_000, 6_000)) with { Errors = [Corrupt] };
        yield return Honest(
            "jpeg of 64 scans of 12 Mpixel, data of 4,096 pixels",
            4_000,
            3_000,
            whole: true,
            () => WithJpegSize(new JpegWriter(64, 64, 1) { Progressive = true, AcBands = 63 }.Write(Samples.Wave), 4_000, 3_000)) with
        { Errors = [Corrupt, TimedOut] };
        yield return Honest("interlaced png of 36 Mpixel", 6_000, 6_000, whole: true, () => new PngWriter(6_000, 6_000, 0, 1, interlaced: true).Assemble(PackedZeros(6L * Megabyte)))
            with
        { Errors = [Corrupt] };

        // A header that only promises pixels must not cost what they would.
        yield return Refused("png header of 100 Mpixel, no data", () => new PngWriter(10_000, 10_000, 2, 8).Assemble([]), Corrupt) with { IsLarge = true };
        yield return Refused("png header of 100 Mpixel, noise", () => new PngWriter(10_000, 10_000, 2, 8).Assemble([0x78, 0x9C, 1, 2, 3]), Corrupt) with { IsLarge = true };
        yield return Refused("png header of 100 Mpixel, data of 693 pixels", () => WithPngSize(Samples.Get("png rgb"), 10_000, 10_000), Corrupt) with { IsLarge = true };
        yield return Refused("webp header of 40 Mpixel, data of 384 pixels", () => WebPFiles.Riff(LossyOfSize(16_000, 2_500)), Corrupt) with { IsLarge = true };

        // 4 bytes a pixel for a codec's own canvas, 3 for ours.
        static HostileFile Honest(string name, int width, int height, bool whole, Func<byte[]> make) => Decodes(name, width, height, make) with
        {
            IsLarge = true,
            MemoryAllowance = (long)width * height * (whole ? 7 : 3),
        };
    }

    private static byte[] PackedZeros(long length)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            byte[] zeros = new byte[Megabyte];
            for (; length > 0; length -= zeros.Length)
            {
                zlib.Write(zeros, 0, (int)Math.Min(length, zeros.Length));
            }
        }

        return packed.ToArray();
    }

    private static byte[] GifFlood(byte[] file, int frames)
    {
        List<byte[]> parts = FileParts.Split(file);
        return [.. FileParts.Join(parts[..^1], mend: false), .. Repeat([.. parts[^3], .. parts[^2]], frames), .. parts[^1]];
    }

    private static byte[] RepeatedScan(byte[] jpeg, int count)
    {
        List<byte[]> parts = FileParts.Split(jpeg);
        int scan = parts.FindIndex(p => p is [0xFF, 0xDA, ..]);
        byte[] unit = [.. parts[scan..^1].SelectMany(p => p)];
        return [.. parts[..scan].SelectMany(p => p), .. Repeat(unit, count), .. parts[^1]];
    }

    private static byte[] GifFrameOfSize(int width, int height)
    {
        List<byte[]> parts = FileParts.Split(Samples.Get("gif"));
        byte[] frame = parts.First(p => p[0] == 0x2C);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(5), (ushort)width);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(7), (ushort)height);
        return FileParts.Join(parts, mend: false);
    }
}
