using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>What the policy says of the signals of one stage.</summary>
/// <param name="Decision">The strictest decision; <see cref="Decision.Allow"/> where no rule fired.</param>
/// <param name="Reasons">Every rule that fired.</param>
/// <param name="Actions">What the host has to do, each once.</param>
public sealed record PolicyOutcome(
    Decision Decision, IReadOnlyList<VerdictReason> Reasons, IReadOnlyList<RequiredAction> Actions);

/// <summary>
/// Turns signals into a decision. Looks at no pixels and no text. The result is a maximum over rules, so adding a signal never softens
/// it and order does not matter; a rule for everyone binds minors too, so a younger user is never treated more mildly. Thread-safe.
/// </summary>
public static class PolicyEngine
{
    private const string FailureRule = "check-failed";

    /// <summary>Applies the floor and the policy to the signals of one stage.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="age">The age band as the host knows it.</param>
    /// <param name="signals">What was seen. A score that is not a finite number counts as 1.</param>
    /// <param name="failures">Checks that could not be completed.</param>
    public static PolicyOutcome Evaluate(
        SafetyPolicy policy,
        Stage stage,
        Operation operation,
        AgeBand age,
        IReadOnlyList<Signal> signals,
        IReadOnlyList<CheckFailure> failures)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(signals);
        ArgumentNullException.ThrowIfNull(failures);
        AgeBand effectiveAge = age == AgeBand.Unknown ? policy.UnknownAge : age;
        var decision = Decision.Allow;
        var reasons = new List<VerdictReason>();
        var actions = new List<RequiredAction>();

        ApplyRules(PolicyFloor.Rules);
        ApplyRules(policy.Rules);
        foreach (CheckFailure failure in failures)
        {
            // Review at least, whatever the policy object holds: a failed check is never an allowed one.
            Decision asked = policy.WhenCheckFails == Decision.Block ? Decision.Block : Decision.Review;
            decision = Max(decision, asked);
            reasons.Add(new VerdictReason(
                FailureRule, SafetyCategory.CheckFailed, stage, asked, 1, 1, failure.Check, string.Empty)
            {
                Source = failure.Source,
                Why = failure.Message,
            });
        }

        return new PolicyOutcome(decision, reasons, actions);

        void ApplyRules(IReadOnlyList<PolicyRule> rules)
        {
            foreach (PolicyRule rule in rules)
            {
                if (!rule.AppliesTo(stage, operation, effectiveAge))
                {
                    continue;
                }

                foreach (Signal signal in signals)
                {
                    double score = double.IsFinite(signal.Score) ? signal.Score : 1;
                    if (signal.Category != rule.Category || score < rule.Threshold)
                    {
                        continue;
                    }

                    decision = Max(decision, rule.Decision);
                    reasons.Add(new VerdictReason(
                        rule.Id, rule.Category, stage, rule.Decision, score, rule.Threshold, signal.Detector, signal.Version)
                    {
                        Region = signal.Region,
                        Span = signal.Span,
                        Source = signal.Source,
                        Why = rule.Why,
                    });
                    foreach (RequiredAction action in rule.Actions)
                    {
                        if (!actions.Contains(action))
                        {
                            actions.Add(action);
                        }
                    }
                }
            }
        }
    }

    private static Decision Max(Decision a, Decision b) => a > b ? a : b;
}
