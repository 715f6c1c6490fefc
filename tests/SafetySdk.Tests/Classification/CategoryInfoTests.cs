using System.Text.RegularExpressions;
using SafetySdk.Classification;
using SafetySdk.Policies;
using SafetySdk.Tests.Architecture;

namespace SafetySdk.Tests.Classification;

/// <summary>The table of what reports a category is compared with the code that does.</summary>
public sealed partial class CategoryInfoTests
{
    private const string HostNames = "src/SafetySdk/Prompts/ListedName.cs";

    [Fact]
    public void Every_category_has_a_source_or_says_that_it_has_none()
    {
        SafetyCategory[] undetected = [.. CategoryInfo.All.Where(i => i.DetectedBy == CategorySources.None).Select(i => i.Category)];
        // What the library does not see today. Whoever adds a detector takes its category off this list and says so in the table.
        Assert.Equal(
        [
            SafetyCategory.CheckFailed, SafetyCategory.SelfHarmPromotion, SafetyCategory.HateSymbol, SafetyCategory.HatePraise,
            SafetyCategory.MassCasualtyWeapons, SafetyCategory.PoliticalDeception, SafetyCategory.SurveillanceStyle,
            SafetyCategory.TruthJudgement,
        ], undetected);
    }

    [Fact]
    public void Text_sources_are_those_of_the_prompt_rules()
    {
        HashSet<string> lists =
        [
            .. Files("src/SafetySdk/Prompts/Lists/", ".tsv").Where(f => RuleList().IsMatch(f))
                .SelectMany(f => RepositoryFiles.Read(f).Split('\n')).Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split('\t')[0]),
            .. Files("src/SafetySdk/Prompts/Lists/requests", ".tsv").SelectMany(f => RepositoryFiles.Read(f).Split('\n'))
                .Where(l => l.StartsWith("frame\t", StringComparison.Ordinal)).Select(l => l.Split('\t')[1]),
            .. Named(Files("src/SafetySdk/Prompts/", ".cs").Where(f => f != HostNames)),
        ];
        Assert.Equal(With(CategorySources.Text), lists.Where(n => SafetyCategories.TryParse(n, out _)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void List_sources_are_known_content_and_the_hosts_names()
        => Assert.Equal(
            With(CategorySources.Lists), Named([HostNames]).Append(SafetyCategory.KnownContent.Name()).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Picture_sources_are_those_of_the_image_detectors()
        => Assert.Equal(
            With(CategorySources.Picture),
            Named(Files("src/SafetySdk.Onnx/", ".cs")).Append(SafetyCategory.Photorealistic.Name()).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Composed_ones_can_be_composed()
    {
        // Of what is seen today, and no more.
        Signal[] text = [.. Of(CategorySources.Text)], pictures = [.. Of(CategorySources.Picture)];
        HashSet<SafetyCategory> composed =
        [
            .. SignalComposer.SexualMinors([.. text, .. pictures]).Concat(SignalComposer.InText(text))
                .Concat(SignalComposer.RequestAboutPictures(text, pictures, hasPictures: true)).Select(s => s.Category),
        ];
        Assert.Equal(CategoryInfo.All.Where(i => i.DetectedBy.HasFlag(CategorySources.Composition)).Select(i => i.Category), composed.Order());
    }

    [Fact]
    public void Titles_are_short_and_different()
    {
        Assert.All(CategoryInfo.All, i => Assert.InRange(i.Title.Length, 5, 30));
        Assert.Equal(CategoryInfo.All.Count, CategoryInfo.All.Select(i => i.Title).Distinct().Count());
        Assert.Throws<ArgumentOutOfRangeException>(() => CategoryInfo.Of((SafetyCategory)999));
    }

    [Fact]
    public void Every_harm_and_every_request_has_a_rule_in_every_built_in_policy()
    {
        foreach (SafetyPolicy policy in SafetyPolicy.BuiltInNames.Select(SafetyPolicy.BuiltIn))
        {
            HashSet<SafetyCategory> ruled = [.. PolicyFloor.Rules.Concat(policy.Rules).SelectMany(r => r.With.Append(r.Category))];
            Assert.All(
                CategoryInfo.All.Where(i => i.Kind is CategoryKind.Harm or CategoryKind.Request or CategoryKind.Account),
                i => Assert.Contains(i.Category, ruled));
        }
    }

    private static IEnumerable<Signal> Of(CategorySources source)
        => CategoryInfo.All.Where(i => i.DetectedBy.HasFlag(source)).Select(i => new Signal(i.Category, 1, "t", "1"));

    private static IEnumerable<string> With(CategorySources source)
        => CategoryInfo.All.Where(i => i.DetectedBy.HasFlag(source)).Select(i => i.Category.Name()).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Files(string folder, string extension)
        => RepositoryFiles.All.Where(f => f.StartsWith(folder, StringComparison.Ordinal) && Path.GetExtension(f) == extension);

    private static IEnumerable<string> Named(IEnumerable<string> files)
        => files.SelectMany(f => Member().Matches(RepositoryFiles.Read(f))).Select(m => Enum.Parse<SafetyCategory>(m.Groups[1].Value).Name());

    [GeneratedRegex(@"/(phrases|rules)\.[^/]*$")]
    private static partial Regex RuleList();

    [GeneratedRegex(@"SafetyCategory\.([A-Z]\w+)")]
    private static partial Regex Member();
}
