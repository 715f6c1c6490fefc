using System.Buffers;

namespace SafetySdk.Images;

/// <summary>
/// The resamplings to whole levels that do not antialias: OpenCV's bilinear and Pillow's nearest, from a stream of rows as they are displayed.
/// Holds two rows of pooled memory, cleared. Not thread-safe.
/// </summary>
internal struct SampledResampler : IDisposable
{
    private readonly ResamplePlan _plan;
    private readonly int _sourceBytes;
    private readonly int _finishedBytes;
    private readonly Position[] _columns;

    // A finished row, then the last row of the strip before.
    private byte[] _memory;
    private Axis _axis;
    private Position _next;
    private int _y;

    /// <summary>Starts a resampling.</summary>
    /// <param name="plan">What to do; its mode is OpenCV's or nearest, its orientation 1.</param>
    public SampledResampler(in ResamplePlan plan)
    {
        _plan = plan;
        TensorGeometry geometry = plan.Geometry;
        _sourceBytes = plan.Channels * plan.Width;
        _finishedBytes = plan.Channels * geometry.Content.Width;
        _columns = ArrayPool<Position>.Shared.Rent(geometry.Content.Width);
        _memory = ArrayPool<byte>.Shared.Rent(_finishedBytes + _sourceBytes);
        var columns = new Axis(plan.Width, geometry.ResizedWidth, geometry.CropLeft, plan.Mode, isVertical: false);
        for (int x = 0; x < geometry.Content.Width; x++)
        {
            _columns[x] = columns.Next();
        }

        _axis = new Axis(plan.Height, geometry.ResizedHeight, geometry.CropTop + plan.FirstRow, plan.Mode, isVertical: true);
        _next = _axis.Next();
    }

    /// <summary>Takes the next rows, from the top, and writes what they complete.</summary>
    public void Push<TWriter>(scoped RowStrip strip, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        Span<byte> finished = _memory.AsSpan(0, _finishedBytes);
        Span<byte> carried = _memory.AsSpan(_finishedBytes, _sourceBytes);
        for (; _y < _plan.Rows && _next.Second < strip.End; _y++, _next = _axis.Next())
        {
            Row(
                _next.First < strip.Top ? carried : strip.Row(_next.First, _sourceBytes),
                _next.Second < strip.Top ? carried : strip.Row(_next.Second, _sourceBytes),
                finished);
            writer.Write(finished, _plan.FirstRow + _y);
        }

        strip.Row(strip.End - 1, _sourceBytes).CopyTo(carried);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_memory is { Length: > 0 } memory)
        {
            memory.AsSpan(0, _finishedBytes + _sourceBytes).Clear();
            ArrayPool<byte>.Shared.Return(memory);
            ArrayPool<Position>.Shared.Return(_columns);
            _memory = [];
        }
    }

    private readonly void Row(ReadOnlySpan<byte> above, ReadOnlySpan<byte> below, Span<byte> row)
    {
        int channels = _plan.Channels;
        ReadOnlySpan<Position> columns = _columns.AsSpan(0, _plan.Geometry.Content.Width);
        if (_plan.Mode == ResampleMode.Nearest)
        {
            for (int x = 0; x < columns.Length; x++)
            {
                above.Slice(channels * columns[x].First, channels).CopyTo(row[(channels * x)..]);
            }

            return;
        }

        for (int x = 0; x < columns.Length; x++)
        {
            Position column = columns[x];
            for (int c = 0; c < channels; c++)
            {
                int left = (channels * column.First) + c;
                int right = (channels * column.Second) + c;
                row[(channels * x) + c] = Blend(
                    (above[left] * column.Weight0) + (above[right] * column.Weight1),
                    (below[left] * column.Weight0) + (below[right] * column.Weight1),
                    _next);
            }
        }
    }

    // The split shifts are those of OpenCV's vector code; one shift by 22 differs in an eighth of the samples.
    private static byte Blend(int above, int below, Position vertical)
    {
        int sum = ((vertical.Weight0 * (above >> 4)) >> 16) + ((vertical.Weight1 * (below >> 4)) >> 16);
        return (byte)Math.Clamp((sum + 2) >> 2, 0, 255);
    }

    private readonly record struct Position(int First, int Second, int Weight0, int Weight1);

    // The samples of one axis in order.
    private struct Axis
    {
        private readonly int _input;
        private readonly double _scale;
        private readonly bool _nearest;
        private readonly bool _isVertical;
        private int _next;
        private double _nearestPosition;

        public Axis(int input, int output, int start, ResampleMode mode, bool isVertical)
        {
            _input = input;
            _isVertical = isVertical;
            _nearest = mode == ResampleMode.Nearest;
            // OpenCV inverts the factor, with two roundings.
            _scale = _nearest ? (double)input / output : 1 / ((double)output / input);
            _next = start;
            // Pillow adds the step up, and its rounding decides samples: a product in its place gives other pixels.
            _nearestPosition = _scale * 0.5;
            for (int i = 0; i < start; i++)
            {
                _nearestPosition += _scale;
            }
        }

        public Position Next()
        {
            int o = _next++;
            if (_nearest)
            {
                int nearest = Math.Min((int)_nearestPosition, _input - 1);
                _nearestPosition += _scale;
                return new(nearest, nearest, 0, 0);
            }

            // Double inside, then single, as in OpenCV.
            float f = (float)(((o + 0.5) * _scale) - 0.5);
            int first = (int)MathF.Floor(f);
            float t = f - first;
            if (!_isVertical && (first < 0 || first >= _input - 1))
            {
                // Rows beyond the border are repeated with their weights instead, which truncates differently.
                (first, t) = (Math.Clamp(first, 0, _input - 1), 0);
            }

            const float One = 1 << 11;
            return new(
                Math.Clamp(first, 0, _input - 1), Math.Clamp(first + 1, 0, _input - 1), (int)MathF.Round((1 - t) * One),
                (int)MathF.Round(t * One));
        }
    }
}
