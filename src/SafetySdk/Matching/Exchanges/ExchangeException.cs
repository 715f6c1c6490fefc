namespace SafetySdk.Matching.Exchanges;

/// <summary>Why a pull could not be completed.</summary>
public enum ExchangeError
{
    /// <summary>The configuration lacks something, or names something that cannot be used.</summary>
    Configuration,

    /// <summary>The exchange does not accept the credentials.</summary>
    Unauthorized,

    /// <summary>The exchange cannot be reached, or goes on failing.</summary>
    Unavailable,

    /// <summary>The exchange's answer is not what its protocol says.</summary>
    Protocol,

    /// <summary>The records or the checkpoint cannot be read or written.</summary>
    Storage,
}

/// <summary>A pull could not be completed. What was pulled stays, and the next pull goes on. The message never holds credentials or
/// content.</summary>
public sealed class ExchangeException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="exchange">Name of the exchange.</param>
    /// <param name="reason">What is wrong and what to do.</param>
    public ExchangeException(ExchangeError error, string exchange, string reason)
        : base($"{exchange}: {reason}")
        => Error = error;

    /// <summary>Why.</summary>
    public ExchangeError Error { get; }
}
