namespace SafetySdk.Reporting;

/// <summary>Why the outbox refused something.</summary>
public enum ReportError
{
    /// <summary>There is no report with this key, or not in the state that the call needs.</summary>
    NoSuchReport,

    /// <summary>The report is somebody else's by now: the lease ran out. Stop sending it.</summary>
    LeaseLost,

    /// <summary>The key was used for another report.</summary>
    KeyInUse,
}

/// <summary>The outbox refused something; nothing was changed. The message names no content.</summary>
public sealed class ReportException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What happened and what to do.</param>
    public ReportException(ReportError error, string message)
        : base(message)
        => Error = error;

    /// <summary>Why.</summary>
    public ReportError Error { get; }
}
