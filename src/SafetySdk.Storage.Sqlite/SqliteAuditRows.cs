using Microsoft.Data.Sqlite;
using SafetySdk.Audit;

namespace SafetySdk.Storage.Sqlite;

/// <summary>The audit log in SQLite.</summary>
internal sealed class SqliteAuditRows(SqliteSession session) : IAuditRows
{
    private readonly SqliteStatement _head = session.Prepare("SELECT audit_sequence, audit_hash FROM meta");
    private readonly SqliteStatement _append = session.Prepare("INSERT INTO audit VALUES ($s, $l)", "$s", "$l");
    private readonly SqliteStatement _setHead =
        session.Prepare("UPDATE meta SET audit_sequence = $s, audit_hash = $h", "$s", "$h");

    private readonly SqliteStatement _read = session.Prepare(
        "SELECT sequence, line FROM audit WHERE sequence > $a ORDER BY sequence LIMIT $m", "$a", "$m");

    public AuditHead Start => AuditHead.Empty;

    public AuditHead Head
    {
        get
        {
            using SqliteDataReader rows = _head.Rows();
            return rows.Read()
                ? new AuditHead(rows.GetInt64(0), rows.GetString(1))
                : throw new StorageException(StorageError.Corrupt, $"{session.Path} has lost its head of the audit log.");
        }
    }

    public void Append(AuditRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        _append.Execute(record.Sequence, record.Line.ToArray());
        _setHead.Execute(record.Sequence, record.Hash);
    }

    public IReadOnlyList<AuditRecord> Read(long after, int max)
    {
        using SqliteDataReader rows = _read.Rows(after, max);
        var records = new List<AuditRecord>();
        while (rows.Read())
        {
            // A line that is no line must reach the verification, not stop the reading.
            byte[] line = rows.GetFieldValue<byte[]>(1);
            records.Add(new AuditRecord(rows.GetInt64(0), line));
        }

        return records;
    }
}
