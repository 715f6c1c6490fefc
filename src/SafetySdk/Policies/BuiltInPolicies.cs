using System.Collections.Concurrent;

namespace SafetySdk.Policies;

/// <summary>The policies that come with the library, as embedded documents.</summary>
internal static class BuiltInPolicies
{
    private const string Prefix = "SafetySdk.Policies.BuiltIn.";
    private const string Suffix = ".json";
    private const string SchemaResource = "SafetySdk.Policies.policy.v1.schema.json";

    private static readonly ConcurrentDictionary<string, SafetyPolicy> Parsed = new(StringComparer.Ordinal);

    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(BuiltInPolicies).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(n => n[Prefix.Length..^Suffix.Length])
            .Order(StringComparer.Ordinal),
    ];

    public static SafetyPolicy Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Parsed.GetOrAdd(name, static n => SafetyPolicy.Parse(ReadText(n)));
    }

    public static byte[] ReadSchema()
        => Read(SchemaResource) ?? throw new InvalidOperationException($"The library was built without {SchemaResource}.");

    public static byte[] ReadText(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Read(Prefix + name + Suffix)
            ?? throw new ArgumentException(
                $"There is no built-in policy '{name}'; the nearest is '{PolicyVocabulary.Nearest(name, Names)}'.", nameof(name));
    }

    private static byte[]? Read(string resource)
    {
        using Stream? stream = typeof(BuiltInPolicies).Assembly.GetManifestResourceStream(resource);
        if (stream is null)
        {
            return null;
        }

        byte[] text = new byte[stream.Length];
        stream.ReadExactly(text);
        return text;
    }
}
