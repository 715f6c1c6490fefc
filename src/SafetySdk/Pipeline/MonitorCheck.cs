using SafetySdk.Classification;
using SafetySdk.Monitoring;

namespace SafetySdk.Pipeline;

/// <summary>
/// Asks the safety monitor, once all that is cheaper has been seen. Its findings are added to the signals of the stage; nothing is taken
/// away.
/// </summary>
internal sealed class MonitorCheck(ISafetyMonitor monitor)
{
    private const int MostFindings = 100;

    public async ValueTask<MonitorOutcome> CheckAsync(MonitorQuery query, StageBudget budget)
        => (await budget.WaitAsync(
            [query],
            ExamineAsync,
            _ => Failed(CheckFailureKind.TimedOut, "not done within the time of the stage.")).ConfigureAwait(false))[0];

    private async Task<MonitorOutcome> ExamineAsync(MonitorQuery query, CancellationToken cancellationToken)
    {
        try
        {
            MonitorReport report = await monitor.ExamineAsync(query, cancellationToken).ConfigureAwait(false);
            return Read(report);
        }
        catch (MonitorException e)
        {
            return Failed(
                e.Error switch
                {
                    MonitorError.TimedOut => CheckFailureKind.TimedOut,
                    MonitorError.Unavailable => CheckFailureKind.Unavailable,
                    _ => CheckFailureKind.Fault,
                },
                e.Message);
        }
        catch (Exception e) when (StageBudget.IsFault(e, cancellationToken))
        {
            // A monitor may quote its input in a message: the type alone is safe to pass on.
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
            [.. valid.Select(f => new Signal(f.Category, f.Score, monitor.Name, monitor.Version) { Source = "request" })],
            valid,
            valid.Length == report.Findings.Count
                ? []
                : Failed(CheckFailureKind.Fault, "a finding has a category that it may not report, or a score outside 0 to 1.").Failures);
    }

    private MonitorOutcome Failed(CheckFailureKind kind, string message)
        => new([], [], [new CheckFailure(monitor.Name, kind, $"the safety monitor: {message}") { Source = "request" }]);
}

/// <summary>What the safety monitor said, checked.</summary>
internal sealed record MonitorOutcome(
    IReadOnlyList<Signal> Signals, IReadOnlyList<MonitorFinding> Findings, IReadOnlyList<CheckFailure> Failures);
