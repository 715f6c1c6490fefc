namespace SafetySdk.Audit;

/// <summary>The records of the log as seen within one transaction; valid only there, and not thread-safe.</summary>
public interface IAuditRows
{
    /// <summary>Where the log begins: <see cref="AuditHead.Empty"/>, or the last record that the store dropped.</summary>
    AuditHead Start { get; }

    /// <summary>Where the log ends. Kept apart from the records, so that a record cut off at the end is missed.</summary>
    AuditHead Head { get; }

    /// <summary>Adds a record and makes it the head. There is no way to change or remove one.</summary>
    /// <param name="record">The record; its sequence is that of the head plus one.</param>
    void Append(AuditRecord record);

    /// <summary>Records in the order in which they are kept.</summary>
    /// <param name="after">Records with a greater sequence.</param>
    /// <param name="max">Most records, at least 1.</param>
    IReadOnlyList<AuditRecord> Read(long after, int max);
}
