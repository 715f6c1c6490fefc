namespace SafetySdk.Matching;

/// <summary>Why a list of hashes, or a line of it, cannot be used.</summary>
public enum HashListError
{
    /// <summary>The file is missing or cannot be read.</summary>
    Unreadable,

    /// <summary>The list holds no hash at all.</summary>
    Empty,

    /// <summary>A line is longer than <see cref="HashListReader.MaxLineBytes"/>.</summary>
    LineTooLong,

    /// <summary>A line is not valid UTF-8, or holds control characters.</summary>
    InvalidText,

    /// <summary>A line names a hash that lists cannot hold.</summary>
    UnknownAlgorithm,

    /// <summary>The hash of a line has a wrong number of digits.</summary>
    WrongLength,

    /// <summary>The hash of a line has a character that is not a hexadecimal digit.</summary>
    NotHexadecimal,

    /// <summary>The content is none of the formats that are told apart, or not the named one.</summary>
    UnknownFormat,

    /// <summary>The document is truncated, not well-formed, nested too deep, or declares a document type or entities.</summary>
    Malformed,

    /// <summary>A record lacks what it must have, or a value has another type than the format says.</summary>
    WrongType,

    /// <summary>One record or value is larger than is read.</summary>
    TooLarge,
}

/// <summary>A list, or a line of it, cannot be used. The message names list, line and reason, never the content.</summary>
public sealed class HashListException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="source">Name of the list.</param>
    /// <param name="line">Line number from 1; 0 where the whole list is meant.</param>
    /// <param name="reason">What is wrong and what to do.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public HashListException(HashListError error, string source, long line, string reason, Exception? innerException = null)
        : base(line > 0 ? $"{source}, line {line}: {reason}" : $"{source}: {reason}", innerException)
    {
        Error = error;
        List = source;
        Line = line;
    }

    /// <summary>Why.</summary>
    public HashListError Error { get; }

    /// <summary>Name of the list.</summary>
    public string List { get; }

    /// <summary>Line number from 1; 0 where the whole list is meant.</summary>
    public long Line { get; }
}
