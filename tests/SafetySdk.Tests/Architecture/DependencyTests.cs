using System.Text.RegularExpressions;

namespace SafetySdk.Tests.Architecture;

/// <summary>Dependencies inside the library point one way. A change of the table is a change of the design: say why beside the line.</summary>
public sealed partial class DependencyTests
{
    private const string Root = "(root)";
    private const string Prefix = "SafetySdk.";

    /// <summary>Folder of src/SafetySdk, and the folders that it may know. What a folder knows is not passed on to its users.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        // Nobody but the last two knows a policy and a picture together.
        [Root] = [], // where models and libraries are found
        ["Kernels"] = [],
        ["Images"] = ["Kernels"],
        ["Hashing"] = ["Kernels", "Images"], // perceptual hashes are of pictures
        ["Matching"] = ["Kernels", "Images", "Hashing"], // the scan; a look-up takes a picture
        ["Classification"] = ["Images"], // the contract of detectors takes a picture
        ["Prompts"] = ["Kernels", "Classification"], // vectors; categories and signals
        ["Policies"] = ["Classification", "Prompts"], // categories, signals, and the rewrite that a verdict offers
        ["Accounts"] = ["Policies"], // age bands and decisions
        ["Audit"] = ["Classification", "Policies"], // a record says what was seen and decided
        ["Reporting"] = [], // reports are bytes to it
        ["Evidence"] = [], // content is bytes to it
        ["Reports"] = ["Reporting", "Evidence"], // sends what the outbox holds, with its files
        // One transaction holds an account, a record and a report; what a verdict asks for is done here.
        ["Storage"] = ["Classification", "Policies", "Accounts", "Audit", "Reporting", "Reports"],
        ["External"] = ["Classification", "Policies"], // who asks: stage and operation
        ["Monitoring"] = ["Classification", "Policies"], // the monitor is told the policy
        // Accounts: the first stage asks how an account stands, by contract.
        ["Pipeline"] = ["Images", "Matching", "Classification", "Prompts", "Policies", "Accounts", "External", "Monitoring"],
        // Hashing: opening a list names the convention of its hashes.
        ["DependencyInjection"] =
        [
            Root, "Images", "Hashing", "Matching", "Classification", "Prompts", "Policies", "Accounts", "Audit", "Reporting", "Evidence",
            "Reports", "Storage", "External", "Monitoring", "Pipeline",
        ],
    };

    private static IEnumerable<string> Sources
        => RepositoryFiles.All.Where(f => f.StartsWith("src/SafetySdk/", StringComparison.Ordinal) && Path.GetExtension(f) == ".cs");

    [Fact]
    public void The_table_names_every_folder_and_has_no_cycle()
    {
        Assert.Equal(Sources.Select(FolderOf).Distinct().Order(StringComparer.Ordinal), Allowed.Keys.Order(StringComparer.Ordinal));
        var known = new HashSet<string>();
        foreach ((string folder, string[] used) in Allowed)
        {
            Assert.All(used, u => Assert.True(known.Contains(u), $"{folder} knows {u}, which must stand above it in the table"));
            known.Add(folder);
        }
    }

    [Fact]
    public void No_type_uses_a_type_of_a_folder_it_may_not_know()
    {
        string[] violations =
        [
            .. from type in typeof(SafetyHome).Assembly.GetTypes()
               where !TypeReferences.IsOfNoFolder(type)
               from used in TypeReferences.Of(type)
               where used.Assembly == type.Assembly && !TypeReferences.IsOfNoFolder(used)
               let violation = Violation(FolderOf(type), FolderOf(used))
               where violation is not null
               select $"{violation}: {type} uses {used}",
        ];
        Assert.True(violations.Length == 0, string.Join('\n', violations.Distinct()));
    }

    // Constants and names of enum members are copied by the compiler; only the sources tell.
    [Fact]
    public void No_source_names_a_folder_it_may_not_know()
    {
        string[] violations =
        [
            .. from file in Sources
               let code = Comment().Replace(RepositoryFiles.Read(file), string.Empty)
               from named in UsingOrQualified().Matches(code).Select(m => m.Groups["folder"].Value).Where(Allowed.ContainsKey)
               let violation = Violation(FolderOf(file), named)
               where violation is not null
               select $"{violation}: {file}",
        ];
        Assert.True(violations.Length == 0, string.Join('\n', violations.Distinct()));
    }

    private static string? Violation(string folder, string used)
        => folder == used || Allowed[folder].Contains(used) ? null : $"{folder} must not know {used}";

    private static string FolderOf(string file) => file.Split('/') is [_, _, string folder, _, ..] ? folder : Root;

    private static string FolderOf(Type type)
    {
        string name = type.Namespace ?? string.Empty;
        // What a host's composition root writes lives where it looks for it, not where the file lies.
        return type == typeof(SafetyOptions) || name == "Microsoft.Extensions.DependencyInjection" ? "DependencyInjection"
            : name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..].Split('.')[0]
            : Root;
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    // A using directive, SafetySdk.Policies.Stage, or Policies.Stage. Images is also the name of a property (Images.Count), so that its
    // short form is left to the compiled types.
    [GeneratedRegex(
        @"\bSafetySdk\.(?<folder>\w+)|(?<![\w.])(?<folder>Policies|Pipeline|Matching|Hashing|Kernels|Classification|Prompts|External|Monitoring)\.[A-Z]")]
    private static partial Regex UsingOrQualified();
}
