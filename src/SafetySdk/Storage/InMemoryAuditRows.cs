using SafetySdk.Audit;

namespace SafetySdk.Storage;

/// <summary>The audit log in memory, of bounded length.</summary>
internal sealed class InMemoryAuditRows(UndoLog undo, int max) : IAuditRows
{
    // Records stand at their sequence modulo the length.
    private readonly AuditRecord?[] _ring = new AuditRecord?[max];

    public AuditHead Start { get; private set; } = AuditHead.Empty;

    public AuditHead Head { get; private set; } = AuditHead.Empty;

    public void Append(AuditRecord record)
    {
        if (record.Sequence != Head.Sequence + 1)
        {
            throw new InvalidOperationException("A record is appended to the end of the log only.");
        }

        int at = (int)(record.Sequence % max);
        AuditHead head = Head, start = Start;
        AuditRecord? dropped = _ring[at];
        undo.Add(() => (Head, Start, _ring[at]) = (head, start, dropped));
        _ring[at] = record;
        Head = new AuditHead(record.Sequence, record.Hash);
        Start = dropped is null ? Start : new AuditHead(dropped.Sequence, dropped.Hash);
    }

    public IReadOnlyList<AuditRecord> Read(long after, int max)
    {
        long from = Math.Max(after, Start.Sequence) + 1;
        var records = new List<AuditRecord>();
        for (long sequence = from; sequence <= Head.Sequence && records.Count < max; sequence++)
        {
            records.Add(_ring[(int)(sequence % _ring.Length)]!);
        }

        return records;
    }
}
