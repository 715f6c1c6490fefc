using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Storage.Tests;

public sealed class AccountTests : IDisposable
{
    private static readonly byte[] Key = new byte[32];
    private readonly SteppedTime _time = new();
    private readonly InMemorySafetyStore _store = new();
    private readonly AccountRegister _accounts;

    public AccountTests() => _accounts = new AccountRegister(_store, new InputDigester(Key), _time);

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(AgeBand.Unknown, AgeSource.None, AgeBand.Adult, AgeSource.Declared, AgeBand.Adult)]
    [InlineData(AgeBand.Teen, AgeSource.Declared, AgeBand.Adult, AgeSource.Declared, AgeBand.Teen)] // nobody grows up by saying so again
    [InlineData(AgeBand.Under13, AgeSource.Declared, AgeBand.Teen, AgeSource.Declared, AgeBand.Under13)]
    [InlineData(AgeBand.Teen, AgeSource.Declared, AgeBand.Adult, AgeSource.Verified, AgeBand.Adult)]
    [InlineData(AgeBand.Teen, AgeSource.Verified, AgeBand.Adult, AgeSource.Verified, AgeBand.Adult)]
    [InlineData(AgeBand.Adult, AgeSource.Verified, AgeBand.Teen, AgeSource.Declared, AgeBand.Teen)] // younger is believed from anybody
    [InlineData(AgeBand.Teen, AgeSource.Guardian, AgeBand.Adult, AgeSource.Estimated, AgeBand.Teen)]
    [InlineData(AgeBand.Teen, AgeSource.Declared, AgeBand.Unknown, AgeSource.Verified, AgeBand.Teen)]
    public async Task An_age_gets_younger_easily_and_older_only_by_a_better_source(
        AgeBand was, AgeSource wasSource, AgeBand said, AgeSource source, AgeBand expected)
    {
        await _accounts.SetAgeAsync("a", was, wasSource);
        Assert.Equal(expected, (await _accounts.SetAgeAsync("a", said, source)).Age);
        Assert.Equal(expected, (await _accounts.FindAsync("a")).Age);
    }

    [Fact]
    public void The_younger_of_account_and_request_counts()
    {
        foreach (AgeBand stored in Enum.GetValues<AgeBand>())
        {
            foreach (AgeBand requested in Enum.GetValues<AgeBand>())
            {
                AgeBand age = new Account("a") { Age = stored }.AgeFor(requested);
                Assert.True(age >= stored && age >= requested && (age == stored || age == requested));
            }
        }
    }

    [Fact]
    public async Task Standing_gets_stricter_by_itself_and_milder_only_on_purpose()
    {
        await _accounts.RaiseAsync("a", AccountStanding.Suspended, "why", "who");
        Assert.Null(await _accounts.RaiseAsync("a", AccountStanding.Warned, "why", "who"));
        Assert.Equal(AccountStanding.Suspended, (await _accounts.FindAsync("a")).Standing);
        await _accounts.RaiseAsync("a", AccountStanding.Banned, "why", "who");
        StandingChange kept = (await _accounts.RaiseAsync("a", AccountStanding.Suspended, "again", "who"))!;
        Assert.Equal((AccountStanding.Banned, AccountStanding.Suspended), (kept.To, kept.Asked));
        Assert.Null(await _accounts.LiftAsync("a", AccountStanding.Banned, "why", "who"));
        await _accounts.LiftAsync("a", AccountStanding.Warned, "served its time", "op");
        Assert.Equal(AccountStanding.Warned, (await _accounts.FindAsync("a")).Standing);
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _accounts.LiftAsync("a", AccountStanding.Good, " ", "op"));
        Assert.Equal(4, (await _accounts.HistoryAsync("a")).Count);
    }

    [Fact]
    public async Task A_reversal_takes_back_its_own_charge_only()
    {
        StandingChange first = (await _accounts.RaiseAsync("a", AccountStanding.Suspended, "first", "policy", "v1"))!;
        StandingChange second = (await _accounts.RaiseAsync("a", AccountStanding.Suspended, "second", "policy", "v2"))!;
        Appeal one = await _accounts.OpenAppealAsync("a", first.Sequence), two = await _accounts.OpenAppealAsync("a", second.Sequence);
        Assert.Equal(2, (await _accounts.AppealsAsync()).Count);
        await _accounts.DecideAppealAsync(one.Sequence, AppealState.Reversed, "a mistake", "op");
        Assert.Equal(AccountStanding.Suspended, (await _accounts.FindAsync("a")).Standing);
        await _accounts.DecideAppealAsync(two.Sequence, AppealState.Reversed, "a mistake too", "op");
        Assert.Equal(AccountStanding.Good, (await _accounts.FindAsync("a")).Standing);
        Assert.Empty(await _accounts.AppealsAsync());
        Assert.True((await StoredAudit.VerifyAsync(_store)).IsIntact);
    }

    [Fact]
    public async Task An_appeal_is_heard_once()
    {
        StandingChange change = (await _accounts.RaiseAsync("a", AccountStanding.Banned, "why", "who"))!;
        Assert.Equal(AccountError.NoSuchChange, await Error(() => _accounts.OpenAppealAsync("b", change.Sequence)));
        Assert.Equal(AccountError.NoSuchChange, await Error(() => _accounts.OpenAppealAsync("a", 99)));
        Appeal appeal = await _accounts.OpenAppealAsync("a", change.Sequence);
        Assert.Equal(AccountError.AlreadyDecided, await Error(() => _accounts.OpenAppealAsync("a", change.Sequence)));
        Appeal upheld = await _accounts.DecideAppealAsync(appeal.Sequence, AppealState.Upheld, "it stands", "op");
        Assert.Equal(("it stands", "op", AppealState.Upheld), (upheld.Reason, upheld.DecidedBy, upheld.State));
        Assert.Equal(AccountStanding.Banned, (await _accounts.FindAsync("a")).Standing);
        Assert.Equal(
            AccountError.AlreadyDecided,
            await Error(() => _accounts.DecideAppealAsync(appeal.Sequence, AppealState.Reversed, "no", "op")));
        Assert.Equal(AccountError.NoSuchAppeal, await Error(() => _accounts.DecideAppealAsync(99, AppealState.Reversed, "no", "op")));
        StandingChange lifted = (await _accounts.LiftAsync("a", AccountStanding.Good, "why", "op"))!;
        Assert.Equal(AccountError.NoSuchChange, await Error(() => _accounts.OpenAppealAsync("a", lifted.Sequence)));

        static async Task<AccountError> Error<T>(Func<ValueTask<T>> act)
            => (await Assert.ThrowsAsync<AccountException>(async () => await act())).Error;
    }

    [Fact]
    public async Task Repeated_blocks_within_the_window_warn_and_suspend()
    {
        var rules = new AccountRules { Window = TimeSpan.FromDays(1), WarnAfter = 2, SuspendAfter = 3 };
        var recorder = new VerdictRecorder(_store, new InputDigester(Key), new RecorderOptions { Rules = rules }, time: _time);
        var subject = new CheckSubject { AccountId = "a" };
        await Block();
        _time.Pass(TimeSpan.FromDays(2));
        Assert.Equal(AccountStanding.Good, await Block());
        Assert.Equal(AccountStanding.Warned, await Block());

        // A clock that goes back forgives nothing, and a check that failed is no fault of the account.
        _time.Jump(TimeSpan.FromDays(-10));
        await recorder.RecordAsync(Verdicts.Blocked(SafetyCategory.CheckFailed), subject);
        Assert.Equal(AccountStanding.Warned, (await _accounts.FindAsync("a")).Standing);
        Assert.Equal(AccountStanding.Suspended, await Block());
        AccountActivity activity = await _accounts.ActivityAsync("a", TimeSpan.FromDays(1));
        Assert.Equal((4, 0), (activity.Blocked, activity.Reviewed));
        Assert.Equal(3.6, activity.Score, 6);

        async Task<AccountStanding> Block()
        {
            await recorder.RecordAsync(Verdicts.Blocked(), subject);
            return (await _accounts.FindAsync("a")).Standing;
        }
    }

    public static TheoryData<AppealState, string, AccountError?> AppealSteps => new()
    {
        { AppealState.Open, "review", null },
        { AppealState.Open, "uphold", null },
        { AppealState.Open, "reverse", null },
        { AppealState.Open, "open", AccountError.AlreadyDecided },
        { AppealState.UnderReview, "review", null },
        { AppealState.UnderReview, "uphold", null },
        { AppealState.UnderReview, "reverse", null },
        { AppealState.UnderReview, "reverse-by-another", AccountError.UnderReview },
        { AppealState.UnderReview, "open", AccountError.AlreadyDecided },
        { AppealState.Upheld, "review", AccountError.AlreadyDecided },
        { AppealState.Upheld, "uphold", AccountError.AlreadyDecided },
        { AppealState.Upheld, "reverse", AccountError.AlreadyDecided },
        { AppealState.Upheld, "open", AccountError.AlreadyDecided },
        { AppealState.Reversed, "review", AccountError.AlreadyDecided },
        { AppealState.Reversed, "uphold", AccountError.AlreadyDecided },
        { AppealState.Reversed, "reverse", AccountError.AlreadyDecided },
        { AppealState.Reversed, "open", AccountError.AlreadyDecided },
    };

    [Theory]
    [MemberData(nameof(AppealSteps))]
    public async Task Every_step_of_an_appeal_is_allowed_or_refused(AppealState from, string step, AccountError? refused)
    {
        StandingChange change = (await _accounts.RaiseAsync("a", AccountStanding.Suspended, "why", "who"))!;
        Appeal appeal = await _accounts.OpenAppealAsync("a", change.Sequence);
        if (from is AppealState.UnderReview)
        {
            await _accounts.ReviewAppealAsync(appeal.Sequence, "op");
        }
        else if (from is not AppealState.Open)
        {
            await _accounts.DecideAppealAsync(appeal.Sequence, from, "because", "op");
        }

        Appeal before = Assert.Single(await _accounts.AppealsAsync(from));
        AuditHead head = await _store.ReadAsync(t => t.Audit.Head);
        if (refused is not null)
        {
            Assert.Equal(refused, (await Assert.ThrowsAsync<AccountException>(TakeAsync)).Error);
            Assert.Equal(before, Assert.Single(await _accounts.AppealsAsync(from)));
            Assert.Equal(head, await _store.ReadAsync(t => t.Audit.Head));
            return;
        }

        Appeal after = await TakeAsync();
        Assert.Equal(step switch { "review" => AppealState.UnderReview, "uphold" => AppealState.Upheld, _ => AppealState.Reversed }, after.State);
        Assert.Equal("op", after.DecidedBy);
        Assert.Equal(step == "review" ? null : "said", after.Reason);
        Assert.Equal(step == "reverse" ? AccountStanding.Good : AccountStanding.Suspended, (await _accounts.FindAsync("a")).Standing);
        Assert.True((await _store.ReadAsync(t => t.Audit.Head)).Sequence > head.Sequence);

        async Task<Appeal> TakeAsync() => step switch
        {
            "review" => await _accounts.ReviewAppealAsync(appeal.Sequence, "op"),
            "uphold" => await _accounts.DecideAppealAsync(appeal.Sequence, AppealState.Upheld, "said", "op"),
            "reverse" => await _accounts.DecideAppealAsync(appeal.Sequence, AppealState.Reversed, "said", "op"),
            "reverse-by-another" => await _accounts.DecideAppealAsync(appeal.Sequence, AppealState.Reversed, "said", "another"),
            _ => await _accounts.OpenAppealAsync("a", change.Sequence),
        };
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task An_account_has_a_name(string? id)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _accounts.FindAsync(id!));
        string tooLong = new('x', Account.MaxIdLength + 1);
        ArgumentException e = await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _accounts.FindAsync(tooLong));
        Assert.DoesNotContain("xxx", e.Message, StringComparison.Ordinal);
    }
}
