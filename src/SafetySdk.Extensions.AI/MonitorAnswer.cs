using System.Text.Json;
using SafetySdk.Classification;
using SafetySdk.Monitoring;

namespace SafetySdk.Extensions.AI;

/// <summary>The answer that is demanded of the model, and the strict reading of it.</summary>
internal static class MonitorAnswer
{
    private const int MostFindings = 50;
    private const int LongestRationale = 2_000;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowTrailingCommas = false, CommentHandling = JsonCommentHandling.Disallow };

    /// <summary>The categories that may be reported.</summary>
    public static IReadOnlyList<SafetyCategory> Categories { get; } = [.. SafetyCategories.All.Where(MonitorFinding.MayReport)];

    /// <summary>The JSON schema of the answer.</summary>
    public static JsonElement Schema { get; } = ReadSchema();

    /// <summary>Reads an answer.</summary>
    /// <param name="text">What the model wrote.</param>
    /// <param name="nonce">What it had to repeat.</param>
    /// <param name="longest">The most UTF-16 units.</param>
    /// <exception cref="MonitorException">It is anything but what was demanded; the message quotes nothing of it.</exception>
    public static MonitorReport Read(string text, string nonce, int longest)
    {
        if (text.Length > longest)
        {
            throw Invalid($"the answer is longer than {longest} UTF-16 units.");
        }

        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            JsonElement root = document.RootElement;
            RequireMembers(root, "nonce", "findings");
            if (root.GetProperty("nonce") is not { ValueKind: JsonValueKind.String } said || !said.ValueEquals(nonce))
            {
                throw Invalid("the answer does not repeat the nonce.");
            }

            JsonElement list = root.GetProperty("findings");
            if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MostFindings)
            {
                throw Invalid($"the findings are no list of at most {MostFindings}.");
            }

            return new MonitorReport([.. list.EnumerateArray().Select(ReadFinding)]);
        }
        catch (JsonException)
        {
            // The exception's message quotes the answer.
            throw Invalid("the answer is not one JSON object.");
        }
    }

    private static MonitorFinding ReadFinding(JsonElement finding)
    {
        RequireMembers(finding, "category", "score", "rationale");
        JsonElement name = finding.GetProperty("category");
        JsonElement score = finding.GetProperty("score");
        JsonElement rationale = finding.GetProperty("rationale");
        if (name.ValueKind != JsonValueKind.String || !SafetyCategories.TryParse(Text(name), out SafetyCategory category)
            || !MonitorFinding.MayReport(category))
        {
            throw Invalid("a finding is of a category that may not be reported.");
        }

        if (score.ValueKind != JsonValueKind.Number || !score.TryGetDouble(out double value) || value is not (>= 0 and <= 1))
        {
            throw Invalid("a finding has a score outside 0 to 1.");
        }

        return rationale.ValueKind == JsonValueKind.String && Text(rationale) is { Length: <= LongestRationale } why
            ? new MonitorFinding(category, value, why)
            : throw Invalid($"a finding has no rationale of at most {LongestRationale} UTF-16 units.");
    }

    // A string may hold half a pair of surrogates, which is no text.
    private static string Text(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Invalid("a string is no text.");
        }
    }

    private static void RequireMembers(JsonElement element, params ReadOnlySpan<string> names)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("an object is missing.");
        }

        int count = 0;
        foreach (JsonProperty member in element.EnumerateObject())
        {
            count++;
            bool known = false;
            foreach (string name in names)
            {
                known |= member.NameEquals(name);
            }

            if (!known)
            {
                throw Invalid("a member is unknown.");
            }
        }

        foreach (string name in names)
        {
            if (!element.TryGetProperty(name, out _))
            {
                throw Invalid($"the member {name} is missing.");
            }
        }

        // As many as there are names, and each of them there: so none twice.
        if (count != names.Length)
        {
            throw Invalid("a member is given twice.");
        }
    }

    private static MonitorException Invalid(string message) => new(MonitorError.InvalidAnswer, message);

    private static JsonElement ReadSchema()
    {
        string categories = string.Join(',', Categories.Select(static c => $"\"{c.Name()}\""));
        using var schema = JsonDocument.Parse($$"""
            {
              "type": "object",
              "additionalProperties": false,
              "required": ["nonce", "findings"],
              "properties": {
                "nonce": { "type": "string" },
                "findings": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["category", "score", "rationale"],
                    "properties": {
                      "category": { "type": "string", "enum": [{{categories}}] },
                      "score": { "type": "number", "minimum": 0, "maximum": 1 },
                      "rationale": { "type": "string" }
                    }
                  }
                }
              }
            }
            """);
        return schema.RootElement.Clone();
    }
}
