namespace SafetySdk.Tests.Hashing;

/// <summary>The pictures of pdq-synthetic.csv, made from formulas over wrapping 32-bit arithmetic.</summary>
internal static class SyntheticPicture
{
    public static byte[] Create(string pattern, int width, int height, uint p)
    {
        byte[] rgb = new byte[width * height * 3];
        uint s = p;
        uint w = (uint)width;
        uint h = (uint)height;
        int i = 0;
        for (uint y = 0; y < h; y++)
        {
            for (uint x = 0; x < w; x++)
            {
                for (uint channel = 0; channel < 3; channel++)
                {
                    s = unchecked((s * 1664525) + 1013904223);
                    rgb[i++] = pattern switch
                    {
                        "noise" => (byte)(s >> 24),
                        "flat" => (byte)p,
                        "gradx" => (byte)(x * 255 / Math.Max(1, w - 1)),
                        "grady" => (byte)(y * 255 / Math.Max(1, h - 1)),
                        "checker" => (byte)(((x / p) + (y / p)) % 2 != 0 ? 255 : 0),
                        "mix" => unchecked((byte)((x * p / 97) + (y * ((p % 13) + 1)) + (channel * 40)
                            + (x * y / ((p % 50) + 11)) + (s >> 28))),
                        "blocks" => Blocks(x * 8 / w, y * 8 / h, channel, p),
                        _ => throw new ArgumentException($"no pattern {pattern}"),
                    };
                }
            }
        }

        return rgb;
    }

    private static byte Blocks(uint bx, uint by, uint channel, uint p)
    {
        uint t = unchecked((bx * 73856093) ^ (by * 19349663) ^ (channel * 83492791) ^ p);
        t ^= t >> 13;
        t = unchecked(t * 0x5bd1e995);
        t ^= t >> 15;
        return (byte)t;
    }
}
