using SafetySdk.Classification;
using SafetySdk.Monitoring;
using SafetySdk.Pipeline;
using SafetySdk.Policies;

namespace SafetySdk.Tests.Pipeline;

/// <summary>A safety monitor that keeps failing is not asked for a while; what is not asked is a failed check.</summary>
public sealed class MonitorBreakerTests
{
    private static readonly SafetyRequest Request = new() { Prompt = "a hill" };

    private readonly ManualClock _clock = new();
    private readonly Monitor _monitor = new();

    [Theory]
    [InlineData("throws")]
    [InlineData("unavailable")]
    [InlineData("timed out")]
    [InlineData("late")]
    public async Task After_failures_in_a_row_it_is_left_alone_and_then_tried_once(string fault)
    {
        SafetyPipeline pipeline = Pipeline(fault == "late" ? TimeSpan.FromSeconds(1) : null);
        _monitor.Answer = async cancel => fault switch
        {
            "unavailable" => throw new MonitorException(MonitorError.Unavailable, "gone"),
            "timed out" => throw new MonitorException(MonitorError.TimedOut, "late"),
            "late" => await LateAsync(cancel),
            _ => throw new InvalidOperationException(),
        };
        for (int i = 0; i < 3; i++)
        {
            AssertFailed(await pipeline.CheckAsync(Request));
        }

        // What is late may be counted a little after the check has gone on.
        for (int i = 0; fault == "late" && i < 1000 && (await pipeline.CheckAsync(Request)).Failures[0].Kind == CheckFailureKind.TimedOut; i++)
        {
        }

        int asked = _monitor.Asked;
        Assert.True(fault == "late" || asked == 3);
        for (int i = 0; i < 5; i++)
        {
            Verdict left = await pipeline.CheckAsync(Request);
            AssertFailed(left);
            Assert.Contains("not called for a while", Assert.Single(left.Failures).Message, StringComparison.Ordinal);
        }

        Assert.Equal(asked, _monitor.Asked);
        if (fault == "late")
        {
            return;
        }

        // The pause is over: one call tries, and opens it again; then one closes it.
        _clock.Advance(TimeSpan.FromSeconds(30));
        AssertFailed(await pipeline.CheckAsync(Request));
        AssertFailed(await pipeline.CheckAsync(Request));
        Assert.Equal(4, _monitor.Asked);
        _clock.Advance(TimeSpan.FromSeconds(30));
        _monitor.Answer = _ => Task.FromResult(new MonitorReport([]));
        Assert.Equal(Decision.Allow, (await pipeline.CheckAsync(Request)).Decision);
        Assert.Equal(Decision.Allow, (await pipeline.CheckAsync(Request)).Decision);
        Assert.Equal(6, _monitor.Asked);
    }

    [Fact]
    public async Task Answers_that_a_prompt_could_provoke_do_not_open_it()
    {
        SafetyPipeline pipeline = Pipeline();
        int i = 0;
        _monitor.Answer = _ => i++ % 2 == 0
            ? throw new MonitorException(MonitorError.InvalidAnswer, "no JSON")
            : Task.FromResult(new MonitorReport([new MonitorFinding(SafetyCategory.KnownContent, 1, "x")]));
        for (int n = 0; n < 10; n++)
        {
            AssertFailed(await pipeline.CheckAsync(Request));
        }

        Assert.Equal(10, _monitor.Asked);
    }

    [Fact]
    public async Task A_caller_who_gives_up_says_nothing_about_it()
    {
        SafetyPipeline pipeline = Pipeline();
        _monitor.Answer = async cancel =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return new MonitorReport([]);
        };
        for (int i = 0; i < 10; i++)
        {
            using var giveUp = new CancellationTokenSource();
            Task<Verdict> check = pipeline.CheckAsync(Request, giveUp.Token);
            while (_monitor.Asked <= i)
            {
                await Task.Delay(1);
            }

            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check);
        }

        Assert.Equal(10, _monitor.Asked);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Pipeline(options: new MonitorOptions { FailuresToOpen = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pipeline(options: new MonitorOptions { OpenFor = TimeSpan.Zero }));
    }

    private static void AssertFailed(Verdict verdict)
    {
        Assert.True(verdict.Decision >= Decision.Review);
        Assert.Equal("monitor", Assert.Single(verdict.Failures).Check);
    }

    // At the end of the stage's time, by the test's clock.
    private async Task<MonitorReport> LateAsync(CancellationToken cancel)
    {
        _ = Task.Run(() => _clock.Advance(TimeSpan.FromSeconds(1)), CancellationToken.None);
        await Task.Delay(Timeout.Infinite, cancel);
        return new MonitorReport([]);
    }

    private SafetyPipeline Pipeline(TimeSpan? deadline = null, MonitorOptions? options = null) => new(new FakeParts().Parts() with
    {
        Monitor = _monitor,
        MonitorOptions = options ?? new MonitorOptions { FailuresToOpen = 3 },
        Clock = _clock,
        Options = new PipelineOptions { StageDeadline = deadline },
    });

    private sealed class Monitor : ISafetyMonitor
    {
        public Func<CancellationToken, Task<MonitorReport>> Answer { get; set; } = _ => Task.FromResult(new MonitorReport([]));

        public int Asked { get; private set; }

        public string Name => "monitor";

        public string Version => "1";

        public ValueTask<MonitorReport> ExamineAsync(MonitorQuery query, CancellationToken cancellationToken = default)
        {
            Asked++;
            return new ValueTask<MonitorReport>(Answer(cancellationToken));
        }
    }
}
