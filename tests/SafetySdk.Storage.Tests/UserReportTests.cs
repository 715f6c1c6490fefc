using System.Text;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Reporting;
using SafetySdk.Reports;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Storage.Tests;

/// <summary>Reports of users go from submitted over under review to upheld or rejected, and no other way.</summary>
public sealed class UserReportTests : IDisposable
{
    private const string Id = "r-1", One = "reviewer-1", Other = "reviewer-2", Accused = "somebody";

    private readonly SteppedTime _time = new();
    private readonly InMemorySafetyStore _store = new();
    private readonly InputDigester _digester = new(new byte[32]);
    private readonly UserReportRegister _reports;

    public UserReportTests() => _reports = new UserReportRegister(_store, _digester, time: _time);

    public void Dispose() => _store.Dispose();

    public static TheoryData<UserReportState?, string, UserReportError?> Transitions => new()
    {
        // From nothing nothing can be done but to submit.
        { null, "submit", null },
        { null, "review", UserReportError.NoSuchReport },
        { null, "uphold", UserReportError.NoSuchReport },
        { null, "reject", UserReportError.NoSuchReport },
        { UserReportState.Submitted, "submit", null },
        { UserReportState.Submitted, "review", null },
        { UserReportState.Submitted, "uphold", UserReportError.NotUnderReview },
        { UserReportState.Submitted, "reject", UserReportError.NotUnderReview },
        { UserReportState.UnderReview, "submit", null },
        { UserReportState.UnderReview, "review", null },
        { UserReportState.UnderReview, "take-over", null },
        { UserReportState.UnderReview, "uphold", null },
        { UserReportState.UnderReview, "reject", null },
        { UserReportState.UnderReview, "uphold-by-another", UserReportError.NotUnderReview },
        { UserReportState.UnderReview, "reject-by-another", UserReportError.NotUnderReview },
        { UserReportState.Upheld, "submit", null },
        { UserReportState.Upheld, "review", UserReportError.AlreadyDecided },
        { UserReportState.Upheld, "uphold", UserReportError.AlreadyDecided },
        { UserReportState.Upheld, "reject", UserReportError.AlreadyDecided },
        { UserReportState.Rejected, "submit", null },
        { UserReportState.Rejected, "review", UserReportError.AlreadyDecided },
        { UserReportState.Rejected, "uphold", UserReportError.AlreadyDecided },
        { UserReportState.Rejected, "reject", UserReportError.AlreadyDecided },
    };

    [Theory]
    [MemberData(nameof(Transitions))]
    public async Task Every_transition_is_allowed_or_refused(UserReportState? from, string step, UserReportError? refused)
    {
        await ReachAsync(from);
        UserReportCase? before = await _reports.FindAsync(Id);
        AuditHead head = await _store.ReadAsync(t => t.Audit.Head);
        if (refused is not null)
        {
            UserReportException e = await Assert.ThrowsAsync<UserReportException>(() => StepAsync(step));
            Assert.Equal(refused, e.Error);
            Assert.Equal(before, await _reports.FindAsync(Id), SameCase);
            Assert.Equal(head, await _store.ReadAsync(t => t.Audit.Head));
            return;
        }

        UserReportCase after = await StepAsync(step);
        (UserReportState state, string? by, string? reason) = step switch
        {
            "submit" => (from ?? UserReportState.Submitted, before?.Reviewer, before?.Reason),
            "review" => (UserReportState.UnderReview, One, null),
            "take-over" => (UserReportState.UnderReview, Other, (string?)null),
            "uphold" => (UserReportState.Upheld, One, "so it is"),
            _ => (UserReportState.Rejected, One, "it is not"),
        };
        Assert.Equal((state, by, reason), (after.State, after.Reviewer, after.Reason));
        Assert.Equal(after, await _reports.FindAsync(Id), SameCase);
        foreach (UserReportState other in Enum.GetValues<UserReportState>())
        {
            Assert.Equal(other == state ? 1 : 0, (await _reports.ListAsync(other)).Count);
        }

        string[] lines = await LinesAsync();
        Assert.DoesNotContain(lines, l => l.Contains("so it is", StringComparison.Ordinal) || l.Contains("it is not", StringComparison.Ordinal));
        if (step == "submit" && from is not null)
        {
            // Said twice is said once.
            Assert.Equal(head, await _store.ReadAsync(t => t.Audit.Head));
            return;
        }

        string named = step switch { "uphold" => "upheld", "reject" => "rejected", "submit" => "submitted", _ => "under_review" };
        Assert.Contains(lines, l => l.Contains("\"kind\":\"user_report\"", StringComparison.Ordinal) && l.Contains($"\"state\":\"{named}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_sender_ever_takes_a_report_that_people_review()
    {
        var outbox = new ReportOutbox(_store, time: _time);
        await ReachAsync(UserReportState.UnderReview);
        await _reports.SubmitAsync(Report("r-2"));
        _time.Pass(TimeSpan.FromDays(365 * 100));
        Assert.Null(await outbox.LeaseAsync(default));

        // One identifier, one report, wherever it is reviewed.
        ReportException e = await Assert.ThrowsAsync<ReportException>(async () => await outbox.EnqueueAsync(Report(Id).ToDraft()));
        Assert.Equal(ReportError.KeyInUse, e.Error);
        await outbox.EnqueueAsync(Report("r-3").ToDraft());
        await Assert.ThrowsAsync<ReportException>(async () => await _reports.SubmitAsync(Report("r-3")));
        Assert.Null(await _reports.FindAsync("r-3"));
        await Assert.ThrowsAsync<ReportException>(async () => await _reports.SubmitAsync(Report(Id) with { VerdictId = "another" }));
    }

    [Fact]
    public async Task What_is_upheld_counts_and_may_suspend_at_once_and_the_appeal_lifts_it()
    {
        var accounts = new AccountRegister(_store, _digester, _time);
        await ReachAsync(UserReportState.UnderReview);
        await _reports.DecideAsync(Id, UserReportState.Upheld, "so it is", One, AccountStanding.Suspended);
        Assert.True((await accounts.FindAsync(Accused)).IsDenied);
        Assert.Equal(1, (await accounts.ActivityAsync(Accused, TimeSpan.FromDays(1))).Blocked);
        StandingChange change = Assert.Single(await accounts.HistoryAsync(Accused));
        Assert.Equal(("so it is", One, "verdict-1"), (change.Reason, change.By, change.VerdictId));

        Appeal appeal = await accounts.OpenAppealAsync(Accused, change.Sequence);
        await accounts.ReviewAppealAsync(appeal.Sequence, Other);
        await accounts.DecideAppealAsync(appeal.Sequence, AppealState.Reversed, "a mistake", Other);
        Assert.False((await accounts.FindAsync(Accused)).IsDenied);
        string log = string.Join('\n', await LinesAsync());
        foreach (string step in new[] { "\"to\":\"suspended\"", "\"state\":\"open\"", "\"state\":\"under_review\"", "\"state\":\"reversed\"", "\"to\":\"good\"" })
        {
            Assert.Contains(step, log, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("mistake", log, StringComparison.Ordinal);
        Assert.DoesNotContain(Accused, log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_make_consequences_of_repeated_reports_and_a_refused_one_leaves_nothing()
    {
        var reports = new UserReportRegister(_store, _digester, new AccountRules { SuspendAfter = 2 }, _time);
        for (int i = 0; i < 2; i++)
        {
            await reports.SubmitAsync(Report($"n-{i}"));
            await reports.ReviewAsync($"n-{i}", One);
            await reports.DecideAsync($"n-{i}", UserReportState.Upheld, "yes", One);
        }

        var accounts = new AccountRegister(_store, _digester, _time);
        Assert.Equal(AccountStanding.Suspended, (await accounts.FindAsync(Accused)).Standing);

        await ReachAsync(UserReportState.UnderReview);
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await _reports.DecideAsync(Id, UserReportState.Rejected, "no", One, AccountStanding.Banned));
        Assert.Equal(UserReportState.UnderReview, (await _reports.FindAsync(Id))!.State);
        await reports.SubmitAsync(Report("nobody") with { ReportedAccountId = null });
        await reports.ReviewAsync("nobody", One);
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await reports.DecideAsync("nobody", UserReportState.Upheld, "yes", One, AccountStanding.Banned));
        Assert.Equal(UserReportState.Upheld, (await reports.DecideAsync("nobody", UserReportState.Upheld, "yes", One)).State);
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await reports.ReviewAsync(Id, " "));
        await Assert.ThrowsAnyAsync<ArgumentException>(
            async () => await reports.DecideAsync(Id, UserReportState.Upheld, new string('x', 501), One));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await reports.DecideAsync(Id, UserReportState.Submitted, "yes", One));
    }

    [Fact]
    public async Task They_are_kept_in_a_file_and_listed_by_pages()
    {
        string folder = Directory.CreateTempSubdirectory("safety-user-reports-").FullName;
        try
        {
            using (SqliteSafetyStore store = SqliteSafetyStore.Open(Path.Combine(folder, "safety.db")))
            {
                var reports = new UserReportRegister(store, _digester, time: _time);
                var outbox = new ReportOutbox(store, time: _time);
                for (int i = 0; i < 130; i++)
                {
                    await outbox.EnqueueAsync(new ReportDraft($"k{i}", "kind", new byte[1]));
                    await reports.SubmitAsync(Report($"p-{i}"));
                }

                await reports.ReviewAsync("p-7", One);
                await reports.DecideAsync("p-7", UserReportState.Rejected, "no: it is not", One);
            }

            using (SqliteSafetyStore store = SqliteSafetyStore.Open(Path.Combine(folder, "safety.db")))
            {
                var reports = new UserReportRegister(store, _digester, time: _time);
                IReadOnlyList<UserReportCase> first = await reports.ListAsync(max: 100);
                IReadOnlyList<UserReportCase> rest = await reports.ListAsync(after: first[^1].Sequence, max: 100);
                Assert.Equal((100, 29), (first.Count, rest.Count));
                UserReportCase rejected = Assert.Single(await reports.ListAsync(UserReportState.Rejected));
                Assert.Equal(("p-7", One, "no: it is not"), (rejected.Report.Id, rejected.Reviewer, rejected.Reason));
                Assert.Empty(await reports.ListAsync(UserReportState.Upheld));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool SameCase(UserReportCase? a, UserReportCase? b)
        => a is null == b is null && a?.ToString() == b?.ToString() && (a?.Reviewer, a?.Reason, a?.Sequence, a?.ChangedAt) == (b?.Reviewer, b?.Reason, b?.Sequence, b?.ChangedAt);

    private UserReport Report(string id)
        => new(id, "harassment", _time.GetUtcNow()) { ReportedAccountId = Accused, ReporterAccountId = "else", VerdictId = "verdict-1" };

    private async Task ReachAsync(UserReportState? state)
    {
        if (state is null)
        {
            return;
        }

        await StepAsync("submit");
        if (state > UserReportState.Submitted)
        {
            await StepAsync("review");
        }

        if (state > UserReportState.UnderReview)
        {
            await StepAsync(state == UserReportState.Upheld ? "uphold" : "reject");
        }
    }

    private async Task<UserReportCase> StepAsync(string step) => step switch
    {
        "submit" => await _reports.SubmitAsync(Report(Id)),
        "review" => await _reports.ReviewAsync(Id, One),
        "take-over" => await _reports.ReviewAsync(Id, Other),
        "uphold" => await _reports.DecideAsync(Id, UserReportState.Upheld, "so it is", One),
        "uphold-by-another" => await _reports.DecideAsync(Id, UserReportState.Upheld, "so it is", Other),
        "reject-by-another" => await _reports.DecideAsync(Id, UserReportState.Rejected, "it is not", Other),
        _ => await _reports.DecideAsync(Id, UserReportState.Rejected, "it is not", One),
    };

    private async Task<string[]> LinesAsync()
        => await _store.ReadAsync(t => t.Audit.Read(0, 100).Select(r => Encoding.UTF8.GetString(r.Line.Span)).ToArray());
}
