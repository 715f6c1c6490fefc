namespace SafetySdk.Images;

/// <summary>What to do with EXIF orientation.</summary>
public enum OrientationTreatment
{
    /// <summary>Turn the picture as a viewer does.</summary>
    Apply,

    /// <summary>Leave it as stored: for data labelled on stored pixels, and for parity with code that never turns.</summary>
    Ignore,
}

/// <summary>What to do with an embedded colour profile.</summary>
public enum ColourTreatment
{
    /// <summary>Leave samples as they are, as Pillow and torch do; what most models were trained behind.</summary>
    AsIs,

    /// <summary>Convert to sRGB, as a viewer does.</summary>
    ToSrgb,
}

/// <summary>What to do with transparency.</summary>
public enum AlphaTreatment
{
    /// <summary>Lay the picture over <see cref="DecodeOptions.Background"/>, as a viewer does.</summary>
    Flatten,

    /// <summary>Take the colours without regard to alpha, as Pillow's <c>convert("RGB")</c>: shows what a viewer hides.</summary>
    Drop,
}

/// <summary>How to decode a picture. Immutable.</summary>
public sealed record DecodeOptions
{
    /// <summary>A picture as a person sees it on a white page: nothing skipped, nothing mended.</summary>
    public static DecodeOptions Default { get; } = new();

    /// <summary>Bounds, judged from the header before a pixel is decoded.</summary>
    public ImageLimits Limits { get; init; } = ImageLimits.Default;

    /// <summary>What to do with EXIF orientation.</summary>
    public OrientationTreatment Orientation { get; init; }

    /// <summary>What to do with an embedded colour profile. Reading it runs another parser over untrusted bytes.</summary>
    public ColourTreatment Colour { get; init; }

    /// <summary>What to do with transparency.</summary>
    public AlphaTreatment Alpha { get; init; }

    /// <summary>What a transparent picture is laid over. Default white.</summary>
    public PadColour Background { get; init; } = new(255, 255, 255);

    /// <summary>
    /// Whether data that ends early or is damaged still gives a picture, its missing part undefined but never another picture's memory;
    /// <see cref="ImageInfo.IsDamaged"/> then says so. Default false: an error. Where nothing can be shown it is an error all the same.
    /// </summary>
    public bool AllowTruncated { get; init; }

    /// <summary>Whether AVIF is read. Default false: its decoder has the worst record.</summary>
    public bool AllowAvif { get; init; }

    /// <summary>
    /// How many frames <see cref="IImageDecoder.DecodeFrames"/> takes at most, 1–256: evenly spaced, the first and the last among them.
    /// Default 16. Without meaning elsewhere.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1 or above 256.</exception>
    public int MaxFrames
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 256);
            field = value;
        }
    } = 16;

    /// <summary>
    /// Lets a JPEG be decoded at a half, a quarter or an eighth, the smallest that leaves at least 3.3 times these sides; null, the
    /// default, for every pixel. At most 4 levels from the full decode after an antialiased resampling; one that samples sparsely finds
    /// other pixels. Never for hashes.
    /// <see cref="ImageInfo.ShrinkFactor"/> names the factor, and all sizes are those of the smaller picture.
    /// </summary>
    public ShrinkTarget? ShrinkTowards { get; init; }
}

/// <summary>
/// Sides, as displayed, that the whole picture will be resampled to: before a crop, so not the sides of the tensor where a recipe crops.
/// <see cref="TensorGeometry.Of"/> tells them.
/// </summary>
/// <param name="Width">Pixels, at least 1.</param>
/// <param name="Height">Pixels, at least 1.</param>
public readonly record struct ShrinkTarget(int Width, int Height);
