using SafetySdk.Decoding.Vips.Tests.Encoding;

namespace SafetySdk.Decoding.Vips.Tests.Images;

/// <summary>One small valid file of each kind, to be cut, changed and compared.</summary>
internal static class Samples
{
    public static (string Name, byte[] File)[] All { get; } =
    [
        ("jpeg grey", new JpegWriter(37, 29, 1).WithOrientation(6).Write(Wave)),
        ("jpeg colour", new JpegWriter(37, 29, 3) { RestartInterval = 3 }.Write(Wave)),
        ("jpeg progressive", new JpegWriter(37, 29, 3) { Progressive = true }.Write(Wave)),
        ("jpeg cmyk", new JpegWriter(24, 20, 4) { AdobeTransform = 0 }.Write(Wave)),
        ("png grey 1", new PngWriter(33, 21, 0, 1).Write((x, y, c) => (x ^ y) & 1)),
        ("png palette", new PngWriter(33, 21, 3, 4).With("PLTE", Palette(16)).With("tRNS", [0, 128]).Write((x, y, c) => (x + y) & 15)),
        ("png rgb", new PngWriter(33, 21, 2, 8).With("eXIf", JpegWriter.Exif(8)).Write(Wave)),
        ("png rgba 16 interlaced", new PngWriter(33, 21, 6, 16, interlaced: true).Write((x, y, c) => Wave(x, y, c) * 257)),
        ("gif", new GifWriter(30, 20).Frame(0, 0, 30, 20, (x, y) => (x + y) & 127, 3).Frame(4, 4, 5, 5, (x, y) => x).Write()),
        ("webp lossless", WebPFiles.Riff(WebPFiles.LosslessAlpha)),
        ("webp lossy", WebPFiles.Riff(WebPFiles.Lossy)),
        ("webp extended", WebPFiles.Riff(WebPFiles.Extended(0x08, 24, 16), WebPFiles.Lossless, WebPFiles.Chunk("EXIF", JpegWriter.Exif(3)))),
    ];

    public static TheoryData<string> Names { get; } = [.. All.Select(s => s.Name)];

    public static byte[] Get(string name) => All.Single(s => s.Name == name).File;

    public static int Wave(int x, int y, int channel)
        => (int)(127.5 + (80 * Math.Sin((x * 0.31) + channel)) + (40 * Math.Cos((y * 0.23) - channel)));

    public static byte[] Palette(int count) => [.. Enumerable.Range(0, count).SelectMany(i => new byte[] { (byte)(i * 15), (byte)(255 - i), (byte)(i * 7) })];

    /// <summary>A JPEG that is nothing but a frame header.</summary>
    public static byte[] JpegHeaderOnly(int width, int height, byte process = 0xC0)
    {
        using var file = new MemoryStream();
        file.Write([0xFF, 0xD8]);
        JpegWriter.WriteFrameHeader(file, process, width, height, 3);
        return file.ToArray();
    }

    /// <summary>A progressive JPEG with this many scans of a few bytes each.</summary>
    public static byte[] JpegWithScans(int width, int height, int scans)
    {
        using var file = new MemoryStream();
        file.Write(JpegHeaderOnly(width, height, 0xC2));
        for (int i = 0; i < scans; i++)
        {
            JpegWriter.WriteSegment(file, 0xDA, [1, 1, 0, 0, 0, 0]);
            file.Write([0x12, 0xFF, 0x00, 0xFF, 0xD3, 0x34]);
        }

        file.Write([0xFF, 0xD9]);
        return file.ToArray();
    }

    /// <summary>A small JPEG with this many empty segments before its scan.</summary>
    public static byte[] JpegWithSegments(int count)
    {
        byte[] file = new JpegWriter(8, 8, 1).Write(Wave);
        return [.. file[..2], .. Enumerable.Repeat<byte[]>([0xFF, 0xE5, 0, 2], count).SelectMany(s => s), .. file[2..]];
    }

    /// <summary>Seeded damage: flipped, overwritten, removed, repeated and inserted bytes.</summary>
    public static byte[] Mutate(byte[] file, Random random)
    {
        var bytes = new List<byte>(file);
        for (int n = random.Next(1, 5); n > 0 && bytes.Count > 0; n--)
        {
            // Half of the damage goes to the first bytes, where the structure is.
            int at = random.Next(random.Next(2) == 0 ? bytes.Count : Math.Min(bytes.Count, 64));
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = random.Next(2) == 0 ? byte.MaxValue : byte.MinValue;
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
                default:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        return [.. bytes];
    }
}
