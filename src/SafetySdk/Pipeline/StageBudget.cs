using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>
/// The time and the processors that one stage has for all its checks. Inline, work is done on the calling thread and every await completes
/// at once; otherwise on the pool, and what is not done at the deadline is left behind and reported as late.
/// </summary>
internal sealed class StageBudget : IDisposable
{
    private readonly bool _inline;
    private readonly int _parallelism;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource? _deadline;
    private readonly CancellationTokenSource? _either;

    public StageBudget(PipelineOptions options, Stage stage, TimeProvider clock, bool inline, CancellationToken caller)
    {
        _inline = inline;
        _parallelism = options.MaxParallelism;
        _caller = caller;
        Stage = stage;
        Token = caller;
        if (options.DeadlineOf(stage) is { } deadline)
        {
            _deadline = new CancellationTokenSource(deadline, clock);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, caller);
            Token = _either.Token;
        }
    }

    public Stage Stage { get; }

    /// <summary>Cancelled at the deadline and when the caller gives up.</summary>
    public CancellationToken Token { get; }

    /// <summary>Whether the time of the stage is over.</summary>
    public bool IsOver => _deadline is { IsCancellationRequested: true };

    /// <summary>Whether an exception is a fault of a check, and not the end of the time or of the caller's patience.</summary>
    public static bool IsFault(Exception exception, CancellationToken token)
        => exception is not OperationCanceledException || !token.IsCancellationRequested;

    /// <summary>Does work that computes.</summary>
    /// <param name="items">What it is done on.</param>
    /// <param name="work">The work; catches its own faults.</param>
    /// <param name="late">What stands in for a result that did not come in time.</param>
    /// <param name="left">Called with a result that came too late.</param>
    /// <returns>One result an item, in their order.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<TResult[]> ComputeAsync<TItem, TResult>(
        IReadOnlyList<TItem> items, Func<TItem, CancellationToken, TResult> work, Func<TItem, TResult> late, Action<TResult>? left = null)
    {
        var results = new TResult[items.Count];
        if (_inline)
        {
            for (int i = 0; i < results.Length; i++)
            {
                _caller.ThrowIfCancellationRequested();
                results[i] = ComputeInline(items[i], work, late);
            }

            return results;
        }

        var gate = new SemaphoreSlim(_parallelism);
        var tasks = new Task<TResult>[items.Count];
        for (int i = 0; i < tasks.Length; i++)
        {
            TItem item = items[i];
            tasks[i] = Task.Run(
                async () =>
                {
                    await gate.WaitAsync(Token).ConfigureAwait(false);
                    try
                    {
                        return work(item, Token);
                    }
                    finally
                    {
                        gate.Release();
                    }
                },
                Token);
        }

        return await JoinAsync(items, tasks, late, left).ConfigureAwait(false);
    }

    /// <summary>Does work that waits for somebody else.</summary>
    /// <param name="items">What it is done on.</param>
    /// <param name="work">The work; catches its own faults.</param>
    /// <param name="late">What stands in for a result that did not come in time.</param>
    /// <returns>One result an item, in their order.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<TResult[]> WaitAsync<TItem, TResult>(
        IReadOnlyList<TItem> items, Func<TItem, CancellationToken, Task<TResult>> work, Func<TItem, TResult> late)
        => items.Count == 0
            ? []
            : await JoinAsync(items, [.. items.Select(i => Task.Run(() => work(i, Token), Token))], late, left: null).ConfigureAwait(false);

    /// <summary>Asks somebody else one thing. Inline it is asked on the calling thread, which goes on at once where the answer is there.</summary>
    /// <param name="ask">Asks.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="late">What stands in for an answer that did not come in time.</param>
    /// <param name="failed">What stands in for an answer where there was an exception instead.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<TResult> AskAsync<TAnswer, TResult>(
        Func<CancellationToken, ValueTask<TAnswer>> ask, Func<TAnswer, TResult> read, Func<TResult> late, Func<Exception, TResult> failed)
    {
        try
        {
            // On the pool, since it may block before it first awaits.
            ValueTask<TAnswer> answer = _inline ? ask(Token) : new(Task.Run(() => ask(Token).AsTask(), Token));
            return read(answer.IsCompletedSuccessfully ? answer.Result : await answer.AsTask().WaitAsync(Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (IsOver && !_caller.IsCancellationRequested)
        {
            return late();
        }
        catch (Exception e) when (IsFault(e, _caller))
        {
            return failed(e);
        }
    }

    public void Dispose()
    {
        _either?.Dispose();
        _deadline?.Dispose();
    }

    private TResult ComputeInline<TItem, TResult>(
        TItem item, Func<TItem, CancellationToken, TResult> work, Func<TItem, TResult> late)
    {
        try
        {
            // What is done is done: a result that came late is still worth more than none.
            return IsOver ? late(item) : work(item, Token);
        }
        catch (OperationCanceledException) when (IsOver && !_caller.IsCancellationRequested)
        {
            return late(item);
        }
    }

    private async ValueTask<TResult[]> JoinAsync<TItem, TResult>(
        IReadOnlyList<TItem> items, Task<TResult>[] tasks, Func<TItem, TResult> late, Action<TResult>? left)
    {
        var results = new TResult[tasks.Length];
        int joined = 0;
        try
        {
            for (; joined < tasks.Length; joined++)
            {
                try
                {
                    results[joined] = await tasks[joined].WaitAsync(Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (IsOver && !_caller.IsCancellationRequested)
                {
                    Leave(tasks[joined], left);
                    results[joined] = late(items[joined]);
                }
            }

            return results;
        }
        catch
        {
            for (int i = 0; i < tasks.Length; i++)
            {
                Leave(tasks[i], left);
            }

            throw;
        }
    }

    private static void Leave<TResult>(Task<TResult> task, Action<TResult>? left)
        => _ = task.ContinueWith(
            t =>
            {
                if (t.IsCompletedSuccessfully)
                {
                    left?.Invoke(t.Result);
                }
                else
                {
                    // Looked at, so that it does not come up again as an unobserved one.
                    _ = t.Exception;
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
}
