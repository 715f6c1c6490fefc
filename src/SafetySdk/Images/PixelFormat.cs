namespace SafetySdk.Images;

/// <summary>Interleaved 8-bit samples of a pixel.</summary>
public enum PixelFormat
{
    /// <summary>One level.</summary>
    Grey,

    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Red, green, blue, alpha; colours not multiplied by alpha.</summary>
    Rgba,
}

/// <summary>Sizes of pixel formats.</summary>
public static class PixelFormats
{
    /// <summary>Samples, and so bytes, of one pixel: 1, 3 or 4.</summary>
    /// <param name="format">The format.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a format.</exception>
    public static int Channels(this PixelFormat format) => format switch
    {
        PixelFormat.Grey => 1,
        PixelFormat.Rgb => 3,
        PixelFormat.Rgba => 4,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };
}
