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
    [InlineData("\"block\"", "\"allow\"", "$.rules[0]", 6, "rule 'a' does nothing")]
    [InlineData("\"block\"", "\"not_checked\"", "$.rules[0].decision", 6, "no value 'not_checked'")]
    [InlineData("\"block\"", "\"block\", \"with\": [\"sexual\", \"childphoto\"]", "$.rules[0].with[1]", 6, "nearest is 'child_photo'")]
    [InlineData("\"block\"", "\"block\", \"inContext\": { \"artistik\": \"review\" }", "$.rules[0].inContext.artistik", 6, "nearest is 'artistic'")]
    [InlineData("\"block\"", "\"block\", \"inContext\": { \"artistic\": \"block\" }", "$.rules[0].inContext.artistic", 6, "no value 'block'")]
    [InlineData("\"block\"", "\"block\", \"inContext\": { \"artistic\": \"allow\" }", "$.rules[0]", 6, "to 'review', not to 'allow'")]
    [InlineData("\"block\"", "\"block\", \"inContext\": { \"news\": \"review\" }", "$.rules[0]", 6, "news context may not soften 'sexual'")]
    [InlineData("\"block\"", "\"review\", \"inContext\": { \"medical\": \"review\" }", "$.rules[0]", 6, "contradicts itself")]
    [InlineData("\"block\"", "\"block\", \"modalities\": [\"unspecified\"]", "$.rules[0].modalities[0]", 6, "no value 'unspecified'")]
    [InlineData("\"block\"", "\"block\", \"advise\": [\"content_warnin\"]", "$.rules[0].advise[0]", 6, "nearest is 'content_warning'")]
    [InlineData("\"block\"", "\"block\", \"enabled\": \"no\"", "$.rules[0].enabled", 6, "true or false")]
    [InlineData("\"block\"", "\"block\", \"withThreshold\": -1", "$.rules[0].withThreshold", 6, "over 0 and at most 1")]
    [InlineData("\"id\": \"a\"", "\"id\": \"floor-mine\"", "$.rules[0]", 6, "begins with 'floor-'")]
    [InlineData("\"id\": \"a\"", "\"id\": \"floor-under-13\"", "$.rules[0]", 6, "belongs to every policy")]
    [InlineData("\"version\"", "\"extends\": \"balancd\", \"version\"", "$.extends", 4, "nearest is 'balanced'")]
    [InlineData("\"version\"", "\"whenCheckFails\": \"allow\", \"version\"", "$.whenCheckFails", 4, "no value 'allow'")]
    [InlineData("\"version\"", "\"whenCheckFailsFor\": { \"sexul\": \"block\" }, \"version\"", "$.whenCheckFailsFor.sexul", 4, "nearest is 'sexual'")]
    [InlineData("\"version\"", "\"help\": [ { \"locale\": \"german\", \"name\": \"n\", \"contact\": \"c\" } ], \"version\"", "$.help[0].locale", 4, "expected a locale")]
    [InlineData("\"version\"", "\"help\": [ { \"locale\": \"de\", \"name\": \"n\" } ], \"version\"", "$.help[0]", 4, "\"contact\" is missing")]
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
    public void A_policy_changes_what_it_extends_by_rule()
    {
        SafetyPolicy derived = Parse("""
            { "rules": [
                { "id": "hate", "threshold": 0.9 },
                { "id": "captcha", "enabled": false },
                { "id": "mine", "category": "privacy", "decision": "review", "why": "ours" } ],
              "help": [ { "locale": "DE", "name": "ours", "contact": "1" } ],
              "whenCheckFailsFor": { "known_content": "block" },
              "extends": "balanced", "version": "1", "name": "derived", "schema": "policy.v1" }
            """);
        SafetyPolicy balanced = SafetyPolicy.BuiltIn("balanced");
        Assert.Equal(balanced.Rules.Count, derived.Rules.Count);
        PolicyRule hate = derived.Rules.Single(r => r.Id == "hate");
        Assert.Equal(balanced.Rules.Single(r => r.Id == "hate") with { Threshold = 0.9 }, hate);
        Assert.DoesNotContain(derived.Rules, r => r.Id == "captcha");
        Assert.Equal("mine", derived.Rules[^1].Id);
        Assert.Equal((balanced.Help.Count, "ours"), (derived.Help.Count, HelpResource.For(derived.Help, "de-DE").Name));
        Assert.Equal(Decision.Block, derived.WhenCheckFailsFor[SafetyCategory.KnownContent]);
        Assert.Equal(derived.Digest, Parse(derived.ToJson()).Digest); // without what it extends
    }

    [Theory]
    [InlineData("{ \"id\": \"hat\", \"threshold\": 0.9 }", "no rule 'hat' in 'balanced' to change; the nearest is 'hate'")]
    [InlineData("{ \"id\": \"hat\", \"enabled\": false }", "the nearest is 'hate'")]
    [InlineData("{ \"id\": \"hat\", \"category\": \"hate\" }", "\"decision\" is missing")]
    [InlineData("{ \"id\": \"hate\", \"decision\": \"review\" }", "contradicts itself")]
    [InlineData("{ \"id\": \"sexual-minors-doubtful\", \"threshold\": 0.6 }", "weaker than 'floor-sexual-minors'")]
    [InlineData("{ \"id\": \"floor-known-content\", \"enabled\": false }", "belongs to every policy")]
    public void A_change_that_cannot_be_is_refused(string rule, string says)
    {
        var error = Assert.Throws<PolicyFormatException>(() => Parse(
            $$"""{ "schema": "policy.v1", "name": "d", "version": "1", "extends": "balanced", "rules": [ {{rule}} ] }"""));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal("$.rules[0]", error.Path);
    }

    [Fact]
    public void A_policy_that_extends_itself_is_refused_by_name()
    {
        static byte[] Extending(string name) => Encoding.UTF8.GetBytes(
            $$"""{ "schema": "policy.v1", "name": "x", "version": "1", "extends": "{{name}}" }""");
        string message = Assert.Throws<PolicyFormatException>(() => SafetyPolicy.Parse(
            Extending("a"), n => n == "a" ? Extending("b") : Extending("a"))).Message;
        Assert.Contains("a → b → a", message, StringComparison.Ordinal);
        message = Assert.Throws<PolicyFormatException>(() => SafetyPolicy.Parse(
            Extending("0"), n => Extending($"{int.Parse(n, System.Globalization.CultureInfo.InvariantCulture) + 1}"))).Message;
        Assert.Contains("8 times", message, StringComparison.Ordinal);
        message = Assert.Throws<PolicyFormatException>(() => SafetyPolicy.Parse(Extending("bad"), _ => "{ }"u8.ToArray())).Message;
        Assert.Contains("in 'bad', which is extended here", message, StringComparison.Ordinal);
        Assert.Equal(SafetyPolicy.BuiltIn("strict").Rules.Count, SafetyPolicy.Parse(Extending("strict")).Rules.Count);
    }

    [Fact]
    public void Files_beside_a_policy_can_be_extended_and_others_cannot()
    {
        string folder = Directory.CreateTempSubdirectory("safety-policy-").FullName;
        try
        {
            string Write(string name, string extends)
            {
                string path = Path.Combine(folder, name);
                File.WriteAllText(path, $$"""{ "schema": "policy.v1", "name": "{{name}}", "version": "1", "extends": "{{extends}}" }""");
                return path;
            }

            Write("base.json", "creative");
            Assert.Equal(SafetyPolicy.BuiltIn("creative").Rules.Count, PolicyFile.Load(Write("a.json", "base.json")).Rules.Count);
            Assert.Throws<PolicyFormatException>(() => PolicyFile.Load(Write("b.json", "b.json")));
            foreach (string elsewhere in new[] { "../base.json", "/etc/passwd", "..", ".", "none.json", "a/base.json" })
            {
                Assert.Contains("to extend", Assert.Throws<PolicyFormatException>(() => PolicyFile.Load(Write("c.json", elsewhere))).Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
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
