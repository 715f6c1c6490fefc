namespace SafetySdk.Decoding.Vips.Tests.Encoding;

/// <summary>Writes GIFs with a palette of 128 greys-and-colours and uncompressed LZW (a clear code often enough to stay at 8 bits).</summary>
internal sealed class GifWriter(int width, int height)
{
    private readonly List<byte> _frames = [];

    /// <summary>Colour of a palette entry.</summary>
    public static (byte R, byte G, byte B) Colour(int index) => ((byte)(index * 2), (byte)(255 - (index * 2)), (byte)(index * 37));

    /// <summary><paramref name="index"/> gives the palette index 0–127 of the frame's (x, y); <paramref name="transparent"/> is -1 for none; disposal 2 clears, 3 restores.</summary>
    public GifWriter Frame(int left, int top, int frameWidth, int frameHeight, Func<int, int, int> index, int transparent = -1, int disposal = 0)
    {
        _frames.AddRange([0x21, 0xF9, 4, (byte)((disposal << 2) | (transparent >= 0 ? 1 : 0)), 10, 0, (byte)Math.Max(transparent, 0), 0]);
        _frames.AddRange([0x2C, (byte)left, (byte)(left >> 8), (byte)top, (byte)(top >> 8)]);
        _frames.AddRange([(byte)frameWidth, (byte)(frameWidth >> 8), (byte)frameHeight, (byte)(frameHeight >> 8), 0, 7]);

        // Codes of 8 bits: 0-127 literals, 128 clear, 129 end. A clear before the table reaches 256 keeps the width.
        var codes = new List<byte>();
        for (int y = 0, n = 0; y < frameHeight; y++)
        {
            for (int x = 0; x < frameWidth; x++, n++)
            {
                if (n % 100 == 0)
                {
                    codes.Add(128);
                }

                codes.Add((byte)index(x, y));
            }
        }

        codes.Add(129);
        foreach (byte[] block in codes.Chunk(255))
        {
            _frames.Add((byte)block.Length);
            _frames.AddRange(block);
        }

        _frames.Add(0);
        return this;
    }

    public byte[] Write()
    {
        using var file = new MemoryStream();
        file.Write("GIF89a"u8);
        file.Write([(byte)width, (byte)(width >> 8), (byte)height, (byte)(height >> 8), 0xF6, 0, 0]);
        for (int i = 0; i < 128; i++)
        {
            (byte r, byte g, byte b) = Colour(i);
            file.Write([r, g, b]);
        }

        file.Write([.. _frames]);
        file.WriteByte(0x3B);
        return file.ToArray();
    }
}
