namespace SafetySdk.Images;

/// <summary>Why a picture could not be read.</summary>
public enum ImageError
{
    /// <summary>Not a picture format on the allow-list, judged by content.</summary>
    Unsupported,

    /// <summary>A limit of <see cref="ImageLimits"/> would be exceeded.</summary>
    LimitExceeded,

    /// <summary>The data ends before the picture does.</summary>
    Truncated,

    /// <summary>The data is damaged.</summary>
    Corrupt,

    /// <summary>Decoding took longer than <see cref="ImageLimits.MaxDecodeTime"/>.</summary>
    TimedOut,

    /// <summary>The native decoder library is not installed.</summary>
    DecoderMissing,

    /// <summary>The native decoder library is older than the oldest one considered safe.</summary>
    DecoderTooOld,
}

/// <summary>A picture could not be read. The message names the limit, sizes and position, never content.</summary>
public sealed class ImageException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public ImageException(ImageError error, string message, Exception? innerException = null)
        : base(message, innerException)
        => Error = error;

    /// <summary>Why the picture could not be read.</summary>
    public ImageError Error { get; }
}
