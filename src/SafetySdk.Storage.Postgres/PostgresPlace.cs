using Npgsql;

namespace SafetySdk.Storage.Postgres;

/// <summary>Where a store is: named in messages, without secrets, and by the lock that makes its writers take turns.</summary>
internal sealed class PostgresPlace
{
    // Advisory locks have two numbers: "Safe" in ASCII, and the schema. Two schemas of one number wait for each other, no worse.
    private const int LockClass = 0x53616665;
    private readonly string _name;
    private readonly int _lock;

    public PostgresPlace(NpgsqlConnectionStringBuilder address, string schema)
    {
        Schema = IsName(schema)
            ? schema
            : throw new ArgumentException(
                "The name of a schema is 1 to 63 of a-z, 0-9 and _, with no digit first, and does not begin with pg_.", nameof(schema));
        _name = $"PostgreSQL at {address.Host}:{address.Port}, database {address.Database ?? address.Username}, schema {schema}";
        uint hash = 2166136261;
        foreach (char c in schema)
        {
            hash = (hash ^ c) * 16777619;
        }

        _lock = unchecked((int)hash);
    }

    public string Schema { get; }

    /// <summary>The two numbers of the lock.</summary>
    public NpgsqlParameter[] Lock() => [PostgresValue.Small(LockClass), PostgresValue.Small(_lock)];

    public override string ToString() => _name;

    private static bool IsName(string schema)
        => schema.Length is >= 1 and <= 63
            && schema.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            && !char.IsAsciiDigit(schema[0])
            && !schema.StartsWith("pg_", StringComparison.Ordinal);
}
