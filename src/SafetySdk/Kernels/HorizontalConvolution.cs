using System.Runtime.CompilerServices;

namespace SafetySdk.Kernels;

/// <summary>
/// Resamples rows of interleaved 8-bit samples along the row, four rows at once: grey, RGB or RGBA. Exact in every form, see
/// <see cref="ConvolutionWeights"/>. Channels do not meet; alpha is a channel like the others.
/// </summary>
internal static partial class HorizontalConvolution
{
    /// <summary>Rows of one call.</summary>
    public const int Rows = 4;

    /// <summary>Bytes that must be readable after the last pixel of a row; what they hold does not matter.</summary>
    public const int ReadAhead = 64;

    /// <summary>Bytes that must be writable after the last pixel of a target row; they are overwritten.</summary>
    public const int WriteAhead = 16;

    /// <summary>Resamples four rows.</summary>
    /// <param name="source">Where the offsets of input rows count from.</param>
    /// <param name="rows">Offsets of four input rows in bytes; the same one may stand several times.</param>
    /// <param name="weights">Windows and weights, in pixels; rows start with the pixel of their origin.</param>
    /// <param name="channels">Bytes of a pixel: 1, 3 or 4.</param>
    /// <param name="target">Where the offsets of output rows count from; must not overlap the input.</param>
    /// <param name="targets">Offsets of four output rows in bytes; the same one may stand several times where the input rows are the
    /// same.</param>
    public static void Convolve(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets)
    {
        if (SimdWidth.HasByteShuffle512 && weights.Lanes is not null)
        {
            ConvolveVbmi(ref source, rows, weights, channels, ref target, targets);
        }
        else if (SimdWidth.Has256)
        {
            Convolve256(ref source, rows, weights, channels, ref target, targets);
        }
        else if (SimdWidth.Has128)
        {
            Convolve128(ref source, rows, weights, channels, ref target, targets);
        }
        else
        {
            ConvolveScalar(ref source, rows, weights, channels, ref target, targets);
        }
    }

    /// <summary>The definition.</summary>
    internal static void ConvolveScalar(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets)
    {
        Check(weights, channels);
        for (int row = 0; row < Rows; row++)
        {
            for (int x = 0; x < weights.First.Length; x++)
            {
                for (int channel = 0; channel < channels; channel++)
                {
                    int sum = 1 << (weights.FractionBits - 1);
                    for (int i = 0; i < weights.Count[x]; i++)
                    {
                        int at = (x * weights.Stride) + i;
                        int weight = weights.IsSplit ? (weights.High[at] << ConvolutionWeights.LowBits) + weights.Low[at] : weights.High[at];
                        nint sample = rows[row] + (channels * (nint)(weights.First[x] - weights.Origin + i)) + channel;
                        sum += weight * Unsafe.AddByteOffset(ref source, sample);
                    }

                    Unsafe.AddByteOffset(ref target, targets[row] + (channels * (nint)x) + channel)
                        = (byte)Math.Clamp(sum >> weights.FractionBits, 0, byte.MaxValue);
                }
            }
        }
    }

    internal static void Convolve128(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets)
    {
        Check(weights, channels);
        if (channels == 1)
        {
            Grey128(ref source, rows, weights, ref target, targets);
        }
        else
        {
            Pixels128(ref source, rows, weights, channels, ref target, targets);
        }
    }

    internal static void Convolve256(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets)
    {
        Check(weights, channels);
        if (channels == 1)
        {
            Grey256(ref source, rows, weights, ref target, targets);
        }
        else
        {
            Pixels256(ref source, rows, weights, channels, ref target, targets);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Pair(ref short weights, nint at) => Unsafe.ReadUnaligned<int>(ref Unsafe.As<short, byte>(ref Unsafe.Add(ref weights, at)));

    private static void Check(ConvolutionWeights weights, int channels)
    {
        if (channels is not (1 or 3 or 4))
        {
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "A pixel has 1, 3 or 4 channels.");
        }

        long needed = (long)weights.First.Length * weights.Stride;
        if (weights.Count.Length != weights.First.Length || weights.Stride % 4 != 0 || weights.High.Length < needed
            || (weights.IsSplit && weights.Low.Length < needed))
        {
            throw new ArgumentException("The weights do not fit their windows.", nameof(weights));
        }
    }
}
