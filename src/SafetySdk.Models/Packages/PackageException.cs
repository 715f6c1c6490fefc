namespace SafetySdk.Models.Packages;

/// <summary>Why a package cannot be used.</summary>
public enum PackageError
{
    /// <summary>The program that fetches packages, npm, is not installed.</summary>
    ToolMissing,

    /// <summary>The package could not be fetched: no network, no such version, no archive where one was expected.</summary>
    FetchFailed,

    /// <summary>The archive is not the pinned one.</summary>
    IntegrityMismatch,

    /// <summary>The archive is malformed, too large, or names files outside itself.</summary>
    Malformed,

    /// <summary>The archive lacks a file.</summary>
    EntryMissing,
}

/// <summary>A package cannot be used. The message names the package, the file and what to do.</summary>
public sealed class PackageException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="package">The package, with its version.</param>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public PackageException(PackageError error, string package, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        Package = package;
    }

    /// <summary>Why the package cannot be used.</summary>
    public PackageError Error { get; }

    /// <summary>The package, with its version.</summary>
    public string Package { get; }
}
