using System.Text;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Tests.Policies;

public sealed class PolicyDocumentTests
{
    private const string Minimal = """
        {
          "schema": "policy.v1", // comments are allowed
          "name": "mine",
          "version": "1",
          "rules": [
            { "id": "a", "category": "sexual", "decision": "block", },
          ],
        }
        """;

    [Fact]
    public void Reads_a_document_with_comments_and_fills_in_defaults()
    {
        SafetyPolicy policy = Parse(Minimal);
        PolicyRule rule = Assert.Single(policy.Rules);
        Assert.Equal((SafetyCategory.Sexual, 0.5, Decision.Block, Audience.Everyone), (rule.Category, rule.Threshold, rule.Decision, rule.Audience));
        Assert.Equal((AgeBand.Adult, Decision.Review), (policy.UnknownAge, policy.WhenCheckFails));
    }

    [Fact]
    public void The_canonical_form_reads_back_with_the_same_digest()
    {
        foreach (string name in SafetyPolicy.BuiltInNames)
        {
            SafetyPolicy policy = SafetyPolicy.BuiltIn(name);
            Assert.Equal(policy.Digest, Parse(policy.ToJson()).Digest);
            Assert.Equal(name, policy.Name);
        }
    }

    [Fact]
    public void Layout_and_comments_leave_the_digest_alone_and_a_threshold_changes_it()
    {
        string digest = Parse(Minimal).Digest;
        Assert.Equal(digest, Parse(Minimal.Replace("// comments are allowed", string.Empty, StringComparison.Ordinal)).Digest);
        Assert.NotEqual(digest, Parse(Minimal.Replace("\"block\"", "\"block\", \"threshold\": 0.51", StringComparison.Ordinal)).Digest);
    }

    [Fact]
    public void A_changed_copy_has_a_digest_of_its_own()
    {
        SafetyPolicy policy = SafetyPolicy.BuiltIn("balanced");
        string digest = policy.Digest;
        SafetyPolicy changed = policy with { UnknownAge = AgeBand.Teen };
        Assert.NotEqual(digest, changed.Digest);
        Assert.Equal(changed.Digest, Parse(changed.ToJson()).Digest);
        Assert.Equal(digest, (policy with { }).Digest);
    }

    [Theory]
    [InlineData("\"sexual\"", "\"sexul\"", "$.rules[0].category", 6, "nearest is 'sexual'")]
    [InlineData("\"category\"", "\"catgory\"", "$.rules[0].catgory", 6, "nearest is 'category'")]
    [InlineData("\"block\"", "\"blok\"", "$.rules[0].decision", 6, "nearest is 'block'")]
    [InlineData("\"block\"", "\"allow\"", "$.rules[0].decision", 6, "no value 'allow'")]
    [InlineData("\"block\"", "\"block\", \"stages\": [\"upload\", \"promt\"]", "$.rules[0].stages[1]", 6, "nearest is 'prompt'")]
    [InlineData("\"block\"", "\"block\", \"threshold\": 1.5", "$.rules[0].threshold", 6, "over 0 and at most 1")]
    [InlineData("\"block\"", "\"block\", \"threshold\": 0", "$.rules[0].threshold", 6, "over 0 and at most 1")]
    [InlineData("\"block\"", "\"block\", \"id\": \"b\"", "$.rules[0].id", 6, "occurs twice")]
    [InlineData("\"id\": \"a\", ", "", "$.rules[0]", 6, "\"id\" is missing")]
    [InlineData("policy.v1", "policy.v2", "$", 8, "must be \"policy.v1\"")]
    [InlineData("\"mine\"", "17", "$.name", 3, "expected a string")]
    [InlineData("\"version\": \"1\",", "", "$", 8, "\"version\" is missing")]
    [InlineData("\"name\"", "name", "$", 3, "not valid JSON")]
    public void A_mistake_is_named_by_path_line_and_remedy(string from, string to, string path, int line, string remedy)
    {
        var error = Assert.Throws<PolicyFormatException>(() => Parse(Minimal.Replace(from, to, StringComparison.Ordinal)));
        Assert.Equal((path, (long)line), (error.Path, error.Line));
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "id": "x", "category": "known_content", "decision": "review" }""", "floor-known-content")]
    [InlineData("""{ "id": "x", "category": "sexual_minors", "decision": "review" }""", "floor-sexual-minors")]
    [InlineData("""{ "id": "x", "category": "child_photo", "stages": ["upload"], "operations": ["edit"], "decision": "review" }""", "floor-child-edit")]
    [InlineData("""{ "id": "x", "category": "underage_account", "decision": "transform" }""", "floor-under-13")]
    public void A_rule_weaker_than_the_floor_is_refused(string rule, string floor)
    {
        string document = Minimal.Replace("""{ "id": "a", "category": "sexual", "decision": "block", }""", rule, StringComparison.Ordinal);
        Assert.Contains(floor, Assert.Throws<PolicyFormatException>(() => Parse(document)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_is_a_typed_error()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Minimal.TrimEnd());
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Throws<PolicyFormatException>(() => SafetyPolicy.Parse(whole.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Damaged_documents_are_read_or_refused_and_nothing_else()
    {
        byte[] whole = Encoding.UTF8.GetBytes(SafetyPolicy.BuiltIn("balanced").ToJson());
        var random = new Random(20261125);
        for (int round = 0; round < 3000; round++)
        {
            byte[] damaged = [.. whole];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                SafetyPolicy.Parse(damaged);
            }
            catch (PolicyFormatException e)
            {
                Assert.True(e.Line >= 1 && e.Column >= 1, e.Message);
            }
        }
    }

    [Fact]
    public void An_unknown_built_in_names_the_nearest()
        => Assert.Contains("'balanced'", Assert.Throws<ArgumentException>(() => PolicyFile.Load("balancd")).Message, StringComparison.Ordinal);

    private static SafetyPolicy Parse(string json) => SafetyPolicy.Parse(Encoding.UTF8.GetBytes(json));
}
