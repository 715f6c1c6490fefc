namespace SafetySdk.Decoding.Vips.Tests.Encoding;

/// <summary>A plain JPEG encoder: 1, 3 or 4 components without subsampling, quantisation by 1, baseline or spectral-selection progressive.</summary>
internal sealed class JpegWriter(int width, int height, int components)
{
    private static readonly byte[] ZigZag =
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    // Fixed-length codes: 8 bits for the 12 DC categories, 9 bits for 162 AC symbols. Long, but plain, and the all-ones code stays free.
    private static readonly byte[] DcSymbols = [.. Enumerable.Range(0, 12).Select(i => (byte)i)];
    private static readonly byte[] AcSymbols =
        [0x00, 0xF0, .. from run in Enumerable.Range(0, 16) from size in Enumerable.Range(1, 10) select (byte)((run << 4) | size)];

    private static readonly double[,] Cosines = MakeCosines();

    private readonly List<byte> _segments = [];

    /// <summary>Progressive: one DC scan, then <see cref="AcBands"/> AC scans for each component.</summary>
    public bool Progressive { get; init; }

    /// <summary>Into how many scans the 63 AC coefficients of a component are divided, 1 to 63.</summary>
    public int AcBands { get; init; } = 1;

    /// <summary>Colour transform that an Adobe APP14 segment states; null for no such segment.</summary>
    public byte? AdobeTransform { get; init; }

    /// <summary>MCUs between restart marks; 0 for none.</summary>
    public int RestartInterval { get; init; }

    /// <summary>The segments that were added.</summary>
    public byte[] Segments => [.. _segments];

    public JpegWriter With(byte marker, ReadOnlySpan<byte> data)
    {
        using var segment = new MemoryStream();
        WriteSegment(segment, marker, data);
        _segments.AddRange(segment.ToArray());
        return this;
    }

    public JpegWriter WithOrientation(int orientation, bool littleEndian = false) => With(0xE1, [.. "Exif\0\0"u8, .. Exif(orientation, littleEndian)]);

    /// <summary>A TIFF structure with an orientation and nothing else.</summary>
    public static byte[] Exif(int orientation, bool littleEndian = false) => littleEndian
        ? [(byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, (byte)orientation, (byte)(orientation >> 8), 0, 0, 0, 0, 0, 0]
        : [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, (byte)(orientation >> 8), (byte)orientation, 0, 0, 0, 0, 0, 0];

    /// <summary><paramref name="sample"/> gives the stored sample of (x, y, component): Y, Cb, Cr or C, M, Y, K as written.</summary>
    public byte[] Write(Func<int, int, int, int> sample)
    {
        int columns = (width + 7) / 8, rows = (height + 7) / 8;
        var blocks = new short[components][];
        for (int c = 0; c < components; c++)
        {
            blocks[c] = new short[columns * rows * 64];
            double[] pixels = new double[64], coefficients = new double[64];
            for (int block = 0; block < columns * rows; block++)
            {
                for (int i = 0; i < 64; i++)
                {
                    int x = Math.Min((block % columns * 8) + (i % 8), width - 1), y = Math.Min((block / columns * 8) + (i / 8), height - 1);
                    pixels[i] = sample(x, y, c) - 128;
                }

                Transform(pixels, coefficients);
                for (int i = 0; i < 64; i++)
                {
                    blocks[c][(block * 64) + i] = (short)Math.Clamp(Math.Round(coefficients[ZigZag[i]]), -1023, 1023);
                }
            }
        }

        using var file = new MemoryStream();
        file.Write([0xFF, 0xD8]);
        if (AdobeTransform is byte transform)
        {
            WriteSegment(file, 0xEE, [.. "Adobe"u8, 0, 100, 0, 0, 0, 0, transform]);
        }

        file.Write([.. _segments]);
        WriteSegment(file, 0xDB, [0, .. Enumerable.Repeat((byte)1, 64)]);
        WriteFrameHeader(file, (byte)(Progressive ? 0xC2 : 0xC0), width, height, components);
        WriteHuffmanTable(file, 0x00, 8, DcSymbols);
        WriteHuffmanTable(file, 0x10, 9, AcSymbols);
        if (RestartInterval > 0)
        {
            WriteSegment(file, 0xDD, [(byte)(RestartInterval >> 8), (byte)RestartInterval]);
        }

        int[] all = [.. Enumerable.Range(0, components)];
        if (Progressive)
        {
            WriteScan(file, blocks, all, 0, 0);
            foreach (int c in all)
            {
                for (int band = 0; band < AcBands; band++)
                {
                    WriteScan(file, blocks, [c], 1 + (band * 63 / AcBands), (band + 1) * 63 / AcBands);
                }
            }
        }
        else
        {
            WriteScan(file, blocks, all, 0, 63);
        }

        file.Write([0xFF, 0xD9]);
        return file.ToArray();
    }

    public static void WriteSegment(Stream file, byte marker, ReadOnlySpan<byte> data)
    {
        int length = data.Length + 2;
        file.Write([0xFF, marker, (byte)(length >> 8), (byte)length]);
        file.Write(data);
    }

    public static void WriteFrameHeader(Stream file, byte marker, int width, int height, int components)
        => WriteSegment(
            file,
            marker,
            [
                8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, (byte)components,
                .. Enumerable.Range(1, components).SelectMany(id => new byte[] { (byte)id, 0x11, 0 }),
            ]);

    private static void WriteHuffmanTable(Stream file, byte id, int codeLength, byte[] symbols)
    {
        byte[] counts = new byte[16];
        counts[codeLength - 1] = (byte)symbols.Length;
        WriteSegment(file, 0xC4, [id, .. counts, .. symbols]);
    }

    private void WriteScan(Stream file, short[][] blocks, int[] scanComponents, int first, int last)
    {
        WriteSegment(
            file,
            0xDA,
            [(byte)scanComponents.Length, .. scanComponents.SelectMany(c => new byte[] { (byte)(c + 1), 0 }), (byte)first, (byte)last, 0]);
        var bits = new BitWriter(file);
        int[] previous = new int[components];
        int count = blocks[0].Length / 64;
        for (int block = 0; block < count; block++)
        {
            if (RestartInterval > 0 && block > 0 && block % RestartInterval == 0)
            {
                bits.Flush();
                file.Write([0xFF, (byte)(0xD0 + (((block / RestartInterval) - 1) % 8))]);
                Array.Clear(previous);
            }

            foreach (int c in scanComponents)
            {
                ReadOnlySpan<short> values = blocks[c].AsSpan(block * 64, 64);
                if (first == 0)
                {
                    int difference = values[0] - previous[c];
                    previous[c] = values[0];
                    int size = Size(difference);
                    bits.Write(Array.IndexOf(DcSymbols, (byte)size), 8);
                    bits.WriteSigned(difference, size);
                }

                int run = 0;
                for (int i = Math.Max(first, 1); i <= last; i++)
                {
                    if (values[i] == 0)
                    {
                        run++;
                        continue;
                    }

                    for (; run > 15; run -= 16)
                    {
                        bits.Write(1, 9);
                    }

                    int size = Size(values[i]);
                    bits.Write(2 + (run * 10) + size - 1, 9);
                    bits.WriteSigned(values[i], size);
                    run = 0;
                }

                if (run > 0)
                {
                    bits.Write(0, 9);
                }
            }
        }

        bits.Flush();
    }

    private static int Size(int value) => value == 0 ? 0 : int.Log2(Math.Abs(value)) + 1;

    private static void Transform(double[] pixels, double[] coefficients)
    {
        Span<double> half = stackalloc double[64];
        for (int y = 0; y < 8; y++)
        {
            for (int u = 0; u < 8; u++)
            {
                double sum = 0;
                for (int x = 0; x < 8; x++)
                {
                    sum += pixels[(y * 8) + x] * Cosines[u, x];
                }

                half[(y * 8) + u] = sum;
            }
        }

        for (int v = 0; v < 8; v++)
        {
            for (int u = 0; u < 8; u++)
            {
                double sum = 0;
                for (int y = 0; y < 8; y++)
                {
                    sum += half[(y * 8) + u] * Cosines[v, y];
                }

                coefficients[(v * 8) + u] = sum;
            }
        }
    }

    private static double[,] MakeCosines()
    {
        var table = new double[8, 8];
        for (int u = 0; u < 8; u++)
        {
            for (int x = 0; x < 8; x++)
            {
                table[u, x] = (u == 0 ? Math.Sqrt(0.125) : 0.5) * Math.Cos(((2 * x) + 1) * u * Math.PI / 16);
            }
        }

        return table;
    }

    private sealed class BitWriter(Stream file)
    {
        private int _pending;
        private int _count;

        public void Write(int value, int bits)
        {
            for (int i = bits - 1; i >= 0; i--)
            {
                _pending = (_pending << 1) | ((value >> i) & 1);
                if (++_count == 8)
                {
                    file.WriteByte((byte)_pending);
                    if (_pending == 0xFF)
                    {
                        file.WriteByte(0);
                    }

                    _pending = _count = 0;
                }
            }
        }

        public void WriteSigned(int value, int size) => Write(value < 0 ? value + (1 << size) - 1 : value, size);

        public void Flush()
        {
            while (_count != 0)
            {
                Write(1, 1);
            }
        }
    }
}
