using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace SafetySdk.Tests.Architecture;

/// <summary>What lies where, what may not be written anywhere, and that NOTICE names everything.</summary>
public sealed partial class LayoutTests
{
    private const int MaxSourceLines = 600;

    // Beside dot-files: the six folders and files of the design, and what tools insist on finding at the top.
    private static readonly string[] TopLevel =
    [
        "src", "tests", "benchmarks", "native", "samples", "SafetySdk.sln", "Directory.Packages.props", "README.md",
        "LICENSE", "NOTICE", "NuGet.config", "global.json",
    ];

    // Names that say nothing: whatever is in them belongs to something that has a name.
    private static readonly string[] EmptyNames =
        ["Util", "Utils", "Utility", "Utilities", "Helper", "Helpers", "Manager", "Managers", "Common"];

    // Extension methods on IServiceCollection live where a host's composition root looks for them; so do the options it sets.
    private static readonly string[] NamespacesOfDependencyInjection = ["Microsoft.Extensions.DependencyInjection", "SafetySdk"];

    // In parts, so that this file does not break its own rule.
    private static readonly string[] MachinePaths = ["/wo" + "rk/", "/tmp/bash_" + "jobs", "/ro" + "ot/", "/ho" + "me/"];

    private static IEnumerable<string> Sources(string folder, params string[] extensions)
        => RepositoryFiles.All.Where(f => f.StartsWith(folder, StringComparison.Ordinal) && extensions.Contains(Path.GetExtension(f)));

    [Fact]
    public void The_top_level_holds_only_what_the_design_names()
        => Assert.All(
            RepositoryFiles.All.Select(f => f.Split('/')[0]).Distinct().Where(f => f[0] != '.'), f => Assert.Contains(f, TopLevel));

    [Fact]
    public void No_folder_or_file_has_an_empty_name()
        => Assert.DoesNotContain(
            RepositoryFiles.All, f => Word().Matches(f).Any(w => EmptyNames.Contains(w.Value, StringComparer.OrdinalIgnoreCase)));

    [Fact]
    public void Every_namespace_is_its_folder()
    {
        Assert.NotEmpty(Sources("src/", ".cs"));
        Assert.Empty(Sources("src/", ".cs").Where(f => Path.GetFileName(f) != "Program.cs").Select(NamespaceMismatch).OfType<string>());
    }

    [Fact]
    public void No_source_file_is_too_long_to_be_read_in_one_go()
        => Assert.DoesNotContain(
            Sources("src/", ".cs").Concat(Sources("native/", ".cs", ".h", ".hpp", ".c", ".sh")),
            f => RepositoryFiles.Read(f).Count(c => c == '\n') > MaxSourceLines);

    [Fact]
    public void No_file_names_a_place_on_somebodys_machine_or_a_registry()
    {
        string[] found =
        [
            .. from file in RepositoryFiles.Texts
               let text = RepositoryFiles.Read(file)
               from hit in MachinePaths.Where(p => text.Contains(p, StringComparison.Ordinal))
                   .Concat(RegistryHost().Matches(text).Select(m => m.Value))
               select $"{file}: {hit}",
        ];
        Assert.Empty(found);
    }

    [Fact]
    public void Every_package_has_an_exact_version_and_is_in_the_notice()
    {
        var packages = XDocument.Parse(RepositoryFiles.Read("Directory.Packages.props"));
        Dictionary<string, string> properties =
            packages.Descendants("PropertyGroup").Elements().ToDictionary(e => e.Name.LocalName, e => e.Value);
        (string Name, string Version)[] pinned =
        [
            .. packages.Descendants("PackageVersion").Select(e => (
                e.Attribute("Include")!.Value,
                Property().Replace(e.Attribute("Version")!.Value, m => properties[m.Groups[1].Value]))),
        ];
        Assert.NotEmpty(pinned);
        Assert.All(pinned, p => Assert.True(ExactVersion().IsMatch(p.Version), $"{p.Name} {p.Version} may change by itself"));
        string notice = RepositoryFiles.Read("NOTICE");
        string[] named = [.. NoticeName().Matches(notice).Select(m => m.Value.TrimEnd('.'))];
        Assert.All(pinned, p => Assert.True(
            named.Any(n => n == p.Name || (n.EndsWith('*') && p.Name.StartsWith(n[..^1], StringComparison.Ordinal))),
            $"NOTICE does not name {p.Name}"));
    }

    [Fact]
    public void Every_restored_package_is_in_the_notice_with_its_version()
    {
        string notice = RepositoryFiles.Read("NOTICE");
        using var packages = JsonDocument.Parse(RepositoryFiles.Read("native/packages.json"));
        Assert.NotEqual(0, packages.RootElement.GetArrayLength());
        foreach (JsonElement package in packages.RootElement.EnumerateArray())
        {
            string name = package.GetProperty("name").GetString()!;
            string version = package.GetProperty("version").GetString()!;
            string pattern = $@"(?<![\w@/-]){Regex.Escape(name)}[@ ]{Regex.Escape(version)}(?![\w.-]*\w)";
            Assert.True(Regex.IsMatch(notice, pattern), $"NOTICE does not name {name} {version}");
            Assert.StartsWith("sha512-", package.GetProperty("integrity").GetString()!, StringComparison.Ordinal);
        }
    }

    private static string? NamespaceMismatch(string file)
    {
        string expected = Path.GetDirectoryName(file)!.Replace('\\', '/')["src/".Length..].Replace('/', '.');
        string found = Namespace().Match(RepositoryFiles.Read(file)).Groups[1].Value;
        bool fits = expected.EndsWith(".DependencyInjection", StringComparison.Ordinal)
            ? NamespacesOfDependencyInjection.Contains(found)
            : found == expected;
        return fits ? null : $"{file}: namespace {found}, expected {expected}";
    }

    // The words of CamelCase, kebab-case and paths.
    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\b(?:registry\.[\w-]+\.[a-z]{2,}|(?:[\w-]+\.)*(?:nuget|pypi|crates|npmjs|yarnpkg|pythonhosted)\.(?:org|com|io))\b")]
    private static partial Regex RegistryHost();

    [GeneratedRegex(@"\$\((\w+)\)")]
    private static partial Regex Property();

    // No range, no wildcard, no property left over.
    [GeneratedRegex(@"^\d+\.\d+\.\d+(\.\d+)?(-[\w.]+)?$")]
    private static partial Regex ExactVersion();

    [GeneratedRegex(@"[\w.]+\.\*|[A-Za-z][\w.]+")]
    private static partial Regex NoticeName();
}
