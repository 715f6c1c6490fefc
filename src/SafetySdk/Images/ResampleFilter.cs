namespace SafetySdk.Images;

/// <summary>Antialiased resampling filters, as Pillow defines them.</summary>
internal enum ResampleFilter
{
    /// <summary>Mean of the covered samples.</summary>
    Box,

    /// <summary>Triangle.</summary>
    Bilinear,

    /// <summary>Keys' cubic with a = −0.5.</summary>
    Bicubic,

    /// <summary>Windowed sinc with three lobes.</summary>
    Lanczos3,
}

/// <summary>
/// Pillow's windows and weights (<c>precompute_coeffs</c> of its Resample.c), in double and in its order of operations: ties decide whole
/// samples of a box, so the order is part of the definition.
/// </summary>
internal readonly struct ResampleWindow
{
    private readonly ResampleFilter _filter;
    private readonly int _input;
    private readonly double _scale;
    private readonly double _reach;
    private readonly double _inverse;

    /// <summary>Prepares the windows of one axis.</summary>
    /// <param name="input">Samples there are, at least 1.</param>
    /// <param name="output">Samples wanted, at least 1.</param>
    /// <param name="filter">The filter.</param>
    public ResampleWindow(int input, int output, ResampleFilter filter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(input, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(output, 1);
        _filter = filter;
        _input = input;
        _scale = (double)input / output;
        double stretch = Math.Max(1, _scale);
        _reach = HalfWidth(filter) * stretch;
        _inverse = 1 / stretch;
        Slots = checked((int)(2 * Math.Ceiling(_reach)) + 1);
    }

    /// <summary>Most samples that a window may hold.</summary>
    public int Slots { get; }

    /// <summary>Computes the weights of one output sample; their sum is 1.</summary>
    /// <param name="output">The sample.</param>
    /// <param name="weights">Receives the weights, <see cref="Slots"/> of them at most.</param>
    /// <returns>The first input sample and how many belong to the window.</returns>
    public (int First, int Count) Weigh(int output, Span<double> weights)
    {
        double centre = (output + 0.5) * _scale;
        int first = Math.Max(0, (int)(centre - _reach + 0.5));
        int count = Math.Min(_input, (int)(centre + _reach + 0.5)) - first;
        double total = 0;
        for (int i = 0; i < count; i++)
        {
            weights[i] = Weight(_filter, (first + i - centre + 0.5) * _inverse);
            total += weights[i];
        }

        if (total != 0)
        {
            for (int i = 0; i < count; i++)
            {
                weights[i] /= total;
            }
        }

        return (first, count);
    }

    /// <summary>A weight as an integer of so many fraction bits, halves away from zero.</summary>
    public static int Quantise(double weight, int fractionBits)
    {
        weight *= 1 << fractionBits;
        return (int)(weight < 0 ? weight - 0.5 : weight + 0.5);
    }

    private static double HalfWidth(ResampleFilter filter) => filter switch
    {
        ResampleFilter.Box => 0.5,
        ResampleFilter.Bilinear => 1,
        ResampleFilter.Bicubic => 2,
        ResampleFilter.Lanczos3 => 3,
        _ => throw new ArgumentOutOfRangeException(nameof(filter)),
    };

    private static double Weight(ResampleFilter filter, double x)
    {
        switch (filter)
        {
            case ResampleFilter.Box:
                return x is > -0.5 and <= 0.5 ? 1 : 0;
            case ResampleFilter.Bilinear:
                x = Math.Abs(x);
                return x < 1 ? 1 - x : 0;
            case ResampleFilter.Bicubic:
                const double A = -0.5;
                x = Math.Abs(x);
                return x < 1 ? ((((A + 2) * x) - (A + 3)) * x * x) + 1
                    : x < 2 ? ((((x - 5) * x) + 8) * x - 4) * A
                    : 0;
            default:
                return x is >= -3 and < 3 ? Sinc(x) * Sinc(x / 3) : 0;
        }
    }

    private static double Sinc(double x)
    {
        if (x == 0)
        {
            return 1;
        }

        x *= Math.PI;
        return Math.Sin(x) / x;
    }
}
