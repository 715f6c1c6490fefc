using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>A policy document: which signals, where and for whom, lead to which decision. Immutable and thread-safe.</summary>
public sealed record SafetyPolicy
{
    /// <summary>The schema that this version reads and writes.</summary>
    public const string Schema = "policy.v1";

    private string? _digest;

    internal SafetyPolicy()
    {
    }

    // What `with` calls: the copy is about to differ, so it must not keep the digest of the original.
    private SafetyPolicy(SafetyPolicy original)
    {
        Name = original.Name;
        Version = original.Version;
        Description = original.Description;
        UnknownAge = original.UnknownAge;
        WhenCheckFails = original.WhenCheckFails;
        Rules = original.Rules;
    }

    /// <summary>Name of the policy.</summary>
    public required string Name { get; init; }

    /// <summary>Version, chosen by the author.</summary>
    public required string Version { get; init; }

    /// <summary>What the policy is for.</summary>
    public string Description { get; init; } = string.Empty;

    /// <summary>How a user of unknown age is treated: <see cref="AgeBand.Adult"/> or <see cref="AgeBand.Teen"/>.</summary>
    public AgeBand UnknownAge { get; init; } = AgeBand.Adult;

    /// <summary>What happens when a check could not be completed: <see cref="Decision.Review"/> or <see cref="Decision.Block"/>.</summary>
    public Decision WhenCheckFails { get; init; } = Decision.Review;

    /// <summary>The rules, in the author's order. Order does not matter for the decision.</summary>
    public required IReadOnlyList<PolicyRule> Rules { get; init; }

    /// <summary>SHA-256 over the canonical form, 64 lower-case hex digits. Every verdict carries it.</summary>
    public string Digest => _digest ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ToJson())));

    /// <summary>Names of the built-in policies.</summary>
    public static IReadOnlyList<string> BuiltInNames => BuiltInPolicies.Names;

    /// <summary>A built-in policy.</summary>
    /// <param name="name">One of <see cref="BuiltInNames"/>.</param>
    /// <exception cref="ArgumentException">No such policy; the message names the nearest.</exception>
    public static SafetyPolicy BuiltIn(string name) => BuiltInPolicies.Get(name);

    /// <summary>A built-in policy as its author wrote it, with comments.</summary>
    /// <param name="name">One of <see cref="BuiltInNames"/>.</param>
    /// <exception cref="ArgumentException">No such policy; the message names the nearest.</exception>
    public static string BuiltInText(string name) => Encoding.UTF8.GetString(BuiltInPolicies.ReadText(name));

    /// <summary>Reads a policy document. Comments and trailing commas are allowed.</summary>
    /// <param name="utf8Json">The document, UTF-8.</param>
    /// <exception cref="PolicyFormatException">Malformed, or weaker than the floor; names path, line and the nearest valid
    /// name.</exception>
    public static SafetyPolicy Parse(ReadOnlySpan<byte> utf8Json) => new PolicyReader(utf8Json).Read();

    /// <summary>The canonical form: fixed member order, defaults written out, two-space indentation, LF.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("schema", Schema);
            json.WriteString("name", Name);
            json.WriteString("version", Version);
            json.WriteString("description", Description);
            json.WriteString("unknownAge", UnknownAge.Name());
            json.WriteString("whenCheckFails", WhenCheckFails.Name());
            json.WriteStartArray("rules");
            foreach (PolicyRule rule in Rules)
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
        WriteNames(json, "stages", rule.Stages.Select(s => s.Name()));
        WriteNames(json, "operations", rule.Operations.Select(o => o.Name()));
        json.WriteString("audience", rule.Audience.Name());
        json.WriteNumber("threshold", rule.Threshold);
        json.WriteString("decision", rule.Decision.Name());
        WriteNames(json, "actions", rule.Actions.Select(a => a.Name()));
        json.WriteString("why", rule.Why ?? string.Empty);
        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, string property, IEnumerable<string> names)
    {
        json.WriteStartArray(property);
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }
}
