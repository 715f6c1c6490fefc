using System.Buffers;

namespace SafetySdk.Images;

/// <summary>
/// The weights that turn <see cref="Input"/> samples of one axis into <see cref="Output"/>, in 22 bits as Pillow has them.
/// </summary>
internal sealed class PillowResampleTable : IDisposable
{
    internal const int FractionBits = 22;

    private int[] _first;
    private int[] _count;
    private int[] _weights;
    private readonly int _slots;

    /// <summary>Computes the weights, in double and in Pillow's order of operations.</summary>
    /// <param name="input">Samples there are, at least 1.</param>
    /// <param name="output">Samples wanted, at least 1.</param>
    /// <param name="filter">The filter.</param>
    public PillowResampleTable(int input, int output, ResampleFilter filter)
    {
        var window = new ResampleWindow(input, output, filter);
        Input = input;
        Output = output;
        _slots = window.Slots;
        _first = ArrayPool<int>.Shared.Rent(output);
        _count = ArrayPool<int>.Shared.Rent(output);
        _weights = ArrayPool<int>.Shared.Rent(checked(_slots * output));
        double[] rented = ArrayPool<double>.Shared.Rent(_slots);
        for (int o = 0; o < output; o++)
        {
            (_first[o], _count[o]) = window.Weigh(o, rented);
            Span<int> weights = _weights.AsSpan(o * _slots, _count[o]);
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] = ResampleWindow.Quantise(rented[i], FractionBits);
            }
        }

        ArrayPool<double>.Shared.Return(rented);
    }

    /// <summary>Samples there are.</summary>
    public int Input { get; }

    /// <summary>Samples wanted.</summary>
    public int Output { get; }

    /// <summary>First input sample of an output sample.</summary>
    public int First(int output) => _first[output];

    /// <summary>Weights of an output sample, for the input samples from <see cref="First"/> on.</summary>
    public ReadOnlySpan<int> Weights(int output) => _weights.AsSpan(output * _slots, _count[output]);

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(Interlocked.Exchange(ref _first, []));
        ArrayPool<int>.Shared.Return(Interlocked.Exchange(ref _count, []));
        ArrayPool<int>.Shared.Return(Interlocked.Exchange(ref _weights, []));
    }
}

/// <summary>
/// Pillow's resize of an 8-bit channel, sample for sample: along rows first, rounded to bytes, then along columns. A pass that changes no
/// size is left out.
/// </summary>
internal static class PillowResampler
{
    private const int Half = 1 << (PillowResampleTable.FractionBits - 1);

    /// <summary>Resizes one plane.</summary>
    /// <param name="source">width × height bytes, row-major.</param>
    /// <param name="width">Width of the source.</param>
    /// <param name="height">Height of the source.</param>
    /// <param name="target">Receives newWidth × newHeight bytes.</param>
    /// <param name="newWidth">Width wanted, at least 1.</param>
    /// <param name="newHeight">Height wanted, at least 1.</param>
    /// <param name="filter">The filter.</param>
    /// <exception cref="ArgumentException">A buffer does not fit its sides.</exception>
    public static void Resize(
        ReadOnlySpan<byte> source, int width, int height, Span<byte> target, int newWidth, int newHeight, ResampleFilter filter)
    {
        if (source.Length != (long)width * height || target.Length != (long)newWidth * newHeight)
        {
            throw new ArgumentException(
                $"{width}x{height} to {newWidth}x{newHeight} does not fit buffers of {source.Length} and {target.Length} bytes.",
                nameof(source));
        }

        using var horizontal = new PillowResampleTable(width, newWidth, filter);
        byte[] narrowed = ArrayPool<byte>.Shared.Rent(newWidth * height);
        try
        {
            for (int y = 0; y < height; y++)
            {
                Row(source.Slice(y * width, width), horizontal, narrowed.AsSpan(y * newWidth, newWidth));
            }

            Columns(narrowed.AsSpan(0, newWidth * height), newWidth, height, target, newHeight, filter);
        }
        finally
        {
            narrowed.AsSpan(0, newWidth * height).Clear();
            ArrayPool<byte>.Shared.Return(narrowed);
        }
    }

    /// <summary>The first pass, for one row.</summary>
    /// <param name="source">The row.</param>
    /// <param name="table">Weights of the horizontal axis.</param>
    /// <param name="target">Receives <see cref="PillowResampleTable.Output"/> bytes.</param>
    public static void Row(ReadOnlySpan<byte> source, PillowResampleTable table, Span<byte> target)
    {
        if (table.Input == table.Output)
        {
            source.CopyTo(target);
            return;
        }

        for (int x = 0; x < table.Output; x++)
        {
            ReadOnlySpan<int> weights = table.Weights(x);
            ReadOnlySpan<byte> samples = source.Slice(table.First(x), weights.Length);
            int sum = Half;
            for (int i = 0; i < weights.Length; i++)
            {
                sum += weights[i] * samples[i];
            }

            target[x] = Clamp(sum);
        }
    }

    /// <summary>The second pass, for a whole plane that has its final width.</summary>
    /// <param name="source">width × height bytes.</param>
    /// <param name="width">Width of both planes.</param>
    /// <param name="height">Height of the source.</param>
    /// <param name="target">Receives width × newHeight bytes.</param>
    /// <param name="newHeight">Height wanted.</param>
    /// <param name="filter">The filter.</param>
    public static void Columns(ReadOnlySpan<byte> source, int width, int height, Span<byte> target, int newHeight, ResampleFilter filter)
    {
        if (height == newHeight)
        {
            source.CopyTo(target);
            return;
        }

        using var vertical = new PillowResampleTable(height, newHeight, filter);
        for (int y = 0; y < newHeight; y++)
        {
            ReadOnlySpan<int> weights = vertical.Weights(y);
            int first = vertical.First(y);
            for (int x = 0; x < width; x++)
            {
                int sum = Half;
                for (int i = 0; i < weights.Length; i++)
                {
                    sum += weights[i] * source[((first + i) * width) + x];
                }

                target[(y * width) + x] = Clamp(sum);
            }
        }
    }

    private static byte Clamp(int sum) => (byte)Math.Clamp(sum >> PillowResampleTable.FractionBits, 0, byte.MaxValue);
}
