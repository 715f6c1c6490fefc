using System.Numerics;
using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>What the policy says of the signals of one stage.</summary>
/// <param name="Decision">The strictest decision; <see cref="Decision.Allow"/> where no rule fired.</param>
/// <param name="Reasons">Every rule that fired.</param>
/// <param name="Actions">What the host has to do, each once.</param>
public sealed record PolicyOutcome(
    Decision Decision, IReadOnlyList<VerdictReason> Reasons, IReadOnlyList<RequiredAction> Actions)
{
    /// <summary>What the host should say or observe, each once.</summary>
    public IReadOnlyList<Advisory> Advice { get; init; } = [];
}

/// <summary>
/// Turns signals into a decision. Looks at no pixels and no text. The result is a maximum over rules, so adding a signal never softens
/// it and order does not matter; a rule for everyone binds minors too, so a younger user is never treated more mildly. Only a context
/// softens, and only rules that say so. Allocates nothing where no rule fires. Thread-safe.
/// </summary>
public static class PolicyEngine
{
    private const string FailureRule = "check-failed";
    private const double LeastContext = 0.5;
    private const double LeastChild = 0.5;

    // What the account gate sees. Said here too, so that a stage that is used alone denies a child as well.
    private static readonly Signal UnderThirteen = new(SafetyCategory.UnderageAccount, 1, "account", "1");

    private static readonly PolicyOutcome NothingFired = new(Decision.Allow, [], []);

    /// <summary>Applies the floor and the policy to the signals of one stage, without context.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="age">The age band as the host knows it.</param>
    /// <param name="signals">What was seen. A score that is not a finite number counts as 1.</param>
    /// <param name="failures">Checks that could not be completed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The stage, operation or age band is not a defined one.</exception>
    public static PolicyOutcome Evaluate(
        SafetyPolicy policy,
        Stage stage,
        Operation operation,
        AgeBand age,
        IReadOnlyList<Signal> signals,
        IReadOnlyList<CheckFailure> failures)
        => Evaluate(policy, new PolicyQuery { Stage = stage, Operation = operation, Age = age, Signals = signals, Failures = failures });

    /// <summary>Applies the floor and the policy to the signals of one stage.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="query">What it is asked about.</param>
    /// <exception cref="ArgumentOutOfRangeException">The stage, operation or age band is not a defined one.</exception>
    public static PolicyOutcome Evaluate(SafetyPolicy policy, in PolicyQuery query)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(query.Signals);
        ArgumentNullException.ThrowIfNull(query.Earlier);
        ArgumentNullException.ThrowIfNull(query.Failures);
        ArgumentNullException.ThrowIfNull(query.Contexts);
        if ((uint)query.Stage > (uint)Stage.Output || (uint)query.Operation > (uint)Operation.Understand
            || (uint)query.Age > (uint)AgeBand.Under13)
        {
            // A rule for edits or for minors would silently not apply.
            throw new ArgumentOutOfRangeException(nameof(query), "The stage, operation or age band is not a defined one.");
        }

        CompiledPolicy compiled = policy.Compiled;
        Span<double> now = stackalloc double[CompiledPolicy.Categories];
        Span<double> earlier = stackalloc double[CompiledPolicy.Categories];
        now.Clear();
        earlier.Clear();
        if (compiled.IsConditional)
        {
            Strongest(query.Signals, now);
            Strongest(query.Earlier, earlier);
        }

        AgeBand age = query.Age == AgeBand.Unknown ? policy.UnknownAge : query.Age;
        var run = new Run
        {
            Stage = query.Stage,
            Operation = query.Operation,
            Minor = age != AgeBand.Adult,
            Contexts = Held(query.Contexts),
            Now = now,
            Earlier = earlier,
        };
        bool deny = query.Age == AgeBand.Under13;
        for (int i = 0; i < query.Signals.Count; i++)
        {
            // Said once is enough; said weakly is not.
            deny &= query.Signals[i].Category != SafetyCategory.UnderageAccount || Score(query.Signals[i]) < 1;
            run.Judge(compiled, query.Signals[i], isNow: true);
        }

        if (deny)
        {
            run.Judge(compiled, UnderThirteen, isNow: true);
        }

        for (int i = 0; compiled.IsConditional && i < query.Earlier.Count; i++)
        {
            run.Judge(compiled, query.Earlier[i], isNow: false);
        }

        for (int i = 0; i < query.Failures.Count; i++)
        {
            run.Fail(query.Failures[i], policy.DecisionFor(query.Failures[i]));
        }

        return run.Reasons is null
            ? NothingFired
            : new PolicyOutcome(run.Decision, run.Reasons, run.Actions ?? []) { Advice = run.Advice ?? [] };
    }

    private static double Score(Signal signal) => double.IsFinite(signal.Score) ? signal.Score : 1;

    private static void Strongest(IReadOnlyList<Signal> signals, Span<double> strongest)
    {
        for (int i = 0; i < signals.Count; i++)
        {
            Signal signal = signals[i];
            if ((uint)signal.Category < (uint)strongest.Length)
            {
                strongest[(int)signal.Category] = Math.Max(strongest[(int)signal.Category], Score(signal));
            }
        }
    }

    private static uint Held(IReadOnlyList<ContextFinding> contexts)
    {
        uint held = 0;
        for (int i = 0; i < contexts.Count; i++)
        {
            ContextFinding context = contexts[i];
            // A doubtful or damaged context softens nothing.
            if (double.IsFinite(context.Score) && context.Score >= LeastContext && (uint)context.Context < (uint)CompiledPolicy.Contexts)
            {
                held |= 1u << (int)context.Context;
            }
        }

        return held;
    }

    /// <summary>One evaluation under way.</summary>
    private ref struct Run
    {
        public required Stage Stage;
        public required Operation Operation;
        public required bool Minor;
        public required uint Contexts;
        public required ReadOnlySpan<double> Now;
        public required ReadOnlySpan<double> Earlier;
        public Decision Decision = Decision.Allow;
        public List<VerdictReason>? Reasons;
        public List<RequiredAction>? Actions;
        public List<Advisory>? Advice;

        public Run()
        {
        }

        public void Judge(CompiledPolicy policy, Signal signal, bool isNow)
        {
            if ((uint)signal.Category >= (uint)CompiledPolicy.Categories)
            {
                Fail(new CheckFailure(signal.Detector, CheckFailureKind.Fault, "the detector reported a category that does not exist."), Decision.Review);
                return;
            }

            double score = Score(signal);
            foreach (CompiledRule rule in policy.For(signal.Category))
            {
                bool conditional = rule.IsConditional;
                if (score < rule.Rule.Threshold
                    || !(isNow || conditional)
                    || !rule.Holds(Stage, Operation, signal.Modality, Minor)
                    || rule.NeverMet
                    || (conditional && !IsMet(rule, isNow)))
                {
                    continue;
                }

                Fire(rule, signal, score);
            }
        }

        public void Fail(CheckFailure failure, Decision asked)
        {
            Raise(asked);
            (Reasons ??= []).Add(new VerdictReason(
                FailureRule, SafetyCategory.CheckFailed, Stage, asked, 1, 1, failure.Check, string.Empty)
            {
                Source = failure.Source,
                Why = failure.Message,
            });
        }

        // What was whole before this stage has been judged, unless the rule names the stages where it wants to be judged.
        private readonly bool IsMet(CompiledRule rule, bool isNow)
        {
            bool anyNow = isNow || rule.Rule.Stages.Count > 0;
            if (rule.With != 0 && !IsSeen(rule.With, rule.Rule.WithThreshold, ref anyNow))
            {
                return false;
            }

            // A minor needs no child beside them. What a child makes stricter for an adult is as strict for a minor.
            if (rule.Rule.Audience != Audience.MinorsOrChildShown || (Minor && anyNow && (isNow || rule.With != 0)))
            {
                return anyNow;
            }

            return Operation != Operation.Understand && IsSeen(CompiledRule.ChildShown, LeastChild, ref anyNow) && anyNow;
        }

        private readonly bool IsSeen(ulong set, double threshold, ref bool anyNow)
        {
            bool seen = false;
            for (; set != 0; set &= set - 1)
            {
                int category = BitOperations.TrailingZeroCount(set);
                if (Now[category] >= threshold)
                {
                    anyNow = true;
                    return true;
                }

                seen |= Earlier[category] >= threshold;
            }

            return seen;
        }

        private void Fire(CompiledRule compiled, Signal signal, double score)
        {
            PolicyRule rule = compiled.Rule;
            Decision asked = compiled.In(Contexts, out SafetyContext? softenedBy);
            Raise(asked);
            (Reasons ??= []).Add(new VerdictReason(
                rule.Id, rule.Category, Stage, asked, score, rule.Threshold, signal.Detector, signal.Version)
            {
                Region = signal.Region,
                Span = signal.Span,
                Source = signal.Source,
                Why = rule.Why,
                SoftenedBy = softenedBy,
            });
            // What a context allows needs nothing done; what the policy itself allows may.
            if (asked > Decision.Allow || rule.Decision == Decision.Allow)
            {
                AddEach(rule.Actions, ref Actions);
            }

            AddEach(rule.Advise, ref Advice);
        }

        private void Raise(Decision asked) => Decision = asked > Decision ? asked : Decision;

        private static void AddEach<T>(IReadOnlyList<T> values, ref List<T>? to)
        {
            for (int i = 0; i < values.Count; i++)
            {
                if (to is null || !to.Contains(values[i]))
                {
                    (to ??= []).Add(values[i]);
                }
            }
        }
    }
}
