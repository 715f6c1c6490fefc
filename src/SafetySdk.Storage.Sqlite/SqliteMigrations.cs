using Microsoft.Data.Sqlite;

namespace SafetySdk.Storage.Sqlite;

/// <summary>The tables, version by version. A step that was released is never changed: a new one is added.</summary>
internal static class SqliteMigrations
{
    /// <summary>Marks the file as ours: "Safe" in ASCII.</summary>
    private const int ApplicationId = 0x53616665;

    private static readonly string[] Steps =
    [
        """
        CREATE TABLE meta(
            id INTEGER PRIMARY KEY CHECK (id = 1),
            outbox_clock INTEGER NOT NULL, audit_sequence INTEGER NOT NULL, audit_hash TEXT NOT NULL) STRICT;
        INSERT INTO meta VALUES (1, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000');

        CREATE TABLE audit(sequence INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT;
        CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
        CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;

        CREATE TABLE account(
            id TEXT PRIMARY KEY, standing INTEGER NOT NULL, age INTEGER NOT NULL, age_source INTEGER NOT NULL,
            changed_at INTEGER) STRICT, WITHOUT ROWID;
        CREATE TABLE standing_change(
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, was INTEGER NOT NULL, now INTEGER NOT NULL,
            asked INTEGER NOT NULL, reason TEXT NOT NULL, changed_by TEXT NOT NULL, verdict TEXT, reverses INTEGER,
            at INTEGER NOT NULL) STRICT;
        CREATE INDEX standing_change_of ON standing_change(account, sequence);
        CREATE TABLE account_signal(
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, category TEXT NOT NULL, decision INTEGER NOT NULL,
            score REAL NOT NULL, verdict TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
        CREATE INDEX account_signal_of ON account_signal(account, sequence);
        CREATE INDEX account_signal_at ON account_signal(at);
        CREATE TABLE appeal(
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, change INTEGER NOT NULL, opened_at INTEGER NOT NULL,
            state INTEGER NOT NULL, reason TEXT, decided_by TEXT, decided_at INTEGER, UNIQUE (account, change)) STRICT;
        CREATE INDEX appeal_in ON appeal(state, sequence);

        CREATE TABLE report(
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, payload BLOB NOT NULL,
            state INTEGER NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL, lease TEXT, remote_id TEXT, last_error TEXT,
            verdict TEXT, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL) STRICT;
        CREATE INDEX report_due ON report(due_at, sequence) WHERE state <= 1;
        CREATE INDEX report_in ON report(state, sequence);
        """,
    ];

    /// <summary>The version that this library writes.</summary>
    public static int Version => Steps.Length;

    /// <summary>Brings the file up to date, in one transaction a file: two processes that start together do it once.</summary>
    public static void Apply(SqliteConnection connection, string path, bool readOnly)
    {
        if (Check(connection, path) == Version)
        {
            return;
        }

        if (readOnly)
        {
            throw new StorageException(
                StorageError.Unavailable, $"{path} was written by an older version and is open for reading only. Open it for writing once.");
        }

        Execute(connection, "BEGIN IMMEDIATE");
        try
        {
            // Another process may have been here in between.
            for (int version = (int)Check(connection, path); version < Version; version++)
            {
                Execute(connection, Steps[version]);
                Execute(connection, $"PRAGMA application_id = {ApplicationId}");
                Execute(connection, $"PRAGMA user_version = {version + 1}");
            }

            Execute(connection, "COMMIT");
        }
        catch
        {
            SqliteErrors.RollBack(connection);
            throw;
        }
    }

    private static long Check(SqliteConnection connection, string path)
    {
        long version = Number(connection, "PRAGMA user_version");
        long application = Number(connection, "PRAGMA application_id");
        bool empty = version == 0 && application == 0 && Number(connection, "SELECT COUNT(*) FROM sqlite_schema") == 0;
        if (application != ApplicationId && !empty)
        {
            throw new StorageException(
                StorageError.NotAStore, $"{path} is a database of something else. Name another file; this one was not touched.");
        }

        return version <= Version
            ? version
            : throw new StorageException(
                StorageError.NewerVersion,
                $"{path} has version {version}; this library knows up to {Version}. Use a newer library; the file was not touched.");
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Only ever the constants of this assembly.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    public static long Number(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Only ever the constants of this assembly.
        command.CommandText = sql;
#pragma warning restore CA2100
        return (long)command.ExecuteScalar()!;
    }
}
