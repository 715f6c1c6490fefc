using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace SafetySdk.Storage.Sqlite;

/// <summary>Keeps everything in one SQLite file, in WAL mode. Thread-safe; several processes may use the same file.</summary>
/// <remarks>
/// Writers that wait for each other share one commit, and so one wait for the disk. A commit with <see cref="StoreDurability.Full"/> has
/// reached the disk when its task ends, and all before it have too; one with <see cref="StoreDurability.Process"/> is in the file, out of
/// reach of a killed process, and reaches the disk within <see cref="SqliteStoreOptions.FlushInterval"/>. The calling thread may do the
/// work of others besides its own.
/// </remarks>
public sealed class SqliteSafetyStore : ISafetyStore
{
    // Bounds how long the first of a batch waits for the last.
    private const int MaxBatch = 128;

    private readonly string _path;
    private readonly SqliteStoreOptions _options;
    private readonly SqliteSession? _writer;
    private readonly ConcurrentQueue<StoreWork> _waiting = new();
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private readonly Lock _readerGate = new();
    private readonly List<StoreWork> _batch = [];
    private readonly Timer _flush;
    private int _leading;
    private volatile bool _unflushed;
    private volatile bool _disposed;

    private SqliteSafetyStore(string path, SqliteStoreOptions options, SqliteSession session)
    {
        _path = path;
        _options = options;
        _flush = new Timer(static state => ((SqliteSafetyStore)state!).Flush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (options.ReadOnly)
        {
            _readers.Add(session);
        }
        else
        {
            _writer = session;
        }
    }

    /// <summary>Opens a file, creating or migrating it as needed. A new file can be read by its owner only.</summary>
    /// <param name="path">The file. Beside it lie <c>-wal</c> and <c>-shm</c>, which belong to it.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <exception cref="StorageException">It cannot be opened, is locked, damaged, of a newer version, or something else.</exception>
    public static SqliteSafetyStore Open(string path, SqliteStoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new SqliteStoreOptions();
        // A full path is neither ":memory:" nor a URI.
        path = Path.GetFullPath(path);
        CreateFile(path, options);
        return new SqliteSafetyStore(path, options, SqliteSession.Open(path, options, write: !options.ReadOnly, migrate: true));
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
        Lead(once: true);
        if (_disposed)
        {
            Refuse();
        }

        return new ValueTask<T>(pending.Task);
    }

    /// <inheritdoc/>
    public ValueTask<T> ReadAsync<T>(Func<IStoreTransaction, T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            return ValueTask.FromResult(Read(work));
        }
        catch (Exception e)
        {
            return ValueTask.FromException<T>(e);
        }
    }

    /// <summary>Whether every commit has reached the disk.</summary>
    internal bool IsFlushed => !_unflushed;

    /// <summary>Lets begun work end, refuses what waits, and closes the file.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        Flush();
        _disposed = true;
        _flush.Dispose();
        var wait = new SpinWait();
        while (Interlocked.CompareExchange(ref _leading, 1, 0) != 0)
        {
            wait.SpinOnce();
        }

        Refuse();
        _writer?.Dispose();
        lock (_readerGate)
        {
            while (_readers.TryTake(out SqliteSession? reader))
            {
                reader.Dispose();
            }
        }
    }

    private void Refuse()
    {
        while (_waiting.TryDequeue(out StoreWork? work))
        {
            work.Fail(new ObjectDisposedException(nameof(SqliteSafetyStore)));
            work.Complete();
        }
    }

    private static void CreateFile(string path, SqliteStoreOptions options)
    {
        if (File.Exists(path))
        {
            return;
        }

        if (!options.Create || options.ReadOnly)
        {
            throw new StorageException(StorageError.Unavailable, $"{path}: no such file.");
        }

        try
        {
            var create = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite };
            if (!OperatingSystem.IsWindows())
            {
                create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            new FileStream(path, create).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageError.Unavailable, $"{path} cannot be created ({e.GetType().Name}).", e);
        }
    }

    private T Read<T>(Func<IStoreTransaction, T> work)
    {
        if (!_readers.TryTake(out SqliteSession? session))
        {
            session = SqliteSession.Open(_path, _options, write: false, migrate: false);
        }

        try
        {
            session.BeginRead();
            T result = work(session);
            session.Commit();
            Return(session);
            return result;
        }
        catch (SqliteException e)
        {
            session.Dispose();
            const int ReadOnly = 8;
            throw e.SqliteErrorCode == ReadOnly
                ? new InvalidOperationException("Nothing can be written outside of a writing transaction.")
                : SqliteErrors.Explain(e, _path);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private void Return(SqliteSession session)
    {
        lock (_readerGate)
        {
            if (!_disposed)
            {
                _readers.Add(session);
                return;
            }
        }

        session.Dispose();
    }

    // One thread at a time leads: it does what waits as one transaction. Whoever comes meanwhile leaves the work to the next batch, and
    // the leader, after its own, hands over to the thread pool, so that no caller works for the others for ever.
    private void Lead(bool once)
    {
        while (!_waiting.IsEmpty && Interlocked.CompareExchange(ref _leading, 1, 0) == 0)
        {
            StoreWork[] done;
            try
            {
                done = RunBatch();
            }
            finally
            {
                // A full fence: whoever found the lead taken has queued its work before the queue is looked at again.
                Interlocked.Exchange(ref _leading, 0);
            }

            // Outside of the lead: what is told may write again.
            foreach (StoreWork work in done)
            {
                work.Complete();
            }

            if (once && !_waiting.IsEmpty)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static store => store.Lead(once: false), this, preferLocal: false);
                return;
            }
        }
    }

    private StoreWork[] RunBatch()
    {
        _batch.Clear();
        var durability = StoreDurability.Process;
        while (_batch.Count < MaxBatch && _waiting.TryDequeue(out StoreWork? work))
        {
            _batch.Add(work);
            durability = work.Durability < durability ? work.Durability : durability;
        }

        if (_batch.Count == 0)
        {
            return [];
        }

        SqliteSession session = _writer!;
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            session.BeginWrite(durability);
            foreach (StoreWork work in _batch)
            {
                RunOne(session, work, alone: _batch.Count == 1);
            }

            session.Commit();
            NoteFlush(durability);
        }
        catch (Exception e)
        {
            session.RollBack();
            Exception told = e is SqliteException sqlite ? SqliteErrors.Explain(sqlite, _path) : e;
            foreach (StoreWork work in _batch)
            {
                work.Fail(told);
            }
        }

        return [.. _batch];
    }

    private static void RunOne(SqliteSession session, StoreWork work, bool alone)
    {
        if (alone)
        {
            // Its failure is the transaction's.
            work.Run(session);
            return;
        }

        session.Save();
        try
        {
            work.Run(session);
            session.Release();
        }
        catch (Exception e)
        {
            if (!session.Undo())
            {
                throw;
            }

            work.Fail(e is SqliteException sqlite ? SqliteErrors.Explain(sqlite, session.Path) : e);
        }
    }

    private void NoteFlush(StoreDurability durability)
    {
        bool unflushed = durability == StoreDurability.Process;
        if (unflushed && !_unflushed)
        {
            _flush.Change(_options.FlushInterval, Timeout.InfiniteTimeSpan);
        }

        _unflushed = unflushed;
    }

    // A commit that waits for the disk takes all before it along. It has to write something to be one.
    private void Flush()
    {
        if (!_unflushed || _disposed)
        {
            return;
        }

        try
        {
            ValueTask<bool> flushed = WriteAsync(
                static t =>
                {
                    t.Reports.Clock = t.Reports.Clock;
                    return true;
                });
            if (!flushed.IsCompletedSuccessfully)
            {
                // Its failure is told to nobody: the next commit meets the same.
                flushed.AsTask().ContinueWith(
                    static (task, store) => ((SqliteSafetyStore)store!).AfterFlush(task), this, CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
        catch (ObjectDisposedException)
        {
        }
    }

    private void AfterFlush(Task task)
    {
        if (task.Exception is not null && !_disposed)
        {
            _flush.Change(_options.FlushInterval, Timeout.InfiniteTimeSpan);
        }
    }
}
