namespace SafetySdk.Hashing;

/// <summary>The eight orientations of a picture, in the order of PDQ's own interface.</summary>
public enum PdqForm
{
    /// <summary>As it is.</summary>
    Original,

    /// <summary>Turned by 90 degrees.</summary>
    Rot90,

    /// <summary>Turned by 180 degrees.</summary>
    Rot180,

    /// <summary>Turned by 270 degrees.</summary>
    Rot270,

    /// <summary>Mirrored, top and bottom exchanged.</summary>
    FlipX,

    /// <summary>Mirrored, left and right exchanged.</summary>
    FlipY,

    /// <summary>Mirrored along the main diagonal.</summary>
    FlipPlus1,

    /// <summary>Mirrored along the other diagonal.</summary>
    FlipMinus1,
}

/// <summary>Names of the orientations in results.</summary>
public static class PdqForms
{
    /// <summary>Number of orientations.</summary>
    public const int Count = 8;

    private static readonly string[] Names =
        ["original", "rot90", "rot180", "rot270", "flip_x", "flip_y", "flip_plus1", "flip_minus1"];

    /// <summary>The name, for example <c>rot90</c> or <c>flip_minus1</c>.</summary>
    /// <param name="form">A defined orientation.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined orientation.</exception>
    public static string Name(this PdqForm form)
        => (uint)form < Count ? Names[(int)form] : throw new ArgumentOutOfRangeException(nameof(form));
}
