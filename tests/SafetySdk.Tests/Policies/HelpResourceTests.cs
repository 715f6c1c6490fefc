using SafetySdk.Policies;

namespace SafetySdk.Tests.Policies;

public sealed class HelpResourceTests
{
    private static readonly HelpResource[] Resources =
    [
        new("de", "language", "1"), new("DE", "region", "2"), new("de-AT", "both", "3"), new("US", "region", "4"), new("*", "anyone", "5"),
    ];

    [Theory]
    [InlineData("de-AT", "3")]
    [InlineData("de_AT", "3")]
    [InlineData("DE-at", "3")]
    [InlineData("de-DE", "2")]
    [InlineData("fr-DE", "2")]
    [InlineData("de-CH", "1")]
    [InlineData("de", "1")]
    [InlineData("en-Latn-US", "4")]
    [InlineData("us", "5")] // a language that nobody speaks
    [InlineData("fr", "5")]
    [InlineData("", "5")]
    [InlineData("--", "5")]
    [InlineData(null, "5")]
    public void The_best_fit_is_found(string? locale, string contact) => Assert.Equal(contact, HelpResource.For(Resources, locale).Contact);

    [Fact]
    public void There_is_always_one()
    {
        Assert.Equal(HelpResource.Default, HelpResource.For([], "de"));
        Assert.All(SafetyPolicy.BuiltInNames, n => Assert.Contains(SafetyPolicy.BuiltIn(n).Help, h => h.Locale == HelpResource.Anyone));
    }
}
