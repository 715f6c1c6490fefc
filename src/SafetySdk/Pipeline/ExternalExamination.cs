using SafetySdk.Classification;
using SafetySdk.External;

namespace SafetySdk.Pipeline;

/// <summary>Asks every external detector about every text or picture of a stage, all at once.</summary>
internal sealed class ExternalExamination(IReadOnlyList<GuardedDetector> detectors)
{
    public bool Any => detectors.Count > 0;

    public ValueTask<ExternalOutcome[]> ExamineAsync(IReadOnlyList<ExternalQuery> queries, StageBudget budget)
    {
        if (detectors.Count == 0)
        {
            return new([]);
        }

        (GuardedDetector Detector, ExternalQuery Query)[] calls =
        [
            .. from query in queries
               from detector in detectors
               where detector.LooksAt(query.Stage, query.Text is null ? ExternalInputs.Images : ExternalInputs.Text)
               select (detector, query),
        ];
        return budget.WaitAsync(
            calls,
            static (call, token) => call.Detector.ExamineAsync(call.Query, token),
            static call => new ExternalOutcome(
                [], call.Detector.Failure(call.Query, CheckFailureKind.TimedOut, "not done within the time of the stage.")));
    }
}
