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

    /// <summary>There is no memory for the pixels.</summary>
    OutOfMemory,
}

/// <summary>A picture could not be read. The message names the limit, sizes and position, never content.</summary>
/// <remarks>
/// Cancellation is no member of <see cref="ImageError"/>: as everywhere in .NET it is an <see cref="OperationCanceledException"/>. Who cannot
/// decode a picture has not checked it.
/// </remarks>
public sealed class ImageException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public ImageException(ImageError error, string message, Exception? innerException = null)
        : base(message, innerException)
        => Error = error;

    /// <summary>Creates the exception for <see cref="ImageError.LimitExceeded"/>.</summary>
    /// <param name="limit">What there is too much of, in words, plural.</param>
    /// <param name="found">How much there is.</param>
    /// <param name="allowed">How much there may be.</param>
    public ImageException(string limit, long found, long allowed)
        : this(ImageError.LimitExceeded, $"Too many {limit}: {found}, at most {allowed} are allowed.")
    {
        Limit = limit;
        Found = found;
        Allowed = allowed;
    }

    /// <summary>Why the picture could not be read.</summary>
    public ImageError Error { get; }

    /// <summary>What there is too much of, in words; null but for <see cref="ImageError.LimitExceeded"/>.</summary>
    public string? Limit { get; }

    /// <summary>How much of it there is; null but for <see cref="ImageError.LimitExceeded"/>.</summary>
    public long? Found { get; }

    /// <summary>How much of it there may be; null but for <see cref="ImageError.LimitExceeded"/>.</summary>
    public long? Allowed { get; }
}
