using SafetySdk.Policies;

namespace SafetySdk.Accounts;

/// <summary>How an account stands, from mild to strict.</summary>
public enum AccountStanding
{
    /// <summary>Nothing is held against the account.</summary>
    Good = 0,

    /// <summary>Told once; still served.</summary>
    Warned = 1,

    /// <summary>Not served until somebody lifts it.</summary>
    Suspended = 2,

    /// <summary>Not served any more.</summary>
    Banned = 3,
}

/// <summary>Who says how old the user is, from weak to strong.</summary>
public enum AgeSource
{
    /// <summary>Nobody.</summary>
    None = 0,

    /// <summary>The user.</summary>
    Declared = 1,

    /// <summary>An estimate of the host, for example from behaviour.</summary>
    Estimated = 2,

    /// <summary>A parent or a guardian.</summary>
    Guardian = 3,

    /// <summary>A check of a document, or a person of the host.</summary>
    Verified = 4,
}

/// <summary>What is known about an account. Immutable; nothing about what it asked for.</summary>
/// <param name="Id">The host's opaque identifier, 1 to <see cref="MaxIdLength"/> characters.</param>
public sealed record Account(string Id)
{
    /// <summary>Most characters of an identifier.</summary>
    public const int MaxIdLength = 256;

    /// <summary>How it stands.</summary>
    public AccountStanding Standing { get; init; }

    /// <summary>Its age band.</summary>
    public AgeBand Age { get; init; }

    /// <summary>Who said so.</summary>
    public AgeSource AgeSource { get; init; }

    /// <summary>When the account last changed, by the host's clock; null for one that nobody wrote down yet.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Whether requests of the account are to be refused whatever they ask for.</summary>
    public bool IsDenied => Standing >= AccountStanding.Suspended || Age == AgeBand.Under13;

    /// <summary>The younger of what is stored and what a request says; unknown gives way to anything known.</summary>
    /// <param name="requested">Age band that came with a request.</param>
    public AgeBand AgeFor(AgeBand requested) => requested > Age ? requested : Age;

    /// <summary>Who said the age band that <see cref="AgeFor"/> gives; <see cref="AgeSource.None"/> where the request did, or nobody.</summary>
    /// <param name="requested">Age band that came with a request.</param>
    public AgeSource SourceFor(AgeBand requested) => requested > Age || Age == AgeBand.Unknown ? AgeSource.None : AgeSource;

    /// <summary>Names no account.</summary>
    public override string ToString() => $"{nameof(Account)} {{ {Standing}, {Age} }}";
}

/// <summary>One change of standing. The history of an account is never rewritten; a reversal is a change of its own.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="From">Standing before.</param>
/// <param name="To">Standing after.</param>
/// <param name="Reason">Why, in the host's or the policy's words; no content. At most <see cref="MaxReasonLength"/> characters.</param>
/// <param name="By">Who: a rule, an operator's opaque name.</param>
/// <param name="At">When, by the host's clock; <see cref="Sequence"/> gives the order.</param>
public sealed record StandingChange(
    string AccountId, AccountStanding From, AccountStanding To, string Reason, string By, DateTimeOffset At)
{
    /// <summary>Most characters of a reason.</summary>
    public const int MaxReasonLength = 500;

    /// <summary>Number in the store, rising; 0 before it is stored.</summary>
    public long Sequence { get; init; }

    /// <summary>
    /// The standing that the cause asks for by itself. Below <see cref="To"/> where the account stood worse already: the cause is kept all
    /// the same, so that the reversal of another one does not forget it.
    /// </summary>
    public required AccountStanding Asked { get; init; }

    /// <summary>The verdict that led to it; null where none did.</summary>
    public string? VerdictId { get; init; }

    /// <summary>The change that this one takes back; null where it takes none back.</summary>
    public long? Reverses { get; init; }

    /// <summary>Whether something happened that is held against the account; that can be appealed.</summary>
    public bool IsCharge => To >= From && Reverses is null;

    /// <summary>Names no account and no reason.</summary>
    public override string ToString() => $"{nameof(StandingChange)} {{ {From} to {To} }}";
}

/// <summary>One verdict that counts against an account, in the window that the host looks at.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Category">JSON name of the strictest reason's category.</param>
/// <param name="Decision">What was decided.</param>
/// <param name="Score">Its score, 0 to 1.</param>
/// <param name="VerdictId">The verdict.</param>
/// <param name="At">When, by the host's clock.</param>
public sealed record AccountSignal(
    string AccountId, string Category, Decision Decision, double Score, string VerdictId, DateTimeOffset At)
{
    /// <summary>Names no account.</summary>
    public override string ToString() => $"{nameof(AccountSignal)} {{ {Decision}, {Category} }}";
}
