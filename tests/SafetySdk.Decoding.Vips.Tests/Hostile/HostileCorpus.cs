using System.Buffers.Binary;
using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;
using static SafetySdk.Images.ImageError;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>Hostile files, all generated: nothing is collected and nothing lies in the repository.</summary>
internal static partial class HostileCorpus
{
    private static readonly ImageError[] Damage = [Unsupported, LimitExceeded, Truncated, Corrupt];

    // One of each format, without the other kinds of Samples.
    private static readonly string[] OneOfEach = ["jpeg colour", "png rgb", "gif", "webp lossless"];

    /// <summary>The corpus by kind. Files are written only when asked for.</summary>
    public static IReadOnlyDictionary<string, Func<IEnumerable<HostileFile>>> Kinds { get; } = new Dictionary<string, Func<IEnumerable<HostileFile>>>
    {
        ["bombs of pixels"] = PixelBombs,
        ["bombs of structure"] = StructureBombs,
        ["large but allowed"] = LargeButAllowed,
        ["cut at every hundredth"] = CutAtEveryHundredth,
        ["cut at every part"] = CutAtEveryPart,
        ["parts removed, repeated and swapped"] = PartsMoved,
        ["single bits"] = SingleBits,
        ["lying headers"] = LyingHeaders,
        ["metadata"] = Metadata,
        ["sides"] = Sides,
        ["bytes after the end"] = BytesAfterTheEnd,
        ["animations"] = Animations,
        ["kinds of jpeg"] = KindsOfJpeg,
        ["mixed formats"] = MixedFormats,
        ["almost nothing"] = AlmostNothing,
        ["blocked formats"] = BlockedFormats,
    };

    public static IEnumerable<HostileFile> All => Kinds.Values.SelectMany(kind => kind());

    public static TheoryData<string> KindNames { get; } = [.. Kinds.Keys];

    private static HostileFile Refused(string name, Func<byte[]> make, params ImageError[] errors) => new(name, make, errors);

    private static HostileFile Decodes(string name, int width, int height, Func<byte[]> make, params ImageError[] orErrors)
        => new(name, make, orErrors) { Size = (width, height) };

    private static (int Width, int Height) SizeOf(byte[] file)
    {
        ImageInfo info = ImageHeaderReader.Read(file, ImageLimits.Default).ToInfo();
        return (info.Width, info.Height);
    }

    private static IEnumerable<HostileFile> CutAtEveryHundredth()
    {
        foreach ((string name, byte[] file) in Samples.All)
        {
            for (int hundredth = 0; hundredth < 100; hundredth++)
            {
                int length = file.Length * hundredth / 100;
                yield return Cut($"{name}, {hundredth} %", file, length);
            }

            yield return Cut($"{name} without its last byte", file, file.Length - 1);
        }
    }

    private static IEnumerable<HostileFile> CutAtEveryPart()
    {
        foreach ((string name, byte[] file) in Samples.All)
        {
            int length = 0, part = 0;
            foreach (byte[] bytes in FileParts.Split(file).SkipLast(1))
            {
                length += bytes.Length;
                foreach (int at in (int[])[length - 1, length, length + 1])
                {
                    if (at < file.Length)
                    {
                        yield return Cut($"{name}, after part {part}, {at} bytes", file, at);
                    }
                }

                part++;
            }
        }
    }

    // Twelve bytes are enough for every format to be known, and fewer for some.
    private static HostileFile Cut(string name, byte[] file, int length)
        => Refused(name, () => file[..length], length >= 12 ? [Truncated] : [Truncated, Unsupported]);

    private static IEnumerable<HostileFile> PartsMoved()
    {
        foreach ((string name, byte[] file) in Samples.All)
        {
            List<byte[]> parts = FileParts.Split(file);
            for (int i = 0; i < parts.Count; i++)
            {
                int at = i;
                yield return Maybe($"{name} without part {i}", () => FileParts.Join([.. parts[..at], .. parts[(at + 1)..]], mend: true));
                yield return Maybe($"{name} with part {i} twice", () => FileParts.Join([.. parts[..at], parts[at], .. parts[at..]], mend: true));
                if (i + 1 < parts.Count)
                {
                    yield return Maybe(
                        $"{name}, parts {i} and {i + 1} swapped",
                        () => FileParts.Join([.. parts[..at], parts[at + 1], parts[at], .. parts[(at + 2)..]], mend: true));
                }
            }
        }

        static HostileFile Maybe(string name, Func<byte[]> make) => new(name, make, Damage) { AnySize = true };
    }

    private static IEnumerable<HostileFile> SingleBits()
    {
        var random = new Random(5);
        foreach ((string name, byte[] file) in Samples.All)
        {
            // Every bit of the first bytes, where sizes are, and a hundred elsewhere.
            int[] bits = [.. Enumerable.Range(0, Math.Min(48, file.Length) * 8), .. Enumerable.Range(0, 100).Select(_ => random.Next(file.Length * 8))];
            foreach (int bit in bits.Distinct())
            {
                yield return new HostileFile($"{name}, bit {bit}", () => Flip(file, bit), Damage) { AnySize = true };
            }
        }

        static byte[] Flip(byte[] file, int bit)
        {
            byte[] flipped = [.. file];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            return flipped;
        }
    }

    private static IEnumerable<HostileFile> Sides()
    {
        foreach ((int width, int height) in ((int, int)[])[(0, 0), (0, 9), (9, 0)])
        {
            string name = $"{width}x{height}";
            yield return Refused("jpeg " + name, () => JpegOfSize(width, height), Corrupt);
            yield return Refused("png " + name, () => new PngWriter(width, height, 2, 8).Assemble([1]), Corrupt);
            yield return Refused("gif " + name, () => new GifWriter(width, height).Frame(0, 0, width, height, (x, y) => 0).Write(), Corrupt);
            yield return Refused("webp " + name, () => WebPFiles.Riff(LossyOfSize(width, height)), Corrupt);
        }

        foreach ((int width, int height) in ((int, int)[])[(1, 1), (1, 2), (2, 1), (1, 16_384), (16_384, 1)])
        {
            string name = $"{width}x{height}";
            yield return Decodes("jpeg " + name, width, height, () => new JpegWriter(width, height, 1).Write(Samples.Wave));
            yield return Decodes("progressive jpeg " + name, width, height, () => new JpegWriter(width, height, 3) { Progressive = true }.Write(Samples.Wave));
            yield return Decodes("png " + name, width, height, () => new PngWriter(width, height, 2, 8).Write(Samples.Wave));
            yield return Decodes("interlaced png " + name, width, height, () => new PngWriter(width, height, 2, 8, interlaced: true).Write(Samples.Wave));
            yield return Decodes("gif " + name, width, height, () => new GifWriter(width, height).Frame(0, 0, width, height, (x, y) => 5).Write());
            int side = Math.Min(width, 16_383), other = Math.Min(height, 16_383);
            yield return Decodes($"webp {side}x{other}", side, other, () => WebPFiles.Riff(WebPFiles.Flat(side, other)));
        }

        foreach ((int width, int height) in ((int, int)[])[(1, 16_385), (16_385, 1), (1, 65_535), (65_535, 1)])
        {
            string name = $"{width}x{height}";
            yield return Refused("jpeg " + name, () => new JpegWriter(width, height, 1).Write(Samples.Wave), LimitExceeded);
            yield return Refused("png " + name, () => new PngWriter(width, height, 0, 8).Write((x, y, c) => 0), LimitExceeded);
            yield return Refused("gif " + name, () => new GifWriter(width, height).Frame(0, 0, width, height, (x, y) => 5).Write(), LimitExceeded);
            yield return Refused("webp " + name, () => WebPFiles.Riff(WebPFiles.Extended(0, width, height), WebPFiles.Lossless), LimitExceeded);
        }
    }

    private static IEnumerable<HostileFile> BytesAfterTheEnd()
    {
        byte[] script = [.. "\n<script>alert(1)</script><?php echo 1; ?>"u8];
        byte[] archive = [.. "PK\x03\x04\x14\0\0\0\0\0"u8, .. new byte[64], .. "PK\x05\x06"u8, .. new byte[18]];
        var noise = new byte[100_000];
        new Random(6).NextBytes(noise);
        foreach ((string name, byte[] file) in Samples.All)
        {
            (int width, int height) = SizeOf(file);
            foreach ((string what, byte[] tail) in ((string, byte[])[])
                [("a script", script), ("an archive", archive), ("noise", noise), ("itself", file), ("a bomb", Samples.JpegHeaderOnly(65_500, 65_500))])
            {
                yield return Decodes($"{name} and {what}", width, height, () => [.. file, .. tail]);
            }
        }
    }

    private static IEnumerable<HostileFile> AlmostNothing()
    {
        foreach (byte[] start in (byte[][])
            [[], [0], [0xFF], [0x89], [0xFF, 0xD8], [0x89, 0x50], [0x47, 0x49], [0x52, 0x49], [0xFF, 0xD8, 0], [0x89, 0x50, 0x4E], [0x47, 0x49, 0x46]])
        {
            yield return Refused($"{Convert.ToHexString(start)} alone", () => start, Unsupported);
        }

        yield return Refused("a JPEG's first three bytes", () => [0xFF, 0xD8, 0xFF], Truncated);
        yield return Refused("32 MiB of zeros", () => new byte[32 << 20], Unsupported) with { IsLarge = true };
        yield return Refused("a byte more than 32 MiB", () => new byte[(32 << 20) + 1], LimitExceeded) with { IsLarge = true };
        yield return Refused("32 MiB of noise", () => Noise([]), Unsupported) with { IsLarge = true };
        foreach ((string name, byte[] start) in Samples.All)
        {
            // Noise is data to a lossy codec until a marker turns up that ends or breaks it.
            yield return new HostileFile($"32 MiB of noise behind 200 bytes of {name}", () => Noise(start[..Math.Min(200, start.Length / 2)]), Damage)
            {
                Size = start[0] == 0xFF || name == "webp lossy" ? SizeOf(start) : null,
                IsLarge = true,
            };
        }

        static byte[] Noise(byte[] start)
        {
            byte[] file = new byte[32 << 20];
            new Random(7).NextBytes(file);
            start.CopyTo(file, 0);
            return file;
        }
    }

    private static byte[] JpegOfSize(int width, int height) => WithJpegSize(Samples.Get("jpeg colour"), width, height);

    /// <summary>Writes other sides into the frame header and leaves the data as it is.</summary>
    private static byte[] WithJpegSize(byte[] file, int width, int height)
    {
        List<byte[]> parts = FileParts.Split(file);
        byte[] frame = parts.Single(p => p is [0xFF, 0xC0 or 0xC2, ..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(5), (ushort)height);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(7), (ushort)width);
        return FileParts.Join(parts, mend: false);
    }

    private static byte[] WithPngSize(byte[] file, int width, int height)
    {
        List<byte[]> parts = FileParts.Split(file);
        BinaryPrimitives.WriteInt32BigEndian(parts[1].AsSpan(8), width);
        BinaryPrimitives.WriteInt32BigEndian(parts[1].AsSpan(12), height);
        return FileParts.Join(parts, mend: true);
    }

    private static byte[] LossyOfSize(int width, int height)
    {
        byte[] chunk = [.. WebPFiles.Lossy];
        BinaryPrimitives.WriteUInt16LittleEndian(chunk.AsSpan(8 + 6), (ushort)width);
        BinaryPrimitives.WriteUInt16LittleEndian(chunk.AsSpan(8 + 8), (ushort)height);
        return chunk;
    }

    private static byte[] Repeat(byte[] unit, int count)
    {
        byte[] all = new byte[unit.Length * count];
        for (int i = 0; i < count; i++)
        {
            unit.CopyTo(all, i * unit.Length);
        }

        return all;
    }

    private static byte[] Insert(byte[] file, int afterPart, byte[] what)
    {
        List<byte[]> parts = FileParts.Split(file);
        parts.Insert(afterPart, what);
        return FileParts.Join(parts, mend: true);
    }
}
