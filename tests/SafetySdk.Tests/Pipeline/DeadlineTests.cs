using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using static SafetySdk.Tests.Pipeline.FakeParts;

namespace SafetySdk.Tests.Pipeline;

public sealed class DeadlineTests
{
    private readonly ManualClock _clock = new();
    private readonly FakeParts _parts = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_detector_that_is_late_is_a_failed_check_and_the_others_count(bool heeds)
    {
        const byte Slow = 1, Explicit = 2;
        using var release = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        _parts.Analyses[Explicit] = Picture(PersonPresence.None, Seen(SafetyCategory.Violence));
        int first = 1;
        _parts.Analyzing = token =>
        {
            if (Interlocked.Exchange(ref first, 0) == 1)
            {
                entered.Set();
                release.Wait(heeds ? token : CancellationToken.None);
            }
        };
        Task<Verdict> check = Pipeline().CheckAsync(new SafetyRequest { Prompt = "hello", Images = [new byte[] { Slow }] });
        entered.Wait(TestContext.Current.CancellationToken);
        Assert.False(check.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Verdict verdict = await check;
        release.Set();
        Assert.Equal(Decision.Review, verdict.Decision);
        Assert.Contains(verdict.Failures, f => f is { Check: "image-detectors", Kind: CheckFailureKind.TimedOut, Source: "image 0" });
        Assert.Equal(Decision.Allow, verdict.Stages.Single(s => s.Stage == Stage.Prompt).Decision);
    }

    [Fact]
    public void On_the_calling_thread_a_detector_that_heeds_its_time_is_late_too()
    {
        _parts.Analyzing = token =>
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
            token.ThrowIfCancellationRequested();
        };
        Verdict verdict = Pipeline().Check(new SafetyRequest { Images = [new byte[] { 1 }, new byte[] { 2 }] });
        Assert.Equal(Decision.Review, verdict.Decision);
        Assert.Equal(["image 0", "image 1"], verdict.Failures.Where(f => f.Kind == CheckFailureKind.TimedOut).Select(f => f.Source));
        Assert.Equal(1, _parts.Analyzed);
    }

    [Fact]
    public async Task The_detectors_of_a_stage_run_at_the_same_time()
    {
        // Each waits for the other: one after the other would never end.
        using var both = new Barrier(2);
        _parts.Analyzing = token => both.SignalAndWait(token);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        Verdict verdict = await new SafetyPipeline(_parts.Parts() with { Options = new PipelineOptions { MaxParallelism = 2 } })
            .CheckAsync(new SafetyRequest { Images = [new byte[] { 1 }, new byte[] { 2 }] }, patience.Token);
        Assert.Equal(Decision.Allow, verdict.Decision);
    }

    [Fact]
    public async Task Giving_up_while_a_detector_runs_gives_no_verdict()
    {
        using var source = new CancellationTokenSource();
        using var release = new ManualResetEventSlim();
        _parts.Analyzing = _ =>
        {
            source.Cancel();
            release.Wait(CancellationToken.None);
        };
        Task<Verdict> check = Pipeline().CheckAsync(new SafetyRequest { Images = [new byte[] { 1 }] }, source.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check);
        release.Set();
    }

    [Fact]
    public void A_detector_that_cancels_itself_is_a_fault_and_no_cancellation()
    {
        _parts.Analyzing = _ => throw new OperationCanceledException();
        Verdict verdict = _parts.Pipeline().Check(new SafetyRequest { Images = [new byte[] { 1 }] });
        Assert.Contains(verdict.Failures, f => f is { Check: "image-detectors", Kind: CheckFailureKind.Fault });
    }

    private SafetyPipeline Pipeline() => new(_parts.Parts() with
    {
        Clock = _clock,
        Options = new PipelineOptions
        {
            StageDeadline = TimeSpan.FromHours(1),
            StageDeadlines = new Dictionary<Stage, TimeSpan> { [Stage.Upload] = TimeSpan.FromSeconds(10) },
        },
    });
}
