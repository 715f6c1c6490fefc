namespace SafetySdk.Kernels;

/// <summary>
/// The windows and 8-bit weights of an axis once more, as <see cref="HorizontalConvolution.ConvolveQuads"/> takes them: windows begin with
/// a multiple of four pixels and are all of the same length, with weights of 0 before and after. Immutable, so threads may share it.
/// </summary>
internal sealed class ConvolutionQuads
{
    /// <summary>Weights are within plus and minus this: then two products of a sample and a weight fit 16 bits.</summary>
    public const int LargestWeight = 64;

    /// <summary>Taps of a step.</summary>
    public const int Taps = 16;

    /// <summary>Bytes of four pixels.</summary>
    public const int Width = 16;

    private readonly int[] _first;
    private readonly byte[] _weights;

    private ConvolutionQuads(ConvolutionWeights weights)
    {
        int last = 0;
        for (int x = 0; x < weights.First.Length; x++)
        {
            int from = weights.First[x] - weights.Origin;
            Steps = Math.Max(Steps, ((from % 4) + weights.Count[x] + Taps - 1) / Taps);
            Pixels = Math.Max(Pixels, from + weights.Count[x]);
            last = Math.Max(last, from / 4);
        }

        // Rows are regrouped 16 pixels at a time, and begin with a cache line.
        Quads = (Math.Max((Pixels + 3) / 4, last + (Steps * Taps / 4)) + 3) & ~3;
        _first = new int[weights.First.Length];
        _weights = new byte[checked(weights.First.Length * Steps * Taps)];
        for (int x = 0; x < _first.Length; x++)
        {
            int from = weights.First[x] - weights.Origin;
            _first[x] = from / 4;
            for (int tap = 0; tap < weights.Count[x]; tap++)
            {
                _weights[(x * Steps * Taps) + (from % 4) + tap] = (byte)(sbyte)weights.High[(x * weights.Stride) + tap];
            }
        }
    }

    /// <summary>Steps of every window.</summary>
    public int Steps { get; }

    /// <summary>Pixels of a row that are read.</summary>
    public int Pixels { get; }

    /// <summary>Groups of four pixels that windows reach, with their weights of 0.</summary>
    public int Quads { get; }

    /// <summary>The first group of each output sample.</summary>
    public ReadOnlySpan<int> First => _first;

    /// <summary>Signed weights, <see cref="Steps"/> times <see cref="Taps"/> for each output sample.</summary>
    public ReadOnlySpan<byte> Weights => _weights;

    /// <summary>Where the layout of a table is kept once it was made. Thread-safe.</summary>
    internal sealed class Cache
    {
        private ConvolutionQuads? _quads;

        /// <summary>The layout.</summary>
        /// <param name="weights">Always the same weights, none of them split.</param>
        public ConvolutionQuads For(ConvolutionWeights weights)
        {
            ConvolutionQuads? quads = Volatile.Read(ref _quads);
            if (quads is null)
            {
                // Two threads may both make it; they make the same.
                quads = new ConvolutionQuads(weights);
                Volatile.Write(ref _quads, quads);
            }

            return quads;
        }
    }
}
