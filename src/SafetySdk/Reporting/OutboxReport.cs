namespace SafetySdk.Reporting;

/// <summary>Where a report is.</summary>
public enum ReportState
{
    /// <summary>Waits to be sent, at once or after a pause.</summary>
    Pending = 0,

    /// <summary>Somebody is sending it.</summary>
    Leased = 1,

    /// <summary>The receiver has it.</summary>
    Delivered = 2,

    /// <summary>Given up; waits for an operator.</summary>
    Dead = 3,
}

/// <summary>A report to be accepted.</summary>
/// <param name="Key">Idempotency key, 1 to <see cref="MaxKeyLength"/> characters: one report a key, however often it is enqueued.</param>
/// <param name="Kind">Which sender it is for, for example <c>cybertip</c>.</param>
/// <param name="Payload">What is to be sent, at most <see cref="MaxPayloadBytes"/> bytes; seal what must not lie open in the store.</param>
public sealed record ReportDraft(string Key, string Kind, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Most characters of a key and of a kind.</summary>
    public const int MaxKeyLength = 200;

    /// <summary>Most bytes of a payload.</summary>
    public const int MaxPayloadBytes = 16 << 20;

    /// <summary>The verdict that led to it; null where none did.</summary>
    public string? VerdictId { get; init; }

    /// <summary>Says the kind only.</summary>
    public override string ToString() => $"{nameof(ReportDraft)} {{ {Kind} }}";
}

/// <summary>A report that was accepted.</summary>
/// <param name="Key">Idempotency key.</param>
/// <param name="Kind">Which sender it is for.</param>
/// <param name="Payload">What is to be sent.</param>
public sealed record OutboxReport(string Key, string Kind, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Number in the store, rising; 0 before it is stored.</summary>
    public long Sequence { get; init; }

    /// <summary>Where it is.</summary>
    public ReportState State { get; init; }

    /// <summary>How often somebody began to send it, since it was accepted or taken up again.</summary>
    public int Attempts { get; init; }

    /// <summary>By the outbox's clock: when it may be sent next, or when its lease ends.</summary>
    public DateTimeOffset DueAt { get; init; }

    /// <summary>Who holds it; null but for <see cref="ReportState.Leased"/>.</summary>
    public string? Lease { get; init; }

    /// <summary>What the receiver called it; kept as soon as it is known, so that the next attempt can look after the last one.</summary>
    public string? RemoteId { get; init; }

    /// <summary>Name of the last failure; no content.</summary>
    public string? LastError { get; init; }

    /// <summary>The verdict that led to it; null where none did.</summary>
    public string? VerdictId { get; init; }

    /// <summary>When it was accepted, by the outbox's clock.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it changed last, by the outbox's clock.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Says kind and state only.</summary>
    public override string ToString() => $"{nameof(OutboxReport)} {{ {Kind}, {State}, attempts {Attempts} }}";
}

/// <summary>How the outbox stands.</summary>
/// <param name="Pending">Reports that wait.</param>
/// <param name="Leased">Reports that somebody is sending.</param>
/// <param name="Delivered">Reports that were sent.</param>
/// <param name="Dead">Reports that wait for an operator.</param>
public readonly record struct OutboxStatus(long Pending, long Leased, long Delivered, long Dead);
