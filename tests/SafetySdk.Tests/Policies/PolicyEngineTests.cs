using FsCheck;
using FsCheck.Fluent;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Tests.Policies;

public sealed class PolicyEngineTests
{
    private static readonly AgeBand[] YoungerLast = [AgeBand.Adult, AgeBand.Teen, AgeBand.Under13];

    private static SafetyPolicy Balanced => SafetyPolicy.BuiltIn("balanced");

    [Fact]
    public void No_signal_is_allowed_and_a_failed_check_is_not()
    {
        Assert.Equal(Decision.Allow, Evaluate(Stage.Prompt, Operation.Generate, AgeBand.Adult).Decision);
        PolicyOutcome failed = PolicyEngine.Evaluate(
            Balanced, Stage.Prompt, Operation.Generate, AgeBand.Adult, [], [new CheckFailure("x", CheckFailureKind.Fault, "m")]);
        Assert.Equal(Decision.Review, failed.Decision);
        Assert.Equal(SafetyCategory.CheckFailed, Assert.Single(failed.Reasons).Category);
    }

    [Fact]
    public void A_policy_object_cannot_make_a_failed_check_mild()
    {
        SafetyPolicy lax = Balanced with { WhenCheckFails = Decision.Allow };
        PolicyOutcome outcome = PolicyEngine.Evaluate(
            lax, Stage.Upload, Operation.Edit, AgeBand.Adult, [], [new CheckFailure("x", CheckFailureKind.Fault, "m")]);
        Assert.Equal(Decision.Review, outcome.Decision);
    }

    [Fact]
    public void The_zero_value_of_a_decision_is_not_checked() => Assert.Equal(Decision.NotChecked, default);

    [Theory]
    [InlineData(SafetyCategory.KnownContent, Stage.Upload, Operation.Understand)]
    [InlineData(SafetyCategory.KnownContent, Stage.Output, Operation.Generate)]
    [InlineData(SafetyCategory.SexualMinors, Stage.Joint, Operation.Generate)]
    [InlineData(SafetyCategory.ChildPhoto, Stage.Upload, Operation.Edit)]
    [InlineData(SafetyCategory.UnderageAccount, Stage.Account, Operation.Generate)]
    public void The_floor_holds_under_a_policy_without_rules(SafetyCategory category, Stage stage, Operation operation)
    {
        SafetyPolicy empty = Balanced with { Rules = [] };
        PolicyOutcome outcome = PolicyEngine.Evaluate(empty, stage, operation, AgeBand.Adult, [Seen(category, 0.9)], []);
        Assert.Equal(Decision.Block, outcome.Decision);
    }

    [Fact]
    public void Known_content_asks_for_a_report_a_suspension_and_the_evidence()
        => Assert.Equal(
            [RequiredAction.ReportToNcmec, RequiredAction.SuspendAccount, RequiredAction.PreserveEvidence],
            Evaluate(Stage.Upload, Operation.Generate, AgeBand.Adult, Seen(SafetyCategory.KnownContent, 1)).Actions);

    [Theory]
    [InlineData(0.6, false)]
    [InlineData(0.75, false)]
    [InlineData(0.95, true)]
    public void A_suspected_match_blocks_and_is_kept_and_a_policy_says_when_a_near_one_is_confirmed(double score, bool confirmed)
    {
        PolicyOutcome outcome = Evaluate(Stage.Output, Operation.Understand, AgeBand.Adult, Seen(SafetyCategory.KnownContent, score));
        Assert.Equal(Decision.Block, outcome.Decision);
        Assert.Contains(RequiredAction.PreserveEvidence, outcome.Actions);
        Assert.Equal(confirmed, outcome.Actions.Contains(RequiredAction.ReportToNcmec));
        Assert.Equal(confirmed, outcome.Actions.Contains(RequiredAction.SuspendAccount));

        PolicyOutcome exactOnly = PolicyEngine.Evaluate(
            Balanced with { Rules = [] }, Stage.Output, Operation.Understand, AgeBand.Adult, [Seen(SafetyCategory.KnownContent, score)], []);
        Assert.Equal([RequiredAction.PreserveEvidence], exactOnly.Actions);
    }

    [Theory]
    [InlineData(Operation.Generate, Decision.Allow)]
    [InlineData(Operation.Edit, Decision.Block)]
    [InlineData(Operation.Understand, Decision.Allow)]
    public void A_childs_photograph_may_be_looked_at_but_not_edited(Operation operation, Decision expected)
        => Assert.Equal(expected, Evaluate(Stage.Upload, operation, AgeBand.Adult, Seen(SafetyCategory.ChildPhoto, 0.9)).Decision);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_score_that_is_not_a_number_counts_as_the_strongest(double score)
        => Assert.Equal(Decision.Block, Evaluate(Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(SafetyCategory.Hate, score)).Decision);

    public static TheoryData<string, string> EveryRule => [.. SafetyPolicy.BuiltInNames.SelectMany(n =>
        PolicyFloor.Rules.Concat(SafetyPolicy.BuiltIn(n).Rules).Select(r => (n, r.Id)))];

    [Theory]
    [MemberData(nameof(EveryRule))]
    public void Every_rule_of_every_built_in_policy_can_be_reached(string name, string id)
    {
        SafetyPolicy policy = SafetyPolicy.BuiltIn(name);
        PolicyRule rule = PolicyFloor.Rules.Concat(policy.Rules).Single(r => r.Id == id);
        RuleReach reach = RuleReach.Of(rule);
        PolicyOutcome outcome = PolicyEngine.Evaluate(policy, new PolicyQuery
        {
            Stage = reach.Stages[^1],
            Operation = reach.Operations[0],
            Age = AgeBand.Teen,
            Signals =
            [
                Seen(rule.Category, rule.Threshold) with { Modality = reach.Modalities.FirstOrDefault() },
                .. rule.With.Take(1).Select(c => Seen(c, rule.WithThreshold)),
            ],
        });
        Assert.Contains(outcome.Reasons, r => r.Rule == id && r.Decision == rule.Decision);
        Assert.True(outcome.Decision >= rule.Decision);
        Assert.False(string.IsNullOrWhiteSpace(rule.Why), "a rule without a reason");
    }

    [Fact]
    public void Nothing_is_allocated_where_no_rule_fires()
    {
        SafetyPolicy policy = SafetyPolicy.BuiltIn("balanced");
        Signal[] signals = [Seen(SafetyCategory.Sexual, 0.1), Seen(SafetyCategory.SexualSuggestive, 0.2), Seen(SafetyCategory.PersonPhoto, 0.9)];
        var query = new PolicyQuery { Stage = Stage.Upload, Age = AgeBand.Teen, Signals = signals, Earlier = signals };
        Assert.Equal(0, SteadyState.LeastAllocated(() => PolicyEngine.Evaluate(policy, query)));
    }

    [Theory]
    [InlineData(99, 0, 0)]
    [InlineData(0, 99, 0)]
    [InlineData(0, 0, -1)]
    public void A_stage_operation_or_age_that_does_not_exist_is_refused(int stage, int operation, int age)
        => Assert.Throws<ArgumentOutOfRangeException>(() => Evaluate((Stage)stage, (Operation)operation, (AgeBand)age));

    [Fact]
    public void A_category_that_does_not_exist_is_a_fault_of_the_detector()
    {
        PolicyOutcome outcome = Evaluate(Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen((SafetyCategory)999, 1));
        Assert.Equal((Decision.Review, SafetyCategory.CheckFailed), (outcome.Decision, Assert.Single(outcome.Reasons).Category));
    }

    [Fact]
    public void What_was_judged_in_an_earlier_stage_is_not_judged_again()
    {
        PolicyOutcome outcome = PolicyEngine.Evaluate(Balanced, new PolicyQuery
        {
            Stage = Stage.Output,
            Age = AgeBand.Adult,
            Earlier = [Seen(SafetyCategory.HateSymbol, 0.9), Seen(SafetyCategory.HatePraise, 0.9)],
        });
        Assert.Equal(Decision.Allow, outcome.Decision);
    }

    [Fact]
    public void Rules_for_a_check_that_failed_can_be_set_for_each_category()
    {
        SafetyPolicy policy = Balanced with
        {
            WhenCheckFailsFor = new Dictionary<SafetyCategory, Decision> { [SafetyCategory.KnownContent] = Decision.Block },
        };
        var failure = new CheckFailure("x", CheckFailureKind.Fault, "m");
        Assert.Equal(Decision.Block, policy.DecisionFor(failure with { Categories = [SafetyCategory.Sexual, SafetyCategory.KnownContent] }));
        Assert.Equal(Decision.Review, policy.DecisionFor(failure with { Categories = [SafetyCategory.Sexual] }));
        Assert.Equal(Decision.Block, policy.DecisionFor(failure)); // it could have been any
        Assert.Equal(Decision.Block, SafetyPolicy.BuiltIn("strict").DecisionFor(failure));
    }

    [Fact]
    public void Adding_a_signal_never_softens()
        => Prop.ForAll(Cases, c =>
        {
            PolicyOutcome without = Evaluate(c.Stage, c.Operation, c.Age, [.. c.Signals.Skip(1)]);
            return Evaluate(c.Stage, c.Operation, c.Age, c.Signals).Decision >= without.Decision;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Order_of_signals_does_not_matter()
        => Prop.ForAll(Cases, c =>
            Evaluate(c.Stage, c.Operation, c.Age, c.Signals).Decision
            == Evaluate(c.Stage, c.Operation, c.Age, [.. c.Signals.Reverse()]).Decision).QuickCheckThrowOnFailure();

    [Fact]
    public void A_younger_user_is_never_treated_more_mildly()
        => Prop.ForAll(Cases, c =>
        {
            Decision[] decisions = [.. YoungerLast.Select(age => Evaluate(c.Stage, c.Operation, age, c.Signals).Decision)];
            return decisions.SequenceEqual(decisions.Order());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_stronger_score_never_softens()
        => Prop.ForAll(Cases, c =>
            Evaluate(c.Stage, c.Operation, c.Age, [.. c.Signals.Select(s => s with { Score = 1 })]).Decision
            >= Evaluate(c.Stage, c.Operation, c.Age, c.Signals).Decision).QuickCheckThrowOnFailure();

    private static Arbitrary<Case> Cases { get; } = (
        from stage in Gen.Elements(Enum.GetValues<Stage>())
        from operation in Gen.Elements(Enum.GetValues<Operation>())
        from age in Gen.Elements(Enum.GetValues<AgeBand>())
        from signals in (
            from category in Gen.Elements(Enum.GetValues<SafetyCategory>())
            from score in Gen.Choose(0, 100)
            select Seen(category, score / 100.0)).ListOf()
        where signals.Count > 0
        select new Case(stage, operation, age, [.. signals])).ToArbitrary();

    private static Signal Seen(SafetyCategory category, double score) => new(category, score, "test", "1");

    private static PolicyOutcome Evaluate(Stage stage, Operation operation, AgeBand age, params Signal[] signals)
        => PolicyEngine.Evaluate(Balanced, stage, operation, age, signals, []);

    private sealed record Case(Stage Stage, Operation Operation, AgeBand Age, Signal[] Signals);
}
