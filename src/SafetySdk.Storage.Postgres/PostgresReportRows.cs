using Npgsql;
using SafetySdk.Reporting;

namespace SafetySdk.Storage.Postgres;

/// <summary>
/// The outbox in PostgreSQL. Whoever takes a report does so in a transaction that writes, of which there is one at a time over all hosts.
/// </summary>
internal sealed class PostgresReportRows(PostgresSession session) : IReportRows
{
    private const string Columns =
        "sequence, key, kind, payload, state, attempts, due_at, lease, remote_id, last_error, verdict, created_at, changed_at";

    private DateTimeOffset? _clock;
    private DateTimeOffset? _savedClock;

    public OutboxStatus Status
    {
        get
        {
            using NpgsqlDataReader rows = session.Rows(
                "SELECT COUNT(*) FILTER (WHERE state = 0), COUNT(*) FILTER (WHERE state = 1), COUNT(*) FILTER (WHERE state = 2), "
                + "COUNT(*) FILTER (WHERE state = 3) FROM report");
            rows.Read();
            return new OutboxStatus(rows.GetInt64(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3));
        }
    }

    public DateTimeOffset Clock
    {
        get => _clock ?? new DateTimeOffset(session.Number("SELECT outbox_clock FROM meta"), TimeSpan.Zero);
        set
        {
            session.ThrowUnlessWriting();
            _clock = value;
        }
    }

    public void Hold(DateTimeOffset clock) => _clock = clock;

    public void Save() => _savedClock = _clock;

    public void Undo() => _clock = _savedClock;

    public OutboxReport? Find(string key)
    {
        using NpgsqlDataReader rows = session.Rows($"SELECT {Columns} FROM report WHERE key = $1", PostgresValue.Text(key));
        return rows.Read() ? Report(rows) : null;
    }

    public long Add(OutboxReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return session.Insert(
            "INSERT INTO report(key, kind, payload, state, attempts, due_at, lease, remote_id, last_error, verdict, created_at, "
            + "changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING sequence",
            PostgresValue.Text(report.Key), PostgresValue.Text(report.Kind), PostgresValue.Bytes(report.Payload),
            PostgresValue.Small((int)report.State), PostgresValue.Small(report.Attempts), PostgresValue.Time(report.DueAt),
            PostgresValue.Text(report.Lease), PostgresValue.Text(report.RemoteId), PostgresValue.Text(report.LastError),
            PostgresValue.Text(report.VerdictId), PostgresValue.Time(report.CreatedAt), PostgresValue.Time(report.ChangedAt));
    }

    public void Update(OutboxReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        session.Execute(
            "UPDATE report SET state = $2, attempts = $3, due_at = $4, lease = $5, remote_id = $6, last_error = $7, changed_at = $8 "
            + "WHERE key = $1",
            PostgresValue.Text(report.Key), PostgresValue.Small((int)report.State), PostgresValue.Small(report.Attempts),
            PostgresValue.Time(report.DueAt), PostgresValue.Text(report.Lease), PostgresValue.Text(report.RemoteId),
            PostgresValue.Text(report.LastError), PostgresValue.Time(report.ChangedAt));
    }

    public OutboxReport? NextDue(DateTimeOffset now)
    {
        using NpgsqlDataReader rows = session.Rows(
            $"SELECT {Columns} FROM report WHERE state <= 1 AND due_at <= $1 ORDER BY due_at, sequence LIMIT 1", PostgresValue.Time(now));
        return rows.Read() ? Report(rows) : null;
    }

    public IReadOnlyList<OutboxReport> List(ReportState state, long after, int max)
    {
        using NpgsqlDataReader rows = session.Rows(
            $"SELECT {Columns} FROM report WHERE state = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
            PostgresValue.Small((int)state), PostgresValue.Number(after), PostgresValue.Number(max));
        var reports = new List<OutboxReport>();
        while (rows.Read())
        {
            reports.Add(Report(rows));
        }

        return reports;
    }

    private static OutboxReport Report(NpgsqlDataReader row) => new(row.Text(1), row.Text(2), row.GetFieldValue<byte[]>(3))
    {
        Sequence = row.GetInt64(0),
        State = (ReportState)row.GetInt32(4),
        Attempts = row.GetInt32(5),
        DueAt = row.Time(6),
        Lease = row.TextOrNull(7),
        RemoteId = row.TextOrNull(8),
        LastError = row.TextOrNull(9),
        VerdictId = row.TextOrNull(10),
        CreatedAt = row.Time(11),
        ChangedAt = row.Time(12),
    };
}
