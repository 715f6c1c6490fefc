using SafetySdk.Classification;
using SafetySdk.External;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Tests.Pipeline;

namespace SafetySdk.Tests.External;

public sealed class GuardedDetectorTests
{
    private const string Secret = "words of the user";

    private static readonly ExternalQuery Query =
        new() { Stage = Stage.Prompt, Operation = Operation.Generate, Source = "prompt", Text = Secret };

    private readonly ManualClock _clock = new();
    private readonly FakeDetector _detector = new();

    [Fact]
    public async Task What_it_finds_is_a_signal_with_its_version()
    {
        _detector.Answer = (_, _) => new(new ExternalReply([new ExternalFinding(SafetyCategory.Hate, 0.7)]) { Version = "2026-11" });
        ExternalOutcome outcome = await Guarded().ExamineAsync(Query);
        Assert.Null(outcome.Failure);
        Assert.Equal(
            new Signal(SafetyCategory.Hate, 0.7, "partner", "2026-11") { Modality = Modality.Text, Source = "prompt" }, Assert.Single(outcome.Signals));
    }

    [Theory]
    [InlineData(MatchBasis.ExactHash, 0.2, 1)]
    [InlineData(MatchBasis.HumanReview, 0.2, 1)]
    [InlineData(MatchBasis.NearHash, 1, 0.99)]
    [InlineData(MatchBasis.NearHash, 0.1, 0.6)]
    [InlineData(MatchBasis.Classifier, 1, 0.75)]
    [InlineData(MatchBasis.Unspecified, 1, 0.75)]
    public async Task A_match_is_as_certain_as_what_it_stands_on(MatchBasis basis, double said, double expected)
    {
        _detector.Answer = (_, _) => new(new ExternalReply([new ExternalFinding(SafetyCategory.KnownContent, said) { Basis = basis }]));
        Assert.Equal(expected, Assert.Single((await Guarded().ExamineAsync(Query)).Signals).Score);
    }

    [Fact]
    public async Task A_wrong_finding_is_a_failed_check_and_takes_no_right_one_back()
    {
        foreach (ExternalFinding wrong in (ExternalFinding[])
            [new(SafetyCategory.Hate, double.NaN), new(SafetyCategory.Hate, 1.5), new(SafetyCategory.Hate, -0.1), new(SafetyCategory.Weapons, 0.5), new((SafetyCategory)999, 0.5), null!])
        {
            _detector.Answer = (_, _) => new(new ExternalReply([new ExternalFinding(SafetyCategory.Hate, 0.9), wrong]));
            ExternalOutcome outcome = await Guarded().ExamineAsync(Query);
            Assert.Equal(CheckFailureKind.Fault, outcome.Failure!.Kind);
            Assert.Equal(0.9, Assert.Single(outcome.Signals).Score);
        }

        _detector.Answer = (_, _) => new((ExternalReply)null!);
        Assert.NotNull((await Guarded().ExamineAsync(Query)).Failure);
    }

    [Fact]
    public async Task A_detector_that_does_not_heed_its_deadline_is_left_behind()
    {
        var never = new TaskCompletionSource<ExternalReply>();
        _detector.Answer = (_, _) => new(never.Task);
        GuardedDetector guarded = Guarded();
        Task<ExternalOutcome> call = guarded.ExamineAsync(Query);
        await _detector.Called.Task;
        Assert.False(call.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(5));
        ExternalOutcome outcome = await call;
        Assert.Equal(CheckFailureKind.TimedOut, outcome.Failure!.Kind);
        Assert.Equal("partner", outcome.Failure.Check);
    }

    [Fact]
    public async Task After_failures_in_a_row_it_is_not_called_until_the_pause_is_over()
    {
        _detector.Answer = (_, _) => throw new InvalidOperationException(Secret);
        GuardedDetector guarded = Guarded();
        for (int i = 0; i < 5; i++)
        {
            ExternalOutcome failed = await guarded.ExamineAsync(Query);
            Assert.Equal(CheckFailureKind.Fault, failed.Failure!.Kind);
            Assert.DoesNotContain(Secret, failed.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(CircuitState.Open, guarded.Circuit);
        ExternalOutcome refused = await guarded.ExamineAsync(Query);
        Assert.Equal(CheckFailureKind.Unavailable, refused.Failure!.Kind);
        Assert.Equal(5, _detector.Calls);

        _clock.Advance(TimeSpan.FromSeconds(30));
        _detector.Answer = (_, _) => new(new ExternalReply([]));
        Assert.Null((await guarded.ExamineAsync(Query)).Failure);
        Assert.Equal(CircuitState.Closed, guarded.Circuit);
    }

    [Fact]
    public async Task Giving_up_is_no_failure_of_the_detector()
    {
        using var source = new CancellationTokenSource();
        _detector.Answer = (_, _) => new(new TaskCompletionSource<ExternalReply>().Task);
        GuardedDetector guarded = new(_detector, new ExternalDetectorOptions { FailuresToOpen = 1 }, _clock);
        Task<ExternalOutcome> call = guarded.ExamineAsync(Query, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(CircuitState.Closed, guarded.Circuit);
    }

    [Theory]
    [InlineData(Decision.Review)]
    [InlineData(Decision.Block)]
    public async Task A_failure_leads_to_what_its_own_rule_says(Decision rule)
    {
        _detector.Answer = (_, _) => throw new InvalidOperationException(Secret);
        var parts = new FakeParts();
        var pipeline = new SafetyPipeline(parts.Parts() with
        {
            ExternalDetectors = [new GuardedDetector(_detector, new ExternalDetectorOptions { WhenItFails = rule }, _clock)],
        });
        foreach (Verdict verdict in (Verdict[])
            [await pipeline.CheckAsync(new SafetyRequest { Prompt = "hello" }), pipeline.Check(new SafetyRequest { Images = [new byte[] { 1 }] })])
        {
            Assert.Equal(rule, verdict.Decision);
            Assert.Contains(verdict.Failures, f => f.Check == "partner");
            Assert.Contains(verdict.Detectors, d => d is { Name: "partner", Version: "1" });
        }
    }

    [Fact]
    public void A_match_of_a_partner_reports_only_where_it_is_confirmed()
    {
        foreach ((MatchBasis basis, bool confirmed) in ((MatchBasis, bool)[])[(MatchBasis.Classifier, false), (MatchBasis.ExactHash, true)])
        {
            _detector.Answer = (query, _) => new(new ExternalReply(
                query.Text is null ? [new ExternalFinding(SafetyCategory.KnownContent, 1) { Basis = basis }] : []));
            var pipeline = new SafetyPipeline(new FakeParts().Parts() with { ExternalDetectors = [Guarded()] });
            Verdict verdict = pipeline.Check(new SafetyRequest { Prompt = "hello", Images = [new byte[] { 1 }] });
            Assert.Equal(Decision.Block, verdict.Decision);
            Assert.Equal(confirmed, verdict.Actions.Contains(RequiredAction.ReportToNcmec));
            Assert.Contains(RequiredAction.PreserveEvidence, verdict.Actions);
        }
    }

    private GuardedDetector Guarded() => new(_detector, ExternalDetectorOptions.Default, _clock);

    private sealed class FakeDetector : IExternalDetector
    {
        private int _calls;

        public Func<ExternalQuery, CancellationToken, ValueTask<ExternalReply>> Answer { get; set; } = static (_, _) => new(new ExternalReply([]));

        public TaskCompletionSource Called { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Calls => _calls;

        public string Name => "partner";

        public string Version => "1";

        public ExternalInputs Inputs => ExternalInputs.Text | ExternalInputs.Images;

        public IReadOnlyList<SafetyCategory> Categories => [SafetyCategory.Hate, SafetyCategory.KnownContent];

        public ValueTask<ExternalReply> ExamineAsync(ExternalQuery query, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            Called.TrySetResult();
            return Answer(query, cancellationToken);
        }
    }
}
