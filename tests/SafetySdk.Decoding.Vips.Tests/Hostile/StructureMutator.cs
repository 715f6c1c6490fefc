using System.Buffers.Binary;
using System.IO.Compression;
using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>
/// Damages well-formed files where it hurts: lengths, sizes, the order of parts. Most mutants get right checksums and outer sizes again, so
/// that they reach the code behind those checks. A mutant is known by its format, seed and number.
/// </summary>
internal static class StructureMutator
{
    /// <summary>Formats that have mutants: those that are read by default.</summary>
    public static ImageFormat[] Formats { get; } = [ImageFormat.Jpeg, ImageFormat.Png, ImageFormat.WebP, ImageFormat.Gif];

    private static readonly Dictionary<ImageFormat, byte[][]> Seeds = Formats.ToDictionary(f => f, SeedsOf);

    /// <summary>The mutant of this number; the same in every process.</summary>
    public static byte[] Mutant(ImageFormat format, int seed, int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        byte[][] seeds = Seeds[format];
        List<byte[]> parts = FileParts.Split(seeds[random.Next(seeds.Length)]);
        for (int n = random.Next(1, 5); n > 0 && parts.Count > 0; n--)
        {
            Change(parts, format, random);
        }

        byte[] file = FileParts.Join(parts, mend: random.Next(4) > 0);
        return random.Next(16) == 0 && file.Length > 0 ? file[..random.Next(file.Length)] : file;
    }

    private static void Change(List<byte[]> parts, ImageFormat format, Random random)
    {
        // The first part holds signature and, for some formats, sizes: damaged less often, since most of it is simply no picture any more.
        int at = random.Next(8) == 0 ? 0 : random.Next(parts.Count);
        byte[] part = [.. parts[at]];
        switch (random.Next(12))
        {
            case 0 when part.Length > 0:
                part[random.Next(part.Length)] ^= (byte)(1 << random.Next(8));
                parts[at] = part;
                break;

            case 1 when part.Length > 0:
                random.NextBytes(part.AsSpan(random.Next(part.Length))[..1]);
                parts[at] = part;
                break;

            case 2 or 3 or 4:
                WriteBoundary(part, random);
                parts[at] = part;
                break;

            case 5:
                parts.RemoveAt(at);
                break;

            case 6:
                parts.InsertRange(at, Enumerable.Repeat(part, random.Next(1, 4)));
                break;

            case 7:
                int other = random.Next(parts.Count);
                (parts[at], parts[other]) = (parts[other], parts[at]);
                break;

            case 8:
                byte[][] donors = Seeds[random.Next(8) == 0 ? Formats[random.Next(Formats.Length)] : format];
                List<byte[]> donor = FileParts.Split(donors[random.Next(donors.Length)]);
                parts.Insert(at, donor[random.Next(donor.Count)]);
                break;

            case 9 when part.Length > 0:
                parts[at] = MendLength(part[..random.Next(part.Length)], format, random);
                break;

            case 10:
                byte[] more = new byte[random.Next(1, 40)];
                random.NextBytes(more);
                int where = random.Next(part.Length + 1);
                parts[at] = MendLength([.. part[..where], .. more, .. part[where..]], format, random);
                break;

            default:
                int data = parts.FindIndex(p => p.Length > 12 && p.AsSpan(4).StartsWith("IDAT"u8));
                if (data >= 0)
                {
                    parts[data] = Repack(parts[data], random);
                }
                else if (part.Length > 16)
                {
                    // A stretch of noise, past the structure.
                    random.NextBytes(part.AsSpan(random.Next(8, part.Length))[..1]);
                    random.NextBytes(part.AsSpan(part.Length / 2, random.Next(part.Length / 2)));
                    parts[at] = part;
                }

                break;
        }
    }

    // Values at which arithmetic on lengths and sides goes wrong, mostly into the first bytes, where the fields are.
    private static void WriteBoundary(byte[] part, Random random)
    {
        if (part.Length == 0)
        {
            return;
        }

        ReadOnlySpan<uint> values =
        [
            0, 1, 2, 7, 8, 0x7F, 0x80, 0xFE, 0xFF, 0x100, 0x3FFF, 0x4000, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000, 0xFFFFFF, 0x1000000,
            0x7FFFFFFF, 0x80000000, 0xFFFFFFF4, 0xFFFFFFFE, 0xFFFFFFFF, (uint)part.Length, (uint)part.Length - 1, (uint)part.Length + 1,
            (uint)part.Length - 12, (uint)part.Length - 8,
        ];
        uint value = values[random.Next(values.Length)];
        int at = random.Next(random.Next(4) == 0 ? part.Length : Math.Min(part.Length, 24));
        int bytes = Math.Min(random.Next(1, 5), part.Length - at);
        bool little = random.Next(2) == 0;
        for (int i = 0; i < bytes; i++)
        {
            part[at + i] = (byte)(value >> (8 * (little ? i : bytes - 1 - i)));
        }
    }

    private static byte[] MendLength(byte[] part, ImageFormat format, Random random)
    {
        if (random.Next(3) == 0)
        {
            return part;
        }

        switch (format)
        {
            case ImageFormat.Png when part.Length >= 12:
                BinaryPrimitives.WriteInt32BigEndian(part, part.Length - 12);
                break;
            case ImageFormat.WebP when part.Length >= 8:
                part = part.Length % 2 == 0 ? part : [.. part, 0];
                BinaryPrimitives.WriteInt32LittleEndian(part.AsSpan(4), part.Length - 8);
                break;
            case ImageFormat.Jpeg when part is [0xFF, _, _, _, ..]:
                BinaryPrimitives.WriteUInt16BigEndian(part.AsSpan(2), (ushort)(part.Length - 2));
                break;
        }

        return part;
    }

    // Damage to rows behind a sound stream: filter kinds, too few and too many of them.
    private static byte[] Repack(byte[] chunk, Random random)
    {
        using var rows = new MemoryStream();
        try
        {
            using var inflating = new ZLibStream(new MemoryStream(chunk, 8, chunk.Length - 12), CompressionMode.Decompress);
            inflating.CopyTo(rows);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return chunk;
        }

        byte[] bytes = rows.ToArray();
        for (int n = random.Next(1, 6); n > 0 && bytes.Length > 0; n--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(7);
        }

        bytes = random.Next(3) switch
        {
            0 => bytes[..random.Next(bytes.Length + 1)],
            1 => [.. bytes, .. bytes],
            _ => bytes,
        };
        using var packed = new MemoryStream();
        using (var deflating = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflating.Write(bytes);
        }

        return PngWriter.Chunk("IDAT", packed.ToArray());
    }

    private static byte[][] SeedsOf(ImageFormat format)
    {
        byte[] exif = JpegWriter.Exif(6), profile = new byte[140];
        return
        [
            .. Samples.All.Select(s => s.File).Where(f => ImageHeaderReader.Sniff(f) == format),
            .. format switch
            {
                ImageFormat.Jpeg =>
                [
                    new JpegWriter(17, 11, 4) { AdobeTransform = 2, Progressive = true }.Write(Samples.Wave),
                    new JpegWriter(16, 16, 1) { Progressive = true, AcBands = 20 }.WithOrientation(3).Write(Samples.Wave),
                    new JpegWriter(9, 5, 3).With(0xE2, [.. "ICC_PROFILE\0"u8, 1, 1, .. profile]).With(0xE1, [.. "Exif\0\0"u8, .. exif]).Write(Samples.Wave),
                ],
                ImageFormat.Png =>
                [
                    new PngWriter(9, 7, 0, 16).With("tRNS", [0, 5]).With("gAMA", [0, 0, 0xB1, 0x8F]).Write((x, y, c) => x * y * 90),
                    new PngWriter(9, 7, 4, 8, interlaced: true).With("eXIf", exif).With("tEXt", [.. "Comment\0text"u8]).Write(Samples.Wave),
                    new PngWriter(9, 7, 3, 2).With("PLTE", Samples.Palette(4)).With("acTL", [0, 0, 0, 2, 0, 0, 0, 0]).WithAfter("tIME", new byte[7]).Write((x, y, c) => x & 3),
                ],
                ImageFormat.Gif =>
                [
                    new GifWriter(9, 9).Frame(2, 3, 4, 5, (x, y) => x + y, 1).Frame(0, 0, 9, 9, (x, y) => x).Frame(5, 5, 30, 30, (x, y) => y).Write(),
                    new GifWriter(300, 4).Frame(0, 0, 300, 4, (x, y) => x & 127).Write(),
                ],
                ImageFormat.WebP =>
                (byte[][])
                [
                    WebPFiles.Riff(WebPFiles.Lossless),
                    WebPFiles.Riff(WebPFiles.Flat(100, 50)),
                    WebPFiles.Riff(
                        WebPFiles.Extended(0x2E, 40, 30),
                        WebPFiles.Chunk("ICCP", profile),
                        WebPFiles.Chunk("ANIM", new byte[6]),
                        WebPFiles.Frame(4, 6, 24, 16, WebPFiles.Lossless),
                        WebPFiles.Frame(0, 0, 24, 16, WebPFiles.Lossy),
                        WebPFiles.Chunk("EXIF", exif),
                        WebPFiles.Chunk("XMP ", [.. "<x:xmpmeta/>"u8])),
                ],
                _ => [],
            },
        ];
    }
}
