using SafetySdk.Classification;
using SafetySdk.External;
using SafetySdk.Monitoring;

namespace SafetySdk.Pipeline;

/// <summary>
/// Asks the safety monitor, once all that is cheaper has been seen. Its findings are added to the signals of the stage; nothing is taken
/// away. A monitor that cannot be reached again and again is not asked for a while; an invalid answer does not count, since whoever writes
/// prompts could provoke those.
/// </summary>
internal sealed class MonitorCheck
{
    private const int MostFindings = 100;

    private readonly ISafetyMonitor _monitor;
    private readonly CircuitBreaker _breaker;

    public MonitorCheck(ISafetyMonitor monitor, MonitorOptions options, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.FailuresToOpen, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.OpenFor, TimeSpan.Zero, nameof(options));
        _monitor = monitor;
        _breaker = new CircuitBreaker(options.FailuresToOpen, options.OpenFor, clock);
    }

    public async ValueTask<MonitorOutcome> CheckAsync(MonitorQuery query, StageBudget budget)
        => (await budget.WaitAsync(
            [query],
            (asked, token) => ExamineAsync(asked, budget, token),
            _ => Failed(CheckFailureKind.TimedOut, "not done within the time of the stage.")).ConfigureAwait(false))[0];

    private async Task<MonitorOutcome> ExamineAsync(MonitorQuery query, StageBudget budget, CancellationToken cancellationToken)
    {
        if (!_breaker.TryEnter())
        {
            return Failed(CheckFailureKind.Unavailable, "it failed repeatedly and is not called for a while.");
        }

        try
        {
            MonitorReport report = await _monitor.ExamineAsync(query, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            _breaker.Succeed();
            return Read(report);
        }
        catch (MonitorException e) when (e.Error == MonitorError.InvalidAnswer)
        {
            _breaker.Succeed();
            return Failed(CheckFailureKind.Fault, e.Message);
        }
        catch (MonitorException e)
        {
            _breaker.Fail();
            return Failed(e.Error == MonitorError.TimedOut ? CheckFailureKind.TimedOut : CheckFailureKind.Unavailable, e.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (budget.IsOver)
            {
                _breaker.Fail();
            }
            else
            {
                _breaker.Withdraw();
            }

            throw;
        }
        catch (Exception e)
        {
            // A monitor may quote its input in a message: the type alone is safe to pass on.
            _breaker.Fail();
            return Failed(CheckFailureKind.Fault, $"it failed ({e.GetType().Name}).");
        }
    }

    private MonitorOutcome Read(MonitorReport? report)
    {
        if (report?.Findings is null || report.Findings.Count > MostFindings)
        {
            return Failed(CheckFailureKind.Fault, $"it answered nothing, or more than {MostFindings} findings.");
        }

        MonitorFinding[] valid =
        [
            .. report.Findings.Where(static f => f is not null && MonitorFinding.MayReport(f.Category) && f.Score is >= 0 and <= 1),
        ];
        return new MonitorOutcome(
            [.. valid.Select(f => new Signal(f.Category, f.Score, _monitor.Name, _monitor.Version) { Source = "request" })],
            valid,
            valid.Length == report.Findings.Count
                ? []
                : Failed(CheckFailureKind.Fault, "a finding has a category that it may not report, or a score outside 0 to 1.").Failures);
    }

    private MonitorOutcome Failed(CheckFailureKind kind, string message)
        => new([], [], [new CheckFailure(_monitor.Name, kind, $"the safety monitor: {message}") { Source = "request" }]);
}

/// <summary>What the safety monitor said, checked.</summary>
internal sealed record MonitorOutcome(
    IReadOnlyList<Signal> Signals, IReadOnlyList<MonitorFinding> Findings, IReadOnlyList<CheckFailure> Failures);
