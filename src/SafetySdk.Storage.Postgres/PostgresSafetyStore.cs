using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace SafetySdk.Storage.Postgres;

/// <summary>
/// Keeps everything in one schema of a PostgreSQL database (14 or later), for any number of hosts. Thread-safe.
/// </summary>
/// <remarks>
/// <para>One transaction writes at a time over all hosts, under an advisory lock: the audit log is one chain, and a report that is due is
/// taken by one sender. Writers of one host that wait for each other share one transaction, three round trips at least and one wait for
/// the disk, so that the lock is held for the time of a commit. Reading waits for nobody.</para>
/// <para>Times of leases are those of <see cref="ReportOutbox"/>'s clock, which the database keeps and which never goes back: hosts
/// whose clocks differ follow the one that is furthest ahead.</para>
/// <para>A commit whose answer got lost is asked for again, for <see cref="PostgresStoreOptions.RecoveryTime"/>. Where the server does not
/// come back in time the <see cref="StorageException"/> says that it is not known what was kept; to record it again is safe.</para>
/// <para>A server that logs statements, all of them or those that take long, writes identifiers of accounts into its log with them: set
/// <c>log_parameter_max_length = 0</c> for the role. Its details of an error may hold them too.</para>
/// </remarks>
public sealed class PostgresSafetyStore : ISafetyStore
{
    // Bounds how long the first of a batch waits for the last.
    private const int MaxBatch = 128;
    private static readonly TimeSpan RecoveryPause = TimeSpan.FromMilliseconds(50);

    private readonly NpgsqlDataSource _source;
    private readonly PostgresPlace _place;
    private readonly PostgresStoreOptions _options;
    private readonly Guid _store = Guid.NewGuid();
    private readonly ConcurrentQueue<StoreWork> _waiting = new();
    private readonly List<StoreWork> _batch = [];
    private readonly AutoResetEvent _signal = new(initialState: false);
    private readonly Thread? _writer;
    private long _mark;
    private volatile bool _disposed;

    private PostgresSafetyStore(NpgsqlDataSource source, PostgresPlace place, PostgresStoreOptions options)
    {
        _source = source;
        _place = place;
        _options = options;
        if (!options.ReadOnly)
        {
            // Waiting for a network and for other hosts is not the callers' to do.
            _writer = new Thread(Write) { IsBackground = true, Name = nameof(PostgresSafetyStore) };
            _writer.Start();
        }
    }

    /// <summary>Connects, and creates or migrates the schema as needed; many hosts may do so at once.</summary>
    /// <param name="connectionString">
    /// Where the database is, as Npgsql reads it. Pooling bounds, time-outs of statements, search path and logging of values are set by the
    /// store.
    /// </param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <exception cref="StorageException">
    /// It cannot be reached or used, or the schema is locked, of a newer version, or something else. The message names host, port, database
    /// and schema, never the password.
    /// </exception>
    /// <exception cref="ArgumentException">The connection string or an option cannot be.</exception>
    public static PostgresSafetyStore Open(string connectionString, PostgresStoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        options ??= new PostgresStoreOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxConnections, 2, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.LockTimeout, TimeSpan.FromMilliseconds(1), nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.StatementTimeout, options.LockTimeout, nameof(options));
        NpgsqlConnectionStringBuilder address = Address(connectionString);
        var place = new PostgresPlace(address, options.Schema);
        NpgsqlDataSource source = Source(address, options);
        try
        {
            using NpgsqlConnection connection = Connect(source, place);
            PostgresMigrations.Apply(connection, place, options is { Migrate: true, ReadOnly: false });
        }
        catch (Exception e)
        {
            source.Dispose();
            throw e is NpgsqlException ? PostgresErrors.Explain(e, place.ToString()) : e;
        }

        return new PostgresSafetyStore(source, place, options);
    }

    /// <inheritdoc/>
    public ValueTask<T> WriteAsync<T>(
        Func<IStoreTransaction, T> work, StoreDurability durability = StoreDurability.Full, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_writer is null)
        {
            throw new InvalidOperationException("The store is open for reading only.");
        }

        var pending = new StoreWork<T>(work, durability, cancellationToken);
        _waiting.Enqueue(pending);
        if (_disposed)
        {
            Refuse();
        }
        else
        {
            Wake();
        }

        return new ValueTask<T>(pending.Task);
    }

    /// <inheritdoc/>
    public async ValueTask<T> ReadAsync<T>(Func<IStoreTransaction, T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        cancellationToken.ThrowIfCancellationRequested();
        for (bool again = false; ; again = true)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            NpgsqlConnection connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            using PostgresSession session = PostgresSession.Read(connection, _place);
            try
            {
                T result = work(session);
                session.Commit();
                return result;
            }
            catch (NpgsqlException e) when (!again && IsStale(e))
            {
                // The server was started again since the connection was last used; all of them are of no use.
                _source.Clear();
            }
            catch (NpgsqlException e)
            {
                throw PostgresErrors.Explain(e, _place.ToString());
            }
        }
    }

    /// <summary>Lets begun work end, refuses what waits, and closes the connections.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Wake();
        _writer?.Join();
        Refuse();
        _source.Dispose();
        _signal.Dispose();
    }

    private static NpgsqlConnectionStringBuilder Address(string connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Its text may quote a part of the password.
            throw new ArgumentException(
                "The connection string cannot be read. It is KEYWORD=VALUE;... as Npgsql takes it, values with ; in quotes.",
                nameof(connectionString));
        }
    }

    private static NpgsqlDataSource Source(NpgsqlConnectionStringBuilder address, PostgresStoreOptions options)
    {
        address.SearchPath = options.Schema;
        long wait = (long)options.LockTimeout.TotalMilliseconds, run = (long)options.StatementTimeout.TotalMilliseconds;
        address.Options = string.Create(
            CultureInfo.InvariantCulture,
            $"{address.Options} -c lock_timeout={wait} -c statement_timeout={run} -c idle_in_transaction_session_timeout={run}").TrimStart();
        // The server ends a statement first; this is for one that does not answer.
        address.CommandTimeout = (int)Math.Ceiling(options.StatementTimeout.TotalSeconds) + 5;
        address.Pooling = true;
        address.MinPoolSize = Math.Min(address.MinPoolSize, options.MaxConnections);
        address.MaxPoolSize = options.MaxConnections;
        address.MaxAutoPrepare = options.PrepareStatements ? 64 : 0;
        address.AutoPrepareMinUsages = 2;
        // Nothing outlives a transaction here, so that nothing has to be reset.
        address.NoResetOnClose = true;
        address.Multiplexing = false;
        // A transaction of the host that spans more is not ours.
        address.Enlist = false;
        address.TcpKeepAlive = true;
        address.ApplicationName ??= "SafetySdk";
        address.IncludeErrorDetail = address.IncludeFailedBatchedCommand = false;
        address.LogParameters = false;
        address.PersistSecurityInfo = false;
        var builder = new NpgsqlSlimDataSourceBuilder(address.ConnectionString) { Name = "SafetySdk" };
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        options.Configure?.Invoke(builder);
        builder.EnableParameterLogging(false);
        return builder.Build();
    }

    private static NpgsqlConnection Connect(NpgsqlDataSource source, PostgresPlace place)
    {
        try
        {
            return source.OpenConnection();
        }
        catch (Exception e) when (e is not ObjectDisposedException)
        {
            throw PostgresErrors.Explain(e, place.ToString());
        }
    }

    private async ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (ObjectDisposedException or OperationCanceledException))
        {
            throw PostgresErrors.Explain(e, _place.ToString());
        }
    }

    // Silence is not staleness: whoever waited that long is not made to wait again.
    private static bool IsStale(NpgsqlException e) => PostgresErrors.IsBroken(e) && e.InnerException is not TimeoutException;

    private void Wake()
    {
        try
        {
            _signal.Set();
        }
        catch (ObjectDisposedException)
        {
            Refuse();
        }
    }

    private void Refuse()
    {
        while (_waiting.TryDequeue(out StoreWork? work))
        {
            work.Fail(new ObjectDisposedException(nameof(PostgresSafetyStore)));
            work.Complete();
        }
    }

    private void Write()
    {
        while (!_disposed)
        {
            _signal.WaitOne();
            while (!_disposed && !_waiting.IsEmpty)
            {
                RunBatch();
            }
        }
    }

    private void RunBatch()
    {
        _batch.Clear();
        var durability = StoreDurability.Process;
        while (_batch.Count < MaxBatch && _waiting.TryDequeue(out StoreWork? work))
        {
            _batch.Add(work);
            durability = work.Durability < durability ? work.Durability : durability;
        }

        try
        {
            Keep(_batch, relaxed: _options.AsynchronousCommit && durability == StoreDurability.Process);
        }
        catch (Exception e)
        {
            Exception told = Told(e);
            foreach (StoreWork work in _batch)
            {
                work.Fail(told);
            }
        }

        foreach (StoreWork work in _batch)
        {
            work.Complete();
        }
    }

    private void Keep(List<StoreWork> batch, bool relaxed)
    {
        using PostgresSession session = BeginWrite(relaxed);
        if (batch.Count == 1)
        {
            // Its failure is the transaction's.
            batch[0].Run(session);
        }
        else
        {
            foreach (StoreWork work in batch)
            {
                RunOne(session, work);
            }
        }

        long mark = ++_mark;
        try
        {
            session.Commit(_store, mark);
        }
        catch (NpgsqlException e) when (PostgresErrors.IsBroken(e))
        {
            // The server may have committed before its answer got lost.
            session.Dispose();
            if (!WasKept(mark, e))
            {
                throw;
            }
        }
    }

    private PostgresSession BeginWrite(bool relaxed)
    {
        try
        {
            return PostgresSession.Write(Connect(_source, _place), _place, relaxed);
        }
        catch (NpgsqlException e) when (IsStale(e))
        {
            _source.Clear();
            return PostgresSession.Write(Connect(_source, _place), _place, relaxed);
        }
    }

    private void RunOne(PostgresSession session, StoreWork work)
    {
        session.Save();
        try
        {
            work.Run(session);
        }
        catch (Exception e)
        {
            if (!session.Undo())
            {
                throw;
            }

            work.Fail(Told(e));
        }
    }

    private bool WasKept(long mark, NpgsqlException lost)
    {
        for (var asked = Stopwatch.StartNew(); ;)
        {
            try
            {
                // All were connected to the server that is gone.
                _source.Clear();
                using PostgresSession session = PostgresSession.Write(Connect(_source, _place), _place, relaxed: true);
                return session.WasKept(_store, mark);
            }
            catch (Exception e) when (e is NpgsqlException or StorageException)
            {
                if (asked.Elapsed > _options.RecoveryTime)
                {
                    throw new StorageException(
                        StorageError.Unavailable,
                        $"{_place} got lost while it committed and did not come back in time: what was kept is not known. Do it again.",
                        lost);
                }

                Thread.Sleep(RecoveryPause);
            }
        }
    }

    private Exception Told(Exception e) => e is NpgsqlException ? PostgresErrors.Explain(e, _place.ToString()) : e;
}
