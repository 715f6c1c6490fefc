using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace SafetySdk.Images;

/// <summary>
/// Plain bilinear resampling from a stream of rows of RGB as they are displayed, in single precision without rounding in between. The picture
/// counts as black beyond its edges, up to a virtual size. Holds a few rows of pooled memory, cleared. Not thread-safe.
/// </summary>
internal struct BilinearResampler : IDisposable
{
    private readonly ResamplePlan _plan;
    private readonly int _outWidth;

    // Both tables in one rental: per output column the two source columns, per output row the two source rows.
    private readonly int[] _indices;
    private readonly float[] _weights;

    // Columns from this one on reach beyond the picture.
    private readonly int _insideColumns;

    // Two source rows resampled along, and a finished one.
    private float[]? _rows;

    // The last row of the strip before.
    private readonly byte[] _carried;
    private int _upperRow;
    private int _lowerRow;
    private bool _swapped;
    private int _y;

    /// <summary>Prepares the tables.</summary>
    /// <param name="plan">What to do; its mode is an unrounded one, its orientation 1, its pixels RGB.</param>
    public BilinearResampler(in ResamplePlan plan)
    {
        _plan = plan;
        TensorGeometry geometry = plan.Geometry;
        (int outWidth, int outHeight) = (geometry.Content.Width, plan.Rows);
        _outWidth = outWidth;
        _indices = ArrayPool<int>.Shared.Rent(2 * (outWidth + outHeight));
        _weights = ArrayPool<float>.Shared.Rent(outWidth + outHeight);
        _rows = ArrayPool<float>.Shared.Rent(RowLength * 3);
        _carried = ArrayPool<byte>.Shared.Rent(SourceBytes);
        FillTable(
            _indices.AsSpan(0, 2 * outWidth), _weights.AsSpan(0, outWidth), geometry.CropLeft, geometry.SourceWidth, geometry.ResizedWidth,
            plan.Mode);
        FillTable(
            _indices.AsSpan(2 * outWidth, 2 * outHeight), _weights.AsSpan(outWidth, outHeight), geometry.CropTop + plan.FirstRow,
            geometry.SourceHeight, geometry.ResizedHeight, plan.Mode);
        _insideColumns = 0;
        while (_insideColumns < outWidth && _indices[(2 * _insideColumns) + 1] < plan.Width)
        {
            _insideColumns++;
        }

        _upperRow = -1;
        _lowerRow = -1;
    }

    private readonly int RowLength => _outWidth * PixelBuffer.BytesPerPixel;

    private readonly int SourceBytes => _plan.Width * PixelBuffer.BytesPerPixel;

    /// <summary>
    /// Where output sample <paramref name="i"/> of <paramref name="outLength"/> lies among <paramref name="inLength"/> samples.
    /// </summary>
    public static double SourcePosition(int i, int inLength, int outLength, ResampleMode mode) => mode switch
    {
        ResampleMode.BilinearAlignCorners => outLength == 1 ? 0 : i * ((inLength - 1) / (double)(outLength - 1)),
        ResampleMode.BilinearAsymmetric => i * (inLength / (double)outLength),
        _ => Math.Max(0, ((i + 0.5) * (inLength / (double)outLength)) - 0.5),
    };

    /// <summary>Takes the next rows, from the top, and writes what they complete.</summary>
    public void Push<T>(scoped RowStrip strip, scoped in TensorRowWriter<T> writer)
        where T : unmanaged
    {
        // Rows below the picture are black, so none is waited for.
        int end = strip.End == _plan.Height ? int.MaxValue : strip.End;
        for (; _y < _plan.Rows && _indices[(2 * (_outWidth + _y)) + 1] < end; _y++)
        {
            Span<float> finished = _rows.AsSpan(RowLength * 2, RowLength);
            Row(strip, _y, finished);
            writer.Write(finished, _plan.FirstRow + _y);
        }

        strip.Row(strip.End - 1, SourceBytes).CopyTo(_carried);
    }

    private void Row(scoped RowStrip strip, int y, Span<float> destination)
    {
        int upper = _indices[2 * (_outWidth + y)];
        int lower = _indices[(2 * (_outWidth + y)) + 1];
        float weight = _weights[_outWidth + y];

        if (upper != _upperRow)
        {
            if (upper == _lowerRow)
            {
                _swapped = !_swapped;
                (_upperRow, _lowerRow) = (_lowerRow, _upperRow);
            }
            else
            {
                Horizontal(strip, upper, Buffer(lower: false));
                _upperRow = upper;
            }
        }

        if (lower != upper && lower != _lowerRow)
        {
            Horizontal(strip, lower, Buffer(lower: true));
            _lowerRow = lower;
        }

        ReadOnlySpan<float> above = Buffer(lower: false);
        if (lower == upper || weight == 0)
        {
            above.CopyTo(destination);
            return;
        }

        Blend(above, Buffer(lower: true), weight, destination[..RowLength]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_rows is { } rows)
        {
            _rows = null;
            rows.AsSpan(0, RowLength * 3).Clear();
            _carried.AsSpan(0, SourceBytes).Clear();
            ArrayPool<byte>.Shared.Return(_carried);
            ArrayPool<float>.Shared.Return(rows);
            ArrayPool<int>.Shared.Return(_indices);
            ArrayPool<float>.Shared.Return(_weights);
        }
    }

    private static void FillTable(Span<int> indices, Span<float> weights, int start, int inLength, int outLength, ResampleMode mode)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            double position = SourcePosition(start + i, inLength, outLength, mode);
            int first = Math.Min((int)position, inLength - 1);
            indices[2 * i] = first;
            indices[(2 * i) + 1] = Math.Min(first + 1, inLength - 1);
            weights[i] = (float)(position - first);
        }
    }

    private static void Blend(ReadOnlySpan<float> above, ReadOnlySpan<float> below, float weight, Span<float> destination)
    {
        ReadOnlySpan<Vector<float>> a = MemoryMarshal.Cast<float, Vector<float>>(above);
        ReadOnlySpan<Vector<float>> b = MemoryMarshal.Cast<float, Vector<float>>(below);
        Span<Vector<float>> d = MemoryMarshal.Cast<float, Vector<float>>(destination);
        Vector<float> w = new(weight);
        for (int i = 0; i < d.Length; i++)
        {
            d[i] = a[i] + ((b[i] - a[i]) * w);
        }

        for (int i = d.Length * Vector<float>.Count; i < destination.Length; i++)
        {
            destination[i] = above[i] + ((below[i] - above[i]) * weight);
        }
    }

    private readonly Span<float> Buffer(bool lower) => _rows.AsSpan(lower != _swapped ? RowLength : 0, RowLength);

    private readonly void Horizontal(scoped RowStrip strip, int row, Span<float> destination)
    {
        if (row >= _plan.Height)
        {
            destination.Clear();
            return;
        }

        ReadOnlySpan<byte> line = row < strip.Top ? _carried.AsSpan(0, SourceBytes) : strip.Row(row, SourceBytes);
        int x = 0;
        for (; x < _insideColumns; x++)
        {
            ReadOnlySpan<byte> left = line.Slice(_indices[2 * x] * 3, 3);
            ReadOnlySpan<byte> right = line.Slice(_indices[(2 * x) + 1] * 3, 3);
            Span<float> pixel = destination.Slice(x * 3, 3);
            float weight = _weights[x];
            pixel[0] = left[0] + ((right[0] - left[0]) * weight);
            pixel[1] = left[1] + ((right[1] - left[1]) * weight);
            pixel[2] = left[2] + ((right[2] - left[2]) * weight);
        }

        // At most one column has its left neighbour in the picture and its right one in the black.
        for (; x < _outWidth; x++)
        {
            Span<float> pixel = destination.Slice(x * 3, 3);
            int column = _indices[2 * x];
            if (column >= _plan.Width)
            {
                pixel.Clear();
                continue;
            }

            float weight = 1 - _weights[x];
            for (int c = 0; c < 3; c++)
            {
                pixel[c] = line[(column * 3) + c] * weight;
            }
        }
    }
}
