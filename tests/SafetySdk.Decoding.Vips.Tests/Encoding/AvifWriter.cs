using System.Buffers.Binary;

namespace SafetySdk.Decoding.Vips.Tests.Encoding;

/// <summary>Writes AVIF containers around the stored lossless picture of <see cref="WebPFiles"/>.</summary>
internal sealed class AvifWriter
{
    private static readonly byte[] Picture = Convert.FromBase64String(
            "EgAKCDgQ7+wgIaAEMoECEAAAqWWXf6fxlNMBpoZb2I8pGcbEe/1QGkVNaqXFXhQKy7qDN19l13PjFPf//khtRo3RpDPCYbM0JcsyZHb5Nn/vqIdvI6RPM8CJ"
            + "9f9txGCOAcsMGfrCpGzFoXMUKttU6j6oi3ab2vTyL+ypiYtrJh8A71PD3EV+4O5rQxN/QftSA3LGHBEkZBPV4eqIlEOx91lbIXsVsmZHyz2VPLhj3w8DFo0l"
            + "m5fZg87F4REufyYB1TfLkqYN5SU/2Xh17yyPH31yP+k2IptPV86TAkog7H1uVS6wRlVUe17zZvv/5mXCAj59XPizQp5D2njhcds1MD1GEO0yGHAyOW62qQnN"
            + "/+A=");

    private static readonly byte[] Opacity = Convert.FromBase64String(
        "EgAKBRgQ7+wqMikQAKMg/IonUIee13vHFFykGuFzCx9x3TGDZl74lFNqlKdD1QEYz5tOug==");

    private readonly List<byte[]> _properties = [];

    /// <summary>Whether the stored opacity goes with it.</summary>
    public bool Alpha { get; init; }

    /// <summary>Type of the coded item; other than av01 for a container that is no AVIF.</summary>
    public string Codec { get; init; } = "av01";

    /// <summary>Major brand, and the one it says to be compatible with.</summary>
    public string Brand { get; init; } = "avif";

    /// <summary>Sides that the container declares.</summary>
    public (int Width, int Height) Declared { get; init; } = (WebPFiles.Width, WebPFiles.Height);

    /// <summary>Counter-clockwise quarters.</summary>
    public AvifWriter Rotated(int quarters) => With(Box("irot", [(byte)quarters]));

    /// <summary>Axis 0 exchanges top and bottom, 1 left and right.</summary>
    public AvifWriter Mirrored(int axis) => With(Box("imir", [(byte)axis]));

    public AvifWriter With(byte[] property)
    {
        _properties.Add(property);
        return this;
    }

    public byte[] Write()
    {
        byte[] head = Box("ftyp", [.. Text(Brand), 0, 0, 0, 0, .. Text("mif1"), .. Text(Brand), .. Text("miaf")]);

        // The place of the data depends on the length of the box that states it, not on the numbers in it.
        int start = head.Length + Meta(0).Length + 8;
        return [.. head, .. Meta(start), .. Box("mdat", Alpha ? [.. Picture, .. Opacity] : Picture)];
    }

    public static byte[] Box(string type, ReadOnlySpan<byte> content) => [.. Number(content.Length + 8), .. Text(type), .. content];

    private byte[] Meta(int start)
    {
        byte[][] own =
        [
            Box("av1C", [0x81, 0x20, 2, 0]),
            Box("colr", [.. Text("nclx"), 0, 1, 0, 13, 0, 0, 0x80]),
            Box("ispe", [0, 0, 0, 0, .. Number(Declared.Width), .. Number(Declared.Height)]),
            Box("pixi", [0, 0, 0, 0, 3, 8, 8, 8]),
            .. _properties,
        ];
        byte[][] opacity =
        [
            Box("av1C", [0x81, 0, 0x1C, 0]),
            Box("pixi", [0, 0, 0, 0, 1, 8]),
            Box("auxC", [0, 0, 0, 0, .. "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"u8]),
        ];
        byte[] links = [0, 1, (byte)own.Length, .. Enumerable.Range(1, own.Length).Select(i => (byte)i)];
        if (Alpha)
        {
            // Its sides are those of the picture: property 3.
            links = [.. links, 0, 2, 4, 3, .. Enumerable.Range(own.Length + 1, 3).Select(i => (byte)i)];
        }

        byte count = (byte)(Alpha ? 2 : 1);
        byte[] Location(int item, int at, int length) => [0, (byte)item, 0, 0, 0, 1, .. Number(at), .. Number(length)];
        return Box("meta",
        [
            0, 0, 0, 0,
            .. Box("hdlr", [0, 0, 0, 0, 0, 0, 0, 0, .. Text("pict"), .. new byte[13]]),
            .. Box("pitm", [0, 0, 0, 0, 0, 1]),
            .. Box("iloc",
            [
                0, 0, 0, 0, 0x44, 0, 0, count,
                .. Location(1, start, Picture.Length),
                .. Alpha ? Location(2, start + Picture.Length, Opacity.Length) : [],
            ]),
            .. Box("iinf", [0, 0, 0, 0, 0, count, .. Item(1, Codec), .. Alpha ? Item(2, "av01") : []]),
            .. Box("iprp",
            [
                .. Box("ipco", [.. own.SelectMany(b => b), .. Alpha ? opacity.SelectMany(b => b) : []]),
                .. Box("ipma", [0, 0, 0, 0, 0, 0, 0, count, .. links]),
            ]),
            .. Alpha ? Box("iref", [0, 0, 0, 0, .. Box("auxl", [0, 2, 0, 1, 0, 1])]) : [],
        ]);
    }

    private static byte[] Item(int number, string type) => Box("infe", [2, 0, 0, 0, 0, (byte)number, 0, 0, .. Text(type), 0]);

    private static byte[] Text(string four) => System.Text.Encoding.ASCII.GetBytes(four);

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
