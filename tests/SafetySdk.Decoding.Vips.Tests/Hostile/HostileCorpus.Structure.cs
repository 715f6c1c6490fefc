using System.Buffers.Binary;
using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;
using static SafetySdk.Images.ImageError;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

internal static partial class HostileCorpus
{
    private static IEnumerable<HostileFile> LyingHeaders()
    {
        byte[] png = Samples.Get("png rgb"), upright = new PngWriter(33, 21, 2, 8).Write(Samples.Wave);
        byte[] jpeg = Samples.Get("jpeg colour"), progressive = Samples.Get("jpeg progressive"), gif = Samples.Get("gif");
        foreach ((int width, int height) in ((int, int)[])[(1, 1), (16, 16), (33, 20), (33, 22), (34, 21), (66, 21), (3_000, 2_000)])
        {
            // A header that promises less than there is loses the rest; one that promises more has rows that never come.
            yield return new HostileFile($"33x21 png that says {width}x{height}", () => WithPngSize(upright, width, height), Corrupt) { Size = (width, height) };
            yield return new HostileFile(
                $"33x21 interlaced png that says {width}x{height}", () => WithPngSize(Samples.Get("png rgba 16 interlaced"), width, height), Corrupt)
            {
                Size = (width, height),
            };
            // Codecs mend what is missing at the end of a scan, up to a point.
            ImageError[] errors = width > 1_000 ? [Corrupt] : [];
            yield return Decodes($"37x29 jpeg that says {width}x{height}", width, height, () => WithJpegSize(jpeg, width, height), errors);
            yield return Decodes($"37x29 progressive jpeg that says {width}x{height}", width, height, () => WithJpegSize(progressive, width, height), errors);
            yield return Refused(
                $"24x16 webp on a canvas of {width}x{height}", () => WebPFiles.Riff(WebPFiles.Extended(0, width, height), WebPFiles.Lossless), Corrupt);
            yield return Refused(
                $"24x16 lossy webp on a canvas of {width}x{height}", () => WebPFiles.Riff(WebPFiles.Extended(0, width, height), WebPFiles.Lossy), Corrupt);
        }

        yield return Refused("webp of 16383x16383 on a canvas of 24x16", () => WebPFiles.Riff(WebPFiles.Extended(0, 24, 16), WebPFiles.Flat(16_383, 16_383)), Corrupt);
        yield return Refused(
            "webp frame of 16383x16383 that says 24x16",
            () => WebPFiles.Riff(
                WebPFiles.Extended(0x02, 24, 16), WebPFiles.Chunk("ANIM", new byte[6]), WebPFiles.Frame(0, 0, 24, 16, WebPFiles.Flat(16_383, 16_383))),
            Corrupt);
        yield return Refused(
            "webp frame outside its canvas",
            () => WebPFiles.Riff(
                WebPFiles.Extended(0x02, 24, 16), WebPFiles.Chunk("ANIM", new byte[6]), WebPFiles.Frame(20, 10, 24, 16, WebPFiles.Lossless)),
            Corrupt);
        byte[] webp = Samples.Get("webp extended");
        foreach (int declared in (int[])[0, 4, 11, 12, 30, webp.Length - 9, webp.Length - 10])
        {
            yield return new HostileFile($"webp of {webp.Length} bytes whose RIFF says {declared}", () => WithRiffSize(webp, declared), Corrupt, Truncated);
        }

        foreach (int declared in (int[])[webp.Length - 7, webp.Length, int.MaxValue, -1, -8])
        {
            yield return Refused($"webp of {webp.Length} bytes whose RIFF says {(uint)declared}", () => WithRiffSize(webp, declared), Truncated);
        }

        foreach (uint length in (uint[])[0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF4])
        {
            yield return new HostileFile($"webp chunk of {length} bytes", () => WithLength(webp, 2, 4, length, little: true), Corrupt, Truncated) { Size = (24, 16) };
            yield return new HostileFile($"png chunk of {length} bytes", () => WithLength(png, 2, 0, length, little: false), Corrupt, Truncated);
            yield return new HostileFile($"png IDAT of {length} bytes", () => WithLength(png, 3, 0, length, little: false), Corrupt, Truncated);
        }

        for (int part = 1; part < FileParts.Split(png).Count; part++)
        {
            int at = part;
            bool critical = FileParts.Split(png)[at].AsSpan(4, 4).SequenceEqual("eXIf"u8) is false;
            yield return new HostileFile($"png with a wrong checksum in part {at}", () => WithWrongChecksum(png, at), critical ? [Corrupt] : [])
            {
                // Our reader takes the orientation from a block that libpng drops: shown turned, as its bytes say.
                Size = critical && at < 4 ? null : SizeOf(png),
            };
        }

        foreach (ushort length in (ushort[])[0, 1, 2, 3, 7, 0xFFFF])
        {
            for (int part = 1; part <= 6; part++)
            {
                int at = part;
                yield return new HostileFile($"jpeg segment {at} of {length} bytes", () => WithSegmentLength(jpeg, at, length), Damage) { AnySize = true };
            }
        }

        yield return Decodes("gif frame outside its canvas", 37, 25, () => new GifWriter(10, 10).Frame(30, 20, 7, 5, (x, y) => x).Write());
        yield return Decodes(
            "gif whose second frame lies outside", 10, 10, () => new GifWriter(10, 10).Frame(0, 0, 7, 5, (x, y) => x).Frame(9_000, 9_000, 9, 9, (x, y) => y).Write());
        yield return Decodes(
            "gif whose second frame is 60000x60000", 10, 10, () => new GifWriter(10, 10).Frame(0, 0, 7, 5, (x, y) => x).Frame(0, 0, 1, 1, (x, y) => y).Write());
        foreach (byte code in (byte[])[0, 1, 2, 6, 9, 11, 12, 13, 255])
        {
            yield return Decodes($"gif with a code size of {code}", 30, 20, () => WithGifCodeSize(gif, code), Corrupt);
        }
    }

    private static IEnumerable<HostileFile> Metadata()
    {
        byte[] png = Samples.Get("png grey 1");
        (int width, int height) = (33, 21);
        byte[] profile = new byte[5 * Megabyte];
        new Random(8).NextBytes(profile);
        byte[] packed;
        using (var memory = new MemoryStream())
        {
            using (var zlib = new System.IO.Compression.ZLibStream(memory, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            {
                zlib.Write(profile);
            }

            packed = memory.ToArray();
        }

        // Larger than the limit: ignored, as the default ignores every profile.
        yield return Decodes("png with a profile of 5 MB", width, height, () => Insert(png, 2, PngWriter.Chunk("iCCP", [.. "p\0\0"u8, .. packed]))) with { IsLarge = true };
        yield return Decodes(
            "webp with a profile of 5 MB", 24, 16, () => WebPFiles.Riff(WebPFiles.Extended(0x20, 24, 16), WebPFiles.Chunk("ICCP", profile), WebPFiles.Lossless)) with
        {
            IsLarge = true,
        };
        yield return Decodes(
            "jpeg with a profile of 5 MB",
            9,
            5,
            () =>
            {
                var writer = new JpegWriter(9, 5, 1);
                byte[][] pieces = [.. profile.Chunk(60_000)];
                for (int i = 0; i < pieces.Length; i++)
                {
                    writer.With(0xE2, [.. "ICC_PROFILE\0"u8, (byte)(i + 1), (byte)pieces.Length, .. pieces[i]]);
                }

                return writer.Write(Samples.Wave);
            }) with
        {
            IsLarge = true,
        };

        // Profiles that are broken are ignored: the samples stay as they are.
        byte[] header = new byte[128];
        BinaryPrimitives.WriteInt32BigEndian(header, 3_144);
        "mntrRGB XYZ "u8.CopyTo(header.AsSpan(12));
        "acsp"u8.CopyTo(header.AsSpan(36));
        foreach ((string what, byte[] bytes) in ((string, byte[])[])
            [
                ("empty", []), ("of one byte", [7]), ("cut off", header), ("of noise", profile[..5_000]),
                ("with 4294967295 tags", [.. header, 0xFF, 0xFF, 0xFF, 0xFF, .. profile[..100]]),
            ])
        {
            yield return Decodes($"jpeg with a profile {what}", 9, 5, () => new JpegWriter(9, 5, 3).With(0xE2, [.. "ICC_PROFILE\0"u8, 1, 1, .. bytes]).Write(Samples.Wave));
            yield return Decodes($"png with a profile {what}", width, height, () => Insert(png, 2, PngWriter.Chunk("iCCP", [.. "p\0\0"u8, .. bytes])));
            yield return Decodes(
                $"webp with a profile {what}", 24, 16, () => WebPFiles.Riff(WebPFiles.Extended(0x20, 24, 16), WebPFiles.Chunk("ICCP", bytes), WebPFiles.Lossless));
        }

        foreach ((int piece, int count) in ((int, int)[])[(0, 0), (2, 1), (255, 255), (1, 255), (1, 0)])
        {
            yield return Decodes(
                $"jpeg with piece {piece} of {count} of a profile", 9, 5, () => new JpegWriter(9, 5, 3).With(0xE2, [.. "ICC_PROFILE\0"u8, (byte)piece, (byte)count, .. header]).Write(Samples.Wave));
        }

        byte[] exif = JpegWriter.Exif(6), upright = JpegWriter.Exif(1);
        yield return Decodes("two exif blocks that contradict", 9, 5, () => new JpegWriter(9, 5, 1).WithOrientation(1).WithOrientation(6).Write(Samples.Wave));
        yield return Decodes("two exif blocks that contradict, the other way", 5, 9, () => new JpegWriter(9, 5, 1).WithOrientation(6).WithOrientation(1).Write(Samples.Wave));
        foreach (int orientation in (int[])[0, 9, 255, 65_535])
        {
            yield return Decodes($"orientation {orientation}", 9, 5, () => new JpegWriter(9, 5, 1).WithOrientation(orientation).Write(Samples.Wave));
        }

        foreach ((string what, byte[] bytes, bool turned) in ((string, byte[], bool)[])
            [
                ("that points to itself", WithNextDirectory(exif, 8), true),
                ("whose directory is its header", [.. exif[..4], 0, 0, 0, 0, .. exif[8..]], false),
                ("whose directory lies behind 4 GB", [.. exif[..4], 0xFF, 0xFF, 0xFF, 0xFE, .. exif[8..]], false),
                ("of 65535 entries", [.. exif[..8], 0xFF, 0xFF, .. exif[10..]], true),
                ("whose sub-directories are itself", SelfReferringExif(), true),
                ("whose orientation is a million values", [.. exif[..14], 0, 0x0F, 0x42, 0x40, .. exif[18..]], false),
                ("whose orientation is a rational", [.. exif[..12], 0, 5, .. exif[14..]], false),
                ("of one byte", [1], false),
                ("of 60,000 bytes", [.. upright, .. new byte[60_000]], false),
                ("of 60,000 0xFF", [.. exif[..8], .. Repeat([0xFF], 60_000)], false),
            ])
        {
            (int w, int h) = turned ? (5, 9) : (9, 5);
            yield return Decodes("jpeg with exif " + what, w, h, () => new JpegWriter(9, 5, 1).With(0xE1, [.. "Exif\0\0"u8, .. bytes]).Write(Samples.Wave));
            yield return Decodes("png with exif " + what, w, h, () => new PngWriter(9, 5, 0, 8).With("eXIf", bytes).Write(Samples.Wave));
            (w, h) = turned ? (16, 24) : (24, 16);
            yield return Decodes(
                "webp with exif " + what, w, h, () => WebPFiles.Riff(WebPFiles.Extended(0x08, 24, 16), WebPFiles.Lossless, WebPFiles.Chunk("EXIF", bytes)));
        }
    }

    private static IEnumerable<HostileFile> Animations()
    {
        static byte[] Control(int sequence, int width, int height) => PngWriter.Chunk(
            "fcTL", [0, 0, 0, (byte)sequence, 0, 0, (byte)(width >> 8), (byte)width, 0, 0, (byte)(height >> 8), (byte)height, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 10, 0, 0]);
        foreach (uint frames in (uint[])[0, 1, 2, int.MaxValue, uint.MaxValue])
        {
            byte[] count = [.. (byte[])[(byte)(frames >> 24), (byte)(frames >> 16), (byte)(frames >> 8), (byte)frames], 0, 0, 0, 0];
            yield return Decodes(
                $"animated png of {frames} frames",
                12,
                9,
                () => FileParts.Join([.. FileParts.Split(new PngWriter(12, 9, 2, 8).With("acTL", count).Write(Samples.Wave))[..3], Control(0, 12, 9), .. FileParts.Split(new PngWriter(12, 9, 2, 8).Write(Samples.Wave))[2..]], mend: true));
        }

        yield return Decodes(
            "animated png with a frame of 65535x65535", 12, 9, () => Insert(new PngWriter(12, 9, 2, 8).With("acTL", [0, 0, 0, 2, 0, 0, 0, 0]).Write(Samples.Wave), 3, Control(0, 65_535, 65_535)));
        byte[] animation = WebPFiles.Riff(
            WebPFiles.Extended(0x02, 40, 30),
            WebPFiles.Chunk("ANIM", new byte[6]),
            WebPFiles.Frame(4, 6, 24, 16, WebPFiles.Lossless),
            WebPFiles.Frame(0, 0, 24, 16, WebPFiles.Lossless));
        yield return Decodes("animated webp", 40, 30, () => animation);
        yield return Refused("animated webp without frames", () => WebPFiles.Riff(WebPFiles.Extended(0x02, 40, 30), WebPFiles.Chunk("ANIM", new byte[6])), Corrupt);
        yield return Decodes(
            "animated webp whose second frame is noise",
            40,
            30,
            () => WebPFiles.Riff(
                WebPFiles.Extended(0x02, 40, 30), WebPFiles.Chunk("ANIM", new byte[6]), WebPFiles.Frame(4, 6, 24, 16, WebPFiles.Lossless), WebPFiles.Frame(0, 0, 24, 16, [1, 2, 3])),
            Corrupt);
        yield return Refused(
            "animated webp that is not declared as one",
            () => WebPFiles.Riff(WebPFiles.Extended(0, 24, 16), WebPFiles.Frame(0, 0, 24, 16, WebPFiles.Lossless)),
            Corrupt);
        yield return Decodes("gif of two frames", 30, 20, () => Samples.Get("gif"));
        yield return Decodes("gif whose frames loop for ever", 30, 20, () => Insert(Samples.Get("gif"), 1, [0x21, 0xFF, 11, .. "NETSCAPE2.0"u8, 3, 1, 0, 0, 0]));
        yield return Decodes("gif whose first frame is transparent", 8, 8, () => new GifWriter(8, 8).Frame(0, 0, 8, 8, (x, y) => 3, 3).Frame(0, 0, 8, 8, (x, y) => 9).Write());
    }

    private static IEnumerable<HostileFile> KindsOfJpeg()
    {
        foreach (bool progressive in (bool[])[false, true])
        {
            foreach (byte? transform in (byte?[])[null, 0, 1, 2, 3, 255])
            {
                foreach (int components in (int[])[3, 4])
                {
                    string name = $"{components} components, transform {(object?)transform ?? "not stated"}, {(progressive ? "progressive" : "baseline")}";
                    yield return Decodes(
                        name, 19, 13, () => new JpegWriter(19, 13, components) { Progressive = progressive, AdobeTransform = transform }.Write(Samples.Wave));
                }
            }
        }

        byte[] jpeg = Samples.Get("jpeg colour"), mixed = Samples.Get("jpeg progressive");
        foreach (byte process in (byte[])[0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF])
        {
            // Arithmetic coding takes any bytes for data.
            bool read = process is 0xC1 or 0xC2 or 0xC9 or 0xCA;
            ImageError[] errors = read ? [Corrupt] : [Unsupported];
            yield return new HostileFile($"baseline jpeg that says {process:X2}", () => WithProcess(jpeg, process), errors) { Size = read ? (37, 29) : null };
            yield return new HostileFile($"progressive jpeg that says {process:X2}", () => WithProcess(mixed, process), errors) { Size = read ? (37, 29) : null };
        }

        yield return Refused("jpeg of height 0 with DNL", () => WithLines(jpeg), Corrupt);
        foreach ((string what, Func<byte[], bool> is_) in ((string, Func<byte[], bool>)[])
            [("quantisation", p => p is [0xFF, 0xDB, ..]), ("Huffman", p => p is [0xFF, 0xC4, ..])])
        {
            yield return Decodes($"jpeg without {what} tables", 37, 29, () => FileParts.Join([.. FileParts.Split(jpeg).Where(p => !is_(p))], mend: false), Corrupt);
        }

        foreach ((byte components, byte bits) in ((byte, byte)[])[(0, 8), (2, 8), (5, 8), (255, 8), (3, 0), (3, 12), (3, 16), (3, 255)])
        {
            yield return Refused($"jpeg of {components} components of {bits} bits", () => WithComponents(jpeg, components, bits), Unsupported, Corrupt);
        }

        foreach (byte sampling in (byte[])[0x00, 0x01, 0x10, 0x44, 0x33, 0x41, 0x14, 0xFF])
        {
            yield return Decodes($"jpeg with sampling factors {sampling:X2}", 37, 29, () => WithSampling(jpeg, sampling), Corrupt);
        }
    }

    private static IEnumerable<HostileFile> MixedFormats()
    {
        yield return Refused("gif of a version that never was", () => [.. "GIF88a"u8, .. Samples.Get("gif")[6..]], Unsupported);
        foreach (string head in OneOfEach)
        {
            foreach (string body in OneOfEach)
            {
                if (head != body)
                {
                    yield return new HostileFile(
                        $"first part of {head}, rest of {body}",
                        () => FileParts.Join([FileParts.Split(Samples.Get(head))[0], .. FileParts.Split(Samples.Get(body))[1..]], mend: true),
                        [.. Damage]);
                    yield return new HostileFile(
                        $"first half of {head}, second half of {body}",
                        () => [.. Samples.Get(head)[..(Samples.Get(head).Length / 2)], .. Samples.Get(body)[(Samples.Get(body).Length / 2)..]],
                        Damage);
                }
            }

            foreach ((string other, byte[] bytes) in OtherFormats)
            {
                // The signature decides: what follows is no picture of that format.
                yield return Refused($"signature of {head}, then {other}", () => [.. Samples.Get(head)[..(head.StartsWith("webp", StringComparison.Ordinal) ? 12 : head.StartsWith("jpeg", StringComparison.Ordinal) ? 3 : 8)], .. bytes], Damage);
                yield return Refused($"{other}, then {head}", () => [.. bytes, .. Samples.Get(head)], Unsupported);
            }
        }
    }

    private static IEnumerable<HostileFile> BlockedFormats()
        => OtherFormats.Select(other => Refused(other.Name, () => other.Bytes, Unsupported));

    private static (string Name, byte[] Bytes)[] OtherFormats { get; } =
    [
        ("tiff, little-endian", Tiff(little: true)),
        ("tiff, big-endian", Tiff(little: false)),
        ("big tiff", [.. "II"u8, 43, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, .. new byte[40]]),
        ("svg", [.. "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>"u8]),
        ("svg that wants a file", [.. "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='9' height='9'><image xlink:href='file:///etc/hostname' width='9' height='9'/></svg>"u8]),
        ("svg of an entity that grows", [.. "<?xml version='1.0'?><!DOCTYPE s [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><svg xmlns='http://www.w3.org/2000/svg'><text>&b;</text></svg>"u8]),
        ("pdf", [.. "%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF"u8]),
        ("bmp", [.. "BM"u8, 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0, .. new byte[42]]),
        ("psd", [.. "8BPS"u8, 0, 1, .. new byte[6], 0, 3, 0, 0, 0, 9, 0, 0, 0, 9, 0, 8, 0, 3, .. new byte[40]]),
        ("libvips' own, little-endian", [0xB6, 0xA6, 0xF2, 0x08, .. new byte[100]]),
        ("libvips' own, big-endian", [0x08, 0xF2, 0xA6, 0xB6, .. new byte[100]]),
        ("csv", [.. "1,2,3\n4,5,6\n7,8,9\n"u8]),
        ("matrix", [.. "3 3 1 0\n1 2 3\n4 5 6\n7 8 9\n"u8]),
        ("text", [.. "this text is called picture.jpg"u8]),
        ("html", [.. "<!DOCTYPE html><html><img src=x onerror=alert(1)></html>"u8]),
        ("avif", [0, 0, 0, 28, .. "ftypavif\0\0\0\0avifmif1miaf"u8, .. new byte[40]]),
        ("heic", [0, 0, 0, 24, .. "ftypheic\0\0\0\0heicmif1"u8, .. new byte[40]]),
        ("jpeg 2000", [0, 0, 0, 12, .. "jP  "u8, 0x0D, 0x0A, 0x87, 0x0A, .. new byte[40]]),
        ("jpeg xl", [0xFF, 0x0A, .. new byte[40]]),
        ("portable pixmap", [.. "P6\n1 1\n255\nabc"u8]),
        ("radiance", [.. "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n"u8, 1, 2, 3, 4]),
        ("openexr", [0x76, 0x2F, 0x31, 0x01, .. new byte[40]]),
        ("fits", [.. "SIMPLE  =                    T"u8, .. new byte[100]]),
        ("icon", [0, 0, 1, 0, 1, 0, .. new byte[40]]),
        ("executable", [0x7F, .. "ELF"u8, .. new byte[60]]),
        ("archive", [.. "PK\x03\x04"u8, .. new byte[60]]),
        ("sound", [.. "RIFF"u8, 40, 0, 0, 0, .. "WAVEfmt "u8, .. new byte[36]]),
    ];

    private static byte[] Tiff(bool little)
    {
        // One strip, one pixel.
        byte[] file = new byte[8 + 2 + (4 * 12) + 4];
        Span<byte> bytes = file;
        (little ? "II"u8 : "MM"u8).CopyTo(bytes);
        Write16(bytes[2..], 42);
        Write32(bytes[4..], 8);
        Write16(bytes[8..], 4);
        ReadOnlySpan<ushort> tags = [256, 257, 258, 273];
        for (int i = 0; i < tags.Length; i++)
        {
            Write16(bytes[(10 + (i * 12))..], tags[i]);
            Write16(bytes[(12 + (i * 12))..], 4);
            Write32(bytes[(14 + (i * 12))..], 1);
            Write32(bytes[(18 + (i * 12))..], tags[i] == 258 ? 8u : 1);
        }

        return file;

        void Write16(Span<byte> at, ushort value)
        {
            if (little)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(at, value);
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(at, value);
            }
        }

        void Write32(Span<byte> at, uint value)
        {
            if (little)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(at, value);
            }
            else
            {
                BinaryPrimitives.WriteUInt32BigEndian(at, value);
            }
        }
    }

    private static byte[] Changed(byte[] file, Action<List<byte[]>> change)
    {
        List<byte[]> parts = FileParts.Split(file);
        change(parts);
        return FileParts.Join(parts, mend: false);
    }

    private static byte[] WithRiffSize(byte[] file, int declared)
    {
        byte[] changed = [.. file];
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(4), declared);
        return changed;
    }

    private static byte[] WithLength(byte[] file, int part, int at, uint length, bool little) => Changed(file, parts =>
    {
        if (little)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(parts[part].AsSpan(at), length);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(parts[part].AsSpan(at), length);
        }
    });

    private static byte[] WithWrongChecksum(byte[] file, int part) => Changed(file, parts => parts[part][^1] ^= 0x40);

    private static byte[] WithSegmentLength(byte[] file, int part, ushort length)
        => Changed(file, parts => BinaryPrimitives.WriteUInt16BigEndian(parts[part].AsSpan(2), length));

    private static byte[] WithProcess(byte[] file, byte process) => Changed(file, parts => Frame(parts)[1] = process);

    private static byte[] WithComponents(byte[] file, byte components, byte bits) => Changed(file, parts =>
    {
        Frame(parts)[9] = components;
        Frame(parts)[4] = bits;
    });

    private static byte[] WithSampling(byte[] file, byte sampling) => Changed(file, parts => Frame(parts)[11] = sampling);

    private static byte[] WithLines(byte[] file)
    {
        byte[] lines = [.. file[..^2], 0xFF, 0xDC, 0, 4, 0, 29, .. file[^2..]];
        return WithJpegSize(lines, 37, 0);
    }

    private static byte[] WithGifCodeSize(byte[] file, byte size) => Changed(file, parts => parts.First(p => p[0] == 0x2C)[10] = size);

    private static byte[] WithNextDirectory(byte[] exif, byte position)
    {
        byte[] changed = [.. exif];
        changed[25] = position;
        return changed;
    }

    // Orientation, then the EXIF, GPS and interoperability directories, each of which is the first one.
    private static byte[] SelfReferringExif() =>
    [
        .. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 4,
        0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0,
        0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8,
        0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8,
        0xA0, 0x05, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8,
        0, 0, 0, 8,
    ];

    private static byte[] Frame(List<byte[]> parts) => parts.Single(p => p is [0xFF, 0xC0 or 0xC2, ..]);
}
