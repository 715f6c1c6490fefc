using Microsoft.Data.Sqlite;

namespace SafetySdk.Storage.Sqlite;

/// <summary>Times as 100 ns ticks of UTC, so that they sort and lose nothing.</summary>
internal static class SqliteTime
{
    public static long Of(DateTimeOffset time) => time.UtcTicks;

    public static DateTimeOffset Of(long ticks) => new(ticks, TimeSpan.Zero);

    public static string? TextOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static long? NumberOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
}
