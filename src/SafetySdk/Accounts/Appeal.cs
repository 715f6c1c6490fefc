namespace SafetySdk.Accounts;

/// <summary>Where an appeal is: open, under review, then upheld or reversed for good. Whoever decides an open one reviews it by that.</summary>
public enum AppealState
{
    /// <summary>Waits for a person.</summary>
    Open = 0,

    /// <summary>The change stands.</summary>
    Upheld = 1,

    /// <summary>The change was taken back.</summary>
    Reversed = 2,

    /// <summary>A person looks at it.</summary>
    UnderReview = 3,
}

/// <summary>An account asks to take a change of its standing back. What the user wrote stays with the host.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Change">The <see cref="StandingChange.Sequence"/> that is appealed.</param>
/// <param name="OpenedAt">When, by the host's clock.</param>
public sealed record Appeal(string AccountId, long Change, DateTimeOffset OpenedAt)
{
    /// <summary>Number in the store, rising; 0 before it is stored.</summary>
    public long Sequence { get; init; }

    /// <summary>Where it is.</summary>
    public AppealState State { get; init; }

    /// <summary>Why it was decided so; no content. Null before.</summary>
    public string? Reason { get; init; }

    /// <summary>Who decided, or reviews it; null while it is open.</summary>
    public string? DecidedBy { get; init; }

    /// <summary>When it was decided; null before.</summary>
    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>Names no account and no reason.</summary>
    public override string ToString() => $"{nameof(Appeal)} {{ {State} }}";
}
