using Npgsql;
using SafetySdk.Audit;

namespace SafetySdk.Storage.Postgres;

/// <summary>The audit log in PostgreSQL. In a transaction that writes, the head is known from the lock on and records wait for the commit.</summary>
internal sealed class PostgresAuditRows(PostgresSession session) : IAuditRows
{
    private readonly List<AuditRecord> _waiting = [];
    private AuditHead? _head;
    private AuditHead? _savedHead;
    private int _saved;

    public AuditHead Start => AuditHead.Empty;

    public AuditHead Head
    {
        get
        {
            if (_head is { } held)
            {
                return held;
            }

            using NpgsqlDataReader rows = session.Rows("SELECT audit_sequence, audit_hash FROM meta");
            return rows.Read()
                ? new AuditHead(rows.GetInt64(0), rows.GetString(1))
                : throw new StorageException(StorageError.Corrupt, $"{session.Place} has lost its head of the audit log.");
        }
    }

    public bool IsChanged { get; private set; }

    /// <summary>Records that were not sent yet.</summary>
    public int Waiting => _waiting.Count;

    public void Hold(AuditHead head) => _head = head;

    public void Append(AuditRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        session.ThrowUnlessWriting();
        _waiting.Add(record);
        _head = new AuditHead(record.Sequence, record.Hash);
        IsChanged = true;
    }

    public IReadOnlyList<AuditRecord> Read(long after, int max)
    {
        session.SendRecords();
        using NpgsqlDataReader rows = session.Rows(
            "SELECT sequence, line FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2",
            PostgresValue.Number(after), PostgresValue.Number(max));
        var records = new List<AuditRecord>();
        while (rows.Read())
        {
            // A line that is no line must reach the verification, not stop the reading.
            records.Add(new AuditRecord(rows.GetInt64(0), rows.GetFieldValue<byte[]>(1)));
        }

        return records;
    }

    public void Save()
    {
        _saved = _waiting.Count;
        _savedHead = _head;
    }

    public void Undo()
    {
        _waiting.RemoveRange(_saved, _waiting.Count - _saved);
        _head = _savedHead;
    }

    /// <summary>The statement that writes the records from before <see cref="Save"/>; null where none wait.</summary>
    public NpgsqlBatchCommand? TakeSaved()
    {
        int count = _saved;
        _saved = 0;
        return Take(count);
    }

    /// <summary>The statement that writes all records that wait; null where none do.</summary>
    public NpgsqlBatchCommand? TakeAll()
    {
        _saved = 0;
        return Take(_waiting.Count);
    }

    private NpgsqlBatchCommand? Take(int count)
    {
        if (count == 0)
        {
            return null;
        }

        long[] sequences = new long[count];
        var lines = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            sequences[i] = _waiting[i].Sequence;
            lines[i] = _waiting[i].Line;
        }

        _waiting.RemoveRange(0, count);
        return PostgresSession.Statement(
            "INSERT INTO audit SELECT * FROM unnest($1, $2)", PostgresValue.Numbers(sequences), PostgresValue.Blocks(lines));
    }
}
