using Npgsql;
using NpgsqlTypes;

namespace SafetySdk.Storage.Postgres;

/// <summary>Values of parameters and columns. Times are 100 ns ticks of UTC, so that they sort and lose nothing.</summary>
internal static class PostgresValue
{
    // The type is always said: a statement prepared for text is not the one for a null of no type.
    public static NpgsqlParameter Text(string? text)
        => new() { NpgsqlDbType = NpgsqlDbType.Text, Value = text is null ? DBNull.Value : PostgresText.Encode(text) };

    public static NpgsqlParameter Number(long? number)
        => number is { } value ? new NpgsqlParameter<long> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bigint } : NoNumber();

    public static NpgsqlParameter Time(DateTimeOffset? time) => Number(time?.UtcTicks);

    public static NpgsqlParameter Small(int number)
        => new NpgsqlParameter<int> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Integer };

    public static NpgsqlParameter Real(double number)
        => new NpgsqlParameter<double> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Double };

    public static NpgsqlParameter Flag(bool flag) => new NpgsqlParameter<bool> { TypedValue = flag, NpgsqlDbType = NpgsqlDbType.Boolean };

    public static NpgsqlParameter Id(Guid id) => new NpgsqlParameter<Guid> { TypedValue = id, NpgsqlDbType = NpgsqlDbType.Uuid };

    public static NpgsqlParameter Bytes(ReadOnlyMemory<byte> bytes)
        => new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = bytes, NpgsqlDbType = NpgsqlDbType.Bytea };

    public static NpgsqlParameter Numbers(long[] numbers)
        => new NpgsqlParameter<long[]> { TypedValue = numbers, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };

    public static NpgsqlParameter Blocks(ReadOnlyMemory<byte>[] blocks)
        => new NpgsqlParameter<ReadOnlyMemory<byte>[]> { TypedValue = blocks, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea };

    public static string Text(this NpgsqlDataReader row, int column) => PostgresText.Decode(row.GetString(column));

    public static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.Text(column);

    public static long? NumberOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static DateTimeOffset Time(this NpgsqlDataReader row, int column) => new(row.GetInt64(column), TimeSpan.Zero);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    private static NpgsqlParameter NoNumber() => new() { NpgsqlDbType = NpgsqlDbType.Bigint, Value = DBNull.Value };
}
