namespace SafetySdk.Images;

/// <summary>
/// Where a picture goes in a tensor: resampled to <see cref="ResizedWidth"/> × <see cref="ResizedHeight"/>, of which the part from
/// <see cref="CropLeft"/>, <see cref="CropTop"/> on with the size of <see cref="Content"/> lies at <see cref="Content"/> in the tensor.
/// </summary>
/// <param name="SourceWidth">Width of the picture, or of the square that black extends it to.</param>
/// <param name="SourceHeight">Height of it.</param>
/// <param name="ResizedWidth">Width after resampling.</param>
/// <param name="ResizedHeight">Height after resampling.</param>
/// <param name="CropLeft">Columns cut off at the left.</param>
/// <param name="CropTop">Rows cut off at the top.</param>
/// <param name="Content">What the picture covers of the tensor.</param>
public readonly record struct TensorGeometry(
    int SourceWidth, int SourceHeight, int ResizedWidth, int ResizedHeight, int CropLeft, int CropTop, PixelRectangle Content)
{
    // Far above any tensor. A strip of one row by many thousands would otherwise become a table of gigabytes.
    private const int MaximumSide = 1 << 18;

    /// <summary>
    /// Whether the tensor has the picture's own pixels, all of them and nothing else: every resampling to levels is then the identity.
    /// </summary>
    internal bool KeepsEveryPixel => ResizedWidth == SourceWidth && ResizedHeight == SourceHeight
        && Content.Width == SourceWidth && Content.Height == SourceHeight && Content is { Left: 0, Top: 0 };

    /// <summary>Whether black extends a picture of these sides to a square.</summary>
    internal bool ExtendsSource(int width, int height) => SourceWidth != width || SourceHeight != height;

    /// <summary>The geometry of a recipe for a picture, or a rectangle of one.</summary>
    /// <param name="recipe">The recipe; its width and height must be set.</param>
    /// <param name="width">Width of the picture, at least 1.</param>
    /// <param name="height">Height of the picture, at least 1.</param>
    /// <exception cref="ArgumentException">The recipe has no size.</exception>
    /// <exception cref="ImageException"><see cref="ImageError.LimitExceeded"/>: the proportions are too extreme for the recipe.</exception>
    public static TensorGeometry Of(TensorRecipe recipe, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (recipe.Width < 1 || recipe.Height < 1)
        {
            throw new ArgumentException($"The recipe {recipe.Name} takes any size: set its width and height.", nameof(recipe));
        }

        (int w, int h) = (recipe.Width, recipe.Height);
        switch (recipe.Fit)
        {
            case TensorFit.PadTopLeft:
                int side = Math.Max(width, height);
                return new(side, side, w, h, 0, 0, new(0, 0, w, h));
            case TensorFit.PadRight:
                int columns = (int)Math.Min(w, Math.Ceiling(h * (double)width / height));
                return new(width, height, columns, h, 0, 0, new(0, 0, columns, h));
            case TensorFit.CentreCrop:
                return CentreCrop(recipe, width, height);
            case TensorFit.Letterbox:
                double scale = Math.Min((double)w / width, (double)h / height);
                int fittedWidth = Math.Clamp((int)Math.Round(width * scale), 1, w);
                int fittedHeight = Math.Clamp((int)Math.Round(height * scale), 1, h);
                (int left, int top) = Place(recipe.Anchor, w - fittedWidth, h - fittedHeight);
                return new(width, height, fittedWidth, fittedHeight, 0, 0, new(left, top, fittedWidth, fittedHeight));
            default:
                return new(width, height, w, h, 0, 0, new(0, 0, w, h));
        }
    }

    /// <summary>Where a point of the tensor lies in the picture; both count from the top left corner of the top left pixel.</summary>
    /// <param name="x">Column in the tensor, not necessarily whole.</param>
    /// <param name="y">Row in the tensor.</param>
    public (double X, double Y) ToSource(double x, double y) => (
        (x - Content.Left + CropLeft) * SourceWidth / ResizedWidth,
        (y - Content.Top + CropTop) * SourceHeight / ResizedHeight);

    private static TensorGeometry CentreCrop(TensorRecipe recipe, int width, int height)
    {
        int edge = recipe.ShortestEdge > 0 ? recipe.ShortestEdge : Math.Min(recipe.Width, recipe.Height);
        long longer = (long)edge * Math.Max(width, height) / Math.Min(width, height);
        if (longer > MaximumSide)
        {
            throw new ImageException(
                ImageError.LimitExceeded,
                $"A picture of {width}x{height} would be resampled to {longer} pixels on its longer side, more than {MaximumSide}: "
                + "its proportions are too extreme for a centre crop.");
        }

        (int resizedWidth, int resizedHeight) = width <= height ? (edge, (int)longer) : ((int)longer, edge);
        (int cropLeft, int left, int columns) = Cut(resizedWidth, recipe.Width);
        (int cropTop, int top, int rows) = Cut(resizedHeight, recipe.Height);
        return new(width, height, resizedWidth, resizedHeight, cropLeft, cropTop, new(left, top, columns, rows));

        // Math.Round is half to even, as Python's.
        static (int Crop, int Place, int Length) Cut(int resized, int wanted) => resized >= wanted
            ? ((int)Math.Round((resized - wanted) / 2.0), 0, wanted)
            : (0, (wanted - resized) / 2, resized);
    }

    private static (int Left, int Top) Place(TensorAnchor anchor, int horizontal, int vertical) => anchor switch
    {
        TensorAnchor.TopLeft => (0, 0),
        TensorAnchor.TopRight => (horizontal, 0),
        TensorAnchor.BottomLeft => (0, vertical),
        TensorAnchor.BottomRight => (horizontal, vertical),
        _ => (horizontal / 2, vertical / 2),
    };
}
