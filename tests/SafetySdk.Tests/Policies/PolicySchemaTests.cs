using System.Text.Json;
using System.Text.RegularExpressions;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Tests.Policies;

/// <summary>The published schema says what the reader does.</summary>
public sealed class PolicySchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(SafetyPolicy.JsonSchema).RootElement;

    [Fact]
    public void It_lists_the_members_and_names_that_the_reader_knows()
    {
        JsonElement definitions = Schema.GetProperty("$defs");
        JsonElement rule = definitions.GetProperty("rule").GetProperty("properties");
        Assert.Equal(PolicyReader.PolicyMembers, Schema.GetProperty("properties").EnumerateObject().Select(p => p.Name));
        Assert.Equal(PolicyReader.RuleMembers, rule.EnumerateObject().Select(p => p.Name));
        Assert.Equal(PolicyReader.HelpMembers, definitions.GetProperty("help").GetProperty("properties").EnumerateObject().Select(p => p.Name));
        Assert.Equal(SafetyCategories.All.Select(c => c.Name()), Names(definitions.GetProperty("category")));
        Assert.Equal(PolicyVocabulary.AllNames<Stage>(), Names(rule.GetProperty("stages").GetProperty("items")));
        Assert.Equal(PolicyVocabulary.AllNames<Operation>(), Names(rule.GetProperty("operations").GetProperty("items")));
        Assert.Equal(PolicyVocabulary.AllNames<Modality>().Skip(1), Names(rule.GetProperty("modalities").GetProperty("items")));
        Assert.Equal(PolicyVocabulary.AllNames<Audience>(), Names(rule.GetProperty("audience")));
        Assert.Equal(PolicyVocabulary.AllNames<Decision>().Skip(1), Names(rule.GetProperty("decision")));
        Assert.Equal(PolicyVocabulary.AllNames<RequiredAction>(), Names(rule.GetProperty("actions").GetProperty("items")));
        Assert.Equal(PolicyVocabulary.AllNames<Advisory>(), Names(rule.GetProperty("advise").GetProperty("items")));
        Assert.Equal(PolicyVocabulary.AllNames<SafetyContext>(), Names(rule.GetProperty("inContext").GetProperty("propertyNames")));

        static IEnumerable<string> Names(JsonElement element) => element.GetProperty("enum").EnumerateArray().Select(e => e.GetString()!);
    }

    [Fact]
    public void It_accepts_what_the_reader_accepts()
    {
        foreach (string name in SafetyPolicy.BuiltInNames)
        {
            Assert.Null(Problem(SafetyPolicy.BuiltInText(name)));
            Assert.Null(Problem(SafetyPolicy.BuiltIn(name).ToJson()));
        }
    }

    [Theory]
    [InlineData("\"category\": \"privacy\"", "\"category\": \"privat\"")]
    [InlineData("\"category\": \"privacy\"", "\"kategory\": \"privacy\"")]
    [InlineData("\"schema\": \"policy.v1\"", "\"schema\": \"policy.v2\"")]
    [InlineData("\"name\": \"balanced\"", "\"name\": 7")]
    [InlineData("\"name\": \"balanced\"", "\"name\": \"\"")]
    [InlineData("\"name\": \"balanced\",", "")]
    [InlineData("\"rules\": [", "\"rulez\": [")]
    [InlineData("\"threshold\": 0.8", "\"threshold\": 0")]
    [InlineData("\"threshold\": 0.8", "\"threshold\": 1.01")]
    [InlineData("\"unknownAge\": \"adult\"", "\"unknownAge\": \"under13\"")]
    [InlineData("\"locale\": \"US\"", "\"locale\": \"american\"")]
    [InlineData("\"artistic\": \"review\"", "\"artistik\": \"review\"")]
    [InlineData("\"artistic\": \"review\"", "\"artistic\": \"block\"")]
    [InlineData("\"advise\": [\"minor_safeguards\"]", "\"advise\": \"minor_safeguards\"")]
    public void It_refuses_what_the_reader_refuses(string from, string to)
    {
        string document = SafetyPolicy.BuiltInText("balanced");
        string broken = new Regex(Regex.Escape(from)).Replace(document, to, 1);
        Assert.NotEqual(document, broken);
        Assert.Throws<PolicyFormatException>(() => SafetyPolicy.Parse(System.Text.Encoding.UTF8.GetBytes(broken)));
        Assert.NotNull(Problem(broken));
    }

    private static string? Problem(string document)
    {
        using JsonDocument json = JsonDocument.Parse(document, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return Problem(Schema, json.RootElement, "$");
    }

    // As much of JSON Schema as ours uses; a word that is not known here fails the test.
    private static string? Problem(JsonElement schema, JsonElement value, string path)
    {
        foreach (JsonProperty word in schema.EnumerateObject())
        {
            string? problem = word.Name switch
            {
                "$schema" or "title" or "description" or "$defs" => null,
                "$ref" => Problem(Schema.GetProperty("$defs").GetProperty(word.Value.GetString()!["#/$defs/".Length..]), value, path),
                "type" => Is(word.Value.GetString()!, value) ? null : $"{path}: not {word.Value}",
                "enum" => word.Value.EnumerateArray().Any(e => value.ValueKind == JsonValueKind.String && e.GetString() == value.GetString()) ? null : $"{path}: {value}",
                "minLength" => value.GetString()!.Length >= word.Value.GetInt32() ? null : $"{path}: too short",
                "pattern" => Regex.IsMatch(value.GetString()!, word.Value.GetString()!) ? null : $"{path}: {value}",
                "exclusiveMinimum" => value.GetDouble() > word.Value.GetDouble() ? null : $"{path}: {value}",
                "maximum" => value.GetDouble() <= word.Value.GetDouble() ? null : $"{path}: {value}",
                "uniqueItems" => value.EnumerateArray().Select(i => i.GetRawText()).Distinct().Count() == value.GetArrayLength() ? null : $"{path}: twice",
                "items" => value.EnumerateArray().Select((item, i) => Problem(word.Value, item, $"{path}[{i}]")).FirstOrDefault(p => p is not null),
                "required" => word.Value.EnumerateArray().All(r => value.TryGetProperty(r.GetString()!, out _)) ? null : $"{path}: missing",
                "anyOf" => word.Value.EnumerateArray().Any(s => Problem(s, value, path) is null) ? null : $"{path}: none fits",
                "propertyNames" => value.EnumerateObject().Select(p => Problem(word.Value, JsonDocument.Parse($"\"{p.Name}\"").RootElement, path)).FirstOrDefault(p => p is not null),
                "properties" => value.EnumerateObject().Where(p => word.Value.TryGetProperty(p.Name, out _))
                    .Select(p => Problem(word.Value.GetProperty(p.Name), p.Value, $"{path}.{p.Name}")).FirstOrDefault(p => p is not null),
                "additionalProperties" when word.Value.ValueKind == JsonValueKind.False =>
                    value.EnumerateObject().Where(p => !schema.GetProperty("properties").TryGetProperty(p.Name, out _)).Select(p => $"{path}.{p.Name}").FirstOrDefault(),
                "additionalProperties" => value.EnumerateObject().Select(p => Problem(word.Value, p.Value, $"{path}.{p.Name}")).FirstOrDefault(p => p is not null),
                _ => throw new NotSupportedException(word.Name),
            };
            if (problem is not null)
            {
                return problem;
            }
        }

        return null;
    }

    private static bool Is(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => throw new NotSupportedException(type),
    };
}
