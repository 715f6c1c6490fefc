using SafetySdk.Kernels;

namespace SafetySdk.Images;

/// <summary>Integer arithmetic of an antialiased resampling.</summary>
internal enum ResampleArithmetic
{
    /// <summary>Pillow: 22 fraction bits, each weight split into a high and a low half of 11 bits that fit 16-bit multiplication.</summary>
    Split22,

    /// <summary>
    /// Pillow-SIMD and torchvision: as many fraction bits, at most 22, as let the largest weight of the axis fit 16 bits.
    /// </summary>
    Int16,

    /// <summary>
    /// For long windows: as many fraction bits as keep the weights of the axis within <see cref="ConvolutionQuads.LargestWeight"/>. What
    /// rounding takes from a weight is given to the next, so that the sum is exact and smooth parts of a picture lose nothing.
    /// </summary>
    Int8,
}

/// <summary>How the samples of an axis are stored, against how they are displayed.</summary>
internal enum ResampleDirection
{
    /// <summary>As displayed.</summary>
    Forward,

    /// <summary>Stored from the far end: windows are mirrored, outputs stay in displayed order.</summary>
    Mirrored,

    /// <summary>Stored from the far end, and outputs in stored order too, last one first: for an axis that is read as a stream.</summary>
    Reversed,
}

/// <summary>What a table is computed from. Outputs are numbered from <paramref name="Start"/> on: a crop needs no others.</summary>
internal readonly record struct ResampleTableKey(
    int Input, int Output, int Start, int Length, ResampleFilter Filter, ResampleArithmetic Arithmetic,
    ResampleDirection Direction = ResampleDirection.Forward);

/// <summary>Windows and integer weights of one axis, laid out for the kernels. Immutable, so threads may share it.</summary>
internal sealed class ResampleTable
{
    private const int MaximumFractionBits = 22;

    private readonly int[] _first;
    private readonly int[] _count;
    private readonly short[] _high;
    private readonly short[] _low;
    private readonly ConvolutionLanes _lanes = new();
    private readonly ConvolutionQuads.Cache? _quads;

    public ResampleTable(ResampleTableKey key)
    {
        Key = key;
        var window = new ResampleWindow(key.Input, key.Output, key.Filter);
        // The kernels take four taps at a time.
        Stride = (window.Slots + 3) & ~3;
        _first = new int[key.Length];
        _count = new int[key.Length];
        bool split = key.Arithmetic == ResampleArithmetic.Split22;
        _high = new short[checked(Stride * key.Length)];
        _low = split ? new short[_high.Length] : [];
        double[] weights = new double[window.Slots];
        int[] integers = new int[window.Slots];
        // A weight may be rounded the other way, by the error of the one before.
        int largest = key.Arithmetic == ResampleArithmetic.Int8 ? ConvolutionQuads.LargestWeight - 1 : short.MaxValue;
        FractionBits = split ? MaximumFractionBits : FractionBitsWithin(largest, window, key.Output, weights);
        _quads = key.Arithmetic == ResampleArithmetic.Int8 ? new() : null;
        for (int o = 0; o < key.Length; o++)
        {
            int displayed = key.Direction == ResampleDirection.Reversed ? key.Length - 1 - o : o;
            (int first, int count) = window.Weigh(key.Start + displayed, weights);
            Quantise(weights.AsSpan(0, count), integers);
            if (key.Direction != ResampleDirection.Forward)
            {
                first = key.Input - first - count;
                integers.AsSpan(0, count).Reverse();
            }

            _first[o] = first;
            _count[o] = count;
            LargestCount = Math.Max(LargestCount, count);
            for (int i = 0; i < count; i++)
            {
                int weight = integers[i];
                if (split)
                {
                    _high[(o * Stride) + i] = (short)(weight >> ConvolutionWeights.LowBits);
                    _low[(o * Stride) + i] = (short)(weight & ((1 << ConvolutionWeights.LowBits) - 1));
                }
                else
                {
                    _high[(o * Stride) + i] = (short)weight;
                }
            }
        }

        FirstNeeded = int.MaxValue;
        for (int o = 0; o < key.Length; o++)
        {
            FirstNeeded = Math.Min(FirstNeeded, _first[o]);
            EndNeeded = Math.Max(EndNeeded, _first[o] + _count[o]);
        }
    }

    public ResampleTableKey Key { get; }

    /// <summary>Fraction bits of the weights.</summary>
    public int FractionBits { get; }

    /// <summary>Weights from one output sample to the next; a multiple of 4, those beyond a window are 0.</summary>
    public int Stride { get; }

    /// <summary>Output samples.</summary>
    public int Length => Key.Length;

    /// <summary>First input sample that any window holds.</summary>
    public int FirstNeeded { get; }

    /// <summary>End of the input samples that any window holds.</summary>
    public int EndNeeded { get; }

    /// <summary>Input samples of the largest window.</summary>
    public int LargestCount { get; }

    /// <summary>Whether the pass leaves samples as they are; at an unchanged size every filter is the identity.</summary>
    public bool IsIdentity => Key.Input == Key.Output && Key.Direction == ResampleDirection.Forward;

    public bool IsSplit => Key.Arithmetic == ResampleArithmetic.Split22;

    /// <summary>First input sample of each output sample; never falls, but for a mirrored axis, where it never rises.</summary>
    public ReadOnlySpan<int> First => _first;

    /// <summary>Input samples of each output sample, at least 1.</summary>
    public ReadOnlySpan<int> Count => _count;

    /// <summary>The weights of one output sample or their high halves, 0 beyond its window.</summary>
    public ReadOnlySpan<short> High(int output) => _high.AsSpan(output * Stride, Stride);

    /// <summary>The low halves of the weights of one output sample, 0 to 2047; nothing where weights are not split.</summary>
    public ReadOnlySpan<short> Low(int output) => IsSplit ? _low.AsSpan(output * Stride, Stride) : default;

    /// <summary>The table as the kernels take it, for rows that start with <see cref="FirstNeeded"/>.</summary>
    public ConvolutionWeights Weights => new()
    {
        Origin = FirstNeeded,
        First = _first,
        Count = _count,
        High = _high,
        Low = _low,
        Stride = Stride,
        FractionBits = FractionBits,
        Lanes = _lanes,
        Quads = _quads,
    };

    /// <summary>Bytes held, for the cache; the layout that kernels add repeats weights for each channel.</summary>
    public long Bytes => (24L * Length) + (8L * (_high.Length + _low.Length));

    private void Quantise(ReadOnlySpan<double> weights, Span<int> integers)
    {
        double error = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (Key.Arithmetic != ResampleArithmetic.Int8)
            {
                integers[i] = ResampleWindow.Quantise(weights[i], FractionBits);
                continue;
            }

            double exact = (weights[i] * (1 << FractionBits)) + error;
            integers[i] = (int)Math.Round(exact);
            error = exact - integers[i];
        }
    }

    // The whole axis decides, also where only a part of it is wanted: a crop must have the bytes of the full result.
    private static int FractionBitsWithin(int limit, ResampleWindow window, int output, double[] weights)
    {
        double largest = 0;
        for (int o = 0; o < output; o++)
        {
            int count = window.Weigh(o, weights).Count;
            for (int i = 0; i < count; i++)
            {
                largest = Math.Max(largest, weights[i]);
            }
        }

        int bits = 0;
        while (bits < MaximumFractionBits && (int)(0.5 + (largest * (1 << (bits + 1)))) <= limit)
        {
            bits++;
        }

        return bits;
    }
}

/// <summary>The tables last used. Thread-safe; a hit allocates nothing.</summary>
internal static class ResampleTableCache
{
    // Tables of common sizes take 10 to 100 kB.
    private const long MaximumBytes = 8 << 20;
    private const int MaximumTables = 64;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<ResampleTableKey, LinkedListNode<ResampleTable>> Tables = [];
    private static readonly LinkedList<ResampleTable> LastUsedFirst = [];
    private static long _bytes;

    public static ResampleTable Get(ResampleTableKey key)
    {
        lock (Gate)
        {
            if (Tables.TryGetValue(key, out LinkedListNode<ResampleTable>? known))
            {
                LastUsedFirst.Remove(known);
                LastUsedFirst.AddFirst(known);
                return known.Value;
            }
        }

        var table = new ResampleTable(key);
        if (table.Bytes > MaximumBytes / 2)
        {
            return table;
        }

        lock (Gate)
        {
            if (!Tables.ContainsKey(key))
            {
                Tables.Add(key, LastUsedFirst.AddFirst(table));
                _bytes += table.Bytes;
                while (_bytes > MaximumBytes || Tables.Count > MaximumTables)
                {
                    ResampleTable oldest = LastUsedFirst.Last!.Value;
                    LastUsedFirst.RemoveLast();
                    Tables.Remove(oldest.Key);
                    _bytes -= oldest.Bytes;
                }
            }
        }

        return table;
    }
}
