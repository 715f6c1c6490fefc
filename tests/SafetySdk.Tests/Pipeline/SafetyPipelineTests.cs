using SafetySdk.Classification;
using SafetySdk.Images;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;
using static SafetySdk.Tests.Pipeline.FakeParts;

namespace SafetySdk.Tests.Pipeline;

public sealed class SafetyPipelineTests
{
    private const byte Landscape = 1, Child = 2, Adult = 3, Explicit = 4, Worded = 5;

    private readonly FakeParts _parts = new();

    public SafetyPipelineTests()
    {
        _parts.Analyses[Child] = Picture(PersonPresence.Child, Seen(SafetyCategory.ChildPhoto), Seen(SafetyCategory.PersonPhoto));
        _parts.Analyses[Adult] = Picture(PersonPresence.Adult, Seen(SafetyCategory.PersonPhoto));
        _parts.Analyses[Explicit] = Picture(PersonPresence.Adult, Seen(SafetyCategory.Sexual), Seen(SafetyCategory.PersonPhoto));
        _parts.Analyses[Worded] = Picture() with { Text = [new TextLine("words in the picture", 0.9, [])] };
        _parts.Texts["who is it"] = [Seen(SafetyCategory.Identification)];
        _parts.Texts["sexual"] = [Seen(SafetyCategory.Sexual)];
        _parts.Texts["minor"] = [Seen(SafetyCategory.MinorMention)];
    }

    [Fact]
    public void An_ordinary_request_is_allowed_and_every_stage_is_listed()
    {
        Verdict verdict = Check("a landscape", [Landscape]);
        Assert.Equal(Decision.Allow, verdict.Decision);
        Assert.Equal(
            [Stage.Account, Stage.Upload, Stage.Prompt, Stage.Joint, Stage.Output], verdict.Stages.Select(s => s.Stage));
        Assert.Equal(Decision.NotChecked, verdict.Stages[4].Decision);
        Assert.Empty(verdict.Reasons);
        Assert.Equal("balanced", verdict.PolicyName);
        Assert.Contains(verdict.Detectors, d => d.Name == "fake-detector");
    }

    [Fact]
    public void An_empty_request_is_not_checked()
        => Assert.Equal(Decision.NotChecked, _parts.Pipeline().Check(new SafetyRequest()).Decision);

    [Fact]
    public void A_user_under_13_is_denied_before_anything_is_looked_at()
    {
        Verdict verdict = _parts.Pipeline().Check(new SafetyRequest { Prompt = "hello", Images = [new byte[] { Landscape }], Age = AgeBand.Under13 });
        Assert.Equal(Decision.Block, verdict.Decision);
        Assert.Equal("floor-under-13", verdict.Reasons[0].Rule);
        Assert.Equal(0, _parts.Analyzed);
    }

    [Fact]
    public void Known_content_blocks_reports_suspends_and_is_not_looked_at_any_longer()
    {
        _parts.Known.Add(Landscape);
        Verdict verdict = Check("hello", [Child, Landscape]);
        Assert.Equal(Decision.Block, verdict.Decision);
        Assert.Contains(RequiredAction.ReportToNcmec, verdict.Actions);
        Assert.Contains(RequiredAction.SuspendAccount, verdict.Actions);
        Assert.Equal("image 1", verdict.Reasons[0].Source);
        Assert.Equal(0, _parts.Analyzed);
    }

    [Theory]
    [InlineData(Operation.Edit, Decision.Block)]
    [InlineData(Operation.Understand, Decision.Allow)]
    public void A_childs_photograph_is_not_edited(Operation operation, Decision expected)
        => Assert.Equal(expected, Check("brighten it", [Child], operation).Decision);

    [Theory]
    [InlineData("who is it", Adult, Decision.Block)]
    [InlineData("who is it", Landscape, Decision.Allow)]
    [InlineData("what is it", Adult, Decision.Allow)]
    public void Asking_who_it_is_needs_a_person_in_the_picture(string prompt, byte image, Decision expected)
        => Assert.Equal(expected, Check(prompt, [image], Operation.Understand).Decision);

    [Fact]
    public void Sexual_words_and_a_childs_photograph_make_sexual_minors()
    {
        Verdict verdict = Check("sexual", [Child]);
        Assert.Contains(verdict.Reasons, r => r is { Rule: "floor-sexual-minors", Stage: Stage.Joint });
    }

    [Fact]
    public void Two_pictures_are_judged_together_when_they_may_be_merged()
    {
        Assert.Contains(Check("x", [Explicit, Child]).Reasons, r => r.Category == SafetyCategory.SexualMinors);
        Assert.Contains(Check(null, [Explicit, Child]).Reasons, r => r.Category == SafetyCategory.SexualMinors);
        Assert.DoesNotContain(Check("x", [Explicit, Child], Operation.Understand).Reasons, r => r.Category == SafetyCategory.SexualMinors);
    }

    [Theory]
    [InlineData(Operation.Generate)]
    [InlineData(Operation.Understand)]
    public void One_picture_alone_is_judged_with_all_that_it_shows(Operation operation)
    {
        const byte Both = 9, Asking = 10;
        _parts.Analyses[Both] = Picture(PersonPresence.Child, Seen(SafetyCategory.ChildPhoto), Seen(SafetyCategory.Sexual));
        _parts.Analyses[Asking] = Picture(PersonPresence.Adult, Seen(SafetyCategory.PersonPhoto)) with { Text = [new TextLine("who is it", 0.9, [])] };
        Assert.Contains(Check(null, [Both], operation).Reasons, r => r.Rule == "floor-sexual-minors");
        Assert.Equal(Decision.Block, Check(null, [Asking], operation).Decision);
        Assert.Equal(Decision.Allow, Check(null, [Adult], operation).Decision);
    }

    [Fact]
    public void A_prompt_about_a_minor_makes_explicit_output_worse()
    {
        Verdict verdict = _parts.Pipeline().Check(new SafetyRequest { Prompt = "minor", OutputImages = [new byte[] { Explicit }] });
        Assert.Contains(verdict.Reasons, r => r is { Rule: "floor-sexual-minors", Stage: Stage.Output });
    }

    [Fact]
    public void Text_in_a_picture_is_judged_as_if_typed()
    {
        _parts.Texts["words in the picture"] = [Seen(SafetyCategory.Jailbreak)];
        Verdict verdict = Check("read it", [Worded]);
        Assert.Contains(verdict.Reasons, r => r is { Rule: "jailbreak", Source: "text in image 0" });
    }

    [Fact]
    public void A_sentence_split_between_prompt_and_picture_is_judged_as_one()
    {
        _parts.Texts["first half\nwords in the picture"] = [Seen(SafetyCategory.Illicit)];
        Assert.Contains(Check("first half", [Worded]).Reasons, r => r is { Rule: "illicit", Stage: Stage.Joint, Span: null });
    }

    [Fact]
    public void What_a_detector_got_wrong_is_still_a_verdict_in_JSON()
    {
        Signal wrong = Seen(SafetyCategory.Sexual, double.PositiveInfinity) with { Region = new ImageRegion(double.NaN, 0, 1, double.PositiveInfinity) };
        _parts.Analyses[Adult] = Picture(PersonPresence.Adult, wrong);
        using var json = System.Text.Json.JsonDocument.Parse(Check("x", [Adult]).ToJson());
        Assert.Equal("block", json.RootElement.GetProperty("decision").GetString());
        Assert.Equal(1, json.RootElement.GetProperty("reasons")[0].GetProperty("score").GetDouble());
    }

    [Fact]
    public void A_chat_refusal_blocks()
        => Assert.Equal(Decision.Block, _parts.Pipeline().Check(new SafetyRequest { Prompt = "x", ChatRefused = true }).Decision);

    [Fact]
    public void Order_of_pictures_does_not_matter()
    {
        byte[] images = [Landscape, Child, Explicit, Worded];
        foreach (Operation operation in Enum.GetValues<Operation>())
        {
            Verdict[] verdicts = [.. Permutations(images).Select(p => Check("who is it", p, operation))];
            Assert.Single(verdicts.Select(v => v.Decision).Distinct());
            Assert.Single(verdicts.Select(v => string.Join(',', v.Reasons.Select(r => r.Rule + r.Score).Order(StringComparer.Ordinal))).Distinct());
        }
    }

    [Fact]
    public async Task Order_of_uploads_and_outputs_does_not_matter_when_checks_run_at_the_same_time()
    {
        byte[] images = [Landscape, Child, Explicit, Worded];
        SafetyPipeline pipeline = _parts.Pipeline();
        var verdicts = new HashSet<string>();
        foreach (byte[] p in Permutations(images))
        {
            ReadOnlyMemory<byte>[] files = [.. p.Select(i => (ReadOnlyMemory<byte>)new[] { i })];
            Verdict verdict = await pipeline.CheckAsync(new SafetyRequest { Prompt = "who is it", Images = files, OutputImages = files });
            verdicts.Add($"{verdict.Decision}: " + string.Join(',', verdict.Reasons.Select(r => r.Stage + r.Rule + r.Score).Order(StringComparer.Ordinal)));
        }

        Assert.Single(verdicts);
    }

    [Fact]
    public async Task The_same_input_gives_the_same_verdict_whichever_way_it_is_checked()
    {
        SafetyPipeline pipeline = _parts.Pipeline();
        var request = new SafetyRequest
        {
            Prompt = "sexual",
            Turns = ["minor"],
            Images = [new byte[] { Adult }, new byte[] { Worded }, new byte[] { Child }],
            OutputImages = [new byte[] { Explicit }, new byte[] { Landscape }],
        };
        var verdicts = new HashSet<string> { Content(pipeline.Check(request)) };
        for (int i = 0; i < 20; i++)
        {
            verdicts.Add(Content(await pipeline.CheckAsync(request)));
        }

        Assert.Single(verdicts);

        // All but the identifier and the times.
        static string Content(Verdict verdict) => (verdict with
        {
            Id = "id",
            Stages = [.. verdict.Stages.Select(s => s with { Duration = TimeSpan.Zero })],
        }).ToJson();
    }

    public static TheoryData<string> Faults => ["decoder", "analyzer", "models", "classifier", "matcher", "detector", "text"];

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_failed_check_is_never_allowed_and_says_which(string part)
    {
        string check = part switch
        {
            "decoder" => Set(() => _parts.DecoderFault = new ImageException(ImageError.Truncated, "ends early"), "decode"),
            "analyzer" => Set(() => _parts.AnalyzerFault = new InvalidOperationException("secret"), "image-detectors"),
            "models" => Set(() => _parts.AnalyzerFault = new ModelException(ModelError.Missing, "m", "no model"), "image-detectors"),
            "classifier" => Set(() => _parts.ClassifierFault = new InvalidOperationException("secret"), "fake-prompts"),
            "matcher" => Set(() => _parts.MatcherFault = new InvalidOperationException("secret"), "known-content"),
            "detector" => Set(() => _parts.Analyses[Landscape] = Picture() with { Failures = [new("age", CheckFailureKind.Fault, "NaN")] }, "age"),
            _ => Set(() => _parts.ClassifierFault = new PromptException(PromptError.TooLong, "too long"), "fake-prompts"),
        };
        Verdict verdict = Check("hello", [Landscape]);
        Assert.Equal(Decision.Review, verdict.Decision);
        Assert.Contains(verdict.Failures, f => f.Check == check && f.Source is not null);
        Assert.DoesNotContain("secret", verdict.ToJson(), StringComparison.Ordinal);

        static string Set(Action act, string name)
        {
            act();
            return name;
        }
    }

    [Fact]
    public void Parts_that_are_missing_fail_every_check_that_needs_them()
    {
        var bare = new SafetyPipeline(new SafetyPipelineParts { Policy = SafetyPolicy.BuiltIn("balanced") });
        Assert.Equal(Decision.Review, bare.Check(new SafetyRequest { Prompt = "hello" }).Decision);
        Assert.Equal(Decision.Review, bare.Check(new SafetyRequest { Images = [new byte[] { Landscape }] }).Decision);
    }

    [Fact]
    public void An_operation_or_age_that_does_not_exist_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _parts.Pipeline().Check(new SafetyRequest { Prompt = "x", Operation = (Operation)99 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _parts.Pipeline().Check(new SafetyRequest { Prompt = "x", Age = (AgeBand)(-1) }));
    }

    [Fact]
    public async Task Cancellation_gives_no_verdict()
        => await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _parts.Pipeline().CheckAsync(new SafetyRequest { Prompt = "x" }, new CancellationToken(canceled: true)));

    [Fact]
    public async Task The_same_input_gives_the_same_verdict_from_many_threads()
    {
        SafetyPipeline pipeline = _parts.Pipeline();
        var request = new SafetyRequest { Prompt = "sexual", Images = [new byte[] { Adult }], Operation = Operation.Edit };
        Verdict[] verdicts = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => pipeline.CheckAsync(request)));
        Assert.Single(verdicts.Select(v => string.Join('|', v.Reasons)).Distinct());
        Assert.Equal(32, verdicts.Select(v => v.Id).Distinct().Count());
    }

    private Verdict Check(string? prompt, byte[] images, Operation operation = Operation.Generate)
        => _parts.Pipeline().Check(new SafetyRequest
        {
            Prompt = prompt,
            Images = [.. images.Select(i => (ReadOnlyMemory<byte>)new[] { i })],
            Operation = operation,
        });

    private static IEnumerable<byte[]> Permutations(byte[] items)
        => items.Length <= 1
            ? [items]
            : items.SelectMany(first => Permutations([.. items.Where(i => i != first)]).Select(rest => (byte[])[first, .. rest]));
}
