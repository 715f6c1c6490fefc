using Microsoft.Data.Sqlite;
using SafetySdk.Accounts;
using SafetySdk.Policies;

namespace SafetySdk.Storage.Sqlite;

/// <summary>Accounts in SQLite.</summary>
internal sealed class SqliteAccountRows(SqliteSession session) : IAccountRows
{
    private const string AppealColumns = "sequence, account, change, opened_at, state, reason, decided_by, decided_at";

    private readonly SqliteStatement _find =
        session.Prepare("SELECT standing, age, age_source, changed_at FROM account WHERE id = $i", "$i");

    private readonly SqliteStatement _put = session.Prepare(
        "INSERT INTO account VALUES ($i, $s, $a, $o, $c) ON CONFLICT(id) DO UPDATE SET "
        + "standing = excluded.standing, age = excluded.age, age_source = excluded.age_source, changed_at = excluded.changed_at",
        "$i", "$s", "$a", "$o", "$c");

    private readonly SqliteStatement _addChange = session.Prepare(
        "INSERT INTO standing_change(account, was, now, asked, reason, changed_by, verdict, reverses, at) "
        + "VALUES ($i, $w, $n, $a, $r, $b, $v, $u, $t) RETURNING sequence",
        "$i", "$w", "$n", "$a", "$r", "$b", "$v", "$u", "$t");

    private readonly SqliteStatement _changes = session.Prepare(
        "SELECT sequence, was, now, asked, reason, changed_by, verdict, reverses, at FROM standing_change WHERE account = $i ORDER BY sequence",
        "$i");

    private readonly SqliteStatement _addSignal = session.Prepare(
        "INSERT INTO account_signal(account, category, decision, score, verdict, at) VALUES ($i, $c, $d, $s, $v, $t)",
        "$i", "$c", "$d", "$s", "$v", "$t");

    private readonly SqliteStatement _signals = session.Prepare(
        "SELECT category, decision, score, verdict, at FROM account_signal WHERE account = $i AND at >= $t ORDER BY sequence DESC LIMIT $m",
        "$i", "$t", "$m");

    private readonly SqliteStatement _removeSignals = session.Prepare("DELETE FROM account_signal WHERE at < $t", "$t");

    private readonly SqliteStatement _addAppeal = session.Prepare(
        "INSERT INTO appeal(account, change, opened_at, state, reason, decided_by, decided_at) VALUES ($i, $c, $o, $s, $r, $b, $d) RETURNING sequence",
        "$i", "$c", "$o", "$s", "$r", "$b", "$d");

    private readonly SqliteStatement _updateAppeal = session.Prepare(
        "UPDATE appeal SET state = $s, reason = $r, decided_by = $b, decided_at = $d WHERE sequence = $n", "$n", "$s", "$r", "$b", "$d");

    private readonly SqliteStatement _findAppeal = session.Prepare($"SELECT {AppealColumns} FROM appeal WHERE sequence = $n", "$n");

    private readonly SqliteStatement _findAppealOf =
        session.Prepare($"SELECT {AppealColumns} FROM appeal WHERE account = $i AND change = $c", "$i", "$c");

    private readonly SqliteStatement _appeals =
        session.Prepare($"SELECT {AppealColumns} FROM appeal WHERE state = $s ORDER BY sequence LIMIT $m", "$s", "$m");

    public Account? Find(string accountId)
    {
        using SqliteDataReader rows = _find.Rows(accountId);
        return rows.Read()
            ? new Account(accountId)
            {
                Standing = (AccountStanding)rows.GetInt32(0),
                Age = (AgeBand)rows.GetInt32(1),
                AgeSource = (AgeSource)rows.GetInt32(2),
                ChangedAt = rows.NumberOrNull(3) is { } at ? SqliteTime.Of(at) : null,
            }
            : null;
    }

    public void Put(Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        _put.Execute(
            account.Id, (int)account.Standing, (int)account.Age, (int)account.AgeSource,
            account.ChangedAt is { } at ? SqliteTime.Of(at) : null);
    }

    public long Add(StandingChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return _addChange.Number(
            change.AccountId, (int)change.From, (int)change.To, (int)change.Asked, change.Reason, change.By, change.VerdictId, change.Reverses,
            SqliteTime.Of(change.At));
    }

    public IReadOnlyList<StandingChange> Changes(string accountId)
    {
        using SqliteDataReader rows = _changes.Rows(accountId);
        var changes = new List<StandingChange>();
        while (rows.Read())
        {
            changes.Add(new StandingChange(
                accountId, (AccountStanding)rows.GetInt32(1), (AccountStanding)rows.GetInt32(2), rows.GetString(4), rows.GetString(5),
                SqliteTime.Of(rows.GetInt64(8)))
            {
                Sequence = rows.GetInt64(0),
                Asked = (AccountStanding)rows.GetInt32(3),
                VerdictId = rows.TextOrNull(6),
                Reverses = rows.NumberOrNull(7),
            });
        }

        return changes;
    }

    public void Add(AccountSignal signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        _addSignal.Execute(
            signal.AccountId, signal.Category, (int)signal.Decision, signal.Score, signal.VerdictId, SqliteTime.Of(signal.At));
    }

    public IReadOnlyList<AccountSignal> Signals(string accountId, DateTimeOffset since, int max)
    {
        using SqliteDataReader rows = _signals.Rows(accountId, SqliteTime.Of(since), max);
        var signals = new List<AccountSignal>();
        while (rows.Read())
        {
            signals.Add(new AccountSignal(
                accountId, rows.GetString(0), (Decision)rows.GetInt32(1), rows.GetDouble(2), rows.GetString(3), SqliteTime.Of(rows.GetInt64(4))));
        }

        return signals;
    }

    public int RemoveSignals(DateTimeOffset before) => _removeSignals.Execute(SqliteTime.Of(before));

    public long Add(Appeal appeal)
    {
        ArgumentNullException.ThrowIfNull(appeal);
        return _addAppeal.Number(
            appeal.AccountId, appeal.Change, SqliteTime.Of(appeal.OpenedAt), (int)appeal.State, appeal.Reason, appeal.DecidedBy,
            appeal.DecidedAt is { } at ? SqliteTime.Of(at) : null);
    }

    public void Update(Appeal appeal)
    {
        ArgumentNullException.ThrowIfNull(appeal);
        _updateAppeal.Execute(
            appeal.Sequence, (int)appeal.State, appeal.Reason, appeal.DecidedBy, appeal.DecidedAt is { } at ? SqliteTime.Of(at) : null);
    }

    public Appeal? FindAppeal(long sequence) => One(_findAppeal.Rows(sequence));

    public Appeal? FindAppeal(string accountId, long change) => One(_findAppealOf.Rows(accountId, change));

    public IReadOnlyList<Appeal> Appeals(AppealState state, int max)
    {
        using SqliteDataReader rows = _appeals.Rows((int)state, max);
        var appeals = new List<Appeal>();
        while (rows.Read())
        {
            appeals.Add(Appeal(rows));
        }

        return appeals;
    }

    private static Appeal? One(SqliteDataReader rows)
    {
        using (rows)
        {
            return rows.Read() ? Appeal(rows) : null;
        }
    }

    private static Appeal Appeal(SqliteDataReader row) => new(row.GetString(1), row.GetInt64(2), SqliteTime.Of(row.GetInt64(3)))
    {
        Sequence = row.GetInt64(0),
        State = (AppealState)row.GetInt32(4),
        Reason = row.TextOrNull(5),
        DecidedBy = row.TextOrNull(6),
        DecidedAt = row.NumberOrNull(7) is { } at ? SqliteTime.Of(at) : null,
    };
}
