using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Kernels;

namespace SafetySdk.Images;

/// <summary>Takes finished rows of a resampling.</summary>
internal interface IPixelRowWriter
{
    /// <summary>Takes one row; rows come from top to bottom.</summary>
    /// <param name="rgb">3 bytes a pixel; valid during the call.</param>
    /// <param name="y">Number of the row.</param>
    void Write(ReadOnlySpan<byte> rgb, int y);
}

/// <summary>Writes rows of pixels as they are.</summary>
internal readonly ref struct PixelRowWriter(Span<byte> destination) : IPixelRowWriter
{
    private readonly Span<byte> _destination = destination;

    public void Write(ReadOnlySpan<byte> rgb, int y) => rgb.CopyTo(_destination[(y * rgb.Length)..]);
}

/// <summary>
/// Puts rows of the content where a tensor wants them: <see cref="float"/> and <see cref="Half"/> normalised, <see cref="byte"/> as levels
/// without normalisation.
/// </summary>
internal readonly ref struct TensorRowWriter<T> : IPixelRowWriter
    where T : unmanaged
{
    private readonly Span<T> _destination;
    private readonly PixelRectangle _content;
    private readonly int _width;
    private readonly int _plane;
    private readonly bool _interleaved;
    private readonly int _red;
    private readonly Normalisation _mean;
    private readonly Normalisation _scale;

    /// <summary>Prepares the writing and fills what the content does not cover, unless another writer of the same tensor did.</summary>
    public TensorRowWriter(TensorRecipe recipe, in TensorGeometry geometry, Span<T> destination, bool fills = true)
    {
        _destination = destination[..recipe.ElementCount];
        _content = geometry.Content;
        _width = recipe.Width;
        _plane = recipe.Width * recipe.Height;
        _interleaved = recipe.Layout == TensorLayout.Nhwc;
        _red = recipe.Order == ChannelOrder.Rgb ? 0 : 2;
        // By the byte of a pixel, red first, so that a kernel need not know the order of the tensor.
        (ChannelValues mean, ChannelValues std) = (recipe.Mean, recipe.Std);
        bool swapped = _red != 0;
        _mean = new((float)(swapped ? mean.Third : mean.First), (float)mean.Second, (float)(swapped ? mean.First : mean.Third));
        _scale = new((float)(1 / (swapped ? std.Third : std.First)), (float)(1 / std.Second), (float)(1 / (swapped ? std.First : std.Third)));
        if (fills && (_content.Width < recipe.Width || _content.Height < recipe.Height))
        {
            Fill(recipe);
        }
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> rgb, int y)
    {
        rgb = rgb[..(3 * _content.Width)];
        if (typeof(T) == typeof(float) && !_interleaved)
        {
            Planes(rgb, Offset(y));
            return;
        }

        for (int channel = 0; channel < 3; channel++)
        {
            (float mean, float scale) = (((ReadOnlySpan<float>)_mean)[channel], ((ReadOnlySpan<float>)_scale)[channel]);
            Span<T> target = Target(y, channel, out int step);
            for (int x = 0, at = 0; x < _content.Width; x++, at += step)
            {
                target[at] = Value(rgb[(3 * x) + channel], mean, scale);
            }
        }
    }

    /// <summary>
    /// Takes all rows at once, which saves the cost of each; the content must be the whole tensor, without a crop or padding.
    /// </summary>
    /// <param name="rgb">3 bytes a pixel.</param>
    public void WriteAll(ReadOnlySpan<byte> rgb)
    {
        if (typeof(T) == typeof(float) && !_interleaved)
        {
            Planes(rgb[..(3 * _plane)], 0);
            return;
        }

        for (int y = 0; y < _content.Height; y++)
        {
            Write(rgb[(3 * y * _width)..], y);
        }
    }

    /// <summary>Takes a row of values of 0 to 255 that need not be whole.</summary>
    /// <param name="rgb">3 values a pixel.</param>
    /// <param name="y">Number of the row.</param>
    public void Write(ReadOnlySpan<float> rgb, int y)
    {
        rgb = rgb[..(3 * _content.Width)];
        for (int channel = 0; channel < 3; channel++)
        {
            (float mean, float scale) = (((ReadOnlySpan<float>)_mean)[channel], ((ReadOnlySpan<float>)_scale)[channel]);
            Span<T> target = Target(y, channel, out int step);
            for (int x = 0, at = 0; x < _content.Width; x++, at += step)
            {
                target[at] = Value(rgb[(3 * x) + channel], mean, scale);
            }
        }
    }

    private static T Value(float level, float mean, float scale)
    {
        if (typeof(T) == typeof(byte))
        {
            byte rounded = (byte)Math.Clamp(MathF.Round(level), 0, 255);
            return Unsafe.As<byte, T>(ref rounded);
        }

        float value = (level - mean) * scale;
        if (typeof(T) == typeof(Half))
        {
            Half half = (Half)value;
            return Unsafe.As<Half, T>(ref half);
        }

        return Unsafe.As<float, T>(ref value);
    }

    private void Planes(ReadOnlySpan<byte> rgb, int at)
    {
        Span<float> floats = MemoryMarshal.Cast<T, float>(_destination);
        int pixels = rgb.Length / 3;
        RgbNormalise.Planes(
            rgb,
            floats.Slice((_red * _plane) + at, pixels),
            floats.Slice(_plane + at, pixels),
            floats.Slice(((2 - _red) * _plane) + at, pixels),
            _mean,
            _scale);
    }

    private int Offset(int y) => ((_content.Top + y) * _width) + _content.Left;

    private Span<T> Target(int y, int channel, out int step)
    {
        int place = _red == 0 ? channel : 2 - channel;
        if (_interleaved)
        {
            step = 3;
            return _destination[((3 * Offset(y)) + place)..];
        }

        step = 1;
        return _destination.Slice((place * _plane) + Offset(y), _content.Width);
    }

    private void Fill(TensorRecipe recipe)
    {
        if (recipe.Fit == TensorFit.PadRight)
        {
            // Zeros after normalisation; a level has no value that comes out as zero for certain, so bytes get the nearest to the mean.
            if (typeof(T) != typeof(byte))
            {
                _destination.Clear();
                return;
            }
        }

        Normalisation colour = recipe.Fit == TensorFit.PadRight
            ? _mean
            : new Normalisation(recipe.PadColour.Red, recipe.PadColour.Green, recipe.PadColour.Blue);
        for (int channel = 0; channel < 3; channel++)
        {
            T value = Value(colour[channel], ((ReadOnlySpan<float>)_mean)[channel], ((ReadOnlySpan<float>)_scale)[channel]);
            int place = _red == 0 ? channel : 2 - channel;
            if (!_interleaved)
            {
                _destination.Slice(place * _plane, _plane).Fill(value);
                continue;
            }

            for (int i = place; i < _destination.Length; i += 3)
            {
                _destination[i] = value;
            }
        }
    }

    // Three floats that live in the writer itself: a span field would need an array.
    [InlineArray(3)]
    private struct Normalisation
    {
        private float _first;

        public Normalisation(float red, float green, float blue)
        {
            this[0] = red;
            this[1] = green;
            this[2] = blue;
        }
    }
}
