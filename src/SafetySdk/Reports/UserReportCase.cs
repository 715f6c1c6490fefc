namespace SafetySdk.Reports;

/// <summary>Where a user's report is: submitted, under review, then upheld or rejected for good.</summary>
public enum UserReportState
{
    /// <summary>Waits for a person.</summary>
    Submitted = 0,

    /// <summary>A person looks at it.</summary>
    UnderReview,

    /// <summary>The user was right.</summary>
    Upheld,

    /// <summary>Nothing follows of it.</summary>
    Rejected,
}

/// <summary>A user's report and what people made of it.</summary>
/// <param name="Report">The report.</param>
/// <param name="State">Where it is.</param>
public sealed record UserReportCase(UserReport Report, UserReportState State)
{
    /// <summary>Most characters of a reason.</summary>
    public const int MaxReasonLength = 500;

    /// <summary>Number in the store, rising.</summary>
    public long Sequence { get; init; }

    /// <summary>Who reviews or decided it; null while it is submitted.</summary>
    public string? Reviewer { get; init; }

    /// <summary>Why it was decided so; no content. Null before.</summary>
    public string? Reason { get; init; }

    /// <summary>When it changed last, by the outbox's clock.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Says state and category only.</summary>
    public override string ToString() => $"{nameof(UserReportCase)} {{ {State}, {Report} }}";
}

/// <summary>Why a user's report could not be changed.</summary>
public enum UserReportError
{
    /// <summary>There is no such report to be reviewed here.</summary>
    NoSuchReport,

    /// <summary>It is decided already.</summary>
    AlreadyDecided,

    /// <summary>It is not under review, or somebody else reviews it.</summary>
    NotUnderReview,
}

/// <summary>A user's report could not be changed; nothing was. The message names nobody.</summary>
public sealed class UserReportException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What happened and what to do.</param>
    public UserReportException(UserReportError error, string message)
        : base(message)
        => Error = error;

    /// <summary>Why.</summary>
    public UserReportError Error { get; }
}
