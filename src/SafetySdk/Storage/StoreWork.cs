namespace SafetySdk.Storage;

/// <summary>Work that waits for its transaction.</summary>
internal abstract class StoreWork(StoreDurability durability)
{
    public StoreDurability Durability { get; } = durability;

    /// <summary>Does the work within a transaction. The result is kept back until <see cref="Complete"/>.</summary>
    public abstract void Run(IStoreTransaction transaction);

    /// <summary>Notes that nothing was kept. The first failure stays.</summary>
    public abstract void Fail(Exception cause);

    /// <summary>Tells the caller, after the commit.</summary>
    public abstract void Complete();
}

/// <inheritdoc/>
internal sealed class StoreWork<T>(Func<IStoreTransaction, T> work, StoreDurability durability, CancellationToken cancellationToken)
    : StoreWork(durability)
{
    private readonly TaskCompletionSource<T> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;
    private Exception? _cause;

    public Task<T> Task => _told.Task;

    public override void Run(IStoreTransaction transaction)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _result = work(transaction);
    }

    public override void Fail(Exception cause) => _cause ??= cause;

    public override void Complete()
    {
        switch (_cause)
        {
            case null:
                _told.SetResult(_result!);
                break;
            case OperationCanceledException:
                _told.SetCanceled(cancellationToken);
                break;
            default:
                _told.SetException(_cause);
                break;
        }
    }
}
