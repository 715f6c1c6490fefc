using Microsoft.Data.Sqlite;
using SafetySdk.Reporting;

namespace SafetySdk.Storage.Sqlite;

/// <summary>The outbox in SQLite.</summary>
internal sealed class SqliteReportRows(SqliteSession session) : IReportRows
{
    private const string Columns =
        "sequence, key, kind, payload, state, attempts, due_at, lease, remote_id, last_error, verdict, created_at, changed_at";

    private readonly SqliteStatement _find = session.Prepare($"SELECT {Columns} FROM report WHERE key = $k", "$k");
    private readonly SqliteStatement _add = session.Prepare(
        "INSERT INTO report(key, kind, payload, state, attempts, due_at, lease, remote_id, last_error, verdict, created_at, changed_at) "
        + "VALUES ($k, $i, $p, $s, $a, $d, $l, $r, $e, $v, $c, $h) RETURNING sequence",
        "$k", "$i", "$p", "$s", "$a", "$d", "$l", "$r", "$e", "$v", "$c", "$h");

    private readonly SqliteStatement _update = session.Prepare(
        "UPDATE report SET state = $s, attempts = $a, due_at = $d, lease = $l, remote_id = $r, last_error = $e, changed_at = $h WHERE key = $k",
        "$k", "$s", "$a", "$d", "$l", "$r", "$e", "$h");

    private readonly SqliteStatement _nextDue = session.Prepare(
        $"SELECT {Columns} FROM report WHERE state <= 1 AND due_at <= $n ORDER BY due_at, sequence LIMIT 1", "$n");

    private readonly SqliteStatement _list = session.Prepare(
        $"SELECT {Columns} FROM report WHERE state = $s AND sequence > $a ORDER BY sequence LIMIT $m", "$s", "$a", "$m");

    private readonly SqliteStatement _count = session.Prepare("SELECT COUNT(*) FROM report WHERE state = $s", "$s");
    private readonly SqliteStatement _clock = session.Prepare("SELECT outbox_clock FROM meta");
    private readonly SqliteStatement _setClock = session.Prepare("UPDATE meta SET outbox_clock = $c", "$c");

    public OutboxStatus Status => new(
        Count(ReportState.Pending), Count(ReportState.Leased), Count(ReportState.Delivered), Count(ReportState.Dead));

    public DateTimeOffset Clock
    {
        get => SqliteTime.Of(_clock.Number());
        set => _setClock.Execute(SqliteTime.Of(value));
    }

    public OutboxReport? Find(string key)
    {
        using SqliteDataReader rows = _find.Rows(key);
        return rows.Read() ? Report(rows) : null;
    }

    public long Add(OutboxReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return _add.Number(
            report.Key, report.Kind, report.Payload.ToArray(), (int)report.State, report.Attempts, SqliteTime.Of(report.DueAt), report.Lease,
            report.RemoteId, report.LastError, report.VerdictId, SqliteTime.Of(report.CreatedAt), SqliteTime.Of(report.ChangedAt));
    }

    public void Update(OutboxReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        _update.Execute(
            report.Key, (int)report.State, report.Attempts, SqliteTime.Of(report.DueAt), report.Lease, report.RemoteId, report.LastError,
            SqliteTime.Of(report.ChangedAt));
    }

    public OutboxReport? NextDue(DateTimeOffset now)
    {
        using SqliteDataReader rows = _nextDue.Rows(SqliteTime.Of(now));
        return rows.Read() ? Report(rows) : null;
    }

    public IReadOnlyList<OutboxReport> List(ReportState state, long after, int max)
    {
        using SqliteDataReader rows = _list.Rows((int)state, after, max);
        var reports = new List<OutboxReport>();
        while (rows.Read())
        {
            reports.Add(Report(rows));
        }

        return reports;
    }

    private long Count(ReportState state) => _count.Number((int)state);

    private static OutboxReport Report(SqliteDataReader row) => new(row.GetString(1), row.GetString(2), row.GetFieldValue<byte[]>(3))
    {
        Sequence = row.GetInt64(0),
        State = (ReportState)row.GetInt32(4),
        Attempts = row.GetInt32(5),
        DueAt = SqliteTime.Of(row.GetInt64(6)),
        Lease = row.TextOrNull(7),
        RemoteId = row.TextOrNull(8),
        LastError = row.TextOrNull(9),
        VerdictId = row.TextOrNull(10),
        CreatedAt = SqliteTime.Of(row.GetInt64(11)),
        ChangedAt = SqliteTime.Of(row.GetInt64(12)),
    };
}
