[assembly: AssemblyFixture(typeof(SafetySdk.Storage.Tests.PostgresFixture))]

namespace SafetySdk.Storage.Tests;

/// <summary>One server for all tests that leave it alone, started by the first of them and stopped after the last.</summary>
public sealed class PostgresFixture : IDisposable
{
    private readonly Lock _gate = new();
    private PostgresServer? _server;

    internal PostgresServer Server
    {
        get
        {
            lock (_gate)
            {
                return _server ??= PostgresServer.Start(durable: false);
            }
        }
    }

    /// <summary>The name of a schema that nobody uses.</summary>
    internal static string NewSchema() => $"s{Guid.NewGuid():N}";

    public void Dispose() => _server?.Dispose();
}
