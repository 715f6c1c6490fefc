using System.Text.Json;

namespace SafetySdk.Models.Tests;

/// <summary>
/// A network's expected answer on a picture that a formula gives. The numbers come from the original networks in TensorFlow.js 4.22.0
/// (OCR: ONNX Runtime 1.30), with six significant digits.
/// </summary>
internal sealed class GoldenCase(JsonElement json, JsonElement input, string model)
{
    public string Model { get; } = model;

    public string Title => $"{Model} {Formula}";

    public long[] Shape { get; } = [.. json.GetProperty("input").GetProperty("shape").EnumerateArray().Select(static size => size.GetInt64())];

    public JsonElement Outputs { get; } = json.GetProperty("outputs");

    private string Formula { get; } = json.GetProperty("formula").GetString()!;

    /// <summary>The cases carried by this project.</summary>
    public static IReadOnlyList<GoldenCase> Own { get; } = ReadOwn();

    /// <summary>The cases of a file of the shared test data.</summary>
    public static IReadOnlyList<GoldenCase> Shared(string file, string model)
    {
        JsonElement root = JsonDocument.Parse(File.ReadAllBytes(Testing.TestEnvironment.Shared("testdata", "models", file))).RootElement;
        return [.. root.GetProperty("cases").EnumerateArray().Select(item => new GoldenCase(item, root.GetProperty("input"), model))];
    }

    /// <summary>The input tensor, checked against its own summary.</summary>
    public float[] Input()
    {
        bool channelsLast = input.GetProperty("layout").GetString() == "NHWC";
        (int height, int width, int channels) = channelsLast
            ? ((int)Shape[1], (int)Shape[2], (int)Shape[3])
            : ((int)Shape[2], (int)Shape[3], (int)Shape[1]);
        double[] mean = Numbers(input, "mean");
        double[] std = Numbers(input, "std");
        string transform = input.GetProperty("transform").GetString()!;
        float[] values = new float[height * width * channels];
        uint parameter = json.GetProperty("p").GetUInt32();
        uint state = parameter;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                for (int c = 0; c < channels; c++)
                {
                    double v = Pixel(ref state, parameter, (uint)x, (uint)y, (uint)c, (uint)width, (uint)height);
                    double value = transform switch
                    {
                        "v" => v,
                        "v/255" => v / 255,
                        "v/127.5-1" => (v / 127.5) - 1,
                        "v-mean" => v - mean[c],
                        "(v-mean)/std" => (v - mean[c]) / std[c],
                        _ => throw new InvalidDataException(transform),
                    };
                    values[channelsLast ? (((y * width) + x) * channels) + c : (((c * height) + y) * width) + x] = (float)value;
                }
            }
        }

        Compare(json.GetProperty("input"), values, "input");
        return values;
    }

    /// <summary>Compares a tensor with its summary and returns the largest difference found.</summary>
    public double Compare(JsonElement summary, ReadOnlySpan<float> got, string what)
    {
        double largest = Math.Max(Magnitude(summary, "min"), Magnitude(summary, "max"));
        double tolerance = 1e-4 * Math.Max(1, largest);
        Assert.Equal(summary.GetProperty("shape").EnumerateArray().Aggregate(1L, static (count, size) => count * size.GetInt64()), got.Length);
        double difference = 0;
        foreach ((int index, double want) in Samples(summary))
        {
            difference = Math.Max(difference, Math.Abs(got[index] - want));
        }

        double sum = 0;
        double squares = 0;
        foreach (float value in got)
        {
            sum += value;
            squares += (double)value * value;
        }

        // Written so that NaN fails.
        Assert.True(difference <= tolerance, $"{Title}, {what}: differs by {difference:E2}, allowed are {tolerance:E2}");
        double meanDifference = Math.Abs((sum / got.Length) - summary.GetProperty("mean").GetDouble());
        Assert.True(meanDifference <= tolerance, $"{Title}, {what}: the mean differs by {meanDifference:E2}");
        double norm = summary.GetProperty("l2").GetDouble();
        Assert.True(Math.Abs(Math.Sqrt(squares) - norm) <= 1e-4 * Math.Max(1, norm), $"{Title}, {what}: the norm is {Math.Sqrt(squares)}, not {norm}");
        return difference;
    }

    private static List<GoldenCase> ReadOwn()
    {
        using Stream stream = typeof(GoldenCase).Assembly.GetManifestResourceStream("golden.json")!;
        return [.. JsonDocument.Parse(stream).RootElement.EnumerateArray()
            .Select(static item => new GoldenCase(item, item, item.GetProperty("model").GetString()!))];
    }

    private static double[] Numbers(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement numbers)
        ? [.. numbers.EnumerateArray().Select(static number => number.GetDouble())]
        : [];

    private static double Magnitude(JsonElement summary, string name) =>
        summary.TryGetProperty(name, out JsonElement value) ? Math.Abs(value.GetDouble()) : 0;

    private static IEnumerable<(int Index, double Want)> Samples(JsonElement summary)
    {
        foreach (string list in (string[])["values", "first16"])
        {
            if (summary.TryGetProperty(list, out JsonElement values))
            {
                foreach ((int index, JsonElement value) in values.EnumerateArray().Index())
                {
                    yield return (index, value.GetDouble());
                }
            }
        }

        foreach (string list in (string[])["probes", "top8"])
        {
            if (summary.TryGetProperty(list, out JsonElement pairs))
            {
                foreach (JsonElement pair in pairs.EnumerateArray())
                {
                    yield return (pair[0].GetInt32(), pair[1].GetDouble());
                }
            }
        }
    }

    private byte Pixel(ref uint state, uint p, uint x, uint y, uint c, uint width, uint height)
    {
        unchecked
        {
            switch (Formula)
            {
                case "noise":
                    state = (state * 1664525) + 1013904223;
                    return (byte)(state >> 24);
                case "mix":
                    state = (state * 1664525) + 1013904223;
                    return (byte)((x * p / 97) + (y * ((p % 13) + 1)) + (c * 40) + (x * y / ((p % 50) + 11)) + (state >> 28));
                case "blocks":
                    uint t = (x * 8 / width * 73856093) ^ (y * 8 / height * 19349663) ^ (c * 83492791) ^ p;
                    t ^= t >> 13;
                    t *= 0x5bd1e995;
                    return (byte)(t ^ (t >> 15));
                default:
                    throw new InvalidDataException(Formula);
            }
        }
    }
}
