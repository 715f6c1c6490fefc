using Npgsql;

namespace SafetySdk.Storage.Postgres;

/// <summary>What the codes of PostgreSQL mean to a caller.</summary>
internal static class PostgresErrors
{
    /// <summary>Explains a failure. The server's own text stays out of the message: it may quote a value.</summary>
    /// <param name="e">The failure.</param>
    /// <param name="place">The store, without secrets.</param>
    public static StorageException Explain(Exception e, string place) => e switch
    {
        StorageException told => told,
        PostgresException told => Explain(told, place),
        { InnerException: TimeoutException } or TimeoutException => new(
            StorageError.Unavailable, $"{place} did not answer in time. Nothing was written; try again, and look at the server's load.", e),
        _ => new(
            StorageError.Unavailable, $"{place} cannot be reached ({Innermost(e)}). Check that it runs, its address and the network.", e),
    };

    /// <summary>
    /// Whether the connection is gone, and with it the answer: the server ended it or nothing was heard. Otherwise the server said that the
    /// statement failed, and goes on.
    /// </summary>
    public static bool IsBroken(Exception e)
        => e is NpgsqlException and not PostgresException or PostgresException { InvariantSeverity: not "ERROR" };

    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    private static StorageException Explain(PostgresException e, string place) => e.SqlState switch
    {
        PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
            => new(StorageError.Locked, $"{place} is locked by another writer. Nothing was written; try again.", e),
        PostgresErrorCodes.QueryCanceled => new(
            StorageError.Unavailable, $"{place}: a statement ran for too long and was ended. Nothing was written; try again.", e),
        PostgresErrorCodes.DiskFull => new(StorageError.Full, $"There is no room left for {place}. Nothing was written; free some.", e),
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted
            => new(StorageError.Corrupt, $"{place} is damaged. Stop, keep the server's files, and restore a copy.", e),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedFunction
                or PostgresErrorCodes.InvalidSchemaName
            => new(StorageError.NotAStore, $"{place} is no store of this library, or no more. Name another schema.", e),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
            => new(StorageError.Unavailable, $"{place} refused the user. Check user, password and the server's pg_hba.conf.", e),
        PostgresErrorCodes.InvalidCatalogName
            => new(StorageError.Unavailable, $"{place}: there is no such database. Create it, or name another.", e),
        PostgresErrorCodes.InsufficientPrivilege
            => new(StorageError.Unavailable, $"{place}: the user lacks a right on the schema or its tables. Grant it.", e),
        PostgresErrorCodes.ReadOnlySqlTransaction
            => new(StorageError.Unavailable, $"{place} cannot be written: it is a standby or set to reading only. Name the primary.", e),
        PostgresErrorCodes.TooManyConnections => new(
            StorageError.Unavailable,
            $"{place} takes no more connections. Lower {nameof(PostgresStoreOptions.MaxConnections)}, or raise its bound.",
            e),
        _ => new(StorageError.Unavailable, $"{place} cannot be used (PostgreSQL error {e.SqlState}).", e),
    };

    private static string Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }

        return e is System.Net.Sockets.SocketException socket ? socket.SocketErrorCode.ToString() : e.GetType().Name;
    }
}
