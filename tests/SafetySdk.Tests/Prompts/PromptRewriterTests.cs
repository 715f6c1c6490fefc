using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;
using SafetySdk.Prompts.Requests;

namespace SafetySdk.Tests.Prompts;

public sealed class PromptRewriterTests
{
    private static readonly RequestNames Invented = RequestNames.Parse("artist\tZelda Quorn\t-\t1980\nartist\tHugo Vant\t-\t1850\t1910"u8);

    private static readonly SafetyPipeline Pipeline = new(new SafetyPipelineParts
    {
        Policy = SafetyPolicy.BuiltIn("balanced"),
        PromptClassifiers = [new RulePromptClassifier(Invented)],
        Rewriter = new PromptRewriter(Invented),
    });

    [Theory]
    [InlineData("a castle in the style of Greg Rutkowski", "a castle in the style of contemporary epic fantasy oil painting")]
    [InlineData("Zelda Quorn's signature style, a harbour", "contemporary painting's signature style, a harbour")]
    [InlineData("ein Schloss im Stil von Zelda Quorn", "ein Schloss im Stil von zeitgenössischer Malerei")]
    [InlineData("un château dans le style de Zelda Quorn", "un château dans le style de la peinture contemporaine")]
    [InlineData("Zelda Quorn风格的城堡", "当代绘画风格的城堡")]
    [InlineData("Zelda Quorn風の城", "現代絵画風の城")]
    [InlineData("замок в стиле Zelda Quorn", "замок в стиле современной живописи")]
    [InlineData("a Ferrari in the style of Zelda Quorn", "a sports car in the style of contemporary painting")]
    public void A_name_becomes_medium_and_period(string prompt, string rewritten)
    {
        OfferedRewrite offer = new PromptRewriter(Invented).Offer(prompt)!;
        Assert.Equal(rewritten, offer.Text);
        Assert.All(offer.Changes, c => Assert.InRange(c.Span.Start + c.Span.Length, 1, prompt.Length));
        Assert.Contains(offer.Changes, c => c.Reason == RewriteReason.LivingArtist);
        Assert.DoesNotContain("castle", offer.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sunflowers in the style of Hugo Vant")]
    [InlineData("a red Ferrari")]
    [InlineData("a castle in the fog")]
    public void Who_names_no_living_artist_is_offered_nothing(string prompt) => Assert.Null(new PromptRewriter(Invented).Offer(prompt));

    [Fact]
    public void The_verdict_offers_a_wording_that_passes_and_applies_nothing()
    {
        Verdict verdict = Pipeline.Check(new SafetyRequest { Prompt = "a castle in the style of Zelda Quorn" });
        Assert.Equal(Decision.Transform, verdict.Decision);
        Assert.Equal("a castle in the style of contemporary painting", verdict.Rewrite!.Text);
        Assert.Contains("\"reason\":\"living_artist\"", verdict.ToJson().Replace(" ", null, StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("castle", verdict.ToJson(), StringComparison.Ordinal);
        Assert.DoesNotContain("castle", verdict.ToString(), StringComparison.Ordinal);
        Verdict again = Pipeline.Check(new SafetyRequest { Prompt = verdict.Rewrite.Text });
        Assert.Equal(Decision.Allow, again.Decision);
        Assert.Null(again.Rewrite);
    }

    [Fact]
    public void What_is_blocked_for_another_reason_is_offered_nothing()
    {
        Verdict verdict = Pipeline.Check(new SafetyRequest { Prompt = "a nude woman in the style of Zelda Quorn" });
        Assert.Equal(Decision.Block, verdict.Decision);
        Assert.Null(verdict.Rewrite);
    }

    [Fact]
    public void A_wording_that_would_not_pass_is_not_offered()
    {
        // An earlier turn asks for the style too: a new prompt alone changes nothing.
        Verdict verdict = Pipeline.Check(new SafetyRequest
        {
            Turns = ["everything in the style of Zelda Quorn"],
            Prompt = "a castle in the style of Zelda Quorn",
        });
        Assert.Equal(Decision.Transform, verdict.Decision);
        Assert.Null(verdict.Rewrite);
    }

    [Theory]
    [InlineData("painter\tA B", 1)]
    [InlineData("artist", 1)]
    [InlineData("artist\tA B\t-\tyesterday", 1)]
    [InlineData("# remark\nartist\t.\t-", 2)]
    public void A_malformed_list_is_refused_with_its_line(string list, int line)
        => Assert.Equal(line, Assert.Throws<NameListException>(() => RequestNames.Parse(System.Text.Encoding.UTF8.GetBytes(list))).Line);

    [Fact]
    public void The_host_s_names_count_in_requests_alone()
    {
        var classifier = new RulePromptClassifier(RequestNames.Parse("public_figure\tPaula Wendt\nartist\tZelda Quorn\t-\t1880"u8));
        Assert.Contains(classifier.Classify("photo of Paula Wendt on a bench", TextOrigin.Prompt), s => s.Category == SafetyCategory.PublicFigure);
        Assert.Empty(classifier.Classify("how old is Paula Wendt", TextOrigin.Prompt));
        // Born so long ago that she cannot be alive.
        Assert.Empty(classifier.Classify("a castle in the style of Zelda Quorn", TextOrigin.Prompt));
        Assert.NotEqual(new RulePromptClassifier().Version, classifier.Version);
    }
}
