using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Tests.Pipeline;

namespace SafetySdk.Tests.Policies;

public sealed class RefusalTextTests
{
    private static readonly string[] Languages = ["en", "de", "fr", "es", "pt", "zh", "ja", "ru"];

    [Fact]
    public void Every_code_has_a_text_of_its_own_in_every_language()
    {
        foreach (string language in Languages)
        {
            string[] texts = [.. Enum.GetValues<RefusalCode>().Select(c => RefusalText.ReasonOf(c, language))];
            Assert.Equal(texts.Length, texts.Distinct(StringComparer.Ordinal).Count());
            Assert.All(texts, t => Assert.InRange(t.Length, 5, 80));
            if (language != "en")
            {
                Assert.All(Enum.GetValues<RefusalCode>(), c => Assert.NotEqual(RefusalText.ReasonOf(c, "en"), texts[(int)c]));
            }
        }

        Assert.Equal(Languages.Order(), Refusals.Languages.Order());
    }

    [Fact]
    public void No_text_names_a_category_a_rule_or_a_threshold()
    {
        string[] forbidden =
        [
            .. SafetyCategories.All.Select(c => c.Name()).Where(n => n is not ("violence" or "sexual" or "privacy")),
            .. SafetyPolicy.BuiltIn("strict").Rules.Select(r => r.Id).Where(i => i is not ("violence" or "privacy" or "sexual")), "policy", "rule", "score", "detect", "should", "CAPTCHA", "bomb", "weapon", "nud",
        ];
        foreach (RefusalCode code in Enum.GetValues<RefusalCode>())
        {
            Assert.All(Languages, l => Assert.DoesNotContain(
                forbidden, f => RefusalText.ReasonOf(code, l).Contains(f, StringComparison.OrdinalIgnoreCase)));
        }
    }

    [Fact]
    public void A_verdict_is_put_into_words()
    {
        var parts = new FakeParts();
        parts.Texts["x"] = [FakeParts.Seen(SafetyCategory.Weapons)];
        Verdict blocked = parts.Pipeline().Check(new SafetyRequest { Prompt = "x" });
        RefusalText text = RefusalText.For(blocked, "de-AT")!;
        Assert.Equal(Refusals.Text(Decision.Block, RefusalCode.Wrongdoing, "de"), text.Message);
        Assert.Equal(RefusalText.ReasonOf(RefusalCode.Wrongdoing, "de"), text.Reason);
        Assert.Null(text.Help);
        Assert.Equal($"{text.Message} {text.Reason}", text.ToString());
        Assert.Equal(
            RefusalText.For(blocked, "en")!.ToString(), RefusalText.For(blocked, "sv-SE")!.ToString());
        Assert.Null(RefusalText.For(parts.Pipeline().Check(new SafetyRequest { Prompt = "y" }), null));
    }

    [Fact]
    public void Self_harm_comes_with_help_of_the_place_and_the_host_can_change_it()
    {
        var parts = new FakeParts();
        parts.Texts["x"] = [FakeParts.Seen(SafetyCategory.SelfHarmIntent)];
        Verdict verdict = parts.Pipeline().Check(new SafetyRequest { Prompt = "x", Locale = "de-AT" });
        Assert.Equal("142", RefusalText.For(verdict, "de-AT")!.Help!.Contact);
        Verdict bare = verdict with { Help = null };
        Assert.Equal("808 24 24 24", RefusalText.For(bare, "pt-PT")!.Help!.Contact);
        HelpResource own = new("PT", "own", "1");
        Assert.Equal(own, RefusalText.For(bare, "pt-PT", [own])!.Help);
        Assert.Equal(HelpResource.Anyone, RefusalText.For(bare, "sv-SE")!.Help!.Locale);
    }

    [Fact]
    public void The_built_in_policies_name_the_same_services()
    {
        foreach (HelpResource resource in SafetyPolicy.BuiltIn("balanced").Help)
        {
            Assert.Contains(resource, RefusalText.BuiltInHelp);
        }
    }
}
