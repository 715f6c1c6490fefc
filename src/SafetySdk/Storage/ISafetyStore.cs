using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Reporting;

namespace SafetySdk.Storage;

/// <summary>What a transaction survives once its task has ended.</summary>
public enum StoreDurability
{
    /// <summary>The death of the process, and a loss of power where the store can promise that at all.</summary>
    Full = 0,

    /// <summary>
    /// The death of the process at any instruction. After a loss of power or a crash of the operating system the transactions of the last
    /// moments may be gone, the last ones first and each as a whole; the store says how long a moment is.
    /// </summary>
    Process = 1,
}

/// <summary>Everything a store keeps, as seen within one transaction; valid only there, and not thread-safe.</summary>
public interface IStoreTransaction
{
    /// <summary>Accounts.</summary>
    IAccountRows Accounts { get; }

    /// <summary>The audit log.</summary>
    IAuditRows Audit { get; }

    /// <summary>The outbox.</summary>
    IReportRows Reports { get; }
}

/// <summary>Keeps accounts, the audit log and reports, and changes them together or not at all. Thread-safe.</summary>
/// <remarks>
/// The work of a transaction runs on a thread of the store's choice, with no other write at the same time, and may be run again where a
/// store had to give way: it touches nothing but the transaction, waits for nothing, and keeps nothing of it.
/// </remarks>
public interface ISafetyStore : IDisposable
{
    /// <summary>Runs work that changes something. When the task ends well, all of it is kept; otherwise nothing is.</summary>
    /// <typeparam name="T">What the work returns.</typeparam>
    /// <param name="work">The work. An exception of it ends the transaction and comes out of the task as it is.</param>
    /// <param name="durability">What the change survives.</param>
    /// <param name="cancellationToken">Cancels work that has not begun; begun work runs to its end.</param>
    /// <exception cref="StorageException">The store could not; nothing was kept.</exception>
    /// <exception cref="ObjectDisposedException">The store was disposed.</exception>
    ValueTask<T> WriteAsync<T>(
        Func<IStoreTransaction, T> work, StoreDurability durability = StoreDurability.Full, CancellationToken cancellationToken = default);

    /// <summary>Runs work that only reads, on one state of the store.</summary>
    /// <typeparam name="T">What the work returns.</typeparam>
    /// <param name="work">The work; writing fails with an <see cref="InvalidOperationException"/>.</param>
    /// <param name="cancellationToken">Cancels work that has not begun.</param>
    /// <exception cref="StorageException">The store could not.</exception>
    /// <exception cref="ObjectDisposedException">The store was disposed.</exception>
    ValueTask<T> ReadAsync<T>(Func<IStoreTransaction, T> work, CancellationToken cancellationToken = default);
}
