using SafetySdk.Reporting;
using SafetySdk.Reports;
using SafetySdk.Storage;

namespace SafetySdk.Tests.Reports;

/// <summary>Reports by users go through the outbox and come out as they went in, once each.</summary>
public sealed class UserReportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_user_report_reaches_those_who_review_it_once()
    {
        using var store = new InMemorySafetyStore();
        var outbox = new ReportOutbox(store);
        var report = new UserReport("r-1", "harassment", new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero))
        {
            VerdictId = "v",
            ReporterAccountId = "a",
            ReportedAccountId = "b",
            EvidenceIds = ["e1", "e2"],
        };
        await outbox.EnqueueAsync(report.ToDraft(), Cancel);
        await outbox.EnqueueAsync(report.ToDraft(), Cancel);
        var review = new ReviewQueue();
        var pump = new ReportPump(outbox, [review]);
        while (await pump.SendNextAsync(Cancel))
        {
        }

        UserReport seen = Assert.Single(review.Seen);
        Assert.Equal(report.EvidenceIds, seen.EvidenceIds);
        Assert.Equal(report with { EvidenceIds = [] }, seen with { EvidenceIds = [] });
    }

    [Fact]
    public void What_is_no_user_report_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new UserReport(string.Empty, "harassment", default).ToDraft());
        foreach (string payload in new[] { "", "[]", "{}", "{\"id\":1}" })
        {
            Assert.Throws<ArgumentException>(
                () => UserReport.From(new OutboxReport("k", UserReport.Kind, System.Text.Encoding.UTF8.GetBytes(payload))));
        }
    }

    private sealed class ReviewQueue : IReportSender
    {
        public List<UserReport> Seen { get; } = [];

        public string Kind => UserReport.Kind;

        public Task<DeliveryResult> SendAsync(IReportDelivery delivery, CancellationToken cancellationToken)
        {
            Seen.Add(UserReport.From(delivery.Report));
            return Task.FromResult(new DeliveryResult(DeliveryOutcome.Delivered));
        }
    }
}
