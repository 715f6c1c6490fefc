namespace SafetySdk.PeerBenchmarks;

/// <summary>One piece of work, and who does it. A workload's name is the work's, a slash, and the contestant's.</summary>
/// <param name="Name">For example <c>resize/4000x3000-224/bilinear</c>.</param>
/// <param name="Ours">Contestants that are timed in every managed lane.</param>
/// <param name="Native">Contestants that the first managed lane times: native peers and physical floors.</param>
/// <param name="Python">Contestants of the Python lane.</param>
internal sealed record Work(string Name, string[] Ours, string[] Native, string[] Python)
{
    /// <summary>What comes before the first slash.</summary>
    public string Kind => Name[..Name.IndexOf('/', StringComparison.Ordinal)];
}

/// <summary>A shrink of the resize tables.</summary>
internal sealed record Shrink(int Width, int Height, int Side)
{
    /// <summary>Name of the source's file.</summary>
    public string Source => $"{Width}x{Height}";

    /// <summary>Name, as in the workloads.</summary>
    public string Name => $"{Width}x{Height}-{Side}";

    /// <summary>The shrink of a name.</summary>
    public static Shrink Parse(string name)
    {
        int[] numbers = [.. name.Split('x', '-').Select(int.Parse)];
        return new(numbers[0], numbers[1], numbers[2]);
    }
}

/// <summary>Everything that is timed.</summary>
internal static class Catalogue
{
    /// <summary>The filters, by the names of the workloads.</summary>
    public static readonly string[] Filters = ["bilinear", "bicubic", "lanczos3"];

    /// <summary>Sides of the tensors that are only normalised.</summary>
    public static readonly int[] NormaliseSides = [224, 1024];

    /// <summary>Megapixels of the JPEGs, as named.</summary>
    public static readonly string[] Jpegs = ["12", "1", "0.26"];

    /// <summary>The shrinks.</summary>
    public static readonly Shrink[] Shrinks = [new(4000, 3000, 224), new(1024, 768, 224), new(512, 512, 299)];

    /// <summary>All work, in the order of the report.</summary>
    public static IReadOnlyList<Work> All { get; } =
    [
        .. from shrink in Shrinks
           from filter in Filters
           select new Work(
               $"resize/{shrink.Name}/{filter}",
               ["exact", "fast"],
               filter == "bilinear" ? ["libvips", "read"] : ["libvips"],
               filter == "bilinear" ? ["pillow", "opencv-area", "opencv-linear"] : ["pillow"]),
        .. NormaliseSides.Select(side => new Work($"normalise/{side}", ["tensor"], ["fill"], [])),
        .. Jpegs.Select(size => new Work($"jpeg/{size}", ["exact", "fast"], ["libvips", "libvips-prepare", "turbojpeg"], ["pillow"])),
    ];
}
