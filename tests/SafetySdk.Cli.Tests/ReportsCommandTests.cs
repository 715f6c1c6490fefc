using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using SafetySdk.Audit;
using SafetySdk.Reporting;
using SafetySdk.Reports;
using SafetySdk.Storage;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Cli.Tests;

public sealed class ReportsCommandTests : IDisposable
{
    private const string Mark = "q7contentq7";

    private readonly TemporaryFolder _folder = new();

    private string Store => Path.Combine(_folder.Path, "safety.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_lists_what_waits_and_what_was_given_up_and_shows_no_content()
    {
        await FillAsync();
        CommandRun list = CommandRun.Of("reports", "list", Store, "--format", "json");
        Assert.Equal(
            ["1 cybertip delivered", "2 cybertip dead 4100", "3 cybertip dead 4100", "4 cybertip dead no-answer", "5 cybertip leased", "6 cybertip pending", "7 user-report-review pending"],
            list.JsonLines.Select(Line));
        Assert.Equal(["2", "3"], CommandRun.Of("reports", "list", Store, "--state", "dead", "--max", "2", "--format", "json").JsonLines.Select(Number));
        Assert.Equal(["7"], CommandRun.Of("reports", "list", Store, "--kind", UserReportLedger.Kind, "--format", "json").JsonLines.Select(Number));
        Assert.Equal(["6", "7"], CommandRun.Of("reports", "list", Store, "--after", "5", "--format", "json").JsonLines.Select(Number));
        CommandRun text = CommandRun.Of("reports", "list", Store);
        Assert.Contains("2 pending, 1 leased, 1 delivered, 3 dead.", text.Output, StringComparison.Ordinal);
        Assert.All(text.Output.Split('\n'), l => Assert.InRange(l.Length, 0, 80));

        CommandRun dead = CommandRun.Of("reports", "dead-letters", Store, "--format", "json");
        Assert.Equal(["cybertip 4100 2", "cybertip no-answer 1"], dead.JsonLines.Select(
            l => $"{l.GetProperty("kind").GetString()} {l.GetProperty("error").GetString()} {l.GetProperty("count").GetInt32()}"));
        CommandRun one = CommandRun.Of("reports", "show", Store, "2");
        Assert.Contains("4100", one.Output, StringComparison.Ordinal);
        Assert.Contains("remote-2", one.Output, StringComparison.Ordinal);
        foreach (CommandRun run in (CommandRun[])[list, text, dead, one, CommandRun.Of("reports", "dead-letters", Store), CommandRun.Of("reports", "show", Store, "7", "--format", "json")])
        {
            Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
            Assert.DoesNotContain(Mark, run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_was_given_up_is_sent_again_and_the_log_says_so()
    {
        await FillAsync();
        CommandRun wrong = CommandRun.Of("reports", "retry", Store, "2", "6");
        Assert.Equal(64, wrong.ExitCode);
        Assert.Contains("report 6", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(3, CommandRun.Of("reports", "list", Store, "--state", "dead", "--format", "json").JsonLines.Length);
        Assert.Equal(0, CommandRun.Of("reports", "retry", Store, "3").ExitCode);
        Assert.Equal(["2", "4"], CommandRun.Of("reports", "list", Store, "--state", "dead", "--format", "json").JsonLines.Select(Number));
        Assert.Equal(2, CommandRun.Of("reports", "retry", Store, "--all", "--format", "json").Json.GetProperty("retried").GetInt32());
        Assert.Empty(CommandRun.Of("reports", "list", Store, "--state", "dead", "--format", "json").JsonLines);
        Assert.Contains("No report was given up.", CommandRun.Of("reports", "dead-letters", Store).Output, StringComparison.Ordinal);
        CommandRun log = CommandRun.Of("audit", "export", Store);
        Assert.Equal(3, log.JsonLines.Count(l => l.TryGetProperty("step", out JsonElement step) && step.GetString() == "requeued"));
        Assert.Equal(0, CommandRun.Of("audit", "verify", Store).ExitCode);
    }

    [Fact]
    public async Task Due_reports_are_sent_to_an_endpoint_each_once()
    {
        await EnqueueAsync("kind", 5);
        using var server = new Endpoint(n => n switch { 1 => 503, 2 => 400, 3 => 409, _ => 200 });
        CommandRun run = CommandRun.Of("reports", "send", Store, "--kind", "kind", "--to", server.Address, "--format", "json");
        Assert.Equal(75, run.ExitCode);
        Assert.Equal((5, 3, 1, 1), (Of("tried"), Of("delivered"), Of("pending"), Of("dead")));
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"key {i}|kind|{Mark} {i}"), server.Received);
        Assert.DoesNotContain(Mark, run.Output + run.Error, StringComparison.Ordinal);
        Assert.Equal(["http:503", "http:400"], (await ListAsync(ReportState.Pending)).Concat(await ListAsync(ReportState.Dead)).Select(r => r.LastError));
        Assert.Equal(0, CommandRun.Of("reports", "send", Store, "--kind", "kind", "--to", server.Address).ExitCode); // nothing is due
        Assert.Equal(5, server.Received.Count);

        int Of(string name) => run.Json.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task A_kind_that_is_not_named_is_left_alone_and_one_to_nowhere_waits()
    {
        await EnqueueAsync("kind", 2);
        CommandRun other = CommandRun.Of("reports", "send", Store, "--kind", "another", "--to", "http://127.0.0.1:9/");
        Assert.Equal(64, other.ExitCode);
        Assert.All(await ListAsync(ReportState.Pending), r => Assert.Equal(0, r.Attempts));
        Assert.Equal(75, CommandRun.Of("reports", "send", Store, "--kind", "kind", "--to", "http://127.0.0.1:9/", "--max", "1").ExitCode);
        Assert.Equal([nameof(HttpRequestException), null], (await ListAsync(ReportState.Pending)).Select(r => r.LastError));
    }

    [Theory]
    [InlineData("http://example.test/")]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("https://user:word@example.test/")]
    [InlineData("nowhere")]
    public async Task Reports_leave_the_machine_encrypted_only(string address)
    {
        await EnqueueAsync("kind", 1);
        Assert.Equal(64, CommandRun.Of("reports", "send", Store, "--kind", "kind", "--to", address).ExitCode);
        Assert.Equal(0, Assert.Single(await ListAsync(ReportState.Pending)).Attempts);
    }

    [Fact]
    public async Task What_cannot_be_done_is_an_error()
    {
        await EnqueueAsync("kind", 1);
        Assert.Equal(65, CommandRun.Of("reports", "list", Path.Combine(_folder.Path, "none")).ExitCode);
        Assert.Equal(65, CommandRun.Of("reports", "list", _folder.Write("text", "no store")).ExitCode);
        Assert.Equal(65, CommandRun.Of("reports", "retry", _folder.Write("db", "SQLite format 3\0 and no more"), "--all").ExitCode);
        Assert.Equal(64, CommandRun.Of("reports", "list", Store, "--state", "lost").ExitCode);
        Assert.Equal(64, CommandRun.Of("reports", "list", Store, "--max", "0").ExitCode);
        Assert.Equal(64, CommandRun.Of("reports", "show", Store, "99").ExitCode);
        Assert.Equal(64, CommandRun.Of("reports", "show", Store, "-1").ExitCode);
        Assert.Equal(64, CommandRun.Of("reports", "retry", Store).ExitCode);
        Assert.Equal(64, CommandRun.Of("reports", "retry", Store, "1", "--all").ExitCode);
        Assert.Equal(64, CommandRun.Of("reports", "send", Store).ExitCode);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "none")));
    }

    private static string Number(JsonElement line) => line.GetProperty("report").GetInt64().ToString(CultureInfo.InvariantCulture);

    private static string Line(JsonElement line)
        => $"{Number(line)} {line.GetProperty("kind").GetString()} {line.GetProperty("state").GetString()} {line.GetProperty("error").GetString()}".TrimEnd();

    private async Task FillAsync()
    {
        using SqliteSafetyStore store = SqliteSafetyStore.Open(Store);
        var outbox = new ReportOutbox(store);
        DeliveryResult rejected = new(DeliveryOutcome.Rejected, "4100"), delivered = new(DeliveryOutcome.Delivered);
        DeliveryResult[] results = [delivered, rejected, rejected, new(DeliveryOutcome.Rejected, "no-answer")];
        for (int i = 0; i < 6; i++)
        {
            await outbox.EnqueueAsync(new ReportDraft($"{Mark} {i}", "cybertip", Encoding.UTF8.GetBytes(Mark)) { VerdictId = $"v{i}" });
            if (i == 5)
            {
                break;
            }

            OutboxReport leased = (await outbox.LeaseAsync(default))!;
            await outbox.SaveRemoteIdAsync(leased, $"remote-{i + 1}", default);
            if (i < results.Length)
            {
                Assert.True(await outbox.SettleAsync(leased, results[i], default));
            }
        }

        var reports = new UserReportRegister(store, InputDigester.Ephemeral());
        await reports.SubmitAsync(new UserReport(Mark, "harassment", DateTimeOffset.UnixEpoch) { ReportedAccountId = Mark });
    }

    private async Task EnqueueAsync(string kind, int count)
    {
        using SqliteSafetyStore store = SqliteSafetyStore.Open(Store);
        var outbox = new ReportOutbox(store);
        for (int i = 0; i < count; i++)
        {
            await outbox.EnqueueAsync(new ReportDraft($"key {i}", kind, Encoding.UTF8.GetBytes($"{Mark} {i}")));
        }
    }

    private async Task<IReadOnlyList<OutboxReport>> ListAsync(ReportState state)
    {
        using SqliteSafetyStore store = SqliteSafetyStore.Open(Store);
        return await new ReportOutbox(store).ListAsync(state);
    }

    /// <summary>An endpoint on this machine that answers what a test says.</summary>
    private sealed class Endpoint : IDisposable
    {
        private readonly HttpListener _listener = new();

        public Endpoint(Func<int, int> status)
        {
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            }

            _listener.Prefixes.Add(Address);
            _listener.Start();
            _ = Task.Run(async () =>
            {
                while (true)
                {
                    HttpListenerContext context;
                    try
                    {
                        context = await _listener.GetContextAsync();
                    }
                    catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                    {
                        return;
                    }

                    using var body = new StreamReader(context.Request.InputStream);
                    string key = Uri.UnescapeDataString(context.Request.Headers["Idempotency-Key"] ?? "none");
                    context.Response.StatusCode = status(Received.Count);
                    Received.Add($"{key}|{context.Request.Headers["Report-Kind"]}|{await body.ReadToEndAsync()}");
                    context.Response.Close();
                }
            });
        }

        public string Address { get; }

        public List<string> Received { get; } = [];

        public void Dispose() => _listener.Close();
    }
}
