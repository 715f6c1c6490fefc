using Npgsql;

namespace SafetySdk.Storage.Postgres;

/// <summary>The tables, version by version. A step that was released is never changed: a new one is added.</summary>
internal static class PostgresMigrations
{
    /// <summary>Marks the schema as ours.</summary>
    public const string Application = "SafetySdk";

    // Many hosts may start at once, and wait for the one that does it.
    private const int LockSeconds = 60;
    private static readonly string Timeouts =
        $"SET LOCAL lock_timeout = '{LockSeconds}s'; SET LOCAL idle_in_transaction_session_timeout = '{LockSeconds}s'; "
        + "SET LOCAL statement_timeout = 0";

    private static readonly string[] Steps =
    [
        """
        CREATE TABLE meta(
            id integer PRIMARY KEY CHECK (id = 1), application text NOT NULL, version integer NOT NULL,
            outbox_clock bigint NOT NULL, audit_sequence bigint NOT NULL, audit_hash text NOT NULL) WITH (fillfactor = 10);
        INSERT INTO meta VALUES (1, 'SafetySdk', 1, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000');
        CREATE TABLE commit_mark(store uuid PRIMARY KEY, mark bigint NOT NULL, at timestamptz NOT NULL) WITH (fillfactor = 50);
        -- The lock and what it guards in one call: the second statement sees what those wrote who had the lock before.
        CREATE FUNCTION begin_write(class integer, key integer, relaxed boolean) RETURNS SETOF meta LANGUAGE plpgsql AS '
            BEGIN
                IF relaxed THEN
                    PERFORM set_config(''synchronous_commit'', ''off'', true);
                END IF;
                PERFORM pg_advisory_xact_lock(class, key);
                RETURN QUERY SELECT * FROM meta;
            END';

        CREATE TABLE audit(sequence bigint PRIMARY KEY, line bytea NOT NULL);
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''append only''; END';
        CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
        CREATE TRIGGER audit_is_never_cut BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

        CREATE TABLE account(
            id text COLLATE "C" PRIMARY KEY, standing integer NOT NULL, age integer NOT NULL, age_source integer NOT NULL,
            changed_at bigint);
        CREATE TABLE standing_change(
            sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account text COLLATE "C" NOT NULL, was integer NOT NULL,
            now integer NOT NULL, asked integer NOT NULL, reason text NOT NULL, changed_by text NOT NULL, verdict text, reverses bigint,
            at bigint NOT NULL);
        CREATE INDEX standing_change_of ON standing_change(account, sequence);
        CREATE TABLE account_signal(
            sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account text COLLATE "C" NOT NULL, category text NOT NULL,
            decision integer NOT NULL, score double precision NOT NULL, verdict text NOT NULL, at bigint NOT NULL);
        CREATE INDEX account_signal_of ON account_signal(account, sequence);
        CREATE INDEX account_signal_at ON account_signal(at);
        CREATE TABLE appeal(
            sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account text COLLATE "C" NOT NULL, change bigint NOT NULL,
            opened_at bigint NOT NULL, state integer NOT NULL, reason text, decided_by text, decided_at bigint, UNIQUE (account, change));
        CREATE INDEX appeal_in ON appeal(state, sequence);

        CREATE TABLE report(
            sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text COLLATE "C" NOT NULL UNIQUE, kind text NOT NULL,
            payload bytea NOT NULL, state integer NOT NULL, attempts integer NOT NULL, due_at bigint NOT NULL, lease text, remote_id text,
            last_error text, verdict text, created_at bigint NOT NULL, changed_at bigint NOT NULL);
        CREATE INDEX report_due ON report(due_at, sequence) WHERE state <= 1;
        CREATE INDEX report_in ON report(state, sequence);
        """,
    ];

    /// <summary>The version that this library writes.</summary>
    public static int Version => Steps.Length;

    /// <summary>Brings the schema up to date, in one transaction that keeps writers and other hosts that start out.</summary>
    public static void Apply(NpgsqlConnection connection, PostgresPlace place, bool migrate)
    {
        if (Check(connection, place) == Version)
        {
            return;
        }

        if (!migrate)
        {
            throw new StorageException(
                StorageError.Unavailable,
                $"{place}: the tables are absent or of an older version, and this store may not make them. Open it once by one that may.");
        }

        Execute(connection, "BEGIN");
        try
        {
            Execute(connection, Timeouts);
            Execute(connection, "SELECT pg_advisory_xact_lock($1, $2)", place.Lock());
            // Another host may have been here in between.
            int version = Check(connection, place);
            if (version == 0)
            {
                CreateSchema(connection, place);
            }

            for (; version < Version; version++)
            {
                Execute(connection, Steps[version]);
                Execute(connection, "UPDATE meta SET version = $1", PostgresValue.Small(version + 1));
            }

            Execute(connection, "COMMIT");
        }
        catch
        {
            RollBack(connection);
            throw;
        }
    }

    private static void RollBack(NpgsqlConnection connection)
    {
        try
        {
            Execute(connection, "ROLLBACK");
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // The cause is under way to the caller; the server ends what a lost connection began.
        }
    }

    /// <summary>The version of the schema; 0 where there are no tables.</summary>
    private static int Check(NpgsqlConnection connection, PostgresPlace place)
    {
        bool ours;
        using (NpgsqlCommand look = Command(
            connection,
            "SELECT to_regclass($1) IS NOT NULL, (SELECT COUNT(*) FROM pg_class WHERE relnamespace = to_regnamespace($2)::oid)",
            PostgresValue.Text($"{place.Schema}.meta"),
            PostgresValue.Text(place.Schema)))
        using (NpgsqlDataReader rows = look.ExecuteReader())
        {
            rows.Read();
            ours = rows.GetBoolean(0);
            if (!ours && rows.GetInt64(1) == 0)
            {
                return 0;
            }
        }

        if (ours)
        {
            using NpgsqlCommand read = Command(connection, "SELECT application, version FROM meta");
            using NpgsqlDataReader rows = read.ExecuteReader();
            if (rows.Read() && rows.GetString(0) == Application)
            {
                return Known(rows.GetInt32(1), place);
            }
        }

        throw new StorageException(
            StorageError.NotAStore, $"{place} holds tables of something else. Name another schema; this one was not touched.");
    }

    /// <summary>The version, if this library knows it.</summary>
    public static int Known(int version, PostgresPlace place) => version <= Version
        ? version
        : throw new StorageException(
            StorageError.NewerVersion,
            $"{place} has version {version}; this library knows up to {Version}. Use a newer library; nothing was touched.");

    private static void CreateSchema(NpgsqlConnection connection, PostgresPlace place)
    {
        // Made by somebody else it may be usable for a user who could not make it.
        using NpgsqlCommand there = Command(connection, "SELECT to_regnamespace($1) IS NOT NULL", PostgresValue.Text(place.Schema));
        if (there.ExecuteScalar() is not true)
        {
            // Checked to be letters, digits and underscores.
            Execute(connection, $"CREATE SCHEMA \"{place.Schema}\"");
        }
    }

    private static void Execute(NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
        using NpgsqlCommand command = Command(connection, sql, values);
        command.ExecuteNonQuery();
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> values)
    {
#pragma warning disable CA2100 // Constants of this assembly, and a name that was checked.
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 2 * LockSeconds };
#pragma warning restore CA2100
        foreach (NpgsqlParameter value in values)
        {
            command.Parameters.Add(value);
        }

        return command;
    }
}
