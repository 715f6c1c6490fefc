using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>Writes the canonical form of a policy. Whatever means the same is written the same: the digest is over these bytes.</summary>
internal static class PolicyWriter
{
    // Never part of a web page, and people read it: text stays readable.
    private static readonly JsonWriterOptions Options =
        new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(SafetyPolicy policy)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("schema", SafetyPolicy.Schema);
            json.WriteString("name", policy.Name);
            json.WriteString("version", policy.Version);
            json.WriteString("description", policy.Description);
            json.WriteString("unknownAge", policy.UnknownAge.Name());
            json.WriteString("whenCheckFails", policy.WhenCheckFails.Name());
            json.WriteStartObject("whenCheckFailsFor");
            foreach ((SafetyCategory category, Decision decision) in policy.WhenCheckFailsFor.OrderBy(static f => f.Key))
            {
                json.WriteString(category.Name(), decision.Name());
            }

            json.WriteEndObject();
            json.WriteStartArray("help");
            foreach (HelpResource help in policy.Help.OrderBy(static h => h.Locale, StringComparer.Ordinal))
            {
                json.WriteStartObject();
                json.WriteString("locale", help.Locale);
                json.WriteString("name", help.Name);
                json.WriteString("contact", help.Contact);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("rules");
            foreach (PolicyRule rule in policy.Rules.OrderBy(static r => r.Id, StringComparer.Ordinal))
            {
                Write(json, rule);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    private static void Write(Utf8JsonWriter json, PolicyRule rule)
    {
        json.WriteStartObject();
        json.WriteString("id", rule.Id);
        json.WriteString("category", rule.Category.Name());
        WriteNames(json, "stages", rule.Stages, Enum.GetValues<Stage>().Length);
        WriteNames(json, "operations", rule.Operations, Enum.GetValues<Operation>().Length);
        WriteNames(json, "modalities", rule.Modalities, Enum.GetValues<Modality>().Length - 1);
        json.WriteString("audience", rule.Audience.Name());
        json.WriteNumber("threshold", rule.Threshold);
        json.WriteStartArray("with");
        foreach (SafetyCategory category in rule.With.Distinct().Order())
        {
            json.WriteStringValue(category.Name());
        }

        json.WriteEndArray();
        // Says nothing where nothing else is needed.
        json.WriteNumber("withThreshold", rule.With.Count == 0 ? 0.5 : rule.WithThreshold);
        json.WriteString("decision", rule.Decision.Name());
        json.WriteStartObject("inContext");
        foreach (ContextDecision softened in rule.InContext.OrderBy(static c => c.Context))
        {
            json.WriteString(softened.Context.Name(), softened.Decision.Name());
        }

        json.WriteEndObject();
        WriteNames(json, "actions", rule.Actions, all: null);
        WriteNames(json, "advise", rule.Advise, all: null);
        json.WriteString("why", rule.Why ?? string.Empty);
        json.WriteEndObject();
    }

    // A list of all means what no list means.
    private static void WriteNames<T>(Utf8JsonWriter json, string property, IReadOnlyList<T> values, int? all)
        where T : struct, Enum
    {
        T[] distinct = [.. values.Distinct().Order()];
        json.WriteStartArray(property);
        foreach (T value in distinct.Length == all ? [] : distinct)
        {
            json.WriteStringValue(PolicyVocabulary.NameOf(value));
        }

        json.WriteEndArray();
    }
}
