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
    [InlineData("opt_out	Secret Name	-	2010	more", "neither a year")]
    [InlineData("artist	Secret Name	-	-	-	-	-	-	-", "split by tabs")]
    [InlineData("artist	Secret Name	-	-	-	alive", "none of living")]
    [InlineData("artist	Secret Name	-	1900	1950	living", "date of death")]
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

    [Theory]
    [InlineData("a castle in the style of Ada Brushwood", true)]
    [InlineData("a castle, art by Ada Brushwood", true)]
    [InlineData("a book about Ada Brushwood", false)]
    [InlineData("Ada Brushwood", false)]
    [InlineData("a castle in the style of Old Brushwood", false)]
    [InlineData("a castle in the style of Old Palette", false)]
    [InlineData("a castle in the style of Twice Listed", false)]
    [InlineData("a castle in the style of Two Persons", true)]
    [InlineData("a castle in the style of Mononymo", true)]
    [InlineData("the mononymo tree in spring", false)]
    [InlineData("a castle in the style of Olga Old Brushwood", false)]
    public void A_living_artist_counts_where_their_style_is_asked_for(string text, bool counts)
    {
        const string Artists = """
            artist	Ada Brushwood	-	1980	-	living	a museum	2026-01-31
            artist	Old Brushwood	-	1850	1920
            artist	Old Palette	-	-	-	deceased
            artist	Twice Listed
            artist	Twice Listed	-	1850	1920
            artist	Two Persons	-	1850	1920
            artist	Two Persons	-	1990	-	living
            artist	Mononymo
            artist	Brushwood	-	-	-	living
            """;
        NameListClassifier names = NameListClassifier.Parse(Encoding.UTF8.GetBytes(Artists));
        Assert.Equal(counts, names.Classify(text, TextOrigin.Prompt).Any(s => s.Category == SafetyCategory.ArtistStyle));
    }

    [Fact]
    public void A_mention_says_what_the_list_knows()
    {
        NameListClassifier names = NameListClassifier.Parse(Encoding.UTF8.GetBytes("artist\tAda Brushwood\t-\t1980\t-\tliving\ta museum\t2026-01-31\nbrand\tFizzy Zap"));
        NameMention artist = Assert.Single(names.Mentions("a hill in the style of Ada Brushwood"));
        Assert.Equal(
            new ListedName(NameKind.Artist, "Ada Brushwood", new DateOnly(1980, 12, 31), null, LifeStatus.Living, "a museum", new DateOnly(2026, 1, 31)),
            artist.Name);
        Assert.Equal(NameKind.Brand, Assert.Single(names.Mentions("a can of Fizzy Zap")).Name.Kind);
        Assert.Empty(names.Classify("a can of Fizzy Zap", TextOrigin.Prompt));
    }

    [Fact]
    public async Task A_list_is_replaced_while_texts_are_judged()
    {
        byte[][] lists = [Encoding.UTF8.GetBytes("opt_out\tAda Quillfeather"), Encoding.UTF8.GetBytes("opt_out\tBob Neighbourly")];
        string[] versions = [.. lists.Select(l => NameListClassifier.Parse(l).Version)];
        NameListClassifier names = NameListClassifier.Parse(lists[0]);
        using var stop = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(
            () =>
            {
                do
                {
                    Signal found = Assert.Single(names.Classify("Ada Quillfeather and Bob Neighbourly", TextOrigin.Prompt));
                    Assert.Equal(found.Span!.Value.Start == 0 ? versions[0] : versions[1], found.Version);
                }
                while (!stop.IsCancellationRequested);
            },
            TestContext.Current.CancellationToken))];
        for (int i = 1; i <= 200; i++)
        {
            names.Update(lists[i % 2]);
        }

        Assert.Throws<NameListException>(() => names.Update([0xFF]));
        Assert.Equal(versions[0], names.Version);
        await stop.CancelAsync();
        await Task.WhenAll(readers);
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
