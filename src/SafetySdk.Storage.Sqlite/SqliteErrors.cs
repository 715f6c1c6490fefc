using Microsoft.Data.Sqlite;

namespace SafetySdk.Storage.Sqlite;

/// <summary>What the codes of SQLite mean to a caller.</summary>
internal static class SqliteErrors
{
    // https://sqlite.org/rescode.html
    private const int Busy = 5, Locked = 6, NoMemory = 7, ReadOnly = 8, Corrupt = 11, Full = 13, NotADatabase = 26;

    public static StorageException Explain(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        Busy or Locked => new(StorageError.Locked, $"{path} is locked by another process. Nothing was written; try again.", e),
        Full => new(StorageError.Full, $"There is no room left for {path}. Nothing was written; free some.", e),
        Corrupt => new(StorageError.Corrupt, $"{path} is damaged. Stop, keep the file and its -wal, and restore a copy.", e),
        NotADatabase => new(StorageError.NotAStore, $"{path} is not a SQLite database. Name another file; this one was not touched.", e),
        ReadOnly => new(StorageError.Unavailable, $"{path} cannot be written. Check its rights and those of its folder.", e),
        NoMemory => new(StorageError.Unavailable, $"There is no memory to read {path}.", e),
        _ => new(StorageError.Unavailable, $"{path} cannot be used (SQLite error {e.SqliteExtendedErrorCode}).", e),
    };

    /// <summary>Ends a transaction that SQLite may have ended by itself.</summary>
    public static void RollBack(SqliteConnection connection)
    {
        try
        {
            if (InTransaction(connection))
            {
                SqliteMigrations.Execute(connection, "ROLLBACK");
            }
        }
        catch (SqliteException)
        {
            // The cause is under way to the caller; a transaction that never commits is rolled back by whoever opens the file next.
        }
    }

    /// <summary>False once an error made SQLite roll the transaction back.</summary>
    public static bool InTransaction(SqliteConnection connection) => SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0;
}
