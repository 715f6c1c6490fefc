namespace SafetySdk.Images;

/// <summary>
/// Makes a tensor of the rows of a picture while it is decoded. The picture is held whole only where a recipe needs that: resamplings that do
/// not antialias, of a picture that is not stored as displayed, and those to levels of a picture that black extends to a square.
/// </summary>
/// <remarks>The destination must stay where it is until the last row was received.</remarks>
internal sealed unsafe class TensorRowReceiver<T>(TensorRecipe recipe, T* destination) : IImageRowReceiver, IDisposable
    where T : unmanaged
{
    private StripSequence _strips;
    private ImageRowFormat _format;
    private TensorGeometry _geometry;
    private AntialiasResampler? _antialias;
    private SampledResampler? _sampled;
    private BilinearResampler? _bilinear;
    private DisplayedPicture? _whole;

    private Span<T> Destination => new(destination, recipe.ElementCount);

    /// <inheritdoc/>
    public void Begin(ImageRowFormat format)
    {
        Dispose();
        _strips.Begin(format);
        _format = format;
        _geometry = TensorGeometry.Of(recipe, format.DisplayedWidth, format.DisplayedHeight);
        ResamplePlan plan = ResamplePlan.Of(new(0, 0, format.Width, format.Height), _geometry, recipe.Resample, recipe.Precision)
            with
        { Orientation = format.Orientation };
        bool extends = _geometry.ExtendsSource(format.DisplayedWidth, format.DisplayedHeight);
        if (recipe.Resample.IsAntialiased() && !extends)
        {
            _antialias = AntialiasResampler.Rent(plan);
        }
        else if (recipe.Resample.IsUnrounded() && format.Orientation == 1)
        {
            // Takes what lies beyond the picture for black by itself.
            _bilinear = new BilinearResampler(plan);
        }
        else if (!recipe.Resample.IsAntialiased() && !extends && format.Orientation == 1)
        {
            _sampled = new SampledResampler(plan);
        }
        else
        {
            _whole = new DisplayedPicture();
            _whole.Begin(format);
            return;
        }

        _ = new TensorRowWriter<T>(recipe, _geometry, Destination);
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> rgb, int top, int count)
    {
        _strips.Take(rgb.Length, top, count);
        var strip = new RowStrip(rgb, PixelBuffer.BytesPerPixel * _format.Width, top, count);
        var writer = new TensorRowWriter<T>(recipe, _geometry, Destination, fills: false);
        if (_antialias is { } antialias)
        {
            antialias.Push(strip, ref writer);
        }
        else if (_bilinear is { } bilinear)
        {
            bilinear.Push(strip, writer);
            _bilinear = bilinear;
        }
        else if (_sampled is { } sampled)
        {
            sampled.Push(strip, ref writer);
            _sampled = sampled;
        }
        else if (_whole is { } whole)
        {
            whole.Receive(rgb, top, count);
            if (top + count == _format.Height)
            {
                using PixelBuffer image = whole.Take();
                ImageTensor.WriteAs(image, new(0, 0, image.Width, image.Height), recipe, Destination, degree: 1);
            }
        }
    }

    /// <summary>Looks whether every row has come: otherwise the tensor holds what was in its memory before.</summary>
    /// <exception cref="InvalidOperationException">The decoder left rows out.</exception>
    public void CheckComplete()
    {
        if (!_strips.IsComplete)
        {
            throw new InvalidOperationException("The decoder ended without an error before every row was delivered.");
        }
    }

    /// <summary>Gives back what a picture that was received, or only begun, has taken.</summary>
    public void Dispose()
    {
        _antialias?.Dispose();
        _antialias = null;
        _bilinear?.Dispose();
        _bilinear = null;
        _sampled?.Dispose();
        _sampled = null;
        _whole?.Dispose();
        _whole = null;
    }
}
