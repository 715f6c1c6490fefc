using System.Text;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Tests.Policies;

/// <summary>What holds for every policy, not only for those that we wrote.</summary>
public sealed class PolicyPropertyTests
{
    private const int Rounds = 4000;

    private static readonly AgeBand[] YoungerLast = [AgeBand.Adult, AgeBand.Teen, AgeBand.Under13];

    [Fact]
    public void A_younger_user_is_never_treated_more_mildly() => ForAll((random, policy, query) =>
    {
        Decision[] decisions = [.. YoungerLast.Select(age => Decide(policy, Change(query, age: age)))];
        Assert.Equal(decisions.Order(), decisions);
        Assert.InRange(Decide(policy, Change(query, age: AgeBand.Unknown)), decisions[0], decisions[1]);
    });

    [Fact]
    public void A_higher_score_never_softens() => ForAll((random, policy, query) =>
    {
        List<Signal> higher = [.. query.Signals.Select(s => random.Sometimes() ? s with { Score = Math.Max(s.Score, random.Score()) } : s)];
        Assert.True(Decide(policy, Change(query, signals: higher)) >= Decide(policy, query));
    });

    [Fact]
    public void One_more_signal_never_softens() => ForAll((random, policy, query) =>
    {
        Signal more = random.Signal(random.One<SafetyCategory>());
        Decision before = Decide(policy, query);
        Assert.True(Decide(policy, Change(query, signals: [.. query.Signals, more])) >= before);
        Assert.True(Decide(policy, Change(query, earlier: [.. query.Earlier, more])) >= before);
    });

    [Fact]
    public void Less_context_never_softens() => ForAll((random, policy, query) =>
    {
        List<ContextFinding> fewer = [.. query.Contexts.Where(_ => random.Sometimes())];
        List<ContextFinding> doubtful = [.. query.Contexts.Select(c => c with { Score = random.One([0.49, 0, double.NaN, double.PositiveInfinity]) })];
        Decision all = Decide(policy, query);
        Assert.True(Decide(policy, Change(query, contexts: fewer)) >= all);
        Assert.Equal(Decide(policy, Change(query, contexts: [])), Decide(policy, Change(query, contexts: doubtful)));
    });

    [Fact]
    public void A_signal_that_does_not_say_its_kind_is_never_judged_more_mildly() => ForAll((random, policy, query) =>
    {
        List<Signal> untold = [.. query.Signals.Select(s => s with { Modality = random.One([Modality.Unspecified, (Modality)99]) })];
        Assert.True(Decide(policy, Change(query, signals: untold)) >= Decide(policy, query));
    });

    [Fact]
    public void Order_never_matters() => ForAll((random, policy, query) =>
    {
        PolicyOutcome one = PolicyEngine.Evaluate(policy, query);
        PolicyOutcome other = PolicyEngine.Evaluate(
            policy with { Rules = random.Shuffled(policy.Rules) },
            Change(query, signals: random.Shuffled(query.Signals), earlier: random.Shuffled(query.Earlier), contexts: random.Shuffled(query.Contexts)));
        Assert.Equal(one.Decision, other.Decision);
        Assert.Equal(Lines(one), Lines(other));
        Assert.Equal(one.Actions.Order(), other.Actions.Order());
        Assert.Equal(one.Advice.Order(), other.Advice.Order());

        static IEnumerable<string> Lines(PolicyOutcome outcome) => outcome.Reasons.Select(r => r.ToString()).Order(StringComparer.Ordinal);
    });

    [Fact]
    public void The_floor_holds_under_every_policy_and_in_every_context() => ForAll((random, policy, query) =>
    {
        foreach (PolicyRule floor in PolicyFloor.Rules)
        {
            PolicyQuery met = Change(
                query,
                stage: random.One(floor.Stages.Count == 0 ? Enum.GetValues<Stage>() : floor.Stages),
                operation: random.One(floor.Operations.Count == 0 ? Enum.GetValues<Operation>() : floor.Operations),
                signals: random.Shuffled([.. query.Signals, random.Signal(floor.Category) with { Score = Math.Max(floor.Threshold, random.One([0.5, 0.7, 1, double.NaN])) }]),
                contexts: [.. Enum.GetValues<SafetyContext>().Select(c => new ContextFinding(c, 1, "host"))]);
            PolicyOutcome outcome = PolicyEngine.Evaluate(policy, met);
            Assert.True(outcome.Decision >= floor.Decision);
            Assert.Contains(outcome.Reasons, r => r.Rule == floor.Id && r.Decision == floor.Decision && r.SoftenedBy is null);
            Assert.All(floor.Actions, a => Assert.Contains(a, outcome.Actions));
        }
    });

    [Fact]
    public void A_failed_check_is_never_allowed() => ForAll((random, policy, query) =>
    {
        SafetyPolicy lax = policy with
        {
            WhenCheckFails = random.One<Decision>(),
            WhenCheckFailsFor = random.Some(SafetyCategories.All).ToDictionary(c => c, _ => random.One<Decision>()),
        };
        var failure = new CheckFailure("x", random.One<CheckFailureKind>(), "m") { Categories = random.Some(SafetyCategories.All) };
        PolicyOutcome outcome = PolicyEngine.Evaluate(lax, Change(query, failures: [failure]));
        Assert.True(outcome.Decision >= Decision.Review);
        Assert.Contains(outcome.Reasons, r => r.Category == SafetyCategory.CheckFailed);
    });

    [Fact]
    public void Strict_is_never_milder_than_balanced_and_balanced_never_milder_than_creative()
    {
        SafetyPolicy[] strictLast = [.. new[] { "creative", "balanced", "strict" }.Select(SafetyPolicy.BuiltIn)];
        var random = new RandomPolicies(7);
        for (int i = 0; i < 5 * Rounds; i++)
        {
            PolicyQuery query = random.Query(strictLast[0]);
            // What an earlier stage saw, it judged.
            PolicyQuery before = Change(query, signals: query.Earlier, earlier: []);
            Decision[] decisions = [.. strictLast.Select(p => Decide(p, query)).Zip(strictLast.Select(p => Decide(p, before)), (a, b) => a > b ? a : b)];
            Assert.True(decisions.SequenceEqual(decisions.Order()), $"{string.Join(' ', decisions)}: {query.Stage} {query.Operation} {query.Age} "
                + $"{string.Join(' ', query.Signals)} | {string.Join(' ', query.Earlier)} | {string.Join(' ', query.Contexts)}");
        }
    }

    [Fact]
    public void Inheriting_cannot_weaken_the_floor()
    {
        var random = new RandomPolicies(11);
        int read = 0, refused = 0;
        for (int i = 0; i < Rounds; i++)
        {
            string from = random.One(SafetyPolicy.BuiltInNames);
            string[] ids = [.. SafetyPolicy.BuiltIn(from).Rules.Select(r => r.Id), .. PolicyFloor.Rules.Select(r => r.Id), "mine"];
            string rules = string.Join(", ", random.Some(ids).Distinct().Select(id => Override(random, id)));
            string json = $$"""{ "schema": "policy.v1", "name": "derived", "version": "1", "extends": "{{from}}", "rules": [ {{rules}} ] }""";
            SafetyPolicy policy;
            try
            {
                policy = SafetyPolicy.Parse(Encoding.UTF8.GetBytes(json));
                read++;
            }
            catch (PolicyFormatException e)
            {
                Assert.StartsWith("$", e.Path, StringComparison.Ordinal);
                refused++;
                continue;
            }

            foreach (PolicyRule floor in PolicyFloor.Rules)
            {
                PolicyOutcome outcome = PolicyEngine.Evaluate(policy, new PolicyQuery
                {
                    Stage = floor.Stages.Count == 0 ? Stage.Output : floor.Stages[0],
                    Operation = floor.Operations.Count == 0 ? Operation.Understand : floor.Operations[0],
                    Age = AgeBand.Adult,
                    Signals = [new Signal(floor.Category, 0.5, "t", "1")],
                });
                Assert.True(outcome.Decision >= floor.Decision);
            }
        }

        Assert.True(read > Rounds / 10 && refused > Rounds / 10, $"{read} read, {refused} refused: the generator tests one side only");
    }

    [Fact]
    public void The_digest_is_that_of_the_meaning_not_of_the_layout()
    {
        var random = new RandomPolicies(13);
        foreach (string name in SafetyPolicy.BuiltInNames)
        {
            SafetyPolicy policy = SafetyPolicy.BuiltIn(name);
            string canonical = policy.ToJson();
            for (int i = 0; i < 40; i++)
            {
                Assert.Equal(policy.Digest, SafetyPolicy.Parse(Encoding.UTF8.GetBytes(random.Reworded(canonical))).Digest);
            }
        }
    }

    [Fact]
    public void Every_change_of_a_rule_changes_the_digest()
    {
        SafetyPolicy policy = SafetyPolicy.BuiltIn("balanced");
        PolicyRule rule = policy.Rules.First(r => r.Id == "suggestive-real-person");
        PolicyRule[] changed =
        [
            rule with { Id = "renamed" },
            rule with { Category = SafetyCategory.Violence },
            rule with { Stages = [Stage.Prompt] },
            rule with { Operations = [Operation.Edit] },
            rule with { Modalities = [Modality.Joint] },
            rule with { Audience = Audience.Minors },
            rule with { Threshold = Math.BitIncrement(rule.Threshold) },
            rule with { With = [SafetyCategory.PersonPhoto] },
            rule with { WithThreshold = 0.6 },
            rule with { Decision = Decision.Block },
            rule with { InContext = [new ContextDecision(SafetyContext.Artistic, Decision.Allow)] },
            rule with { Actions = [RequiredAction.OfferHelp] },
            rule with { Advise = [Advisory.ContentWarning] },
            rule with { Why = "Other words." },
        ];
        SafetyPolicy[] policies =
        [
            policy,
            .. changed.Select(c => policy with { Rules = [.. policy.Rules.Select(r => r.Id == rule.Id ? c : r)] }),
            policy with { Name = "x" },
            policy with { Version = "x" },
            policy with { Description = "x" },
            policy with { UnknownAge = AgeBand.Teen },
            policy with { WhenCheckFails = Decision.Block },
            policy with { WhenCheckFailsFor = new Dictionary<SafetyCategory, Decision> { [SafetyCategory.Sexual] = Decision.Block } },
            policy with { Help = [] },
            policy with { Rules = [.. policy.Rules.Skip(1)] },
        ];
        Assert.Equal(typeof(PolicyRule).GetProperties().Length, changed.Length); // a new member must be tried, too
        Assert.Equal(policies.Length, policies.Select(p => p.Digest).Distinct().Count());
    }

    [Fact]
    public void Whatever_a_document_can_say_is_read_back_as_it_was()
    {
        int read = 0;
        ForAll((_, policy, query) =>
        {
            try
            {
                SafetyPolicy again = SafetyPolicy.Parse(Encoding.UTF8.GetBytes(policy.ToJson()));
                Assert.Equal(policy.Digest, again.Digest);
                Assert.Equal(Decide(policy, query), Decide(again, query));
                read++;
            }
            catch (PolicyFormatException)
            {
                // A random rule that is too weak, or contradicts itself.
            }
        });
        Assert.True(read > Rounds / 20, $"only {read} of {Rounds} random policies could be read");
    }

    private static string Override(RandomPolicies random, string id)
    {
        string[] members =
        [
            $"\"threshold\": {random.Score().ToString(System.Globalization.CultureInfo.InvariantCulture)}",
            $"\"decision\": \"{random.One([Decision.Allow, Decision.Review, Decision.Block]).Name()}\"",
            $"\"category\": \"{random.One(PolicyFloor.Rules).Category.Name()}\"",
            $"\"enabled\": {(random.Sometimes() ? "true" : "false")}",
            $"\"inContext\": {{ \"{random.One<SafetyContext>().Name()}\": \"allow\" }}",
            "\"stages\": [\"upload\"]",
            "\"operations\": [\"edit\"]",
        ];
        return $"{{ {string.Join(", ", random.Some(members).Prepend($"\"id\": \"{id}\""))} }}";
    }

    private static void ForAll(Action<RandomPolicies, SafetyPolicy, PolicyQuery> check)
    {
        var random = new RandomPolicies(20261126);
        for (int i = 0; i < Rounds; i++)
        {
            SafetyPolicy policy = random.Policy();
            check(random, policy, random.Query(policy));
        }
    }

    private static Decision Decide(SafetyPolicy policy, PolicyQuery query) => PolicyEngine.Evaluate(policy, query).Decision;

    private static PolicyQuery Change(
        PolicyQuery query,
        Stage? stage = null,
        Operation? operation = null,
        AgeBand? age = null,
        IReadOnlyList<Signal>? signals = null,
        IReadOnlyList<Signal>? earlier = null,
        IReadOnlyList<CheckFailure>? failures = null,
        IReadOnlyList<ContextFinding>? contexts = null)
        => new()
        {
            Stage = stage ?? query.Stage,
            Operation = operation ?? query.Operation,
            Age = age ?? query.Age,
            Signals = signals ?? query.Signals,
            Earlier = earlier ?? query.Earlier,
            Failures = failures ?? query.Failures,
            Contexts = contexts ?? query.Contexts,
        };
}
