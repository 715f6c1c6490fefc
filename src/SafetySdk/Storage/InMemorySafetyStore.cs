using SafetySdk.Audit;

namespace SafetySdk.Storage;

/// <summary>
/// A store that lives as long as its process: for tests, for trying out, and where nothing has to outlive the process. Thread-safe.
/// </summary>
public sealed class InMemorySafetyStore : ISafetyStore
{
    /// <summary>Most audit records by default.</summary>
    public const int DefaultAuditRecords = 100_000;

    private readonly Lock _gate = new();
    private readonly UndoLog _undo = new();
    private readonly Transaction _writer;
    private readonly Transaction _reader;
    private bool _disposed;

    /// <summary>Creates an empty store.</summary>
    /// <param name="maxAuditRecords">Audit records that are kept; of more, the oldest go.</param>
    public InMemorySafetyStore(int maxAuditRecords = DefaultAuditRecords)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxAuditRecords, 1);
        var accounts = new InMemoryAccountRows(_undo);
        var audit = new InMemoryAuditRows(_undo, maxAuditRecords);
        var reports = new InMemoryReportRows(_undo);
        _writer = _reader = new Transaction(accounts, audit, reports);
    }

    /// <inheritdoc/>
    public ValueTask<T> WriteAsync<T>(
        Func<IStoreTransaction, T> work, StoreDurability durability = StoreDurability.Full, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Run(work, write: true, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<T> ReadAsync<T>(Func<IStoreTransaction, T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Run(work, write: false, cancellationToken);
    }

    /// <summary>Ends the store; what it held is gone.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }
    }

    private ValueTask<T> Run<T>(Func<IStoreTransaction, T> work, bool write, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        try
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                _undo.Begin(write);
                try
                {
                    T result = work(write ? _writer : _reader);
                    _undo.Commit();
                    return ValueTask.FromResult(result);
                }
                catch
                {
                    _undo.RollBack();
                    throw;
                }
            }
        }
        catch (Exception e)
        {
            return ValueTask.FromException<T>(e);
        }
    }

    private sealed record Transaction(
        Accounts.IAccountRows Accounts, IAuditRows Audit, Reporting.IReportRows Reports) : IStoreTransaction;
}
