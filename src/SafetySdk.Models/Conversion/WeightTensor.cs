using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace SafetySdk.Models.Conversion;

/// <summary>How the elements of a weight tensor are stored.</summary>
internal enum WeightStorage
{
    Float32,
    Float16,
    Int32,
    Bool,
    UInt8,
    UInt16,
}

/// <summary>A tensor of a TensorFlow.js weight file: little-endian, row-major, perhaps quantised.</summary>
internal sealed class WeightTensor
{
    // -min/scale of a kernel is an integer but for the rounding of two decimal fractions.
    private const double ZeroPointTolerance = 1e-3;

    private readonly ReadOnlyMemory<byte> _raw;

    public WeightTensor(string name, int[] shape, WeightStorage storage, bool isInteger, ReadOnlyMemory<byte> raw, double scale, double minimum)
    {
        Name = name;
        Shape = shape;
        Storage = storage;
        IsInteger = isInteger;
        _raw = raw;
        Scale = scale;
        Minimum = minimum;
    }

    public string Name { get; }

    public int[] Shape { get; }

    public WeightStorage Storage { get; }

    /// <summary>Whether the tensor's values are integers, whatever stores them.</summary>
    public bool IsInteger { get; }

    /// <summary>Step of the quantisation.</summary>
    public double Scale { get; }

    /// <summary>Value of the quantised zero.</summary>
    public double Minimum { get; }

    public int Count => _raw.Length / ElementSize(Storage);

    /// <summary>The bytes as they are stored.</summary>
    public ReadOnlySpan<byte> Raw => _raw.Span;

    private bool IsQuantised => Storage is WeightStorage.UInt8 or WeightStorage.UInt16;

    /// <summary>Makes an integer tensor, for folded constants.</summary>
    public static WeightTensor OfIntegers(string name, int[] shape, int[] values) =>
        new(name, shape, WeightStorage.Int32, isInteger: true, MemoryMarshal.AsBytes<int>(values).ToArray(), 1, 0);

    /// <summary>Cuts the tensors out of the concatenated weight bytes of a manifest.</summary>
    /// <param name="manifest">A list of groups, each with <c>weights</c>.</param>
    /// <param name="data">The files of all groups, concatenated.</param>
    /// <exception cref="InvalidDataException">The manifest is malformed or does not account for every byte.</exception>
    public static Dictionary<string, WeightTensor> ReadAll(JsonElement manifest, ReadOnlyMemory<byte> data)
    {
        Dictionary<string, WeightTensor> tensors = new(StringComparer.Ordinal);
        long offset = 0;
        foreach (JsonElement group in manifest.EnumerateArray())
        {
            foreach (JsonElement weight in group.GetProperty("weights").EnumerateArray())
            {
                WeightTensor tensor = Read(weight, data, ref offset);
                if (!tensors.TryAdd(tensor.Name, tensor))
                {
                    throw new InvalidDataException($"The manifest names the tensor {tensor.Name} twice.");
                }
            }
        }

        return offset == data.Length
            ? tensors
            : throw new InvalidDataException($"The manifest accounts for {offset} of {data.Length} weight bytes.");
    }

    /// <summary>The values as floats: dequantised in double precision and rounded once, which keeps parity with the original.</summary>
    public float[] ToSingles()
    {
        float[] values = new float[Count];
        ReadOnlySpan<byte> raw = Raw;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Storage switch
            {
                WeightStorage.Float32 => BinaryPrimitives.ReadSingleLittleEndian(raw[(i * 4)..]),
                WeightStorage.Float16 => (float)BinaryPrimitives.ReadHalfLittleEndian(raw[(i * 2)..]),
                WeightStorage.Int32 => BinaryPrimitives.ReadInt32LittleEndian(raw[(i * 4)..]),
                WeightStorage.Bool => raw[i] == 0 ? 0f : 1f,
                WeightStorage.UInt8 => Dequantise(raw[i]),
                _ => Dequantise(BinaryPrimitives.ReadUInt16LittleEndian(raw[(i * 2)..])),
            };
        }

        return values;
    }

    /// <summary>The values as integers.</summary>
    /// <exception cref="InvalidDataException">The tensor does not hold integers.</exception>
    public int[] ToIntegers()
    {
        if (!IsInteger)
        {
            throw new InvalidDataException($"The tensor {Name} is expected to hold integers.");
        }

        // Quantised and boolean integers are small; only true int32 can exceed what a float holds exactly.
        return Storage == WeightStorage.Int32
            ? MemoryMarshal.Cast<byte, int>(Raw).ToArray()
            : Array.ConvertAll(ToSingles(), static value => (int)value);
    }

    /// <summary>Whether the bytes can stay as they are behind a dequantisation with an integer zero point.</summary>
    public bool TryGetZeroPoint(out byte zeroPoint)
    {
        double exact = -Minimum / Scale;
        double rounded = Math.Round(exact);
        bool fits = Storage == WeightStorage.UInt8 && !IsInteger && rounded is >= 0 and <= 255 && Math.Abs(exact - rounded) < ZeroPointTolerance;
        zeroPoint = fits ? (byte)rounded : (byte)0;
        return fits;
    }

    private static WeightTensor Read(JsonElement weight, ReadOnlyMemory<byte> data, ref long offset)
    {
        string name = weight.GetProperty("name").GetString() ?? throw new InvalidDataException("The manifest holds a tensor without a name.");
        string? type = weight.GetProperty("dtype").GetString();
        string? stored = type;
        double scale = 1;
        double minimum = 0;
        if (weight.TryGetProperty("quantization", out JsonElement quantisation))
        {
            stored = quantisation.GetProperty("dtype").GetString();
            scale = quantisation.TryGetProperty("scale", out JsonElement step) ? step.GetDouble() : 1;
            minimum = quantisation.TryGetProperty("min", out JsonElement zero) ? zero.GetDouble() : 0;
        }

        WeightStorage storage = stored switch
        {
            "float32" => WeightStorage.Float32,
            "float16" => WeightStorage.Float16,
            "int32" => WeightStorage.Int32,
            "bool" => WeightStorage.Bool,
            "uint8" => WeightStorage.UInt8,
            "uint16" => WeightStorage.UInt16,
            _ => throw new InvalidDataException($"The tensor {name} is stored as {stored}, which is not known."),
        };
        int[] shape = [.. weight.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt32())];
        long count = 1;
        foreach (int size in shape)
        {
            // Bounding each step keeps the product from overflowing.
            count = size >= 0 && count <= data.Length ? count * size : throw OutOfData(name);
        }

        long length = count * ElementSize(storage);
        if (length > data.Length - offset)
        {
            throw OutOfData(name);
        }

        WeightTensor tensor = new(name, shape, storage, type is "int32" or "bool", data.Slice((int)offset, (int)length), scale, minimum);
        offset += length;
        return tensor;
    }

    private static InvalidDataException OutOfData(string name) => new($"The weight bytes end before the tensor {name} does.");

    private static int ElementSize(WeightStorage storage) => storage switch
    {
        WeightStorage.Float32 or WeightStorage.Int32 => 4,
        WeightStorage.Float16 or WeightStorage.UInt16 => 2,
        _ => 1,
    };

    private float Dequantise(int quantised)
    {
        double value = (quantised * Scale) + Minimum;
        return (float)(IsInteger ? Math.Round(value) : value);
    }
}
