using System.Text;
using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Tests.Prompts;

public sealed class NameListClassifierTests
{
    // Invented people.
    private const string List = """
        # kind	name	other names	born
        opt_out	Ada Quillfeather	A. Quillfeather | 鵜野ペン
        public_figure	Young Starling	-	2010-05-31
        public_figure	Nearly Grown	-	2008
        public_figure	Olden Starling	-	1950
        public_figure	Undated Star
        private_person	Bob Neighbourly	-	-
        """;

    [Theory]
    [InlineData("a portrait of Ada Quillfeather", SafetyCategory.OptedOutPerson)]
    [InlineData("a portrait of ada quillfeather's cat", SafetyCategory.OptedOutPerson)]
    [InlineData("a portrait of A. Quillfeather", SafetyCategory.OptedOutPerson)]
    [InlineData("鵜野ペンの絵", SafetyCategory.OptedOutPerson)]
    [InlineData("a portrait of A d a  Q u i l l f e a t h e r", SafetyCategory.OptedOutPerson)]
    [InlineData("a portrait of Ada Qu1llf34th3r", SafetyCategory.OptedOutPerson)]
    [InlineData("a portrait of \u0410d\u0430 Quillfeather", SafetyCategory.OptedOutPerson)]
    [InlineData("Young Starling on a stage", SafetyCategory.PublicFigureMinor)]
    [InlineData("Nearly Grown on a stage", SafetyCategory.PublicFigureMinor)] // the birthday may be yet to come
    [InlineData("Olden Starling on a stage", SafetyCategory.PublicFigure)]
    [InlineData("Undated Star on a stage", SafetyCategory.PublicFigure)]
    [InlineData("Bob Neighbourly in his garden", SafetyCategory.NamedPerson)]
    public void A_listed_person_is_found(string text, SafetyCategory expected)
        => Assert.Contains(Classify(text), s => s.Category == expected && s.Span is { Length: > 0 });

    [Theory]
    [InlineData("a starling on a branch")]
    [InlineData("Adam Quillfeatherstone")]
    [InlineData("ada and her quill, feather in hand")]
    public void Others_are_not(string text) => Assert.Empty(Classify(text));

    [Fact]
    public void A_birthday_needs_no_new_list()
    {
        var clock = new Clock { Now = new DateTimeOffset(2028, 5, 30, 0, 0, 0, TimeSpan.Zero) };
        NameListClassifier names = NameListClassifier.Parse(Encoding.UTF8.GetBytes(List), clock);
        Assert.Equal(SafetyCategory.PublicFigureMinor, Assert.Single(names.Classify("Young Starling", TextOrigin.Prompt)).Category);
        clock.Now = clock.Now.AddDays(1);
        Assert.Equal(SafetyCategory.PublicFigure, Assert.Single(names.Classify("Young Starling", TextOrigin.Prompt)).Category);
    }

    [Fact]
    public void Who_opted_out_is_not_depicted()
    {
        var pipeline = new SafetyPipeline(new SafetyPipelineParts
        {
            Policy = SafetyPolicy.BuiltIn("balanced"),
            PromptClassifiers = [new RulePromptClassifier(), NameListClassifier.Parse(Encoding.UTF8.GetBytes(List))],
        });
        Assert.Equal(Decision.Block, pipeline.Check(new SafetyRequest { Prompt = "a portrait of Ada Quillfeather" }).Decision);
        Assert.Equal(Decision.Allow, pipeline.Check(new SafetyRequest { Prompt = "who is Ada Quillfeather?", Operation = Operation.Understand }).Decision);
        Verdict figure = pipeline.Check(new SafetyRequest { Prompt = "Olden Starling on a bench" });
        Assert.Equal((Decision.Allow, Advisory.RealPersonSafeguards), (figure.Decision, Assert.Single(figure.Advice)));
        Assert.DoesNotContain("Starling", figure.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("opt_ot	Secret Name", "none of opt_out")]
    [InlineData("opt_out", "split by tabs")]
    [InlineData("opt_out	Secret Name	-	2010	more", "split by tabs")]
    [InlineData("opt_out	", "a name is empty")]
    [InlineData("opt_out	Secret Name	x||y", "a name is empty")]
    [InlineData("opt_out	!!!", "no letters")]
    [InlineData("public_figure	Secret Name	-	last year", "neither a year")]
    [InlineData("public_figure	Secret Name	-	2010-13-01", "neither a year")]
    public void A_bad_line_is_named_without_its_content(string line, string says)
    {
        var error = Assert.Throws<NameListException>(() => NameListClassifier.Parse(Encoding.UTF8.GetBytes($"# remark\n{line}\n")));
        Assert.Equal(2, error.Line);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_is_no_text_is_refused_and_an_empty_one_finds_nothing()
    {
        Assert.Throws<NameListException>(() => NameListClassifier.Parse([0xFF, 0xFE, 0x00]));
        Assert.Empty(NameListClassifier.Parse([]).Classify("anybody", TextOrigin.Prompt));
    }

    private static IReadOnlyList<Signal> Classify(string text)
        => NameListClassifier.Parse(Encoding.UTF8.GetBytes(List), new Clock { Now = new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero) })
            .Classify(text, TextOrigin.Prompt);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
