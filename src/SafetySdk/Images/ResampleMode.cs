namespace SafetySdk.Images;

/// <summary>
/// A resampling as one implementation does it. Filter, sample positions and arithmetic belong together: a network answers as measured only
/// behind the resampling it was trained with, so there is no default. <see cref="ResampleModes"/> gives the names.
/// </summary>
/// <remarks>
/// The first three are plain bilinear over the nearest two rows and columns, unrounded and without antialiasing: a large picture shrunk
/// this way is sampled sparsely, which is what those networks were tuned with. The Pillow and torchvision modes antialias: their support
/// grows with the shrink factor. They and the last two give whole levels, 0 to 255.
/// </remarks>
public enum ResampleMode
{
    /// <summary>
    /// TensorFlow's <c>align_corners</c>: sample i of n_out lies at i × (n_in − 1) / (n_out − 1); the only sample of one lies at 0.
    /// </summary>
    BilinearAlignCorners,

    /// <summary>TensorFlow's default: sample i lies at i × n_in / n_out.</summary>
    BilinearAsymmetric,

    /// <summary>Half-pixel centres: sample i lies at max(0, (i + ½) × n_in / n_out − ½). OpenCV's positions in single precision.</summary>
    BilinearHalfPixel,

    /// <summary>Pillow's <c>BOX</c>: 22-bit weights, rows first, rounded to bytes between the passes.</summary>
    PillowBox,

    /// <summary>Pillow's <c>BILINEAR</c>, a triangle; arithmetic as <see cref="PillowBox"/>.</summary>
    PillowBilinear,

    /// <summary>Pillow's <c>BICUBIC</c>, Keys with a = −0.5; arithmetic as <see cref="PillowBox"/>.</summary>
    PillowBicubic,

    /// <summary>Pillow's <c>LANCZOS</c>, three lobes; arithmetic as <see cref="PillowBox"/>.</summary>
    PillowLanczos3,

    /// <summary>torchvision's antialiased bilinear on uint8 tensors, which is Pillow-SIMD's: 16-bit weights, rows first.</summary>
    TorchvisionBilinear,

    /// <summary>torchvision's antialiased bicubic on uint8 tensors: a = −0.5, 16-bit weights, rows first.</summary>
    TorchvisionBicubic,

    /// <summary>OpenCV's <c>INTER_LINEAR</c> on bytes: half-pixel centres, 11-bit weights, no antialiasing.</summary>
    OpenCvLinear,

    /// <summary>Pillow's <c>NEAREST</c>: the sample at ⌊(i + ½) × n_in / n_out⌋, the step added up as Pillow does.</summary>
    Nearest,
}

/// <summary>The names of the resamplings, for the command line and manifests.</summary>
public static class ResampleModes
{
    private static readonly (ResampleMode Mode, string Name)[] Table =
    [
        (ResampleMode.PillowBox, "pillow-box"),
        (ResampleMode.PillowBilinear, "pillow-bilinear"),
        (ResampleMode.PillowBicubic, "pillow-bicubic"),
        (ResampleMode.PillowLanczos3, "pillow-lanczos3"),
        (ResampleMode.TorchvisionBilinear, "torchvision-uint8"),
        (ResampleMode.TorchvisionBicubic, "torchvision-uint8-bicubic"),
        (ResampleMode.BilinearAlignCorners, "tf-bilinear-align-corners"),
        (ResampleMode.BilinearAsymmetric, "tf-bilinear-legacy"),
        (ResampleMode.BilinearHalfPixel, "bilinear-half-pixel"),
        (ResampleMode.OpenCvLinear, "opencv-linear"),
        (ResampleMode.Nearest, "nearest"),
    ];

    /// <summary>Every name, in the order of the documentation.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>The name of a resampling.</summary>
    /// <param name="mode">The resampling.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a resampling.</exception>
    public static string Name(this ResampleMode mode)
    {
        foreach ((ResampleMode Mode, string Name) row in Table)
        {
            if (row.Mode == mode)
            {
                return row.Name;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(mode));
    }

    /// <summary>The resampling of a name; case matters.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Null where there is none of that name.</returns>
    public static ResampleMode? Find(string name)
    {
        foreach ((ResampleMode Mode, string Name) row in Table)
        {
            if (row.Name == name)
            {
                return row.Mode;
            }
        }

        return null;
    }

    /// <summary>Whether values stay in single precision between 0 and 255 instead of being rounded to levels.</summary>
    internal static bool IsUnrounded(this ResampleMode mode)
        => mode is ResampleMode.BilinearAlignCorners or ResampleMode.BilinearAsymmetric or ResampleMode.BilinearHalfPixel;

    /// <summary>Whether windows grow with the shrink factor.</summary>
    internal static bool IsAntialiased(this ResampleMode mode)
        => !mode.IsUnrounded() && mode is not (ResampleMode.OpenCvLinear or ResampleMode.Nearest);
}
