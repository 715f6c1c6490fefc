using System.Buffers.Binary;
using System.IO.Compression;

namespace SafetySdk.Decoding.Vips.Tests.Encoding;

/// <summary>Writes PNGs of every colour type and depth, as the specification says and without a native codec.</summary>
internal sealed class PngWriter(int width, int height, int colourType, int depth, bool interlaced = false)
{
    private static readonly uint[] CrcTable = MakeCrcTable();

    // Adam7: first column and row, and steps, of the seven passes.
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private readonly List<byte> _before = [], _after = [];

    public int Channels => colourType switch { 0 or 3 => 1, 4 => 2, 2 => 3, _ => 4 };

    public PngWriter With(string type, ReadOnlySpan<byte> data)
    {
        _before.AddRange(Chunk(type, data));
        return this;
    }

    public PngWriter WithAfter(string type, ReadOnlySpan<byte> data)
    {
        _after.AddRange(Chunk(type, data));
        return this;
    }

    /// <summary>Values of <paramref name="sample"/>(x, y, channel) are 0 … 2^depth − 1.</summary>
    public byte[] Write(Func<int, int, int, int> sample)
    {
        using var raw = new MemoryStream();
        foreach ((int firstX, int firstY, int stepX, int stepY) in interlaced ? Passes : [(0, 0, 1, 1)])
        {
            for (int y = firstY; y < height && firstX < width; y += stepY)
            {
                raw.WriteByte(0);
                int pending = 0, bits = 0;
                for (int x = firstX; x < width; x += stepX)
                {
                    for (int channel = 0; channel < Channels; channel++)
                    {
                        int value = sample(x, y, channel);
                        if (depth == 16)
                        {
                            raw.WriteByte((byte)(value >> 8));
                            raw.WriteByte((byte)value);
                            continue;
                        }

                        pending = (pending << depth) | value;
                        bits += depth;
                        if (bits == 8)
                        {
                            raw.WriteByte((byte)pending);
                            pending = bits = 0;
                        }
                    }
                }

                if (bits > 0)
                {
                    raw.WriteByte((byte)(pending << (8 - bits)));
                }
            }
        }

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            raw.WriteTo(zlib);
        }

        return Assemble(packed.ToArray());
    }

    /// <summary>A file with this header and any bytes as picture data.</summary>
    public byte[] Assemble(ReadOnlySpan<byte> idat)
    {
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = (byte)depth;
        header[9] = (byte)colourType;
        header[10] = 0;
        header[11] = 0;
        header[12] = (byte)(interlaced ? 1 : 0);
        return
        [
            0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A,
            .. Chunk("IHDR", header), .. _before, .. Chunk("IDAT", idat), .. _after, .. Chunk("IEND", []),
        ];
    }

    public static byte[] Chunk(string type, ReadOnlySpan<byte> data)
    {
        byte[] chunk = new byte[data.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        System.Text.Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(data.Length + 8), Checksum(chunk.AsSpan(4, data.Length + 4)));
        return chunk;
    }

    /// <summary>The checksum of a chunk's type and data.</summary>
    public static uint Checksum(ReadOnlySpan<byte> typeAndData)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in typeAndData)
        {
            crc = CrcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] MakeCrcTable()
    {
        uint[] table = new uint[256];
        for (uint n = 0; n < 256; n++)
        {
            uint c = n;
            for (int k = 0; k < 8; k++)
            {
                c = (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
            }

            table[n] = c;
        }

        return table;
    }
}
