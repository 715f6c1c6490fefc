using System.Text;
using SafetySdk.Accounts;
using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;

namespace SafetySdk.Tests.Pipeline;

public sealed class AccountGateTests
{
    private const string Id = "somebody";

    private readonly FakeParts _parts = new();
    private readonly FakeAccounts _accounts = new();
    private readonly List<SafetyRecord> _records = [];

    public static TheoryData<string> Ways => ["check", "check-async", "upload", "prompt", "joint", "output", "run"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_denied_account_is_refused_and_nothing_is_looked_at(string way)
    {
        foreach (string policy in SafetyPolicy.BuiltInNames)
        {
            foreach (AccountStanding standing in (AccountStanding[])[AccountStanding.Suspended, AccountStanding.Banned])
            {
                _accounts.Answer = Status(standing);
                _parts.Throws();
                Verdict verdict = await By(way, Pipeline(policy));
                Assert.Equal(Decision.Block, verdict.Decision);
                Assert.Equal(RefusalCode.Account, verdict.Refusal);
                Assert.Contains(verdict.Reasons, r => r is { Category: SafetyCategory.AccountDenied, Stage: Stage.Account, Decision: Decision.Block });
                Assert.Empty(verdict.Failures);
                Assert.Equal(0, _parts.Analyzed);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task An_account_in_good_standing_changes_nothing(string way)
    {
        Verdict with = await By(way, Pipeline("balanced"));
        Verdict without = await By(way, new SafetyPipeline(_parts.Parts()));
        Assert.Equal((without.Decision, without.Refusal), (with.Decision, with.Refusal));
        Assert.Equal(without.Reasons, with.Reasons);
        Assert.Equal(Decision.Allow, with.Decision);
        Assert.True(_accounts.Asked > 0);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_look_up_that_fails_is_a_failed_check(string way)
    {
        var failing = new Dictionary<string, Func<CancellationToken, ValueTask<AccountStatus>>>
        {
            ["throws"] = _ => throw new InvalidOperationException(Id),
            ["fails"] = _ => ValueTask.FromException<AccountStatus>(new IOException(Id)),
            ["cancels"] = _ => ValueTask.FromException<AccountStatus>(new OperationCanceledException()),
            ["refuses"] = _ => throw new ArgumentException(Id),
            ["nothing"] = _ => new((AccountStatus)null!),
            ["no account"] = _ => new(new AccountStatus(null!, 0)),
            ["no standing"] = _ => new(Status((AccountStanding)17)),
            ["no age"] = _ => new(new AccountStatus(new Account(Id) { Age = (AgeBand)17 }, 0)),
        };
        foreach ((string name, Func<CancellationToken, ValueTask<AccountStatus>> ask) in failing)
        {
            _accounts.Ask = ask;
            foreach (string policy in SafetyPolicy.BuiltInNames)
            {
                Verdict verdict = await By(way, Pipeline(policy));
                Assert.True(verdict.Decision >= Decision.Review, $"{name}: {verdict.Decision}");
                CheckFailure failure = Assert.Single(verdict.Failures);
                Assert.Equal("account", failure.Check);
                Assert.DoesNotContain(Id, failure.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_look_up_that_does_not_end_is_late_and_a_caller_who_gives_up_is_heard()
    {
        using var release = new CancellationTokenSource();
        _accounts.Ask = async _ =>
        {
            await Task.Delay(Timeout.Infinite, release.Token).ConfigureAwait(false);
            return null!;
        };
        var options = new PipelineOptions { StageDeadlines = new Dictionary<Stage, TimeSpan> { [Stage.Account] = TimeSpan.FromMilliseconds(20) } };
        foreach (string way in Ways.Select(w => w.Data))
        {
            Verdict verdict = await By(way, Pipeline("balanced", options));
            Assert.True(verdict.Decision >= Decision.Review);
            Assert.Equal(CheckFailureKind.TimedOut, Assert.Single(verdict.Failures).Kind);
        }

        using var giveUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Pipeline("balanced").CheckAsync(Request(), giveUp.Token));
        await release.CancelAsync();
    }

    [Fact]
    public async Task The_stricter_of_two_age_bands_counts_and_is_recorded_with_who_said_it()
    {
        foreach (AgeBand stored in Enum.GetValues<AgeBand>())
        {
            foreach (AgeBand said in Enum.GetValues<AgeBand>())
            {
                AgeBand stricter = stored > said ? stored : said;
                _accounts.Answer = new AccountStatus(new Account(Id) { Age = stored, AgeSource = stored == AgeBand.Unknown ? AgeSource.None : AgeSource.Guardian }, 0);
                _records.Clear();
                Verdict verdict = await Pipeline("balanced").CheckAsync(Request() with { Age = said });
                Verdict expected = await new SafetyPipeline(_parts.Parts()).CheckAsync(Request() with { Age = stricter });
                Assert.Equal(expected.Decision, verdict.Decision);
                Assert.Equal(expected.Reasons, verdict.Reasons);
                SafetyRecord record = Assert.Single(_records);
                Assert.Equal(stricter, record.Age);
                Assert.Equal(stored >= said && stored != AgeBand.Unknown ? AgeSource.Guardian : AgeSource.None, record.AgeSource);
                Assert.Equal(stored > said, verdict.Notes.Any(n => n.Check == "account"));
            }
        }
    }

    [Theory]
    [InlineData("balanced", 0.79, Decision.Allow)]
    [InlineData("balanced", 0.8, Decision.Review)]
    [InlineData("strict", 0.59, Decision.Allow)]
    [InlineData("strict", 0.6, Decision.Review)]
    [InlineData("balanced", double.NaN, Decision.Review)]
    [InlineData("balanced", double.PositiveInfinity, Decision.Review)]
    [InlineData("balanced", -1, Decision.Allow)]
    public void The_history_of_an_account_reaches_the_policy(string policy, double risk, Decision expected)
    {
        _accounts.Answer = new AccountStatus(new Account(Id), risk);
        Verdict verdict = Pipeline(policy).Check(Request());
        Assert.Equal(expected, verdict.Decision);
        Assert.Equal(expected == Decision.Review, verdict.Reasons.Any(r => r.Category == SafetyCategory.AccountRisk && r.Detector == "account-history"));
    }

    [Fact]
    public void A_policy_may_act_upon_a_warning()
    {
        _accounts.Answer = Status(AccountStanding.Warned);
        Assert.Equal(Decision.Allow, Pipeline("strict").Check(Request()).Decision);
        SafetyPolicy policy = Policy("""{ "id": "warned", "category": "account_risk", "threshold": 0.5, "decision": "review" }""");
        Verdict verdict = new SafetyPipeline(Made("balanced") with { Policy = policy }).Check(Request());
        Assert.Equal((Decision.Review, "account-standing"), (verdict.Decision, Assert.Single(verdict.Reasons).Detector));
    }

    [Fact]
    public void A_policy_decides_what_a_denied_account_gets_but_never_that_it_is_allowed()
    {
        _accounts.Answer = Status(AccountStanding.Banned);
        SafetyPolicy silent = Policy(string.Empty);
        Assert.Equal(Decision.Review, new SafetyPipeline(Made("balanced") with { Policy = silent }).Check(Request()).Decision);
        PolicyFormatException e = Assert.Throws<PolicyFormatException>(
            () => Policy("""{ "id": "mine", "category": "account_denied", "decision": "allow", "advise": ["human_escalation"] }"""));
        Assert.Contains("floor-account-denied", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_is_not_named_or_not_to_be_looked_up_is_not()
    {
        _accounts.Answer = Status(AccountStanding.Banned);
        Assert.Equal(Decision.Allow, Pipeline("balanced").Check(Request() with { AccountId = null }).Decision);
        Assert.Equal(Decision.Allow, Pipeline("balanced", new PipelineOptions { LooksUpAccounts = false }).Check(Request()).Decision);
        Assert.Equal(0, _accounts.Asked);
    }

    [Fact]
    public void The_same_state_gives_the_same_verdict()
    {
        _accounts.Answer = new AccountStatus(new Account(Id) { Standing = AccountStanding.Warned, Age = AgeBand.Teen, AgeSource = AgeSource.Declared }, 0.85);
        SafetyPipeline pipeline = Pipeline("strict");
        string[] verdicts = [.. Enumerable.Range(0, 5).Select(_ => pipeline.Check(Request())).Select(v => string.Join('|', v.Decision, string.Join(',', v.Reasons)))];
        Assert.Single(verdicts.Distinct());
    }

    private static SafetyPolicy Policy(string rules)
        => SafetyPolicy.Parse(Encoding.UTF8.GetBytes(
            $$"""{ "schema": "policy.v1", "name": "mine", "version": "1", "rules": [ {{rules}} ] }"""));

    private static AccountStatus Status(AccountStanding standing) => new(new Account(Id) { Standing = standing }, 0);

    private static SafetyRequest Request() => new() { Prompt = "a hill", Images = [new byte[] { 7 }], AccountId = Id, Age = AgeBand.Unknown };

    private SafetyPipelineParts Made(string policy, PipelineOptions? options = null)
        => _parts.Parts(policy) with { Accounts = _accounts, Recorders = [new Recorder(_records)], Options = options ?? PipelineOptions.Default };

    private SafetyPipeline Pipeline(string policy, PipelineOptions? options = null) => new(Made(policy, options));

    private static async Task<Verdict> By(string way, SafetyPipeline pipeline)
    {
        SafetyRequest request = Request();
        return way switch
        {
            "check" => pipeline.Check(request),
            "check-async" => await pipeline.CheckAsync(request),
            "upload" => await pipeline.CheckUploadAsync(request),
            "prompt" => await pipeline.CheckPromptAsync(request),
            "joint" => await pipeline.CheckJointAsync(request),
            "output" => await pipeline.CheckOutputAsync(request with { OutputImages = [new byte[] { 8 }] }),
            _ => (await pipeline.RunAsync(request, (_, _) => new(new GeneratorReply { Images = [new byte[] { 8 }] }))).Verdict,
        };
    }

    private sealed class FakeAccounts : IAccountLookup
    {
        public AccountStatus Answer { get; set; } = Status(AccountStanding.Good);

        public Func<CancellationToken, ValueTask<AccountStatus>>? Ask { get; set; }

        public int Asked { get; private set; }

        public ValueTask<AccountStatus> FindAsync(string accountId, CancellationToken cancellationToken = default)
        {
            Assert.Equal(Id, accountId);
            Asked++;
            return Ask?.Invoke(cancellationToken) ?? new(Answer);
        }
    }

    private sealed class Recorder(List<SafetyRecord> records) : ISafetyRecorder
    {
        public ValueTask RecordAsync(SafetyRecord record, CancellationToken cancellationToken)
        {
            records.Add(record);
            return ValueTask.CompletedTask;
        }
    }
}

file static class Faults
{
    /// <summary>Whoever looks at anything fails.</summary>
    public static void Throws(this FakeParts parts)
    {
        var looked = new InvalidOperationException("looked");
        (parts.DecoderFault, parts.AnalyzerFault, parts.ClassifierFault, parts.MatcherFault) = (looked, looked, looked, looked);
    }
}
