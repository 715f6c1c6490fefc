using System.Data;
using Npgsql;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Reporting;

namespace SafetySdk.Storage.Postgres;

/// <summary>One transaction on one connection. Not thread-safe.</summary>
/// <remarks>
/// A round trip is what costs here. So the head of the log and the outbox's clock come with the lock, stay here while it is held, and go
/// back with the commit, together with the records; a savepoint is made only for work that writes before that.
/// </remarks>
internal sealed class PostgresSession : IStoreTransaction, IDisposable
{
    /// <summary>Waits for the other writers of all hosts. What it guards is read by a statement of its own, which sees what they wrote.</summary>
    public const string TakeLock = "SELECT pg_advisory_xact_lock($1, $2)";

    // A server may be set to anything.
    private const string BeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    private const string BeginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

    private const string Relax = "SET LOCAL synchronous_commit = off";
    private const string Mark =
        "INSERT INTO commit_mark VALUES ($1, $2, now()) ON CONFLICT (store) DO UPDATE SET mark = excluded.mark, at = excluded.at";

    // Marks are asked for seconds later or never.
    private const string RemoveMarks = "DELETE FROM commit_mark WHERE at < now() - interval '1 day'";

    private readonly NpgsqlConnection _connection;
    private readonly bool _write;
    private readonly PostgresAuditRows _audit;
    private readonly PostgresReportRows _reports;
    private bool _begun;
    private bool _ended;
    private bool _guarded;
    private bool _savepoint;
    private bool _saved;

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

    /// <summary>Whether a commit that this store's mark names was kept; waits until it is over.</summary>
    public static bool WasKept(NpgsqlConnection connection, PostgresPlace place, Guid store, long mark)
    {
        using NpgsqlBatch batch = Batch(
            connection,
            [new(BeginWrite), Statement(TakeLock, place.Lock()), Statement("SELECT mark FROM commit_mark WHERE store = $1", PostgresValue.Id(store)), new("COMMIT")]);
        using NpgsqlDataReader rows = batch.ExecuteReader();
        rows.NextResult();
        return rows.Read() && rows.GetInt64(0) == mark;
    }

    /// <summary>Begins work whose failure must not take other work of the transaction along.</summary>
    public void Save()
    {
        _guarded = true;
        _saved = false;
        _audit.Save();
        _reports.Save();
    }

    /// <summary>Takes back what happened since <see cref="Save"/>; false where the whole transaction is gone.</summary>
    public bool Undo()
    {
        _audit.Undo();
        _reports.Undo();
        if (!_saved)
        {
            return true;
        }

        try
        {
            using var command = new NpgsqlCommand("ROLLBACK TO SAVEPOINT work", _connection);
            command.ExecuteNonQuery();
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            return false;
        }
    }

    public int Execute(string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        using NpgsqlBatch batch = Next(Statement(sql, values));
        batch.ExecuteNonQuery();
        return batch.BatchCommands[^1].RecordsAffected;
    }

    public long Number(string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        using NpgsqlBatch batch = Next(Statement(sql, values));
        return (long)batch.ExecuteScalar()!;
    }

    /// <summary>The rows; to be closed before the next statement.</summary>
    public NpgsqlDataReader Rows(string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        // The reader outlives the batch, which holds nothing else.
        NpgsqlBatch batch = Next(Statement(sql, values));
        return batch.ExecuteReader();
    }

    /// <summary>Throws in a transaction that only reads, as the server does.</summary>
    public void ThrowUnlessWriting()
    {
        if (!_write)
        {
            throw ReadOnly();
        }
    }

    public static InvalidOperationException ReadOnly() => new("Nothing can be written outside of a writing transaction.");

    /// <summary>Sends the records that wait, so that statements see them.</summary>
    public void SendRecords()
    {
        if (_audit.Waiting > 0)
        {
            var statements = new List<NpgsqlBatchCommand>(4);
            Prefix(statements);
            if (_audit.TakeAll() is { } records)
            {
                statements.Add(records);
            }

            using NpgsqlBatch batch = Batch(_connection, statements);
            batch.ExecuteNonQuery();
        }
    }

    /// <summary>Ends a transaction that read.</summary>
    public void Commit()
    {
        if (_begun)
        {
            using var command = new NpgsqlCommand("COMMIT", _connection);
            command.ExecuteNonQuery();
        }

        _ended = true;
    }

    /// <summary>Ends a transaction that wrote, in one round trip.</summary>
    /// <param name="store">The store.</param>
    /// <param name="mark">By which the store can tell later whether this was kept.</param>
    public void Commit(Guid store, long mark)
    {
        var last = new List<NpgsqlBatchCommand>(6);
        if (_audit.TakeAll() is { } records)
        {
            last.Add(records);
        }

        if (_audit.IsChanged || _reports.IsChanged)
        {
            last.Add(Statement(
                "UPDATE meta SET audit_sequence = $1, audit_hash = $2, outbox_clock = $3",
                PostgresValue.Number(_audit.Head.Sequence), PostgresValue.Text(_audit.Head.Hash), PostgresValue.Time(_reports.Clock)));
        }

        if (mark == 1)
        {
            last.Add(new NpgsqlBatchCommand(RemoveMarks));
        }

        last.Add(Statement(Mark, PostgresValue.Id(store), PostgresValue.Number(mark)));
        last.Add(new NpgsqlBatchCommand("COMMIT"));
        using NpgsqlBatch batch = Batch(_connection, last);
        batch.ExecuteNonQuery();
        _ended = true;
    }

    public void Dispose()
    {
        try
        {
            if (_begun && !_ended && _connection.FullState == ConnectionState.Open)
            {
                using var command = new NpgsqlCommand("ROLLBACK", _connection);
                command.ExecuteNonQuery();
            }
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
        _begun = true;
        var first = new List<NpgsqlBatchCommand>(4) { new(BeginWrite) };
        if (relaxed)
        {
            first.Add(new NpgsqlBatchCommand(Relax));
        }

        first.Add(Statement(TakeLock, Place.Lock()));
        first.Add(new NpgsqlBatchCommand("SELECT version, audit_sequence, audit_hash, outbox_clock FROM meta"));
        using NpgsqlBatch batch = Batch(_connection, first);
        using NpgsqlDataReader rows = batch.ExecuteReader();
        rows.NextResult();
        if (!rows.Read())
        {
            throw new StorageException(StorageError.Corrupt, $"{Place} has lost its head of the audit log.");
        }

        // Another host may have brought the tables up to date meanwhile.
        PostgresMigrations.Known(rows.GetInt32(0), Place);
        _audit.Hold(new AuditHead(rows.GetInt64(1), rows.GetString(2)));
        _reports.Hold(rows.Time(3));
    }

    private NpgsqlBatch Next(NpgsqlBatchCommand statement)
    {
        var batch = new List<NpgsqlBatchCommand>(4);
        Prefix(batch);
        batch.Add(statement);
        return Batch(_connection, batch);
    }

    // What has to come before a statement goes along with it.
    private void Prefix(List<NpgsqlBatchCommand> batch)
    {
        if (!_begun)
        {
            _begun = true;
            batch.Add(new NpgsqlBatchCommand(BeginRead));
        }

        if (_guarded && !_saved)
        {
            if (_savepoint)
            {
                batch.Add(new NpgsqlBatchCommand("RELEASE SAVEPOINT work"));
            }

            // Of work before this one: not to be taken back with it.
            if (_audit.TakeSaved() is { } records)
            {
                batch.Add(records);
            }

            batch.Add(new NpgsqlBatchCommand("SAVEPOINT work"));
            _saved = _savepoint = true;
        }
    }

    private static NpgsqlBatch Batch(NpgsqlConnection connection, List<NpgsqlBatchCommand> commands)
    {
        var batch = new NpgsqlBatch(connection);
        foreach (NpgsqlBatchCommand command in commands)
        {
            batch.BatchCommands.Add(command);
        }

        return batch;
    }

    internal static NpgsqlBatchCommand Statement(string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        var statement = new NpgsqlBatchCommand(sql);
        foreach (NpgsqlParameter value in values)
        {
            statement.Parameters.Add(value);
        }

        return statement;
    }
}
