using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace SafetySdk.Images;

/// <summary>
/// Plain bilinear resampling of a rectangle of a picture, row by row, in single precision without rounding in between. The picture counts
/// as black beyond its edges, up to a virtual size.
/// </summary>
internal ref struct BilinearResampler
{
    private readonly ReadOnlySpan<byte> _pixels;
    private readonly int _stride;
    private readonly PixelRectangle _source;
    private readonly int _outWidth;

    // Both tables in one rental: per output column the two source columns, per output row the two source rows.
    private readonly int[] _indices;
    private readonly float[] _weights;
    private readonly int _outHeight;

    // Columns from this one on reach beyond the picture.
    private readonly int _insideColumns;

    private float[]? _rows;
    private int _upperRow;
    private int _lowerRow;
    private bool _swapped;

    /// <summary>Prepares the tables.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="source">The rectangle of it, inside the picture.</param>
    /// <param name="geometry">Size including black at the right and below, size after resampling, and what of that to produce.</param>
    /// <param name="mode">Where samples lie.</param>
    public BilinearResampler(PixelBuffer image, PixelRectangle source, in TensorGeometry geometry, ResampleMode mode)
    {
        (int outWidth, int outHeight) = (geometry.Content.Width, geometry.Content.Height);
        _pixels = image.Pixels;
        _stride = image.Width * PixelBuffer.BytesPerPixel;
        _source = source;
        _outWidth = outWidth;
        _outHeight = outHeight;
        _indices = ArrayPool<int>.Shared.Rent(2 * (outWidth + outHeight));
        _weights = ArrayPool<float>.Shared.Rent(outWidth + outHeight);
        _rows = ArrayPool<float>.Shared.Rent(RowLength * 2);
        FillTable(
            _indices.AsSpan(0, 2 * outWidth), _weights.AsSpan(0, outWidth), geometry.CropLeft, geometry.SourceWidth, geometry.ResizedWidth,
            mode);
        FillTable(
            _indices.AsSpan(2 * outWidth, 2 * outHeight), _weights.AsSpan(outWidth, outHeight), geometry.CropTop, geometry.SourceHeight,
            geometry.ResizedHeight, mode);
        _insideColumns = 0;
        while (_insideColumns < outWidth && _indices[(2 * _insideColumns) + 1] < source.Width)
        {
            _insideColumns++;
        }

        _upperRow = -1;
        _lowerRow = -1;
    }

    private readonly int RowLength => _outWidth * PixelBuffer.BytesPerPixel;

    /// <summary>
    /// Where output sample <paramref name="i"/> of <paramref name="outLength"/> lies among <paramref name="inLength"/> samples.
    /// </summary>
    public static double SourcePosition(int i, int inLength, int outLength, ResampleMode mode) => mode switch
    {
        ResampleMode.BilinearAlignCorners => outLength == 1 ? 0 : i * ((inLength - 1) / (double)(outLength - 1)),
        ResampleMode.BilinearAsymmetric => i * (inLength / (double)outLength),
        _ => Math.Max(0, ((i + 0.5) * (inLength / (double)outLength)) - 0.5),
    };

    /// <summary>Computes one output row.</summary>
    /// <param name="y">The row. Ascending rows share work.</param>
    /// <param name="destination">R G B R G B …, 3 × columns, values 0 to 255.</param>
    public void Row(int y, Span<float> destination)
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
                Horizontal(upper, Buffer(lower: false));
                _upperRow = upper;
            }
        }

        if (lower != upper && lower != _lowerRow)
        {
            Horizontal(lower, Buffer(lower: true));
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

    /// <summary>Clears what held pixels and gives the memory back.</summary>
    public void Dispose()
    {
        if (_rows is { } rows)
        {
            _rows = null;
            rows.AsSpan(0, RowLength * 2).Clear();
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

    private readonly void Horizontal(int row, Span<float> destination)
    {
        if (row >= _source.Height)
        {
            destination.Clear();
            return;
        }

        ReadOnlySpan<byte> line = _pixels.Slice(
            ((_source.Top + row) * _stride) + (_source.Left * PixelBuffer.BytesPerPixel), _source.Width * PixelBuffer.BytesPerPixel);
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
            if (column >= _source.Width)
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
