namespace SafetySdk.Kernels;

/// <summary>
/// Windows and 16-bit weights of one axis. One output sample is
/// <c>clamp((Σ weight·sample + 2^(FractionBits−1)) &gt;&gt; FractionBits, 0, 255)</c> in wrapping 32-bit arithmetic. Where there are low
/// halves, a weight is <c>High·2¹¹ + Low</c>: two 16-bit multiplications then give the sum of a 22-bit weight exactly.
/// </summary>
internal readonly ref struct ConvolutionWeights
{
    /// <summary>Bits of a low half.</summary>
    public const int LowBits = 11;

    /// <summary>First input sample of each output sample.</summary>
    public required ReadOnlySpan<int> First { get; init; }

    /// <summary>The input sample that rows start with; those before it are in no window.</summary>
    public required int Origin { get; init; }

    /// <summary>Input samples of each output sample.</summary>
    public required ReadOnlySpan<int> Count { get; init; }

    /// <summary>The weights or their high halves, <see cref="Stride"/> from one output to the next, 0 beyond a window.</summary>
    public required ReadOnlySpan<short> High { get; init; }

    /// <summary>The low halves, or nothing.</summary>
    public required ReadOnlySpan<short> Low { get; init; }

    /// <summary>Weights held for each output, a multiple of 4.</summary>
    public required int Stride { get; init; }

    /// <summary>Fraction bits of a weight, 1 to 22.</summary>
    public required int FractionBits { get; init; }

    /// <summary>The same in another layout, always of these weights; without it the widest form is not used.</summary>
    public ConvolutionLanes? Lanes { get; init; }

    /// <summary>The same in the layout of long windows, where every weight is within <see cref="ConvolutionQuads.LargestWeight"/>.</summary>
    public ConvolutionQuads.Cache? Quads { get; init; }

    /// <summary>Whether weights have low halves.</summary>
    public bool IsSplit => !Low.IsEmpty;
}
