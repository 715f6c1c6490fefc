using System.Globalization;
using Microsoft.Data.Sqlite;

namespace SafetySdk.Storage.Sqlite;

/// <summary>One connection with its prepared statements. Not thread-safe; used by one transaction at a time.</summary>
internal sealed class SqliteSession : IStoreTransaction, IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<SqliteStatement> _statements = [];
    private readonly SqliteStatement _beginRead;
    private readonly SqliteStatement _beginWrite;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _savepoint;
    private readonly SqliteStatement _release;
    private readonly SqliteStatement _undo;
    private StoreDurability _durability;

    // The driver looks for the native library by reflection, which a trimmed program may have lost.
    static SqliteSession() => SQLitePCL.Batteries_V2.Init();

    private SqliteSession(SqliteConnection connection, string path)
    {
        _connection = connection;
        Path = path;
        _beginRead = Prepare("BEGIN");
        _beginWrite = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _savepoint = Prepare("SAVEPOINT work");
        _release = Prepare("RELEASE work");
        _undo = Prepare("ROLLBACK TO work");
        Accounts = new SqliteAccountRows(this);
        Audit = new SqliteAuditRows(this);
        Reports = new SqliteReportRows(this);
    }

    public string Path { get; }

    public Accounts.IAccountRows Accounts { get; }

    public Audit.IAuditRows Audit { get; }

    public Reporting.IReportRows Reports { get; }

    /// <summary>Opens the file, and brings it up to date where <paramref name="migrate"/>.</summary>
    public static SqliteSession Open(string path, SqliteStoreOptions options, bool write, bool migrate)
    {
        var address = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = options.ReadOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWrite,
            // Sessions are kept by the store; a pool would keep the file open after it.
            Pooling = false,
            DefaultTimeout = Math.Max(1, (int)Math.Ceiling(options.BusyTimeout.TotalSeconds)),
        };
        var connection = new SqliteConnection(address.ToString());
        try
        {
            connection.Open();
            SqliteMigrations.Execute(
                connection,
                string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {(long)options.BusyTimeout.TotalMilliseconds}"));
            if (!options.ReadOnly)
            {
                SqliteMigrations.Execute(connection, "PRAGMA journal_mode = WAL");
                SqliteMigrations.Execute(connection, "PRAGMA synchronous = FULL");
            }

            if (options.MaxPages is { } pages)
            {
                SqliteMigrations.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {pages}"));
            }

            if (migrate)
            {
                SqliteMigrations.Apply(connection, path, options.ReadOnly);
            }

            if (!write)
            {
                SqliteMigrations.Execute(connection, "PRAGMA query_only = 1");
            }

            return new SqliteSession(connection, path);
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw SqliteErrors.Explain(e, path);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public SqliteStatement Prepare(string sql, params ReadOnlySpan<string> parameters)
    {
        var statement = new SqliteStatement(_connection, sql, parameters);
        _statements.Add(statement);
        return statement;
    }

    public void BeginRead() => _beginRead.Execute();

    public void BeginWrite(StoreDurability durability)
    {
        if (durability != _durability)
        {
            // Takes effect between transactions only.
            SqliteMigrations.Execute(_connection, durability == StoreDurability.Full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            _durability = durability;
        }

        _beginWrite.Execute();
    }

    public void Commit() => _commit.Execute();

    public void Save() => _savepoint.Execute();

    public void Release() => _release.Execute();

    /// <summary>Takes back what happened since <see cref="Save"/>; false where the whole transaction is gone.</summary>
    public bool Undo()
    {
        if (!SqliteErrors.InTransaction(_connection))
        {
            return false;
        }

        _undo.Execute();
        _release.Execute();
        return true;
    }

    public void RollBack() => SqliteErrors.RollBack(_connection);

    public void Dispose()
    {
        foreach (SqliteStatement statement in _statements)
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }
}
