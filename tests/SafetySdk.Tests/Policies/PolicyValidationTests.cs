using System.Text;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Tests.Policies;

public sealed class PolicyValidationTests
{
    [Fact]
    public void The_built_in_policies_have_no_problems()
        => Assert.All(SafetyPolicy.BuiltInNames, n => Assert.Empty(Of(SafetyPolicy.BuiltInText(n)).Problems));

    [Theory]
    // Can never fire.
    [InlineData("NeverFires", """{ "id": "x", "category": "check_failed", "decision": "block" }""", "whenCheckFails")]
    [InlineData("NeverFires", """{ "id": "x", "category": "jailbreak", "stages": ["upload"], "decision": "block" }""", "'jailbreak' is never seen in stage upload")]
    [InlineData("NeverFires", """{ "id": "x", "category": "child_photo", "stages": ["prompt"], "decision": "block" }""", "never seen in stage prompt")]
    [InlineData("NeverFires", """{ "id": "x", "category": "child_photo", "modalities": ["text"], "decision": "block" }""", "never seen in text input")]
    [InlineData("NeverFires", """{ "id": "x", "category": "sexual", "stages": ["upload"], "modalities": ["text"], "decision": "block" }""", "never seen in stage upload")]
    [InlineData("NeverFires", """{ "id": "x", "category": "account_risk", "stages": ["prompt"], "decision": "block" }""", "never seen in stage prompt")]
    [InlineData("NeverFires", """{ "id": "x", "category": "hate_symbol", "stages": ["upload"], "with": ["minor_mention"], "decision": "block" }""", "with what else")]
    // Contradictions: the strictest counts.
    [InlineData("Contradiction", """{ "id": "a", "category": "hate", "decision": "block" }, { "id": "x", "category": "hate", "decision": "review" }""", "'a' asks for 'block'")]
    [InlineData("Contradiction", """{ "id": "x", "category": "hate", "decision": "review" }, { "id": "a", "category": "hate", "decision": "block" }""", "'a' asks for 'block'")]
    [InlineData("Contradiction", """{ "id": "a", "category": "hate", "decision": "block" }, { "id": "x", "category": "hate", "audience": "minors", "decision": "review" }""", "'a'")]
    [InlineData("Contradiction", """{ "id": "a", "category": "hate", "decision": "block" }, { "id": "x", "category": "hate", "threshold": 0.9, "stages": ["prompt"], "decision": "transform" }""", "'a'")]
    [InlineData("Contradiction", """{ "id": "a", "category": "hate", "decision": "block" }, { "id": "x", "category": "hate", "with": ["hate_symbol"], "decision": "review" }""", "'a'")]
    [InlineData("Contradiction", """{ "id": "x", "category": "sexual_minors", "with": ["person_photo"], "threshold": 0.4, "decision": "review" }, { "id": "a", "category": "sexual_minors", "threshold": 0.4, "decision": "block" }""", "'a'")]
    // Nothing new.
    [InlineData("Redundant", """{ "id": "a", "category": "hate", "decision": "block" }, { "id": "x", "category": "hate", "threshold": 0.6, "decision": "block" }""", "adds nothing: 'a'")]
    [InlineData("Redundant", """{ "id": "x", "category": "known_content", "decision": "block" }""", "adds nothing: 'floor-known-content'")]
    public void A_rule_that_its_author_can_hardly_mean_is_named(string kind, string rules, string says)
    {
        PolicyProblem problem = Assert.Single(Of(Document(rules)).Problems);
        Assert.Equal((kind, "x"), (problem.Kind.ToString(), problem.Rule));
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        Assert.Equal(3, problem.Line);
        Assert.StartsWith("$.rules[", problem.Path, StringComparison.Ordinal);
        Assert.Equal(kind != "Redundant", problem.IsError);
    }

    [Theory]
    [InlineData("""{ "id": "a", "category": "hate", "decision": "block" }, { "id": "b", "category": "hate", "threshold": 0.3, "decision": "review" }""")]
    [InlineData("""{ "id": "a", "category": "hate", "decision": "block", "stages": ["prompt"] }, { "id": "b", "category": "hate", "decision": "review" }""")]
    [InlineData("""{ "id": "a", "category": "hate", "decision": "block", "audience": "minors" }, { "id": "b", "category": "hate", "decision": "review" }""")]
    [InlineData("""{ "id": "a", "category": "hate", "decision": "block" }, { "id": "b", "category": "hate", "decision": "review", "actions": ["offer_help"] }""")]
    [InlineData("""{ "id": "a", "category": "hate", "decision": "block", "inContext": { "news": "review" } }, { "id": "b", "category": "hate", "decision": "block", "audience": "minors" }""")]
    [InlineData("""{ "id": "a", "category": "violence", "decision": "block", "inContext": { "news": "allow" } }, { "id": "b", "category": "violence", "decision": "review" }""")]
    [InlineData("""{ "id": "a", "category": "hate_symbol", "with": ["hate", "extremism"], "decision": "block" }, { "id": "b", "category": "hate_symbol", "with": ["hate", "hate_praise"], "decision": "review" }""")]
    public void Rules_that_complete_one_another_are_no_problem(string rules) => Assert.Empty(Of(Document(rules)).Problems);

    [Fact]
    public void An_inherited_rule_that_a_new_one_outdoes_is_named_where_the_new_one_is_written()
    {
        PolicyProblem problem = Of("""
            { "schema": "policy.v1", "name": "d", "version": "1", "extends": "balanced", "rules": [
              { "id": "no-geolocation", "category": "geolocation", "decision": "block", "why": "x" } ] }
            """).Problems.Single();
        Assert.Equal((PolicyProblemKind.Contradiction, "geolocation", 2L), (problem.Kind, problem.Rule, problem.Line));
    }

    [Fact]
    public void What_a_problem_says_is_true_of_the_engine()
    {
        // A rule that is said to be redundant or outdone never changes a decision, over many questions.
        var random = new RandomPolicies(17);
        int outdone = 0;
        for (int i = 0; i < 3000; i++)
        {
            SafetyPolicy policy = SafetyPolicy.BuiltIn("balanced") with
            {
                Rules = [.. Enumerable.Range(0, 6).Select(n => random.Rule($"r{n}") with { Category = random.One(PolicyFloor.Rules).Category, InContext = [] })],
            };
            try
            {
                PolicyValidation validation = Of(policy.ToJson());
                foreach (PolicyProblem problem in validation.Problems)
                {
                    outdone++;
                    SafetyPolicy without = policy with { Rules = [.. policy.Rules.Where(r => r.Id != problem.Rule)] };
                    for (int q = 0; q < 40; q++)
                    {
                        PolicyQuery query = SeenWhereItCanBe(random.Query(policy));
                        Decision expected = PolicyEngine.Evaluate(without, query).Decision, actual = PolicyEngine.Evaluate(policy, query).Decision;
                        Assert.True(expected == actual, $"{problem.Message}\n{policy.ToJson()}\n{query.Stage} {query.Operation} {query.Age} {string.Join('\n', query.Signals)}");
                    }
                }
            }
            catch (PolicyFormatException)
            {
                // Weaker than the floor.
            }
        }

        Assert.True(outdone > 100, $"only {outdone} problems in all");
    }

    // Validation knows where a category can be seen; a question must keep to it.
    private static PolicyQuery SeenWhereItCanBe(PolicyQuery query) => new()
    {
        Stage = query.Stage,
        Operation = query.Operation,
        Age = query.Age,
        Signals = [.. query.Signals.Where(s => s.Modality != Modality.Unspecified && Bare(s).Stages.Contains(query.Stage))],
    };

    private static RuleReach Bare(Signal signal)
        => RuleReach.Of(new PolicyRule { Id = "x", Category = signal.Category, Modalities = [signal.Modality], Decision = Decision.Block });

    private static string Document(string rules)
        => $$"""
        { "schema": "policy.v1", "name": "p", "version": "1",
          "rules": [
            {{rules}} ] }
        """;

    private static PolicyValidation Of(string json) => PolicyValidation.Of(Encoding.UTF8.GetBytes(json));
}
