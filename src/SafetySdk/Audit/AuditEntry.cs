using SafetySdk.Policies;

namespace SafetySdk.Audit;

/// <summary>What a record is about.</summary>
public enum AuditKind
{
    /// <summary>A verdict.</summary>
    Verdict,

    /// <summary>A change of an account's standing.</summary>
    Standing,

    /// <summary>A change of an account's age band.</summary>
    Age,

    /// <summary>An appeal opened or decided.</summary>
    Appeal,

    /// <summary>A report accepted, delivered, given up or taken up again.</summary>
    Report,

    /// <summary>A user's report submitted, taken under review or decided.</summary>
    UserReport,
}

/// <summary>Digest of one input.</summary>
/// <param name="Part">What it is: <c>prompt</c>, <c>image</c>, <c>output image</c>.</param>
/// <param name="Digest">Keyed digest, from <see cref="InputDigester"/>.</param>
public readonly record struct InputDigest(string Part, string Digest);

/// <summary>What is to be recorded. Holds digests and names only; the log gives it its number, time and place in the chain.</summary>
public sealed record AuditEntry
{
    /// <summary>What it is about.</summary>
    public required AuditKind Kind { get; init; }

    /// <summary>The verdict; for <see cref="AuditKind.Verdict"/> only.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>Identifier of the verdict that led to it; taken from <see cref="Verdict"/> where that is set.</summary>
    public string? VerdictId { get; init; }

    /// <summary>Keyed digest of the account's identifier; null where there is no account.</summary>
    public string? Account { get; init; }

    /// <summary>What the user wanted to do; for verdicts.</summary>
    public Operation? Operation { get; init; }

    /// <summary>The user's age band; for verdicts.</summary>
    public AgeBand? Age { get; init; }

    /// <summary>Digests of what was checked, in no order of the request.</summary>
    public IReadOnlyList<InputDigest> Inputs { get; init; } = [];

    /// <summary>Names the key of the digests, so that they are compared with those of the same key only.</summary>
    public string? KeyId { get; init; }

    /// <summary>What else there is to say, as names and values of the library or the host; no content.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Details { get; init; } = [];

    /// <summary>Says the kind only.</summary>
    public override string ToString() => $"{nameof(AuditEntry)} {{ {Kind} }}";
}
