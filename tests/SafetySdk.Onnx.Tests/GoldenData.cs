using System.IO.Compression;
using System.Text.Json;
using SafetySdk.Images;

namespace SafetySdk.Onnx.Tests;

/// <summary>The golden data beside the checkout: formula pictures, decoded photographs, summaries of tensors.</summary>
internal static class GoldenData
{
    public static JsonDocument Json(string file) => JsonDocument.Parse(File.ReadAllBytes(TestEnvironment.Shared("testdata", "models", file)));

    /// <summary>A decoded photograph: gzipped binary PPM.</summary>
    public static PixelBuffer Photograph(string name)
    {
        using FileStream file = File.OpenRead(TestEnvironment.Shared("testdata", "models", "raw", name + ".ppm.gz"));
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var memory = new MemoryStream();
        gzip.CopyTo(memory);
        byte[] bytes = memory.ToArray();
        int at = 0;
        Assert.Equal("P6", Token());
        int width = int.Parse(Token(), System.Globalization.CultureInfo.InvariantCulture);
        int height = int.Parse(Token(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("255", Token());
        return PixelBuffer.FromRgb(bytes.AsSpan(at), width, height);

        string Token()
        {
            int start = at;
            while (!char.IsWhiteSpace((char)bytes[at]))
            {
                at++;
            }

            return System.Text.Encoding.ASCII.GetString(bytes, start, at++ - start);
        }
    }

    /// <summary>A picture from one of the three formulas.</summary>
    public static PixelBuffer Formula(string formula, uint p, int width, int height)
    {
        PixelBuffer image = PixelBuffer.Rent(width, height);
        Span<byte> pixels = image.Pixels;
        uint s = p;
        int i = 0;
        unchecked
        {
            for (uint y = 0; y < height; y++)
            {
                for (uint x = 0; x < width; x++)
                {
                    for (uint c = 0; c < 3; c++)
                    {
                        s = (s * 1664525) + 1013904223;
                        pixels[i++] = (byte)(formula switch
                        {
                            "noise" => s >> 24,
                            "mix" => ((x * p / 97) + (y * ((p % 13) + 1)) + (c * 40) + (x * y / ((p % 50) + 11)) + (s >> 28)) & 255,
                            "blocks" => Block(x * 8 / (uint)width, y * 8 / (uint)height, c, p),
                            _ => throw new ArgumentException(formula, nameof(formula)),
                        });
                    }
                }
            }
        }

        return image;

        static uint Block(uint bx, uint by, uint c, uint p)
        {
            unchecked
            {
                uint t = (bx * 73856093) ^ (by * 19349663) ^ (c * 83492791) ^ p;
                t ^= t >> 13;
                t *= 0x5bd1e995;
                t ^= t >> 15;
                return t & 255;
            }
        }
    }

    /// <summary>Compares a tensor with its summary.</summary>
    public static void AssertSummary(JsonElement summary, ReadOnlySpan<float> values, double tolerance, string what)
    {
        Assert.Equal(summary.GetProperty("count").GetInt32(), values.Length);
        double sum = 0, squares = 0, least = double.PositiveInfinity, greatest = double.NegativeInfinity;
        foreach (float v in values)
        {
            sum += v;
            squares += (double)v * v;
            least = Math.Min(least, v);
            greatest = Math.Max(greatest, v);
        }

        Near(summary.GetProperty("mean").GetDouble(), sum / values.Length, tolerance, what + " mean");
        Near(summary.GetProperty("min").GetDouble(), least, tolerance, what + " min");
        Near(summary.GetProperty("max").GetDouble(), greatest, tolerance, what + " max");
        double l2 = summary.GetProperty("l2").GetDouble();
        Near(l2, Math.Sqrt(squares), (tolerance * Math.Sqrt(values.Length)) + (l2 * 1e-5), what + " l2");
        if (summary.TryGetProperty("values", out JsonElement all))
        {
            int i = 0;
            foreach (JsonElement v in all.EnumerateArray())
            {
                Near(v.GetDouble(), values[i], tolerance, $"{what} [{i}]");
                i++;
            }

            return;
        }

        int k = 0;
        foreach (JsonElement v in summary.GetProperty("first16").EnumerateArray())
        {
            Near(v.GetDouble(), values[k], tolerance, $"{what} [{k}]");
            k++;
        }

        foreach (JsonElement probe in summary.GetProperty("probes").EnumerateArray())
        {
            int index = probe[0].GetInt32();
            Near(probe[1].GetDouble(), values[index], tolerance, $"{what} [{index}]");
        }
    }

    /// <summary>Values of the data have six significant digits.</summary>
    public static void Near(double expected, double actual, double tolerance, string what) => Assert.True(
        Math.Abs(expected - actual) <= tolerance + (Math.Abs(expected) * 1e-6), $"{what}: expected {expected}, got {actual}");
}
