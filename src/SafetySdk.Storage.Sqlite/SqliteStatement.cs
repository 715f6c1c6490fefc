using Microsoft.Data.Sqlite;

namespace SafetySdk.Storage.Sqlite;

/// <summary>A prepared statement with parameters by position. Not thread-safe.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly SqliteCommand _command;
    private readonly SqliteParameter[] _parameters;

    public SqliteStatement(SqliteConnection connection, string sql, ReadOnlySpan<string> parameters)
    {
        _command = connection.CreateCommand();
#pragma warning disable CA2100 // Only ever the constants of this assembly.
        _command.CommandText = sql;
#pragma warning restore CA2100
        _parameters = new SqliteParameter[parameters.Length];
        for (int i = 0; i < parameters.Length; i++)
        {
            _parameters[i] = _command.CreateParameter();
            _parameters[i].ParameterName = parameters[i];
            _command.Parameters.Add(_parameters[i]);
        }
    }

    public int Execute(params ReadOnlySpan<object?> values) => Bound(values).ExecuteNonQuery();

    public object? Value(params ReadOnlySpan<object?> values) => Bound(values).ExecuteScalar();

    public long Number(params ReadOnlySpan<object?> values) => (long)Value(values)!;

    /// <summary>The rows; to be closed before the statement is used again.</summary>
    public SqliteDataReader Rows(params ReadOnlySpan<object?> values) => Bound(values).ExecuteReader();

    public void Dispose() => _command.Dispose();

    private SqliteCommand Bound(ReadOnlySpan<object?> values)
    {
        if (values.Length != _parameters.Length)
        {
            throw new InvalidOperationException($"The statement has {_parameters.Length} parameters, not {values.Length}.");
        }

        for (int i = 0; i < values.Length; i++)
        {
            _parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return _command;
    }
}
