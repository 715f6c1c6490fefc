namespace SafetySdk.Hashing;

/// <summary>Why a text is not a hash.</summary>
public enum HashError
{
    /// <summary>Wrong number of digits or bytes.</summary>
    Length,

    /// <summary>A character that is not a hexadecimal digit.</summary>
    NotHexadecimal,
}

/// <summary>A text or bytes that are not the hash they should be. The message gives lengths and positions, never the text.</summary>
public sealed class HashException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What happened, where, and what to do.</param>
    public HashException(HashError error, string message)
        : base(message)
        => Error = error;

    /// <summary>Why it is not a hash.</summary>
    public HashError Error { get; }
}
