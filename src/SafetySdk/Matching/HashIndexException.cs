namespace SafetySdk.Matching;

/// <summary>Why an index cannot be used or written.</summary>
public enum HashIndexError
{
    /// <summary>There is no such file.</summary>
    Missing,

    /// <summary>The file cannot be read.</summary>
    Unreadable,

    /// <summary>The file is not an index.</summary>
    NotAnIndex,

    /// <summary>The index was written by another version of the format.</summary>
    UnsupportedVersion,

    /// <summary>The index is truncated, or its bytes are not those that were written.</summary>
    Damaged,

    /// <summary>More than one index can hold.</summary>
    TooLarge,

    /// <summary>The index could not be written. What was there before is untouched.</summary>
    WriteFailed,

    /// <summary>Another process has the index open for changes.</summary>
    InUse,
}

/// <summary>An index cannot be used or written. The message names the file without its folders and what to do, never a hash.</summary>
public sealed class HashIndexException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="file">Name of the file without folders.</param>
    /// <param name="reason">What is wrong and what to do.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public HashIndexException(HashIndexError error, string file, string reason, Exception? innerException = null)
        : base($"{file}: {reason}", innerException)
    {
        Error = error;
        File = file;
    }

    /// <summary>Why.</summary>
    public HashIndexError Error { get; }

    /// <summary>Name of the file without folders.</summary>
    public string File { get; }
}
