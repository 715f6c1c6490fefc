using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Tests.Policies;

public sealed class PolicyExplanationTests
{
    public static TheoryData<string, AgeBand, Operation> Situations => [..
        from name in SafetyPolicy.BuiltInNames
        from age in new[] { AgeBand.Adult, AgeBand.Teen, AgeBand.Unknown }
        from operation in Enum.GetValues<Operation>()
        select (name, age, operation)];

    [Theory]
    [MemberData(nameof(Situations))]
    public void Every_line_says_what_the_engine_does(string name, AgeBand age, Operation operation)
    {
        SafetyPolicy policy = SafetyPolicy.BuiltIn(name);
        foreach (SafetyContext[] contexts in new SafetyContext[][] { [], [SafetyContext.News], [SafetyContext.Artistic, SafetyContext.Medical] })
        {
            PolicyExplanation explained = PolicyExplanation.Of(policy, new PolicySituation(age, operation) { Contexts = contexts });
            Assert.NotEmpty(explained.Lines);
            foreach (PolicyLine line in explained.Lines)
            {
                foreach (Stage stage in line.Stages)
                {
                    PolicyOutcome outcome = PolicyEngine.Evaluate(policy, Query(stage, line));
                    Assert.Contains(outcome.Reasons, r => r.Rule == line.Rule.Id && r.Decision == line.Decision && r.SoftenedBy == line.SoftenedBy);
                }
            }

            // What is said to be free is free, however strong and wherever; what is left out never asks for more than what is said.
            foreach (SafetyCategory free in explained.Free)
            {
                Assert.All(Enum.GetValues<Stage>(), stage => Assert.Equal(Decision.Allow, PolicyEngine.Evaluate(policy, new PolicyQuery
                {
                    Stage = stage,
                    Operation = operation,
                    Age = age,
                    Signals = [new Signal(free, 1, "t", "1")],
                    Contexts = [.. contexts.Select(c => new ContextFinding(c, 1, "host"))],
                }).Decision));
            }

            PolicyQuery Query(Stage stage, PolicyLine line) => new()
            {
                Stage = stage,
                Operation = operation,
                Age = age,
                Signals =
                [
                    new Signal(line.Rule.Category, line.Rule.Threshold, "t", "1"),
                    .. line.Rule.With.Take(1).Select(c => new Signal(c, line.Rule.WithThreshold, "t", "1")),
                    .. line.NeedsChild ? [new Signal(SafetyCategory.ChildPhoto, 0.5, "t", "1")] : Array.Empty<Signal>(),
                ],
                Contexts = [.. contexts.Select(c => new ContextFinding(c, 1, "host"))],
            };
        }
    }

    [Theory]
    [MemberData(nameof(Situations))]
    public void A_rule_that_is_left_out_changes_nothing(string name, AgeBand age, Operation operation)
    {
        SafetyPolicy policy = SafetyPolicy.BuiltIn(name);
        PolicyExplanation explained = PolicyExplanation.Of(policy, new PolicySituation(age, operation));
        SafetyPolicy shown = policy with { Rules = [.. explained.Lines.Where(l => !l.IsFloor).Select(l => l.Rule)] };
        foreach (PolicyRule rule in policy.Rules)
        {
            var reach = RuleReach.Of(rule);
            foreach (Stage stage in reach.Stages)
            {
                foreach (double score in new[] { rule.Threshold, 1 })
                {
                    var query = new PolicyQuery
                    {
                        Stage = stage,
                        Operation = operation,
                        Age = age,
                        Signals =
                        [
                            new Signal(rule.Category, score, "t", "1") { Modality = reach.Modalities.FirstOrDefault() },
                            .. rule.With.Select(c => new Signal(c, rule.WithThreshold, "t", "1")),
                        ],
                    };
                    Assert.Equal(PolicyEngine.Evaluate(policy, query).Decision, PolicyEngine.Evaluate(shown, query).Decision);
                }
            }
        }
    }

    [Fact]
    public void A_child_under_13_is_denied_and_nothing_else_matters()
    {
        PolicyExplanation explained = PolicyExplanation.Of(SafetyPolicy.BuiltIn("creative"), new PolicySituation(AgeBand.Under13, Operation.Generate));
        Assert.Contains(explained.Lines, l => l.Rule.Id == "floor-under-13" && l.Decision == Decision.Block);
        Assert.Empty(explained.Free);
    }

    [Fact]
    public void A_category_that_nothing_detects_is_marked()
    {
        PolicyExplanation explained = PolicyExplanation.Of(SafetyPolicy.BuiltIn("balanced"), new PolicySituation(AgeBand.Adult, Operation.Generate));
        Assert.All(explained.Lines, l => Assert.Equal(CategoryInfo.Of(l.Rule.Category).DetectedBy != CategorySources.None, l.IsDetected));
        Assert.Contains(explained.Lines, l => !l.IsDetected);
    }

    [Fact]
    public void A_rule_that_needs_what_is_not_configured_is_blind_and_says_what_it_needs()
    {
        const CategorySources All = CategorySources.Text | CategorySources.Picture | CategorySources.Lists | CategorySources.Accounts;
        foreach (string name in SafetyPolicy.BuiltInNames)
        {
            foreach (Operation operation in Enum.GetValues<Operation>())
            {
                PolicyExplanation untold = Explain(null), all = Explain(All), none = Explain(CategorySources.Text);
                Assert.All(untold.Lines.Concat(all.Lines), l => Assert.Equal((CategorySources.None, false), (l.Missing, l.IsBlind)));
                Assert.Equal(untold.Lines.Select(l => l.Rule.Id), none.Lines.Select(l => l.Rule.Id));
                Assert.All(none.Lines, l => Assert.False(l.Missing.HasFlag(CategorySources.Text)));
                PolicyLine known = none.Lines.First(l => l.Rule.Category == SafetyCategory.KnownContent);
                Assert.Equal((CategorySources.Lists, true), (known.Missing, known.IsBlind));
                Assert.All(
                    none.Lines.Where(l => l.Rule.Category == SafetyCategory.ChildPhoto), l => Assert.Equal((CategorySources.Picture, true), (l.Missing, l.IsBlind)));
                Assert.True(operation != Operation.Edit || none.Lines.Any(l => l.Rule.Category == SafetyCategory.ChildPhoto));
                PolicyLine denied = none.Lines.First(l => l.Rule.Category == SafetyCategory.AccountDenied);
                Assert.Equal((CategorySources.Accounts, true), (denied.Missing, denied.IsBlind));
                Assert.Contains(none.Lines, l => l is { Missing: CategorySources.Picture, IsBlind: false }); // sees texts, not pictures

                PolicyExplanation Explain(CategorySources? configured)
                    => PolicyExplanation.Of(SafetyPolicy.BuiltIn(name), new PolicySituation(AgeBand.Adult, operation) { Configured = configured });
            }
        }
    }

    [Fact]
    public void Policies_differ_by_what_they_do()
    {
        SafetyPolicy balanced = SafetyPolicy.BuiltIn("balanced");
        var situation = new PolicySituation(AgeBand.Adult, Operation.Generate);
        Assert.Empty(PolicyComparison.Of(balanced, balanced with { Name = "other", Rules = [.. balanced.Rules.Reverse()] }, situation).Differences);
        PolicyComparison changed = PolicyComparison.Of(
            balanced, balanced with { WhenCheckFails = Decision.Block, Rules = [.. balanced.Rules.Where(r => r.Category != SafetyCategory.Weapons)] }, situation);
        Assert.Equal(["when a check fails", CategoryInfo.Of(SafetyCategory.Weapons).Title], changed.Differences.Select(d => d.Subject));
        Assert.Equal(("block from 0.5 (upload, prompt, joint, output)", "allow"), (changed.Differences[1].First, changed.Differences[1].Second));
        Assert.True(PolicyComparison.Of(balanced, SafetyPolicy.BuiltIn("strict"), situation).Differences.Count > 10);
    }
}
