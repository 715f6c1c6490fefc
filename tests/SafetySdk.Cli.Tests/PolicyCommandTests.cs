using System.Text.Json;
using SafetySdk.Policies;

namespace SafetySdk.Cli.Tests;

public sealed class PolicyCommandTests : IDisposable
{
    private const int Terminal = 80;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> BuiltIns => [.. SafetyPolicy.BuiltInNames];

    [Theory]
    [MemberData(nameof(BuiltIns))]
    public void Show_prints_what_validate_accepts(string name)
    {
        foreach (string format in new[] { "text", "json" })
        {
            CommandRun shown = CommandRun.Of("policy", "show", name, "--format", format);
            CommandRun validated = CommandRun.Of("policy", "validate", _folder.Write("p.json", shown.Output), "--format", "json");
            Assert.Equal((0, 0), (shown.ExitCode, validated.ExitCode));
            Assert.True(validated.Json.GetProperty("valid").GetBoolean());
            Assert.Equal(SafetyPolicy.BuiltIn(name).Digest, validated.Json.GetProperty("digest").GetString());
        }
    }

    [Theory]
    [MemberData(nameof(BuiltIns))]
    public void Explain_fits_a_terminal_and_names_every_line(string name)
    {
        foreach (string age in PolicyVocabulary.AllNames<AgeBand>())
        {
            foreach (string operation in PolicyVocabulary.AllNames<Operation>())
            {
                CommandRun run = CommandRun.Of("policy", "explain", "--policy", name, "--age", age, "--operation", operation);
                Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
                Assert.All(run.Output.Split('\n'), l => Assert.InRange(l.Length, 0, Terminal));
                Assert.All(run.Output.Split('\n'), l => Assert.Equal(l.TrimEnd(), l));
                JsonElement json = CommandRun.Of(
                    "policy", "explain", "--policy", name, "--age", age, "--operation", operation, "--format", "json").Json;
                string words = string.Concat(run.Output.Where(c => !char.IsWhiteSpace(c)));
                foreach (JsonElement row in json.GetProperty("rows").EnumerateArray().Where(_ => age != "under13"))
                {
                    Assert.Contains($"[{row.GetProperty("rule").GetString()}]"[^4..], words, StringComparison.Ordinal);
                    Assert.NotEmpty(row.GetProperty("why").GetString()!);
                }
            }
        }
    }

    [Fact]
    public void Explain_says_what_a_teenager_may_not_edit()
    {
        string text = CommandRun.Of("policy", "explain", "--age", "teen", "--operation", "edit").Output;
        int blocked = text.IndexOf("BLOCKED: the request is refused", StringComparison.Ordinal);
        int reviewed = text.IndexOf("REVIEWED: a person looks", StringComparison.Ordinal);
        int allowed = text.IndexOf("ALLOWED, with something to observe", StringComparison.Ordinal);
        Assert.True(blocked >= 0 && blocked < reviewed && reviewed < allowed);
        Assert.Contains("Photograph of a child (!)", text[blocked..reviewed], StringComparison.Ordinal);
        Assert.Contains("Graphic violence, gore", text[blocked..reviewed], StringComparison.Ordinal);
        Assert.DoesNotContain("Graphic violence, gore", text[reviewed..allowed], StringComparison.Ordinal); // said once, at its strictest
        Assert.Contains("A named public figure", text[allowed..], StringComparison.Ordinal);
        Assert.Contains("Hateful symbol *", text, StringComparison.Ordinal);
        Assert.Contains("Users under 13 are denied", CommandRun.Of("policy", "explain", "--age", "under13").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_marks_rules_that_need_what_is_not_configured()
    {
        using var nothing = new TemporaryFolder();
        string[] home = ["--home", nothing.Path];
        JsonElement[] rows = [.. CommandRun.Of(["policy", "explain", "--operation", "edit", "--format", "json", .. home]).Json.GetProperty("rows").EnumerateArray()];
        Assert.Equal((true, "picture"), Marks(rows, "floor-child-edit"));
        Assert.Equal((true, "lists"), Marks(rows, "floor-known-content"));
        Assert.Equal((true, "accounts"), Marks(rows, "account-denied"));
        rows = [.. CommandRun.Of(["policy", "explain", "--operation", "edit", "--lists", "--accounts", "--format", "json", .. home]).Json.GetProperty("rows").EnumerateArray()];
        Assert.Equal((false, ""), Marks(rows, "floor-known-content"));
        Assert.Equal((false, ""), Marks(rows, "account-denied"));
        CommandRun text = CommandRun.Of(["policy", "explain", .. home]);
        Assert.Contains("NEEDS a list of", text.Output, StringComparison.Ordinal);
        Assert.All(text.Output.Split('\n'), l => Assert.InRange(l.Length, 0, Terminal));

        static (bool, string) Marks(JsonElement[] rows, string rule)
        {
            JsonElement row = rows.Single(r => r.GetProperty("rule").GetString() == rule);
            return (row.GetProperty("blind").GetBoolean(), string.Join(',', row.GetProperty("missing").EnumerateArray().Select(m => m.GetString())));
        }
    }

    [Fact]
    public void Explain_narrows_to_a_stage_and_softens_by_context()
    {
        JsonElement[] rows = [.. CommandRun.Of("policy", "explain", "--stage", "joint", "--operation", "understand", "--context", "medical", "--format", "json")
            .Json.GetProperty("rows").EnumerateArray()];
        Assert.All(rows, r => Assert.Equal("joint", Assert.Single(r.GetProperty("stages").EnumerateArray()).GetString()));
        JsonElement medical = rows.Single(r => r.GetProperty("rule").GetString() == "medical-reading");
        Assert.Equal(("allow", "medical"), (medical.GetProperty("decision").GetString(), medical.GetProperty("softenedBy").GetString()));
    }

    [Fact]
    public void Compare_prints_what_differs_and_nothing_else()
    {
        CommandRun same = CommandRun.Of("policy", "compare", "balanced", "balanced");
        Assert.Contains("Nothing.", same.Output, StringComparison.Ordinal);
        CommandRun run = CommandRun.Of("policy", "compare", "balanced", "strict", "--age", "teen");
        Assert.Equal(0, run.ExitCode);
        Assert.All(run.Output.Split('\n'), l => Assert.InRange(l.Length, 0, Terminal));
        JsonElement json = CommandRun.Of("policy", "compare", "balanced", "creative", "--format", "json").Json;
        Assert.Contains(json.GetProperty("differences").EnumerateArray(), d => d.GetProperty("category").GetString() == "graphic_violence");
        Assert.DoesNotContain(json.GetProperty("differences").EnumerateArray(), d => d.GetProperty("category").GetString() == "known_content");
    }

    [Fact]
    public void Schema_is_the_published_one()
    {
        CommandRun run = CommandRun.Of("policy", "schema");
        Assert.Equal((0, "policy.v1"), (run.ExitCode, run.Json.GetProperty("title").GetString()));
    }

    [Fact]
    public void Validate_names_contradictions_and_rules_that_never_fire_by_line()
    {
        string file = _folder.Write("p.json", """
            { "schema": "policy.v1", "name": "p", "version": "1", "rules": [
              { "id": "a", "category": "hate", "decision": "block" },
              { "id": "b", "category": "hate", "decision": "review" },
              { "id": "c", "category": "jailbreak", "stages": ["upload"], "decision": "block" },
              { "id": "d", "category": "hate", "threshold": 0.7, "decision": "block" } ] }
            """);
        CommandRun run = CommandRun.Of("policy", "validate", file);
        Assert.Equal(65, run.ExitCode);
        Assert.Contains("line 3, column 3, $.rules[1]: error: rule 'b' asks for 'review', but 'a' asks for 'block'", run.Output, StringComparison.Ordinal);
        Assert.Contains("line 4, column 3, $.rules[2]: error: rule 'c' can never fire", run.Output, StringComparison.Ordinal);
        Assert.Contains("line 5, column 3, $.rules[3]: note: rule 'd' adds nothing", run.Output, StringComparison.Ordinal);
        JsonElement json = CommandRun.Of("policy", "validate", file, "--format", "json").Json;
        Assert.False(json.GetProperty("valid").GetBoolean());
        Assert.Equal(["contradiction", "never_fires", "redundant"], json.GetProperty("problems").EnumerateArray().Select(p => p.GetProperty("kind").GetString()));
    }

    [Fact]
    public void A_policy_can_extend_a_file_beside_it()
    {
        _folder.Write("house.json", """{ "schema": "policy.v1", "name": "house", "version": "1", "extends": "strict" }""");
        string file = _folder.Write("p.json", """
            { "schema": "policy.v1", "name": "p", "version": "1", "extends": "house.json", "rules": [ { "id": "captcha", "enabled": false } ] }
            """);
        Assert.Equal(0, CommandRun.Of("policy", "validate", file).ExitCode);
        JsonElement json = CommandRun.Of("policy", "compare", "strict", file, "--operation", "understand", "--format", "json").Json;
        Assert.Equal("captcha", Assert.Single(json.GetProperty("differences").EnumerateArray()).GetProperty("category").GetString());
        Assert.Equal(0, CommandRun.Of("check", "--prompt", "a lighthouse", "--policy", file).ExitCode);
    }

    [Theory]
    [InlineData("""{ "id": "x", "category": "known_content", "decision": "review" }""", "floor-known-content")]
    [InlineData("""{ "id": "floor-child-edit", "enabled": false }""", "floor-child-edit")]
    [InlineData("""{ "id": "x", "category": "illicit", "decision": "block", "inContext": { "artistic": "review" } }""", "may not soften 'illicit'")]
    public void What_is_weaker_than_the_floor_is_refused(string rule, string says)
    {
        string file = _folder.Write("p.json", $$"""{ "schema": "policy.v1", "name": "p", "version": "1", "rules": [ {{rule}} ] }""");
        foreach (string[] command in new string[][] { ["policy", "validate", file], ["policy", "explain", "--policy", file], ["check", "--prompt", "a", "--policy", file] })
        {
            CommandRun run = CommandRun.Of(command);
            Assert.Equal(65, run.ExitCode);
            Assert.Contains(says, run.Error, StringComparison.Ordinal);
            Assert.Empty(run.Output);
        }
    }

    [Theory]
    [InlineData("--policy", "balancd", "'balanced'")]
    [InlineData("--age", "old", "old")]
    [InlineData("--operation", "draw", "draw")]
    [InlineData("--stage", "uplod", "uplod")]
    [InlineData("--context", "fun", "fun")]
    public void A_wrong_word_is_wrong_usage(string option, string value, string says)
    {
        CommandRun run = CommandRun.Of("policy", "explain", option, value);
        Assert.Equal(64, run.ExitCode);
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_takes_a_context_and_a_locale()
    {
        CommandRun run = CommandRun.Of("check", "--prompt", "I want to kill myself", "--locale", "de-DE", "--context", "medical", "--format", "json");
        Assert.Equal(20, run.ExitCode);
        Assert.Equal("TelefonSeelsorge", run.Json.GetProperty("help").GetProperty("name").GetString());
        Assert.Equal("self_harm", run.Json.GetProperty("refusal").GetString());
        Assert.Contains("help: TelefonSeelsorge", CommandRun.Of("check", "--prompt", "I want to kill myself", "--locale", "de-DE").Output, StringComparison.Ordinal);
        Assert.Equal(64, CommandRun.Of("check", "--prompt", "a", "--context", "fun").ExitCode);
    }

    [Theory]
    [InlineData("a bb ccc", 4, "a bb", "ccc")]
    [InlineData("abcdefgh", 4, "abcd", "efgh")]
    [InlineData("ab-cdefg", 4, "ab-", "cdef", "g")]
    [InlineData("", 4, "")]
    [InlineData("a\nb", 4, "a", "b")]
    public void A_cell_is_wrapped(string text, int width, params string[] lines) => Assert.Equal(lines, TextTable.Wrap(text, width));
}
