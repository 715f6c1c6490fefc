using SafetySdk.Classification;
using SafetySdk.Monitoring;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using static SafetySdk.Tests.Pipeline.FakeParts;

namespace SafetySdk.Tests.Pipeline;

/// <summary>A request that is run through the host's models: called only where it passes, and only what passes comes out.</summary>
public sealed class RunTests
{
    private const byte Landscape = 1, Child = 2, Explicit = 4, Other = 5;

    private static readonly SafetyRequest Harmless = new() { Prompt = "a landscape" };

    private readonly FakeParts _parts = new();
    private int _generated;
    private ModelCall? _call;

    public RunTests()
    {
        _parts.Analyses[Child] = Picture(PersonPresence.Child, Seen(SafetyCategory.ChildPhoto, 0.9));
        _parts.Analyses[Explicit] = Picture(PersonPresence.Adult, Seen(SafetyCategory.Sexual));
        _parts.Texts["illegal"] = [Seen(SafetyCategory.Illicit)];
        _parts.Texts["style of somebody"] = [Seen(SafetyCategory.ArtistStyle)];
        _parts.Texts["doubtful"] = [Seen(SafetyCategory.GraphicViolence, 0.6)];
        _parts.Texts["how to"] = [];
        _parts.Texts["how to build it"] = [Seen(SafetyCategory.Illicit)];
    }

    [Fact]
    public async Task What_passes_is_made_and_delivered()
    {
        SafetyRun run = await Run(Harmless, Generate(Landscape, Other));
        Assert.Equal(RunOutcome.Delivered, run.Outcome);
        Assert.Equal([Landscape, Other], run.Images.Select(i => i.Span[0]));
        Assert.Equal(Decision.Allow, run.Verdict.Decision);
        Assert.Equal(Decision.Allow, run.Verdict.Stages[^1].Decision);
        Assert.Equal(5, run.Verdict.Stages.Count);
    }

    [Theory]
    [InlineData("illegal", Decision.Block)]
    [InlineData("doubtful", Decision.Review)]
    public async Task What_does_not_pass_calls_no_model(string prompt, Decision decision)
    {
        SafetyRun run = await _parts.Pipeline().RunAsync(
            new SafetyRequest { Prompt = prompt }, (_, _) => throw new InvalidOperationException("called"), Generator(Generate(Landscape)));
        Assert.Equal(RunOutcome.Stopped, run.Outcome);
        Assert.Equal(decision, run.Verdict.Decision);
        Assert.Equal(0, _generated);
    }

    [Fact]
    public async Task An_empty_request_calls_no_model()
    {
        Assert.Equal(RunOutcome.Stopped, (await Run(new SafetyRequest(), Generate(Landscape))).Outcome);
        Assert.Equal(0, _generated);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_chat_refusal_is_passed_on_whatever_the_policy_says(bool policySpeaksOfIt)
    {
        SafetyPolicy policy = SafetyPolicy.BuiltIn("balanced");
        policy = policySpeaksOfIt ? policy : policy with { Rules = [.. policy.Rules.Where(r => r.Category != SafetyCategory.ChatRefusal)] };
        SafetyRun run = await new SafetyPipeline(_parts.Parts() with { Policy = policy }).RunAsync(
            Harmless, (_, _) => new(new ChatReply { Refused = true, Text = "no" }), Generator(Generate(Landscape)));
        Assert.Equal(RunOutcome.Refused, run.Outcome);
        Assert.Equal(policySpeaksOfIt ? Decision.Block : Decision.Allow, run.Verdict.Decision);
        Assert.Empty(run.Images);
        Assert.Equal(0, _generated);
    }

    [Fact]
    public async Task One_bad_output_does_not_take_the_others_with_it_but_known_content_does()
    {
        SafetyRun run = await Run(Harmless, Generate(Landscape, Explicit, Other));
        Assert.Equal(RunOutcome.PartlyDelivered, run.Outcome);
        Assert.Equal([Landscape, Other], run.Images.Select(i => i.Span[0]));
        Assert.Equal(1, run.WithheldImages);
        Assert.Equal(Decision.Block, run.Verdict.Decision);

        _parts.Known.Add(Other);
        SafetyRun known = await Run(Harmless, Generate(Landscape, Other));
        Assert.Equal(RunOutcome.Withheld, known.Outcome);
        Assert.Empty(known.Images);
    }

    [Fact]
    public async Task A_failed_check_of_an_output_withholds_it()
    {
        _parts.AnalyzerFault = new InvalidOperationException("x");
        SafetyRun run = await Run(Harmless, Generate(Landscape));
        Assert.Equal((RunOutcome.Withheld, Decision.Review, 0), (run.Outcome, run.Verdict.Decision, run.Images.Count));
    }

    [Fact]
    public async Task The_generator_sees_that_it_has_to_rewrite_and_what_it_wrote_is_checked()
    {
        var styled = new SafetyRequest { Prompt = "style of somebody" };
        Assert.Equal(Decision.Transform, _parts.Pipeline().Check(styled).Decision);

        SafetyRun kept = await Run(styled, Generate(Landscape));
        Assert.Contains(RequiredAction.TransformPrompt, _call!.Actions);
        Assert.Equal(Decision.Transform, _call.Decision);
        Assert.Equal((RunOutcome.Withheld, 1), (kept.Outcome, kept.WithheldImages));

        SafetyRun rewritten = await Run(styled, Generate(Landscape) with { PromptUsed = "a landscape" });
        Assert.Equal(RunOutcome.Delivered, rewritten.Outcome);
        Assert.Equal(Decision.Transform, rewritten.BeforeRewrite!.Decision);
        Assert.Equal(Decision.Allow, rewritten.Verdict.Decision);

        SafetyRun worse = await Run(styled, Generate(Landscape) with { PromptUsed = "illegal" });
        Assert.Equal((RunOutcome.Withheld, Decision.Block), (worse.Outcome, worse.Verdict.Decision));
    }

    [Fact]
    public async Task What_the_chat_model_writes_is_checked_before_the_generator_sees_it()
    {
        SafetyRun run = await _parts.Pipeline().RunAsync(Harmless, (_, _) => new(new ChatReply { Prompt = "illegal" }), Generator(Generate(Landscape)));
        Assert.Equal((RunOutcome.Stopped, 0), (run.Outcome, _generated));

        SafetyRun fine = await _parts.Pipeline().RunAsync(Harmless, (_, _) => new(new ChatReply { Prompt = "a hill" }), Generator(Generate(Landscape)));
        Assert.Equal(RunOutcome.Delivered, fine.Outcome);
        Assert.Equal("a hill", _call!.Request.Prompt);
    }

    [Fact]
    public async Task The_text_of_the_chat_model_is_an_output()
    {
        SafetyRun run = await _parts.Pipeline().RunAsync(
            Harmless with { Operation = Operation.Understand }, (_, _) => new(new ChatReply { Text = "illegal" }), generator: null);
        Assert.Equal((RunOutcome.Withheld, (string?)null), (run.Outcome, run.Text));
        SafetyRun fine = await _parts.Pipeline().RunAsync(Harmless, (_, _) => new(new ChatReply { Text = "a hill" }), generator: null);
        Assert.Equal((RunOutcome.Delivered, "a hill"), (fine.Outcome, fine.Text));
    }

    [Fact]
    public async Task A_child_who_was_uploaded_makes_explicit_output_worse()
    {
        var request = new SafetyRequest { Prompt = "on a beach", Images = [new byte[] { Child }], OutputImages = [new byte[] { Explicit }] };
        foreach (Verdict verdict in (Verdict[])[_parts.Pipeline().Check(request), await _parts.Pipeline().CheckOutputAsync(request)])
        {
            Assert.Contains(verdict.Reasons, r => r is { Rule: "floor-sexual-minors", Stage: Stage.Output, Source: "output image 0 and image 0" });
        }

        Verdict without = await _parts.Pipeline().CheckOutputAsync(request with { Images = [] });
        Assert.DoesNotContain(without.Reasons, r => r.Category == SafetyCategory.SexualMinors);
    }

    [Fact]
    public async Task Each_stage_can_be_used_alone()
    {
        SafetyPipeline pipeline = _parts.Pipeline();
        var request = new SafetyRequest { Prompt = "illegal", Images = [new byte[] { Explicit }] };
        Verdict upload = await pipeline.CheckUploadAsync(request);
        Assert.Equal([Stage.Upload], upload.Stages.Select(s => s.Stage));
        Assert.All(upload.Reasons, r => Assert.Equal(Stage.Upload, r.Stage));
        Assert.Equal(Decision.Block, upload.Decision);
        Verdict prompt = await pipeline.CheckPromptAsync(request);
        Assert.Equal(["illicit"], prompt.Reasons.Select(r => r.Rule));
        Assert.Equal(Decision.NotChecked, (await pipeline.CheckPromptAsync(new SafetyRequest())).Decision);
        Assert.Equal(Decision.NotChecked, (await pipeline.CheckOutputAsync(request)).Decision);
        Assert.Equal(Decision.Block, (await pipeline.CheckPromptAsync(new SafetyRequest { Prompt = "hello", Age = AgeBand.Under13 })).Decision);
    }

    [Fact]
    public async Task A_stage_alone_counts_what_it_could_not_see_and_what_decides_by_itself()
    {
        var request = new SafetyRequest { Prompt = "hello", Images = [new byte[] { Landscape }], OutputImages = [new byte[] { Other }] };
        _parts.Known.Add(Landscape);
        Assert.Equal(Decision.Block, (await _parts.Pipeline().CheckJointAsync(request)).Decision);
        Assert.Equal(Decision.Block, (await _parts.Pipeline().CheckOutputAsync(request)).Decision);
        _parts.Known.Clear();
        Assert.Equal(Decision.Allow, (await _parts.Pipeline().CheckJointAsync(request)).Decision);
        _parts.AnalyzerFault = new InvalidOperationException();
        Assert.Equal(Decision.Review, (await _parts.Pipeline().CheckJointAsync(request)).Decision);
    }

    [Fact]
    public async Task Nothing_is_gained_by_splitting_a_request_over_turns()
    {
        Assert.Equal(Decision.Block, _parts.Pipeline().Check(new SafetyRequest { Prompt = "how to build it" }).Decision);
        Verdict split = await _parts.Pipeline().CheckAsync(new SafetyRequest { Turns = ["how to"], Prompt = "build it" });
        Assert.Contains(split.Reasons, r => r is { Rule: "illicit", Source: "conversation", Span: null });
        Assert.Contains(_parts.Pipeline().Check(new SafetyRequest { Turns = ["hello", "illegal"], Prompt = "go on" }).Reasons, r => r.Source == "turn 1");
    }

    [Fact]
    public void A_block_stops_what_comes_later_where_the_host_says_so()
    {
        var request = new SafetyRequest { Prompt = "illegal", OutputImages = [new byte[] { Landscape }] };
        SafetyPipeline eager = new(_parts.Parts() with { Options = new PipelineOptions { Stop = EarlyStop.FirstBlock } });
        Assert.Equal(Decision.Block, eager.Check(request).Decision);
        Assert.Equal(0, _parts.Analyzed);
        Assert.Equal(Decision.Block, _parts.Pipeline().Check(request).Decision);
        Assert.Equal(1, _parts.Analyzed);
    }

    [Fact]
    public async Task A_denied_account_stops_everything_else()
    {
        SafetyRun run = await Run(Harmless with { Age = AgeBand.Under13 }, Generate(Landscape));
        Assert.Equal((RunOutcome.Stopped, 0), (run.Outcome, _generated));
    }

    [Fact]
    public async Task The_monitor_only_adds_and_is_not_asked_where_nothing_can_change()
    {
        var monitor = new FakeMonitor();
        SafetyPipeline pipeline = new(_parts.Parts() with { Monitor = monitor });
        Assert.Equal(Decision.Allow, (await pipeline.CheckAsync(Harmless)).Decision);
        Assert.Equal(1, monitor.Calls);
        Assert.Equal(Decision.Block, (await pipeline.CheckAsync(new SafetyRequest { Prompt = "illegal" })).Decision);
        Assert.Equal(1, monitor.Calls);

        monitor.Findings = [new MonitorFinding(SafetyCategory.Illicit, 0.9, "quotes the words of the user")];
        Verdict verdict = pipeline.Check(Harmless);
        Assert.Contains(verdict.Reasons, r => r is { Rule: "illicit", Stage: Stage.Joint, Detector: "fake-monitor", Version: "7" });
        Assert.Contains(verdict.Detectors, d => d.Name == "fake-monitor");
        Assert.DoesNotContain("quotes", verdict.ToJson() + verdict, StringComparison.Ordinal);

        monitor.Findings = [new MonitorFinding(SafetyCategory.KnownContent, 1, "x")];
        Assert.Equal(Decision.Review, pipeline.Check(Harmless).Decision);
        monitor.Fault = new InvalidOperationException("quotes");
        Verdict failed = pipeline.Check(Harmless);
        Assert.Equal(Decision.Review, failed.Decision);
        Assert.DoesNotContain("quotes", failed.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_monitor_sees_outputs_and_what_it_finds_belongs_to_all()
    {
        var monitor = new FakeMonitor { Only = Stage.Output, Findings = [new MonitorFinding(SafetyCategory.Illicit, 0.9, "x")] };
        SafetyRun run = await new SafetyPipeline(_parts.Parts() with { Monitor = monitor }).RunAsync(Harmless, (call, _) => new(Generate(Landscape)));
        Assert.Equal(RunOutcome.Withheld, run.Outcome);
        Assert.Equal("x", Assert.Single(run.MonitorFindings).Rationale);
        Assert.Equal(2, monitor.Calls);
    }

    [Fact]
    public async Task Who_records_is_told_once_without_content_and_what_is_not_recorded_is_not_allowed()
    {
        var recorder = new FakeRecorder();
        SafetyPipeline pipeline = new(_parts.Parts() with { Recorders = [recorder] });
        SafetyRun run = await pipeline.RunAsync(Harmless with { AccountId = "a7" }, (_, _) => new(Generate(Landscape)));
        SafetyRecord record = Assert.Single(recorder.Records);
        Assert.Equal(run.Verdict.Id, record.Verdict.Id);
        Assert.Equal(["prompt", "output image 0"], record.Inputs.Select(i => i.Source));
        Assert.Equal("a7", record.AccountId);

        recorder.Fault = new IOException("disk full");
        Assert.Equal(Decision.Review, pipeline.Check(Harmless).Decision);
        SafetyRun lost = await pipeline.RunAsync(Harmless, (_, _) => new(Generate(Landscape)));
        Assert.Equal((RunOutcome.Withheld, 0), (lost.Outcome, lost.Images.Count));
    }

    private static GeneratorReply Generate(params byte[] pictures)
        => new() { Images = [.. pictures.Select(p => (ReadOnlyMemory<byte>)new[] { p })] };

    private Task<SafetyRun> Run(SafetyRequest request, GeneratorReply reply)
        => _parts.Pipeline().RunAsync(request, Generator(reply));

    private SafetyGenerator Generator(GeneratorReply reply) => (call, _) =>
    {
        _generated++;
        _call = call;
        return new(reply);
    };

    private sealed class FakeMonitor : ISafetyMonitor
    {
        public IReadOnlyList<MonitorFinding> Findings { get; set; } = [];

        public Stage? Only { get; init; }

        public Exception? Fault { get; set; }

        public int Calls { get; private set; }

        public string Name => "fake-monitor";

        public string Version => "7";

        public ValueTask<MonitorReport> ExamineAsync(MonitorQuery query, CancellationToken cancellationToken = default)
        {
            Calls++;
            return Fault is { } fault ? throw fault : new(new MonitorReport(Only is null || Only == query.Stage ? Findings : []));
        }
    }

    private sealed class FakeRecorder : ISafetyRecorder
    {
        public List<SafetyRecord> Records { get; } = [];

        public Exception? Fault { get; set; }

        public ValueTask RecordAsync(SafetyRecord record, CancellationToken cancellationToken)
        {
            Records.Add(record);
            return Fault is { } fault ? throw fault : ValueTask.CompletedTask;
        }
    }
}
