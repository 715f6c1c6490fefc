using Npgsql;
using SafetySdk.Accounts;
using SafetySdk.Policies;

namespace SafetySdk.Storage.Postgres;

/// <summary>Accounts in PostgreSQL.</summary>
internal sealed class PostgresAccountRows(PostgresSession session) : IAccountRows
{
    private const string AppealColumns = "sequence, account, change, opened_at, state, reason, decided_by, decided_at";

    public Account? Find(string accountId)
    {
        using NpgsqlDataReader rows = session.Rows(
            "SELECT standing, age, age_source, changed_at FROM account WHERE id = $1", PostgresValue.Text(accountId));
        return rows.Read()
            ? new Account(accountId)
            {
                Standing = (AccountStanding)rows.GetInt32(0),
                Age = (AgeBand)rows.GetInt32(1),
                AgeSource = (AgeSource)rows.GetInt32(2),
                ChangedAt = rows.TimeOrNull(3),
            }
            : null;
    }

    public void Put(Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        session.Execute(
            "INSERT INTO account VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET "
            + "standing = excluded.standing, age = excluded.age, age_source = excluded.age_source, changed_at = excluded.changed_at",
            PostgresValue.Text(account.Id), PostgresValue.Small((int)account.Standing), PostgresValue.Small((int)account.Age),
            PostgresValue.Small((int)account.AgeSource), PostgresValue.Time(account.ChangedAt));
    }

    public long Add(StandingChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return session.Insert(
            "INSERT INTO standing_change(account, was, now, asked, reason, changed_by, verdict, reverses, at) "
            + "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING sequence",
            PostgresValue.Text(change.AccountId), PostgresValue.Small((int)change.From), PostgresValue.Small((int)change.To),
            PostgresValue.Small((int)change.Asked), PostgresValue.Text(change.Reason), PostgresValue.Text(change.By),
            PostgresValue.Text(change.VerdictId), PostgresValue.Number(change.Reverses), PostgresValue.Time(change.At));
    }

    public IReadOnlyList<StandingChange> Changes(string accountId)
    {
        using NpgsqlDataReader rows = session.Rows(
            "SELECT sequence, was, now, asked, reason, changed_by, verdict, reverses, at FROM standing_change "
            + "WHERE account = $1 ORDER BY sequence",
            PostgresValue.Text(accountId));
        var changes = new List<StandingChange>();
        while (rows.Read())
        {
            changes.Add(new StandingChange(
                accountId, (AccountStanding)rows.GetInt32(1), (AccountStanding)rows.GetInt32(2), rows.Text(4), rows.Text(5), rows.Time(8))
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
        session.Execute(
            "INSERT INTO account_signal(account, category, decision, score, verdict, at) VALUES ($1, $2, $3, $4, $5, $6)",
            PostgresValue.Text(signal.AccountId), PostgresValue.Text(signal.Category), PostgresValue.Small((int)signal.Decision),
            PostgresValue.Real(signal.Score), PostgresValue.Text(signal.VerdictId), PostgresValue.Time(signal.At));
    }

    public IReadOnlyList<AccountSignal> Signals(string accountId, DateTimeOffset since, int max)
    {
        using NpgsqlDataReader rows = session.Rows(
            "SELECT category, decision, score, verdict, at FROM account_signal WHERE account = $1 AND at >= $2 "
            + "ORDER BY sequence DESC LIMIT $3",
            PostgresValue.Text(accountId), PostgresValue.Time(since), PostgresValue.Number(max));
        var signals = new List<AccountSignal>();
        while (rows.Read())
        {
            signals.Add(new AccountSignal(
                accountId, rows.Text(0), (Decision)rows.GetInt32(1), rows.GetDouble(2), rows.Text(3), rows.Time(4)));
        }

        return signals;
    }

    public int RemoveSignals(DateTimeOffset before)
        => session.Execute("DELETE FROM account_signal WHERE at < $1", PostgresValue.Time(before));

    public long Add(Appeal appeal)
    {
        ArgumentNullException.ThrowIfNull(appeal);
        return session.Insert(
            "INSERT INTO appeal(account, change, opened_at, state, reason, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7) "
            + "RETURNING sequence",
            PostgresValue.Text(appeal.AccountId), PostgresValue.Number(appeal.Change), PostgresValue.Time(appeal.OpenedAt),
            PostgresValue.Small((int)appeal.State), PostgresValue.Text(appeal.Reason), PostgresValue.Text(appeal.DecidedBy),
            PostgresValue.Time(appeal.DecidedAt));
    }

    public void Update(Appeal appeal)
    {
        ArgumentNullException.ThrowIfNull(appeal);
        session.Execute(
            "UPDATE appeal SET state = $2, reason = $3, decided_by = $4, decided_at = $5 WHERE sequence = $1",
            PostgresValue.Number(appeal.Sequence), PostgresValue.Small((int)appeal.State), PostgresValue.Text(appeal.Reason),
            PostgresValue.Text(appeal.DecidedBy), PostgresValue.Time(appeal.DecidedAt));
    }

    public Appeal? FindAppeal(long sequence)
        => One(session.Rows($"SELECT {AppealColumns} FROM appeal WHERE sequence = $1", PostgresValue.Number(sequence)));

    public Appeal? FindAppeal(string accountId, long change)
        => One(session.Rows(
            $"SELECT {AppealColumns} FROM appeal WHERE account = $1 AND change = $2",
            PostgresValue.Text(accountId), PostgresValue.Number(change)));

    public IReadOnlyList<Appeal> Appeals(AppealState state, int max)
    {
        using NpgsqlDataReader rows = session.Rows(
            $"SELECT {AppealColumns} FROM appeal WHERE state = $1 ORDER BY sequence LIMIT $2",
            PostgresValue.Small((int)state), PostgresValue.Number(max));
        var appeals = new List<Appeal>();
        while (rows.Read())
        {
            appeals.Add(Appeal(rows));
        }

        return appeals;
    }

    private static Appeal? One(NpgsqlDataReader rows)
    {
        using (rows)
        {
            return rows.Read() ? Appeal(rows) : null;
        }
    }

    private static Appeal Appeal(NpgsqlDataReader row) => new(row.Text(1), row.GetInt64(2), row.Time(3))
    {
        Sequence = row.GetInt64(0),
        State = (AppealState)row.GetInt32(4),
        Reason = row.TextOrNull(5),
        DecidedBy = row.TextOrNull(6),
        DecidedAt = row.TimeOrNull(7),
    };
}
