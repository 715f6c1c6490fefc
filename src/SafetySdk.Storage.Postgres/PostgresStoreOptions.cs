using Npgsql;

namespace SafetySdk.Storage.Postgres;

/// <summary>How a database is used.</summary>
public sealed record PostgresStoreOptions
{
    /// <summary>
    /// The schema that holds the tables: 1 to 63 of <c>a-z 0-9 _</c>, no digit first, not beginning with <c>pg_</c>. One schema is one
    /// store; several may be in one database. Default <c>safety</c>.
    /// </summary>
    public string Schema { get; init; } = "safety";

    /// <summary>How long a writer waits for those of other hosts, above zero. Default 5 seconds.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Longest time that one statement may run, and that a transaction may be idle before the server ends it, so that a host that hangs
    /// does not stop the others for longer. Longer than <see cref="LockTimeout"/>. Default 30 seconds.
    /// </summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a writer whose connection broke while it committed tries to find out whether the commit was kept. Default 10 seconds.
    /// </summary>
    public TimeSpan RecoveryTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most connections of this store, at least 2: one writes, the others read. Takes precedence over the connection string.
    /// Default 8.</summary>
    public int MaxConnections { get; init; } = 8;

    /// <summary>
    /// Whether a transaction with <see cref="StoreDurability.Process"/> is told to be kept before the server has it on disk. It then
    /// outlives the death of the host's process, but not that of the server: a crash of the server may take the last moments of such
    /// transactions, up to three times its <c>wal_writer_delay</c> (600 ms by default). Default false: all wait for the disk.
    /// </summary>
    public bool AsynchronousCommit { get; init; }

    /// <summary>Whether statements are prepared. False behind a connection pooler that cannot. Default true.</summary>
    public bool PrepareStatements { get; init; } = true;

    /// <summary>
    /// Whether tables are created and brought up to date. False where another role does that: an absent or older schema is then refused.
    /// Default true.
    /// </summary>
    public bool Migrate { get; init; } = true;

    /// <summary>Whether the store is for reading only: nothing is created or migrated, and writing fails. Default false.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>
    /// Sets up what a connection string cannot say: certificates, passwords that expire, a logger factory. Called once by
    /// <see cref="PostgresSafetyStore.Open"/>; values of parameters stay out of logs whatever it sets. Null for nothing.
    /// </summary>
    public Action<NpgsqlSlimDataSourceBuilder>? Configure { get; init; }
}
