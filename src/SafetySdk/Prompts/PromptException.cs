namespace SafetySdk.Prompts;

/// <summary>Why a text could not be judged.</summary>
public enum PromptError
{
    /// <summary>No character.</summary>
    Empty,

    /// <summary>Longer than <see cref="PromptLimits.MaxCharacters"/>.</summary>
    TooLong,

    /// <summary>Not valid UTF-8, or a lone surrogate.</summary>
    InvalidEncoding,
}

/// <summary>A text could not be judged. The message gives sizes and positions, never content.</summary>
public sealed class PromptException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What happened, where, and what to do.</param>
    public PromptException(PromptError error, string message)
        : base(message)
        => Error = error;

    /// <summary>Why the text could not be judged.</summary>
    public PromptError Error { get; }
}

/// <summary>Bounds on text.</summary>
public static class PromptLimits
{
    /// <summary>Most UTF-16 code units of one text.</summary>
    public const int MaxCharacters = 100_000;
}
