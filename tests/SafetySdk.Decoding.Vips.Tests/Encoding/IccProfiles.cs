using System.Buffers.Binary;
using System.IO.Compression;

namespace SafetySdk.Decoding.Vips.Tests.Encoding;

/// <summary>Writes ICC profiles (ICC.1, version 2.4 structure with parametric curves) whose effect is known without a colour engine.</summary>
internal static class IccProfiles
{
    // sRGB's primaries adapted to D50.
    private static readonly double[][] Primaries =
        [[0.4360747, 0.2225045, 0.0139322], [0.3850649, 0.7168786, 0.0971045], [0.1430804, 0.0606169, 0.7141733]];

    /// <summary>sRGB but for what the channels mean: the first is green, the second blue, the third red.</summary>
    public static byte[] Swapped { get; } = Write(
        "mntr",
        "RGB ",
        "XYZ ",
        ("rXYZ", Xyz(Primaries[1])),
        ("gXYZ", Xyz(Primaries[2])),
        ("bXYZ", Xyz(Primaries[0])),
        ("rTRC", SrgbCurve),
        ("gTRC", SrgbCurve),
        ("bTRC", SrgbCurve));

    /// <summary>Grey of which the samples are linear light.</summary>
    public static byte[] LinearGrey { get; } = Write("mntr", "GRAY", "XYZ ", ("kTRC", [.. "curv"u8, 0, 0, 0, 0, 0, 0, 0, 0]));

    /// <summary>Inks of which only black counts, and lightness L* falls with it in a straight line.</summary>
    public static byte[] BlackOnly { get; } = Write("prtr", "CMYK", "Lab ", ("A2B0", BlackTable()));

    /// <summary>What is shown of a sample of <see cref="LinearGrey"/>.</summary>
    public static int ShownGrey(int sample) => Encode(sample / 255.0);

    /// <summary>What is shown of an amount of black, 0–255, of <see cref="BlackOnly"/>.</summary>
    public static int ShownBlack(int black)
    {
        double f = ((100 * (1 - (black / 255.0))) + 16) / 116;
        return Encode(f > 6.0 / 29 ? f * f * f : (f - (4.0 / 29)) * 3 * 36 / 841);
    }

    /// <summary>Content of a PNG's iCCP chunk.</summary>
    public static byte[] PngChunk(byte[] profile)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(profile);
        }

        return [.. "test"u8, 0, 0, .. packed.ToArray()];
    }

    /// <summary>Content of a JPEG's APP2 segment.</summary>
    public static byte[] JpegSegment(byte[] profile) => [.. "ICC_PROFILE\0"u8, 1, 1, .. profile];

    private static byte[] SrgbCurve =>
        [.. "para"u8, 0, 0, 0, 0, 0, 3, 0, 0, .. Fixed(2.4), .. Fixed(1 / 1.055), .. Fixed(0.055 / 1.055), .. Fixed(1 / 12.92), .. Fixed(0.04045)];

    private static int Encode(double light)
        => (int)Math.Round(255 * (light <= 0.0031308 ? 12.92 * light : (1.055 * Math.Pow(light, 1 / 2.4)) - 0.055));

    // lut8Type: 4 inputs, 3 outputs, 2 grid points; identity matrix and straight curves.
    private static byte[] BlackTable()
    {
        byte[] straight = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        byte[] grid = [.. Enumerable.Range(0, 16).SelectMany(i => new byte[] { (byte)((i & 1) == 0 ? 255 : 0), 128, 128 })];
        return
        [
            .. "mft1"u8, 0, 0, 0, 0, 4, 3, 2, 0,
            .. Fixed(1), .. Fixed(0), .. Fixed(0), .. Fixed(0), .. Fixed(1), .. Fixed(0), .. Fixed(0), .. Fixed(0), .. Fixed(1),
            .. straight, .. straight, .. straight, .. straight, .. grid, .. straight, .. straight, .. straight,
        ];
    }

    private static byte[] Write(string use, string space, string connection, params (string Name, byte[] Data)[] tags)
    {
        (string Name, byte[] Data)[] all =
        [
            ("desc", [.. "desc"u8, 0, 0, 0, 0, 0, 0, 0, 5, .. "test\0"u8, .. new byte[78]]),
            ("cprt", [.. "text"u8, 0, 0, 0, 0, .. "none\0"u8]),
            ("wtpt", Xyz([0.9642, 1, 0.8249])),
            .. tags,
        ];
        int start = 128 + 4 + (12 * all.Length);
        var table = new List<byte>();
        var content = new List<byte>();
        foreach ((string name, byte[] data) in all)
        {
            table.AddRange([.. Text(name), .. Number(start + content.Count), .. Number(data.Length)]);
            content.AddRange([.. data, .. new byte[-data.Length & 3]]);
        }

        byte[] header = new byte[128];
        Number(start + content.Count).CopyTo(header, 0);
        header[8] = 2;
        header[9] = 0x40;
        Text(use).CopyTo(header, 12);
        Text(space).CopyTo(header, 16);
        Text(connection).CopyTo(header, 20);
        Text("acsp").CopyTo(header, 36);
        Xyz([0.9642, 1, 0.8249])[8..].CopyTo(header, 68);
        return [.. header, .. Number(all.Length), .. table, .. content];
    }

    private static byte[] Xyz(double[] value) => [.. "XYZ "u8, 0, 0, 0, 0, .. value.SelectMany(Fixed)];

    private static byte[] Fixed(double value) => Number((int)Math.Round(value * 65536));

    private static byte[] Text(string four) => System.Text.Encoding.ASCII.GetBytes(four);

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
