using System.Security.Cryptography;
using System.Text;
using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>A policy document: which signals, where and for whom, lead to which decision. Immutable and thread-safe.</summary>
public sealed record SafetyPolicy
{
    /// <summary>The schema that this version reads and writes.</summary>
    public const string Schema = "policy.v1";

    private string? _digest;
    private CompiledPolicy? _compiled;

    internal SafetyPolicy()
    {
    }

    // What `with` calls: the copy is about to differ, so it must not keep the digest and the rules of the original.
    private SafetyPolicy(SafetyPolicy original)
    {
        Name = original.Name;
        Version = original.Version;
        Description = original.Description;
        UnknownAge = original.UnknownAge;
        WhenCheckFails = original.WhenCheckFails;
        WhenCheckFailsFor = original.WhenCheckFailsFor;
        Help = original.Help;
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

    /// <summary>
    /// The same for checks of certain categories. A check that does not say what it would have seen counts for all of them.
    /// </summary>
    public IReadOnlyDictionary<SafetyCategory, Decision> WhenCheckFailsFor { get; init; } = new Dictionary<SafetyCategory, Decision>();

    /// <summary>Where people find help, by locale; each locale once.</summary>
    public IReadOnlyList<HelpResource> Help { get; init; } = [];

    /// <summary>The rules, in the author's order. Order does not matter for the decision.</summary>
    public required IReadOnlyList<PolicyRule> Rules { get; init; }

    /// <summary>
    /// SHA-256 over the canonical form, 64 lower-case hex digits. Every verdict carries it. Layout, comments, order of members and of
    /// rules, and the way of inheriting do not change it; everything else does.
    /// </summary>
    public string Digest => _digest ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ToJson())));

    internal CompiledPolicy Compiled => _compiled ??= new CompiledPolicy(this);

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

    /// <summary>The JSON schema of <see cref="Schema"/>.</summary>
    public static string JsonSchema => Encoding.UTF8.GetString(BuiltInPolicies.ReadSchema());

    /// <summary>
    /// Reads a policy document. Comments and trailing commas are allowed. A document may extend a built-in policy.
    /// </summary>
    /// <param name="utf8Json">The document, UTF-8.</param>
    /// <exception cref="PolicyFormatException">Malformed, or weaker than the floor; names path, line and the nearest valid
    /// name.</exception>
    public static SafetyPolicy Parse(ReadOnlySpan<byte> utf8Json) => Parse(utf8Json, find: null);

    /// <summary>Reads a policy document that may extend any policy that <paramref name="find"/> knows.</summary>
    /// <param name="utf8Json">The document, UTF-8.</param>
    /// <param name="find">The document of a policy that is not built in; null where there is none so called.</param>
    /// <exception cref="PolicyFormatException">Malformed, weaker than the floor, or extends itself; names path, line and the nearest valid
    /// name.</exception>
    public static SafetyPolicy Parse(ReadOnlySpan<byte> utf8Json, Func<string, byte[]?>? find)
        => PolicyDocument.Read(utf8Json, find).Policy;

    /// <summary>What the policy does when a check fails.</summary>
    /// <param name="failure">The failed check.</param>
    /// <returns><see cref="Decision.Review"/> at least, whatever the policy object holds: a failed check is never an allowed one.</returns>
    public Decision DecisionFor(CheckFailure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        // Where nobody says what was missed, everything may have been.
        Decision asked = failure.Categories.Count == 0 ? WhenCheckFails : Decision.Review;
        foreach (SafetyCategory category in failure.Categories.Count == 0 ? WhenCheckFailsFor.Keys : failure.Categories)
        {
            Decision forCategory = WhenCheckFailsFor.TryGetValue(category, out Decision own) ? own : WhenCheckFails;
            asked = forCategory > asked ? forCategory : asked;
        }

        return asked == Decision.Block || failure.Blocks ? Decision.Block : Decision.Review;
    }

    /// <summary>
    /// The canonical form: what the policy amounts to, with all that it inherits, rules by their ids, fixed member order, defaults written
    /// out, two-space indentation, LF.
    /// </summary>
    public string ToJson() => PolicyWriter.Write(this);
}
