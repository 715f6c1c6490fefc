namespace SafetySdk.Storage;

/// <summary>Why a store could not do its work.</summary>
public enum StorageError
{
    /// <summary>The store cannot be reached, opened or written.</summary>
    Unavailable,

    /// <summary>Somebody else kept the store locked for longer than is waited.</summary>
    Locked,

    /// <summary>There is no room left.</summary>
    Full,

    /// <summary>What is stored is damaged.</summary>
    Corrupt,

    /// <summary>The store was written by a newer version of the library.</summary>
    NewerVersion,

    /// <summary>The file or database is not a store of this library.</summary>
    NotAStore,
}

/// <summary>A store could not do its work; nothing of the transaction was kept. The message names the place, never content.</summary>
public sealed class StorageException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public StorageException(StorageError error, string message, Exception? innerException = null)
        : base(message, innerException)
        => Error = error;

    /// <summary>Why.</summary>
    public StorageError Error { get; }
}
