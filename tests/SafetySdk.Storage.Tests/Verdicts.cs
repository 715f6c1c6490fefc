using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Storage.Tests;

/// <summary>Verdicts as a pipeline would give them.</summary>
internal static class Verdicts
{
    private static int _number;

    public static Verdict Allowed() => Of(Decision.Allow, [], []);

    public static Verdict Blocked(SafetyCategory category = SafetyCategory.Sexual)
        => Of(Decision.Block, [new VerdictReason("no-sexual", category, Stage.Prompt, Decision.Block, 0.9, 0.5, "rules", "1")], []);

    public static Verdict Known()
        => Of(
            Decision.Block,
            [new VerdictReason("floor-known", SafetyCategory.KnownContent, Stage.Upload, Decision.Block, 1, 0.5, "known-content:l:pdq:original", "d")],
            [RequiredAction.ReportToNcmec, RequiredAction.SuspendAccount, RequiredAction.PreserveEvidence]);

    private static Verdict Of(Decision decision, IReadOnlyList<VerdictReason> reasons, IReadOnlyList<RequiredAction> actions) => new()
    {
        Decision = decision,
        Reasons = reasons,
        Actions = actions,
        Failures = [],
        Stages = [],
        PolicyName = "balanced",
        PolicyDigest = "digest",
        Detectors = [new DetectorVersion("rules", "1")],
        Id = $"verdict-{Interlocked.Increment(ref _number)}-{Guid.NewGuid():N}",
    };
}
