namespace SafetySdk.Images;

/// <summary>A resampling of rows as they are stored to a part of the rows as they are displayed.</summary>
internal readonly record struct ResamplePlan
{
    /// <summary>Size after resampling, and what of that is wanted, as displayed.</summary>
    public required TensorGeometry Geometry { get; init; }

    /// <summary>Stored width, in pixels.</summary>
    public required int Width { get; init; }

    /// <summary>Stored height, in pixels.</summary>
    public required int Height { get; init; }

    /// <summary>How to resample.</summary>
    public required ResampleMode Mode { get; init; }

    /// <summary>How closely.</summary>
    public required ResamplePrecision Precision { get; init; }

    /// <summary>EXIF orientation, 1 to 8, from stored to displayed.</summary>
    public int Orientation { get; init; } = 1;

    /// <summary>Samples of a pixel; with 4 the last is alpha, and the others are weighted by it.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>First row of the content that is wanted.</summary>
    public int FirstRow { get; init; }

    /// <summary>Rows of the content that are wanted.</summary>
    public required int Rows { get; init; }

    public ResamplePlan()
    {
    }

    /// <summary>Everything of a rectangle of a picture that is stored as displayed.</summary>
    public static ResamplePlan Of(PixelRectangle source, in TensorGeometry geometry, ResampleMode mode, ResamplePrecision precision) => new()
    {
        Geometry = geometry,
        Width = source.Width,
        Height = source.Height,
        Mode = mode,
        Precision = precision,
        Rows = geometry.Content.Height,
    };

    /// <summary>One of several bands of about the same height; a band may be empty.</summary>
    public ResamplePlan Band(int index, int count)
    {
        int from = (int)((long)Rows * index / count);
        return this with { FirstRow = FirstRow + from, Rows = (int)((long)Rows * (index + 1) / count) - from };
    }
}
