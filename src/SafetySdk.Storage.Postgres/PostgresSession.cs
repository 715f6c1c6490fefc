using System.Data;
using Npgsql;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Reporting;

namespace SafetySdk.Storage.Postgres;

/// <summary>One transaction on one connection. Not thread-safe.</summary>
/// <remarks>
/// A round trip is what costs here. So the head of the log and the outbox's clock come with the lock, stay here while it is held, and go
/// back at the end, together with the records; a savepoint is made only for work that writes before that. Statements are sent one by one:
/// the driver sends a batch from the thread pool, which a busy host keeps waiting, and all other hosts with it.
/// </remarks>
internal sealed class PostgresSession : IStoreTransaction, IDisposable
{
    private const string WriteRecords = "INSERT INTO audit SELECT * FROM unnest($1, $2)";

    private const string WriteEnd =
        $"WITH records AS ({WriteRecords}), "
        + "head AS (UPDATE meta SET audit_sequence = $3, audit_hash = $4, outbox_clock = $5) "
        + "INSERT INTO commit_mark VALUES ($6, $7, now()) ON CONFLICT (store) DO UPDATE SET mark = excluded.mark, at = excluded.at";

    // Marks are asked for seconds later or never.
    private const string RemoveMarks = "DELETE FROM commit_mark WHERE at < now() - interval '1 day'";

    private enum Savepoint
    {
        None,
        Failed,
        Made,
    }

    private readonly NpgsqlConnection _connection;
    private readonly bool _write;
    private readonly PostgresAuditRows _audit;
    private readonly PostgresReportRows _reports;
    private NpgsqlTransaction? _transaction;
    private bool _guarded;
    private Savepoint _savepoint;

    private PostgresSession(NpgsqlConnection connection, PostgresPlace place, bool write)
    {
        _connection = connection;
        _write = write;
        Place = place;
        Accounts = new PostgresAccountRows(this);
        _audit = new PostgresAuditRows(this);
        _reports = new PostgresReportRows(this);
    }

    public PostgresPlace Place { get; }

    public IAccountRows Accounts { get; }

    public IAuditRows Audit => _audit;

    public IReportRows Reports => _reports;

    /// <summary>A transaction that reads one state. The connection becomes the session's.</summary>
    public static PostgresSession Read(NpgsqlConnection connection, PostgresPlace place) => new(connection, place, write: false);

    /// <summary>A transaction that writes, alone among all hosts. The connection becomes the session's, also where this throws.</summary>
    public static PostgresSession Write(NpgsqlConnection connection, PostgresPlace place, bool relaxed)
    {
        var session = new PostgresSession(connection, place, write: true);
        try
        {
            session.Begin(relaxed);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Whether the commit with this mark was kept. In a transaction that writes: whatever became of that one is over.</summary>
    public bool WasKept(Guid store, long mark)
    {
        using NpgsqlDataReader rows = Rows("SELECT mark FROM commit_mark WHERE store = $1", PostgresValue.Id(store));
        return rows.Read() && rows.GetInt64(0) == mark;
    }

    /// <summary>Begins work whose failure must not take other work of the transaction along.</summary>
    public void Save()
    {
        _guarded = true;
        _savepoint = Savepoint.None;
        _audit.Save();
        _reports.Save();
    }

    /// <summary>Takes back what happened since <see cref="Save"/>; false where the whole transaction is gone.</summary>
    public bool Undo()
    {
        _audit.Undo();
        _reports.Undo();
        if (_savepoint != Savepoint.Made)
        {
            // One that failed has ended the transaction; the savepoint that is there then is that of other work.
            return _savepoint == Savepoint.None;
        }

        try
        {
            Run("ROLLBACK TO SAVEPOINT work");
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            return false;
        }
    }

    public int Execute(string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        ThrowUnlessWriting();
        Prepare();
        return Run(sql, values);
    }

    /// <summary>Adds a row that gets a number.</summary>
    public long Insert(string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        ThrowUnlessWriting();
        return Number(sql, values);
    }

    public long Number(string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        Prepare();
        using NpgsqlCommand command = Command(sql, values);
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>The rows; to be closed before the next statement.</summary>
    public NpgsqlDataReader Rows(string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        Prepare();
        using NpgsqlCommand command = Command(sql, values);
        return command.ExecuteReader();
    }

    /// <summary>Throws in a transaction that only reads.</summary>
    public void ThrowUnlessWriting()
    {
        if (!_write)
        {
            throw new InvalidOperationException("Nothing can be written outside of a writing transaction.");
        }
    }

    /// <summary>Sends the records that wait, so that statements see them.</summary>
    public void SendRecords()
    {
        if (_audit.IsWaiting)
        {
            Prepare();
            Run(WriteRecords, _audit.TakeAll());
        }
    }

    /// <summary>Ends a transaction that read.</summary>
    public void Commit() => _transaction?.Commit();

    /// <summary>Ends a transaction that wrote.</summary>
    /// <param name="store">The store.</param>
    /// <param name="mark">By which the store can tell later whether this was kept.</param>
    public void Commit(Guid store, long mark)
    {
        if (mark == 1)
        {
            Run(RemoveMarks);
        }

        Run(
            WriteEnd,
            [
                .. _audit.TakeAll(), PostgresValue.Number(_audit.Head.Sequence), PostgresValue.Text(_audit.Head.Hash),
                PostgresValue.Time(_reports.Clock), PostgresValue.Id(store), PostgresValue.Number(mark),
            ]);
        _transaction!.Commit();
    }

    /// <summary>Takes back what was not committed, and gives the connection back.</summary>
    public void Dispose()
    {
        try
        {
            _transaction?.Dispose();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // The cause is under way to the caller; the server ends what a lost connection began.
        }
        finally
        {
            _connection.Dispose();
        }
    }

    private void Begin(bool relaxed)
    {
        Prepare();
        using NpgsqlDataReader rows = Rows(
            "SELECT version, audit_sequence, audit_hash, outbox_clock FROM begin_write($1, $2, $3)",
            [.. Place.Lock(), PostgresValue.Flag(relaxed)]);
        if (!rows.Read())
        {
            throw new StorageException(StorageError.Corrupt, $"{Place} has lost its head of the audit log.");
        }

        // Another host may have brought the tables up to date meanwhile.
        PostgresMigrations.Known(rows.GetInt32(0), Place);
        _audit.Hold(new AuditHead(rows.GetInt64(1), rows.GetString(2)));
        _reports.Hold(rows.Time(3));
    }

    // What has to come before a statement. The beginning costs nothing: the driver sends it along with the statement.
    private void Prepare()
    {
        _transaction ??= _connection.BeginTransaction(_write ? IsolationLevel.ReadCommitted : IsolationLevel.RepeatableRead);
        if (_guarded && _savepoint != Savepoint.Made)
        {
            _savepoint = Savepoint.Failed;
            if (_audit.IsSavedWaiting)
            {
                // Of work before this one: not to be taken back with it.
                Run(WriteRecords, _audit.TakeSaved());
            }

            // Those before it stay open below it, until the commit closes them all.
            Run("SAVEPOINT work");
            _savepoint = Savepoint.Made;
        }
    }

    private int Run(string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        using NpgsqlCommand command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    private NpgsqlCommand Command(string sql, ReadOnlySpan<NpgsqlParameter> values)
    {
#pragma warning disable CA2100 // Only ever the constants of this assembly.
        var command = new NpgsqlCommand(sql, _connection, _transaction);
#pragma warning restore CA2100
        foreach (NpgsqlParameter value in values)
        {
            command.Parameters.Add(value);
        }

        return command;
    }
}
