using Npgsql;
using SafetySdk.Audit;

namespace SafetySdk.Storage.Postgres;

/// <summary>
/// The audit log in PostgreSQL. In a transaction that writes, the head is known from the lock on, and records wait for the commit.
/// </summary>
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

    /// <summary>Whether records were not sent yet.</summary>
    public bool IsWaiting => _waiting.Count > 0;

    /// <summary>Whether some of them are from before <see cref="Save"/>.</summary>
    public bool IsSavedWaiting => _saved > 0;

    public void Hold(AuditHead head) => _head = head;

    public void Append(AuditRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        session.ThrowUnlessWriting();
        _waiting.Add(record);
        _head = new AuditHead(record.Sequence, record.Hash);
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

    /// <summary>The records from before <see cref="Save"/>, to be written before what may be taken back.</summary>
    public NpgsqlParameter[] TakeSaved()
    {
        int count = _saved;
        _saved = 0;
        return Take(count);
    }

    /// <summary>All records that wait, to be written.</summary>
    public NpgsqlParameter[] TakeAll()
    {
        _saved = 0;
        return Take(_waiting.Count);
    }

    private NpgsqlParameter[] Take(int count)
    {
        long[] sequences = new long[count];
        var lines = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            sequences[i] = _waiting[i].Sequence;
            lines[i] = _waiting[i].Line;
        }

        _waiting.RemoveRange(0, count);
        return [PostgresValue.Numbers(sequences), PostgresValue.Blocks(lines)];
    }
}
