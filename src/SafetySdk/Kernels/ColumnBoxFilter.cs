using System.Numerics;
using System.Runtime.InteropServices;

namespace SafetySdk.Kernels;

/// <summary>
/// Box filter along columns, all columns at once, as rows stream through: the same arithmetic as <see cref="RowBoxFilter"/>.
/// Holds the running sums and only the rows that a window still needs.
/// </summary>
/// <remarks>
/// There must be at least as many rows as the window has.
/// Rows are written at <see cref="NextBlock"/> in blocks of 16, then <see cref="Push"/>ed one by one; <see cref="Drain"/> ends it.
/// </remarks>
internal ref struct ColumnBoxFilter
{
    private readonly Span<float> _sums;
    private readonly Span<float> _ring;
    private readonly int _stride;
    private readonly int _ringRows;
    private readonly int _window;
    private readonly int _ahead;
    private int _entered;
    private int _left;

    /// <summary>Starts at row 0.</summary>
    /// <param name="sums">One value a column, all zero; its length is a multiple of 16.</param>
    /// <param name="ring"><see cref="RingRows"/> rows, <paramref name="stride"/> apart.</param>
    /// <param name="stride">Distance of rows in elements.</param>
    /// <param name="window">Window in rows, at least 1.</param>
    public ColumnBoxFilter(Span<float> sums, Span<float> ring, int stride, int window)
    {
        _sums = sums;
        _ring = ring;
        _stride = stride;
        _ringRows = RingRows(window);
        _window = window;
        _ahead = ((window + 2) / 2) - 1;
    }

    /// <summary>The place for the next block of 16 rows.</summary>
    public readonly Span<float> NextBlock => _ring.Slice(_entered % _ringRows * _stride, BlockTranspose.Rows * _stride);

    /// <summary>Rows that the ring must hold: the window and a whole block, in whole blocks.</summary>
    public static int RingRows(int window)
        => (window + (2 * BlockTranspose.Rows) - 1) / BlockTranspose.Rows * BlockTranspose.Rows;

    /// <summary>Takes the next row of the ring in.</summary>
    /// <param name="output">Receives the next filtered row, where there is one.</param>
    /// <returns>Whether a filtered row was written; they come in order.</returns>
    public bool Push(Span<float> output)
    {
        Span<float> entering = Row(_entered++);
        if (_entered > _window)
        {
            Step(_sums, entering, Row(_left++), output, _window);
            return true;
        }

        Add(_sums, entering);
        if (_entered > _ahead)
        {
            Divide(_sums, output, _entered);
            return true;
        }

        return false;
    }

    /// <summary>Lets a row leave after the last one came in.</summary>
    /// <param name="output">Receives the next filtered row, where there is one.</param>
    /// <returns>False once every row was written.</returns>
    public bool Drain(Span<float> output)
    {
        // The windows of the last `ahead` rows only shrink; each is non-empty, as ahead < window.
        if (_entered - _left <= _window - _ahead)
        {
            return false;
        }

        Subtract(_sums, Row(_left++));
        Divide(_sums, output, _entered - _left);
        return true;
    }

    private readonly Span<float> Row(int row) => _ring.Slice(row % _ringRows * _stride, _sums.Length);

    private static void Step(Span<float> sums, ReadOnlySpan<float> entering, ReadOnlySpan<float> leaving, Span<float> output, int count)
    {
        entering = entering[..sums.Length];
        leaving = leaving[..sums.Length];
        output = output[..sums.Length];
        ref float sum = ref MemoryMarshal.GetReference(sums);
        ref float enter = ref MemoryMarshal.GetReference(entering);
        ref float leave = ref MemoryMarshal.GetReference(leaving);
        ref float target = ref MemoryMarshal.GetReference(output);
        if (int.IsPow2(count))
        {
            var reciprocal = new Vector<float>(1f / count);
            for (nuint x = 0; x < (nuint)sums.Length; x += (nuint)Vector<float>.Count)
            {
                Vector<float> value = Vector.LoadUnsafe(ref sum, x) + Vector.LoadUnsafe(ref enter, x) - Vector.LoadUnsafe(ref leave, x);
                value.StoreUnsafe(ref sum, x);
                (value * reciprocal).StoreUnsafe(ref target, x);
            }
        }
        else
        {
            var divisor = new Vector<float>(count);
            for (nuint x = 0; x < (nuint)sums.Length; x += (nuint)Vector<float>.Count)
            {
                Vector<float> value = Vector.LoadUnsafe(ref sum, x) + Vector.LoadUnsafe(ref enter, x) - Vector.LoadUnsafe(ref leave, x);
                value.StoreUnsafe(ref sum, x);
                (value / divisor).StoreUnsafe(ref target, x);
            }
        }
    }

    private static void Add(Span<float> sums, ReadOnlySpan<float> row)
    {
        for (int x = 0; x < sums.Length; x++)
        {
            sums[x] += row[x];
        }
    }

    private static void Subtract(Span<float> sums, ReadOnlySpan<float> row)
    {
        for (int x = 0; x < sums.Length; x++)
        {
            sums[x] -= row[x];
        }
    }

    private static void Divide(ReadOnlySpan<float> sums, Span<float> output, int count)
    {
        for (int x = 0; x < sums.Length; x++)
        {
            output[x] = sums[x] / count;
        }
    }
}
