using System.Buffers;

namespace SafetySdk.Images;

/// <summary>The resamplings to whole levels that do not antialias: OpenCV's bilinear and Pillow's nearest. Thread-safe.</summary>
internal static class SampledResampler
{
    /// <summary>Resamples; parameters as for <see cref="AntialiasResampler"/>.</summary>
    public static void Resample<TWriter>(
        PixelBuffer image, PixelRectangle source, in TensorGeometry geometry, ResampleMode mode, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        int rowBytes = 3 * geometry.Content.Width;
        byte[] finished = ArrayPool<byte>.Shared.Rent(rowBytes);
        Position[] columns = ArrayPool<Position>.Shared.Rent(geometry.Content.Width);
        try
        {
            ReadOnlySpan<byte> pixels = image.Pixels;
            Span<byte> row = finished.AsSpan(0, rowBytes);
            int stride = image.Width * 3;
            var axis = new Axis(source.Width, geometry.ResizedWidth, geometry.CropLeft, mode, isVertical: false);
            for (int x = 0; x < geometry.Content.Width; x++)
            {
                columns[x] = axis.Next();
            }

            axis = new Axis(source.Height, geometry.ResizedHeight, geometry.CropTop, mode, isVertical: true);
            for (int y = 0; y < geometry.Content.Height; y++)
            {
                Position vertical = axis.Next();
                ReadOnlySpan<byte> above = pixels.Slice(((source.Top + vertical.First) * stride) + (source.Left * 3), source.Width * 3);
                ReadOnlySpan<byte> below = pixels.Slice(((source.Top + vertical.Second) * stride) + (source.Left * 3), source.Width * 3);
                for (int x = 0; x < geometry.Content.Width; x++)
                {
                    Position column = columns[x];
                    for (int c = 0; c < 3; c++)
                    {
                        int left = (3 * column.First) + c;
                        int right = (3 * column.Second) + c;
                        row[(3 * x) + c] = mode == ResampleMode.Nearest
                            ? above[left]
                            : Blend(
                                (above[left] * column.Weight0) + (above[right] * column.Weight1),
                                (below[left] * column.Weight0) + (below[right] * column.Weight1),
                                vertical);
                    }
                }

                writer.Write(row, y);
            }
        }
        finally
        {
            finished.AsSpan(0, rowBytes).Clear();
            ArrayPool<byte>.Shared.Return(finished);
            ArrayPool<Position>.Shared.Return(columns);
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
