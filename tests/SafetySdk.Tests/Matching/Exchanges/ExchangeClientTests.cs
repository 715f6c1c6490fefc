using System.Globalization;
using System.Net;
using System.Text;
using SafetySdk.Matching;
using SafetySdk.Matching.Exchanges;

namespace SafetySdk.Tests.Matching.Exchanges;

public sealed partial class ExchangeClientTests : IDisposable
{
    private const string Password = "correct-horse";
    private readonly string _folder = Directory.CreateTempSubdirectory("exchange").FullName;
    private readonly Clock _clock = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Ncmec_is_pulled_page_by_page_to_five_seconds_before_now()
    {
        using var server = new ExchangeServer(Ncmec(pages: 3));
        PullResult result = await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.Equal((3, 7, 0), (result.Pages, result.Records, result.Bad));
        Assert.Equal("/base/v2/entries?from=1970-01-01T00%3A00%3A00Z&to=2026-01-01T00%3A00%3A00Z&size=1000", server.Requests[0]);

        // Page 3 brings an older form of what page 2 removed: it stays removed.
        Assert.Equal(["42-1", "42-2", "42-3"], Ids("list"));

        _clock.Now = _clock.Now.AddHours(1);
        await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.StartsWith("/base/v2/entries?from=2026-01-01T00%3A00%3A00Z&to=2026-01-01T01%3A00%3A00Z", server.Requests[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_pull_that_is_killed_between_pages_goes_on_and_gives_the_same(int killedAt)
    {
        using var whole = new ExchangeServer(Ncmec(3));
        await Pull(ExchangeKind.Ncmec, whole.Url, "whole");

        using var killed = new CancellationTokenSource();
        int requests = 0;
        Func<HttpListenerRequest, (int, string)> pages = Ncmec(3);
        using var server = new ExchangeServer(request =>
        {
            if (++requests == killedAt)
            {
                killed.Cancel();
            }

            return pages(request);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Pull(ExchangeKind.Ncmec, server.Url, "list", killed.Token));

        // Cut off while a page was written: half a record behind the checkpoint, and half a checkpoint beside it.
        File.AppendAllText(Path.Combine(_folder, "list"), "{\"record\":\"ncmec:4");
        File.WriteAllText(Path.Combine(_folder, "list.checkpoint.tmp"), "{\"exch");
        int before = server.Requests.Count;
        await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.Equal(File.ReadAllText(Path.Combine(_folder, "whole")), File.ReadAllText(Path.Combine(_folder, "list")));
        Assert.Equal(3 - killedAt + 1, server.Requests.Count - before);
    }

    [Fact]
    public async Task An_expired_link_begins_the_range_again()
    {
        Func<HttpListenerRequest, (int, string)> pages = Ncmec(3);
        bool expired = false;
        using var server = new ExchangeServer(request =>
        {
            if (request.RawUrl!.Contains("start=2", StringComparison.Ordinal) && !expired)
            {
                expired = true;
                return (410, "gone");
            }

            return pages(request);
        });
        await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.Equal(["42-1", "42-2", "42-3"], Ids("list"));
        Assert.Equal(server.Requests[0], server.Requests[2]);
    }

    [Fact]
    public async Task A_link_that_is_too_old_is_not_used()
    {
        using var killed = new CancellationTokenSource();
        int requests = 0;
        Func<HttpListenerRequest, (int, string)> pages = Ncmec(3);
        using var server = new ExchangeServer(request =>
        {
            if (++requests == 2)
            {
                killed.Cancel();
            }

            return pages(request);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Pull(ExchangeKind.Ncmec, server.Url, "list", killed.Token));
        _clock.Now = _clock.Now.AddHours(12);
        int before = server.Requests.Count;
        await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.Equal(server.Requests[0], server.Requests[before]);
        Assert.Equal(["42-1", "42-2", "42-3"], Ids("list"));
    }

    [Fact]
    public async Task A_range_with_too_many_entries_is_cut()
    {
        using var server = new ExchangeServer(request => (200, request.QueryString["to"] == "2026-01-01T00:00:00Z" && request.QueryString["from"]!.StartsWith("1970", StringComparison.Ordinal)
            ? "<queryResult><paging><next>/v2/entries?start=2&amp;max=400001</next></paging></queryResult>"
            : "<queryResult/>"));
        await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.Equal(3, server.Requests.Count);
        Assert.Contains("to=1984-", server.Requests[1], StringComparison.Ordinal);
        Assert.Contains("from=1984-", server.Requests[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task StopNcii_replaces_withdraws_and_goes_on_from_the_set()
    {
        string Record(string hash, string status, int time)
            => $$"""{"lastModtimestamp":{{time}},"signalType":"ImagePDQ","hashValue":"{{new string(hash[0], 64)}}","hashStatus":"{{status}}"}""";
        using var server = new ExchangeServer(request =>
            request.Headers["x-functions-key"] != Password || request.Headers["Ocp-Apim-Subscription-Key"] != Password ? (401, "")
            : request.QueryString["nextPageToken"] is null
                ? (200, $$"""{"count":2,"nextPageToken":"a+b","nextSetTimestamp":5,"hasMoreRecords":true,"hashRecords":[{{Record("a", "Active", 1)}},{{Record("b", "Active", 1)}}]}""")
                : (200, $$"""{"count":1,"nextPageToken":"","nextSetTimestamp":1700000000,"hasMoreRecords":false,"hashRecords":[{{Record("a", "Withdrawn", 2)}}]}"""));
        await Pull(ExchangeKind.StopNcii, server.Url, "list");
        Assert.Single(Ids("list"));
        Assert.EndsWith("v1/FetchHashes?startTimestamp=0&pageSize=800&nextPageToken=a%2Bb", server.Requests[1], StringComparison.Ordinal);
        await Pull(ExchangeKind.StopNcii, server.Url, "list");
        Assert.Contains("startTimestamp=1700000000&", server.Requests[2], StringComparison.Ordinal);
        Assert.Single(Ids("list"));
    }

    [Fact]
    public async Task Tat_logs_in_again_when_the_token_ends_and_keeps_the_checkpoint()
    {
        int logIns = 0;
        int pages = 0;
        ExchangeServer server = null!;
        server = new ExchangeServer(request =>
        {
            if (request.RawUrl!.EndsWith("token-auth/tcap/", StringComparison.Ordinal))
            {
                using var reader = new StreamReader(request.InputStream);
                return reader.ReadToEnd().Contains(Password, StringComparison.Ordinal) ? (200, $$"""{"token":"t{{++logIns}}"}""") : (400, "");
            }

            if (++pages == 2)
            {
                return (401, "");
            }

            return request.QueryString["offset"] is null && request.QueryString["after"] is null
                ? (200, $$"""{"count":2,"next":"{{server.Url}}/api/hash-list/v2/all?offset=1","checkpoint":"9","results":[{"id":1,"algorithm":"MD5","hash_digest":"{{new string('a', 32)}}"}]}""")
                : (200, """{"count":2,"next":null,"checkpoint":"9","results":[{"id":1,"deleted":true},{"id":2,"algorithm":"MD5","hash_digest":"bad"}]}""");
        });
        using (server)
        {
            PullResult result = await Pull(ExchangeKind.TechAgainstTerrorism, server.Url, "list");
            Assert.Equal(1, result.Bad);
            Assert.Equal(2, logIns);
            Assert.Empty(Ids("list"));
            await Pull(ExchangeKind.TechAgainstTerrorism, server.Url, "list");
            Assert.EndsWith("&after=9", server.Requests[^1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Failures_are_retried_then_typed_and_the_old_records_stay()
    {
        int failures = 4;
        Func<HttpListenerRequest, (int, string)> pages = Ncmec(3);
        using var server = new ExchangeServer(request => failures-- > 0 ? (failures % 2 == 0 ? 503 : 429, "") : pages(request));
        await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.Equal(3, Ids("list").Length);

        _clock.Now = _clock.Now.AddDays(1);
        failures = 5;
        Assert.Equal(ExchangeError.Unavailable, (await Fails(server.Url)).Error);
        Assert.Equal(3, Ids("list").Length);
    }

    [Theory]
    [InlineData(401, "", ExchangeError.Unauthorized)]
    [InlineData(403, "", ExchangeError.Unauthorized)]
    [InlineData(302, "", ExchangeError.Protocol)]
    [InlineData(404, "", ExchangeError.Protocol)]
    [InlineData(200, "<html/>", ExchangeError.Protocol)]
    [InlineData(200, "<queryResult><images><image>", ExchangeError.Protocol)]
    [InlineData(200, "<queryResult><paging><next>http://example.org/v2/entries</next></paging></queryResult>", ExchangeError.Protocol)]
    [InlineData(200, "<queryResult><paging><next>/v2/entries?start=2</next></paging></queryResult>", ExchangeError.Protocol)]
    public async Task Bad_answers_are_typed_and_say_nothing_secret(int status, string body, ExchangeError error)
    {
        using var server = new ExchangeServer(_ => (status, body));
        ExchangeException exception = await Fails(server.Url);
        Assert.Equal(error, exception.Error);
        Assert.DoesNotContain(Password, exception.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"url\":\"http://example.org/\"}")]
    [InlineData("{\"url\":\"https://a:b@example.org/\"}")]
    [InlineData("{\"url\":\"https://example.org/\",\"page_size\":0}")]
    [InlineData("{\"url\":\"https://example.org/\",\"from\":\"x\"}")]
    [InlineData("{\"url\":[]}")]
    [InlineData("{")]
    public void Bad_configurations_are_typed(string json) => Assert.Equal(
        ExchangeError.Configuration,
        Assert.Throws<ExchangeException>(() => ExchangeOptions.Parse(ExchangeKind.Ncmec, Encoding.UTF8.GetBytes(json), _folder)).Error);

    [Fact]
    public async Task Damaged_state_is_refused()
    {
        using var server = new ExchangeServer(Ncmec(1));
        await Pull(ExchangeKind.Ncmec, server.Url, "list");
        File.WriteAllText(Path.Combine(_folder, "list"), "");
        Assert.Equal(ExchangeError.Storage, (await Fails(server.Url)).Error);
        File.WriteAllText(Path.Combine(_folder, "list.checkpoint"), "{}");
        Assert.Equal(ExchangeError.Storage, (await Fails(server.Url)).Error);
    }

    private Task<ExchangeException> Fails(string url) => Assert.ThrowsAsync<ExchangeException>(() => Pull(ExchangeKind.Ncmec, url, "list"));

    // Entries out of order over three pages, with a removed one whose older form comes last.
    private static Func<HttpListenerRequest, (int Status, string Body)> Ncmec(int pages)
    {
        string basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("correct-horse:correct-horse"));
        return request =>
        {
            if (request.Headers["Authorization"] != basic)
            {
                return (401, "");
            }

            int page = int.Parse(request.QueryString["start"] ?? "1", CultureInfo.InvariantCulture);
            string images = page switch
            {
                1 => Image("image", 1, 5) + Image("image", 4, 3),
                2 => Image("image", 2, 1) + Image("deletedImage", 4, 6),
                _ => Image("image", 3, 2) + Image("image", 4, 4) + Image("image", 1, 1),
            };
            string next = page < pages ? $"<paging><next>/v2/entries?from=a&amp;to=b&amp;start={page + 1}&amp;size=2&amp;max=7</next></paging>" : string.Empty;
            return (200, $"<queryResult xmlns=\"https://hashsharing.ncmec.org/hashsharing/v2\"><images>{images}</images>{next}</queryResult>");
        };
    }

    private static string Image(string element, int id, int day)
        => $"<{element}><member id=\"42\">m</member><timestamp>2025-01-{day:00}T00:00:00Z</timestamp><id>{id}</id>"
            + $"<fingerprints><md5>{new string((char)('0' + id), 32)}</md5></fingerprints></{element}>";

    private async Task<PullResult> Pull(ExchangeKind kind, string url, string name, CancellationToken cancellation = default)
    {
        File.WriteAllText(Path.Combine(_folder, "secret"), Password + "\n");
        string credentials = string.Join(',', new[] { "user", "password", "functions_key", "subscription_key" }.Select(c => $"\"{c}_file\":\"secret\""));
        ExchangeOptions options = ExchangeOptions.Parse(
            kind, Encoding.UTF8.GetBytes($"{{\"url\":\"{url}\",{credentials}}}"), _folder, TimeSpan.FromMilliseconds(1));
        using var client = new ExchangeClient(options, _clock);
        return await client.PullAsync(Path.Combine(_folder, name), cancellation);
    }

    private string[] Ids(string name)
    {
        var writer = new HashIndexWriter("test");
        var builder = new HashListBuilder(writer, new HashListOptions { Format = HashListFormat.Records });
        builder.Add(Path.Combine(_folder, name));
        builder.Complete();
        HashIndex index = writer.ToIndex();
        return [.. Enumerable.Range(0, index.Count).Select(index.Id).Order(StringComparer.Ordinal)];
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 5, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
