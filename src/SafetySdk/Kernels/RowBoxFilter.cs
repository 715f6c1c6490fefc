using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SafetySdk.Kernels;

/// <summary>
/// Box filter along rows, 16 rows at once in the layout of <see cref="BlockTranspose"/>: one running float32 sum a row, the entering sample
/// added before the leaving one is subtracted, divided by the number of samples in the window. Windows are cut at both ends.
/// </summary>
internal static class RowBoxFilter
{
    private const int Rows = BlockTranspose.Rows;

    /// <summary>Filters every sample.</summary>
    /// <param name="input">16 values a column.</param>
    /// <param name="columns">Samples of a row, at least <paramref name="window"/>.</param>
    /// <param name="window">Window in samples, at least 1.</param>
    /// <param name="output">Receives 16 values a column; must not overlap the input.</param>
    public static void Filter(ReadOnlySpan<float> input, int columns, int window, Span<float> output)
    {
        input = input[..(columns * Rows)];
        output = output[..(columns * Rows)];
        ref float source = ref MemoryMarshal.GetReference(input);
        ref float target = ref MemoryMarshal.GetReference(output);
        int ahead = ((window + 2) / 2) - 1;
        Vector256<float> low = Vector256<float>.Zero;
        Vector256<float> high = Vector256<float>.Zero;
        int written = 0;
        int read = 0;
        for (; read < window; read++)
        {
            Add(ref low, ref high, ref source, read);
            if (read >= ahead)
            {
                Divide(low, high, read + 1, ref target, written++);
            }
        }

        if (int.IsPow2(window))
        {
            // A power of two: multiplying by the reciprocal gives the same bits as dividing.
            var reciprocal = Vector256.Create(1f / window);
            for (; read < columns; read++, written++)
            {
                Add(ref low, ref high, ref source, read);
                Subtract(ref low, ref high, ref source, read - window);
                (low * reciprocal).StoreUnsafe(ref target, (nuint)(written * Rows));
                (high * reciprocal).StoreUnsafe(ref target, (nuint)((written * Rows) + 8));
            }
        }
        else
        {
            var divisor = Vector256.Create((float)window);
            for (; read < columns; read++, written++)
            {
                Add(ref low, ref high, ref source, read);
                Subtract(ref low, ref high, ref source, read - window);
                (low / divisor).StoreUnsafe(ref target, (nuint)(written * Rows));
                (high / divisor).StoreUnsafe(ref target, (nuint)((written * Rows) + 8));
            }
        }

        for (int count = window - 1; written < columns; count--, written++)
        {
            Subtract(ref low, ref high, ref source, columns - count - 1);
            Divide(low, high, count, ref target, written);
        }
    }

    /// <summary>As <see cref="Filter"/>, but keeps only the columns asked for: the sums run over all, division and stores do not.</summary>
    /// <param name="input">16 values a column.</param>
    /// <param name="columns">Samples of a row, at least <paramref name="window"/>.</param>
    /// <param name="window">Window in samples, at least 1.</param>
    /// <param name="wanted">Column numbers, never falling; a number may come more than once.</param>
    /// <param name="output">Receives 16 values for each number.</param>
    public static void FilterAt(ReadOnlySpan<float> input, int columns, int window, ReadOnlySpan<int> wanted, Span<float> output)
    {
        input = input[..(columns * Rows)];
        output = output[..(wanted.Length * Rows)];
        ref float source = ref MemoryMarshal.GetReference(input);
        ref float target = ref MemoryMarshal.GetReference(output);
        int ahead = ((window + 2) / 2) - 1;
        Vector256<float> low = Vector256<float>.Zero;
        Vector256<float> high = Vector256<float>.Zero;
        int entered = 0;
        int left = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            // Windows at the left end grow, inner ones slide, those at the right end shrink.
            int column = wanted[i];
            int end = Math.Min(column + ahead + 1, columns);
            int start = Math.Max(column + ahead + 1 - window, 0);
            for (; entered < end; entered++)
            {
                Add(ref low, ref high, ref source, entered);
                if (entered >= window)
                {
                    Subtract(ref low, ref high, ref source, left++);
                }
            }

            for (; left < start; left++)
            {
                Subtract(ref low, ref high, ref source, left);
            }

            Divide(low, high, entered - left, ref target, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector256<float> low, ref Vector256<float> high, ref float source, int column)
    {
        low += Vector256.LoadUnsafe(ref source, (nuint)(column * Rows));
        high += Vector256.LoadUnsafe(ref source, (nuint)((column * Rows) + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Subtract(ref Vector256<float> low, ref Vector256<float> high, ref float source, int column)
    {
        low -= Vector256.LoadUnsafe(ref source, (nuint)(column * Rows));
        high -= Vector256.LoadUnsafe(ref source, (nuint)((column * Rows) + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Divide(Vector256<float> low, Vector256<float> high, int count, ref float target, int column)
    {
        var divisor = Vector256.Create((float)count);
        (low / divisor).StoreUnsafe(ref target, (nuint)(column * Rows));
        (high / divisor).StoreUnsafe(ref target, (nuint)((column * Rows) + 8));
    }
}
