using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>A file that wants to do harm and what must come of it.</summary>
/// <param name="Name">What it tries.</param>
/// <param name="Make">Writes it; the same bytes every time.</param>
/// <param name="Errors">Errors it may end in; empty where it must decode.</param>
internal sealed record HostileFile(string Name, Func<byte[]> Make, params ImageError[] Errors)
{
    /// <summary>Sides it may decode to, as displayed; null where it must be refused.</summary>
    public (int Width, int Height)? Size { get; init; }

    /// <summary>Whether it may decode to any size: random damage can change a side and stay well-formed.</summary>
    public bool AnySize { get; init; }

    /// <summary>Whether the file or its pixels are more than a few hundred kilobytes: not for loops.</summary>
    public bool IsLarge { get; init; }

    /// <summary>
    /// Bytes that its decoding may take beyond 64 MB: 0 but for honest large pictures, whose pixels (3 bytes each) and codec's own copy of
    /// them (where the codec cannot stream) the limits allow.
    /// </summary>
    public long MemoryAllowance { get; init; }

    /// <summary>What is wrong with an outcome; null where nothing is.</summary>
    /// <param name="error">The error it ended in; null where it decoded.</param>
    /// <param name="size">The size it decoded to.</param>
    public string? Judge(ImageError? error, (int Width, int Height) size)
    {
        bool right = error is ImageError e ? Errors.Contains(e) : AnySize || Size == size;
        return right ? null : $"{Name}: {(error is null ? $"decoded to {size.Width}x{size.Height}" : $"{error}")}, expected "
            + string.Join(" or ", [.. Errors.Select(x => x.ToString()), .. AnySize ? ["any size"] : Size is null ? [] : new[] { $"{Size.Value.Width}x{Size.Value.Height}" }]);
    }
}
