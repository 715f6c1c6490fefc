namespace SafetySdk.Evidence;

/// <summary>Why evidence could not be kept, read or destroyed.</summary>
public enum EvidenceError
{
    /// <summary>There is no such evidence, and no proof that there was.</summary>
    Missing,

    /// <summary>It was destroyed.</summary>
    Destroyed,

    /// <summary>It is not what was sealed: altered, cut, rearranged, another's, or sealed under another key of the same name.</summary>
    Damaged,

    /// <summary>The key provider does not have the key that it was sealed under, or cannot be reached.</summary>
    KeyMissing,

    /// <summary>It must be kept for longer.</summary>
    Retained,

    /// <summary>It has more bytes than the vault takes.</summary>
    TooLarge,

    /// <summary>The storage cannot be read or written.</summary>
    Storage,
}

/// <summary>Evidence could not be kept, read or destroyed. The message names no content, no person and no place.</summary>
public sealed class EvidenceException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What happened and what to do.</param>
    public EvidenceException(EvidenceError error, string message)
        : base(message)
        => Error = error;

    /// <summary>Why.</summary>
    public EvidenceError Error { get; }
}
