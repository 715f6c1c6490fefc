using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Cli;

/// <summary>The exit codes that scripts rely on.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Review = 10;
    public const int Transform = 11;
    public const int Blocked = 20;
    public const int Usage = 64;
    public const int UnreadableInput = 65;
    public const int Missing = 69;
    public const int Fault = 70;
    public const int Incomplete = 75;

    /// <summary>
    /// A block by what was seen comes first; then a check that could not be completed, by its cause; then the decision.
    /// </summary>
    public static int Of(Verdict verdict)
    {
        if (verdict.Reasons.Any(r => r.Decision == Decision.Block && r.Category != SafetyCategory.CheckFailed))
        {
            return Blocked;
        }

        if (verdict.Failures.Count > 0)
        {
            return verdict.Failures.Max(f => f.Kind switch
            {
                CheckFailureKind.InvalidInput => (1, UnreadableInput),
                CheckFailureKind.Unavailable => (2, Missing),
                _ => (0, Incomplete),
            }).Item2;
        }

        return verdict.Decision switch
        {
            Decision.Allow => Ok,
            Decision.Review => Review,
            Decision.Transform => Transform,
            Decision.Block => Blocked,
            _ => Incomplete,
        };
    }
}
