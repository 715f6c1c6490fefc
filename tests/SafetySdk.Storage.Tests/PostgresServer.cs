using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace SafetySdk.Storage.Tests;

/// <summary>A real server of a test's own, in a folder of its own, reached over a Unix socket there. Not thread-safe.</summary>
internal sealed class PostgresServer : IDisposable
{
    public const string Password = "MARKED-PASSWORD-4715";
    private const string User = "safety";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly string? Programs = FindPrograms();

    // A server refuses to be root's.
    private static readonly string? Owner = Environment.UserName == "root" ? FindOwner() : null;

    private readonly string _folder;
    private readonly bool _durable;
    private Process? _process;

    private PostgresServer(bool durable)
    {
        _durable = durable;
        _folder = Directory.CreateTempSubdirectory("safety-pg-").FullName;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    /// <summary>Starts a new server; skips the test where there is no PostgreSQL.</summary>
    /// <param name="durable">Whether it waits for the disk: for tests of what outlives it.</param>
    public static PostgresServer Start(bool durable)
    {
        Assert.SkipUnless(
            Programs is not null && !OperatingSystem.IsWindows(),
            "needs PostgreSQL: the Debian package postgresql, which tests/run.sh installs");
        Assert.SkipUnless(Environment.UserName != "root" || Owner is not null, "needs a user for the server who is not root");
        var server = new PostgresServer(durable);
        try
        {
            server.Initialise();
            server.Start();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    private string Data => Path.Combine(_folder, "data");

    public int Port { get; } = 5432;

    /// <summary>The text of the server's log.</summary>
    public string Log => File.ReadAllText(Path.Combine(_folder, "log"));

    public string ConnectionString(string user = User, string password = Password, string database = "postgres")
        => new NpgsqlConnectionStringBuilder
        {
            Host = _folder,
            Port = Port,
            Username = user,
            Password = password,
            Database = database,
            Timeout = 5,
            SslMode = SslMode.Disable,
        }.ConnectionString;

    public void Start()
    {
        var limit = Stopwatch.StartNew();
        while (true)
        {
            // What a killed server left behind keeps the next one out until the last of its processes has noticed.
            _process = Process.Start(AsOwner("sh", "-c", $"exec '{Programs}/postgres' -D '{Data}' >>'{_folder}/log' 2>&1"))!;
            while (!_process.HasExited && !Answers())
            {
                Assert.True(limit.Elapsed < Limit, Log);
                Thread.Sleep(20);
            }

            if (!_process.HasExited)
            {
                return;
            }

            Assert.True(limit.Elapsed < Limit, Log);
            _process.Dispose();
            Thread.Sleep(50);
        }
    }

    /// <summary>Ends the server in good order: what runs is cut off.</summary>
    public void Stop()
    {
        if (_process is { HasExited: false })
        {
            Run(AsOwner($"{Programs}/pg_ctl", "stop", "-D", Data, "-m", "fast", "-w"));
        }

        _process?.WaitForExit();
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Kills the server as <c>kill -9</c> does.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Runs a statement as the owner of the database.</summary>
    public object? Sql(string sql, string? database = null)
    {
        using var connection = new NpgsqlConnection(ConnectionString(database: database ?? "postgres") + ";Pooling=false");
        connection.Open();
#pragma warning disable CA2100 // Constants of these tests.
        using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (_process is not null)
        {
            Stop();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private void OnExit(object? sender, EventArgs e)
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill();
        }
    }

    private void Initialise()
    {
        string secret = Path.Combine(_folder, "secret");
        File.WriteAllText(secret, Password);
        File.WriteAllText(Path.Combine(_folder, "log"), string.Empty);
        if (Owner is not null)
        {
            Run(new ProcessStartInfo("chown", ["-R", Owner, _folder]));
        }

        Run(AsOwner(
            $"{Programs}/initdb", "-D", Data, "-U", User, "--pwfile", secret, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"));
        File.AppendAllText(
            Path.Combine(Data, "postgresql.conf"),
            string.Create(
                CultureInfo.InvariantCulture,
                $"""

                listen_addresses = ''
                unix_socket_directories = '{_folder}'
                port = {Port}
                shared_buffers = 32MB
                max_connections = 100
                fsync = {(_durable ? "on" : "off")}
                synchronous_commit = on

                """));
    }

    private bool Answers()
    {
        try
        {
            Sql("SELECT 1");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static ProcessStartInfo AsOwner(string program, params string[] arguments)
        => Owner is null
            ? new ProcessStartInfo(program, arguments) { WorkingDirectory = "/" }
            : new ProcessStartInfo(
                "setpriv",
                ["--reuid", Owner, "--regid", Owner == "nobody" ? "nogroup" : Owner, "--clear-groups", "--", program, .. arguments])
            {
                WorkingDirectory = "/",
            };

    private static void Run(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{start.FileName} {string.Join(' ', start.ArgumentList)}: {output.Result}{errors.Result}");
    }

    private static string? FindPrograms()
    {
        const string Debian = "/usr/lib/postgresql";
        return Directory.Exists(Debian)
            ? Directory.GetDirectories(Debian)
                .Select(d => Path.Combine(d, "bin"))
                .Where(d => File.Exists(Path.Combine(d, "initdb")))
                .Max(StringComparer.Ordinal)
            : null;
    }

    private static string? FindOwner()
        => File.ReadLines("/etc/passwd").Select(l => l.Split(':')[0]).Where(u => u is "postgres" or "nobody").Max(StringComparer.Ordinal);
}
