using System.Diagnostics;
using System.Globalization;
using System.Net;
using SafetySdk.Matching;
using SafetySdk.Matching.Exchanges;

namespace SafetySdk.Tests.Matching.Exchanges;

/// <summary>Answers that do not come, come in part, or are not what was asked for.</summary>
public sealed partial class ExchangeClientTests
{
    [Fact]
    public async Task A_body_that_ends_in_its_middle_is_asked_for_again_and_never_taken_for_the_page()
    {
        using var whole = new ExchangeServer(Ncmec(3));
        await Pull(ExchangeKind.Ncmec, whole.Url, "whole");
        using var server = new ExchangeServer(Ncmec(3)) { CutsOff = number => number is 1 or 3 or 4 };
        PullResult result = await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.Equal((3, 7), (result.Pages, result.Records));
        Assert.Equal(6, server.Requests.Count);
        Assert.Equal(File.ReadAllText(Path.Combine(_folder, "whole")), File.ReadAllText(Path.Combine(_folder, "list")));

        using var never = new ExchangeServer(Ncmec(3)) { CutsOff = number => number > 1 };
        ExchangeException exception = await Assert.ThrowsAsync<ExchangeException>(() => Pull(ExchangeKind.Ncmec, never.Url, "never"));
        Assert.Equal(ExchangeError.Unavailable, exception.Error);
        Assert.Equal(["42-1", "42-4"], Ids("never"));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task The_quiet_that_an_exchange_asks_for_is_kept(int status)
    {
        int failures = 1;
        Func<HttpListenerRequest, (int, string)> pages = Ncmec(1);
        using var server = new ExchangeServer(request => failures-- > 0 ? (status, "") : pages(request))
        {
            Answering = response => response.Headers["Retry-After"] = response.StatusCode == status ? "1" : "0",
        };
        long start = Stopwatch.GetTimestamp();
        await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(0.95), "asked again too early");
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData("3600")]
    [InlineData("Thu, 01 Jan 2026 01:00:00 GMT")]
    public async Task A_long_quiet_ends_the_pull_instead_of_asking_again(string retryAfter)
    {
        using var server = new ExchangeServer(_ => (429, "")) { Answering = response => response.Headers["Retry-After"] = retryAfter };
        ExchangeException exception = await Fails(server.Url);
        Assert.Equal(ExchangeError.Unavailable, exception.Error);
        Assert.Contains(" s of quiet", exception.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    // Large fingerprints stand behind a link: kept with it, counted, and neither fetched nor compared.
    [Fact]
    public async Task Linked_fingerprints_are_kept_as_links_and_counted()
    {
        const string Video = "<queryResult><videos><video><member id='1'/><id>9</id><fingerprints><md5>0123456789abcdef0123456789abcdef</md5>"
            + "<tmk-pdqf rel='self' href='http://elsewhere.example/v2/entries/1/9/fingerprints/TMK_PDQF'/><pdq rel='self' href='/v2/x'/></fingerprints>"
            + "</video></videos></queryResult>";
        using var server = new ExchangeServer(_ => (200, Video));
        PullResult result = await Pull(ExchangeKind.Ncmec, server.Url, "list");
        Assert.Equal((1, 2, 0), (result.Records, result.Linked, result.Bad));
        Assert.Single(server.Requests);
        HashListRecord record = Assert.Single(HashListDocument.Read(Path.Combine(_folder, "list")));
        Assert.Equal(
            [("md5", null), ("tmk_pdqf", "http://elsewhere.example/v2/entries/1/9/fingerprints/TMK_PDQF"), ("pdq", "/v2/x")],
            record.Fingerprints.Select(one => (one.Type, one.Link)));
        Assert.All(record.Fingerprints.Skip(1), one => Assert.Null(one.Kind));
        using var writer = new HashIndexWriter("test");
        using var builder = new HashListBuilder(writer);
        builder.Add(record);
        HashListCounts counts = builder.Complete();
        Assert.Equal((1, 1, 1), (counts.Added, counts.Unsupported["pdq"], counts.Unsupported["tmk_pdqf"]));
    }

    [Theory]
    [InlineData(ExchangeKind.StopNcii, """{"error":"try later","hasMoreRecords":false}""")]
    [InlineData(ExchangeKind.StopNcii, """{"hashRecords":[],"hasMoreRecords":true}""")]
    [InlineData(ExchangeKind.StopNcii, """{"hashRecords":[{"signalType":"ImagePDQ" """)]
    [InlineData(ExchangeKind.TechAgainstTerrorism, """{"detail":"not now"}""")]
    [InlineData(ExchangeKind.TechAgainstTerrorism, "")]
    public async Task An_error_with_a_good_status_is_no_empty_list(ExchangeKind kind, string body)
    {
        using var server = new ExchangeServer(request => (200, request.HttpMethod == "POST" ? """{"token":"t"}""" : body));
        ExchangeException exception = await Assert.ThrowsAsync<ExchangeException>(() => Pull(kind, server.Url, "list"));
        Assert.Equal(ExchangeError.Protocol, exception.Error);
        Assert.False(File.Exists(Path.Combine(_folder, "list.checkpoint")));
    }

    [Theory]
    [InlineData(ExchangeKind.StopNcii)]
    [InlineData(ExchangeKind.TechAgainstTerrorism)]
    public async Task The_other_exchanges_go_on_where_a_pull_was_killed_too(ExchangeKind kind)
    {
        using (var whole = new ExchangeServer(Pages(kind, () => { })))
        {
            await Pull(kind, whole.Url, "whole");
        }

        for (int killedAt = 1; killedAt <= 3; killedAt++)
        {
            using var killed = new CancellationTokenSource();
            int requests = 0;
            int at = killedAt;
            using var server = new ExchangeServer(Pages(kind, () =>
            {
                if (++requests == at)
                {
                    killed.Cancel();
                }
            }));
            string name = string.Create(CultureInfo.InvariantCulture, $"list{killedAt}");
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Pull(kind, server.Url, name, killed.Token));
            File.AppendAllText(Path.Combine(_folder, name), "{\"record\":\"x");
            await Pull(kind, server.Url, name);
            Assert.Equal(File.ReadAllText(Path.Combine(_folder, "whole")), File.ReadAllText(Path.Combine(_folder, name)));
            Assert.Equal(4, requests);
        }
    }

    [Fact]
    public async Task A_token_that_is_refused_twice_and_a_log_in_without_one_are_typed()
    {
        int logIns = 0;
        using var refused = new ExchangeServer(request => request.HttpMethod == "POST" ? (200, $$"""{"token":"t{{++logIns}}"}""") : (401, ""));
        ExchangeException exception = await Assert.ThrowsAsync<ExchangeException>(
            () => Pull(ExchangeKind.TechAgainstTerrorism, refused.Url, "list"));
        Assert.Equal((ExchangeError.Unauthorized, 2), (exception.Error, logIns));
        foreach ((int status, string body, ExchangeError error) in new[]
        {
            (200, "{}", ExchangeError.Protocol), (200, "<html>", ExchangeError.Protocol), (200, """{"token":"a\nb"}""", ExchangeError.Protocol),
            (403, "", ExchangeError.Unauthorized), (500, "", ExchangeError.Unavailable),
        })
        {
            using var server = new ExchangeServer(_ => (status, body));
            exception = await Assert.ThrowsAsync<ExchangeException>(() => Pull(ExchangeKind.TechAgainstTerrorism, server.Url, "list"));
            Assert.Equal(error, exception.Error);
            Assert.DoesNotContain(Password, exception.ToString(), StringComparison.Ordinal);
        }
    }

    // Three pages of one record each, without identifiers of their own where the exchange gives none.
    private static Func<HttpListenerRequest, (int, string)> Pages(ExchangeKind kind, Action asked) => request =>
    {
        if (request.HttpMethod == "POST")
        {
            return (200, """{"token":"t"}""");
        }

        asked();
        int page = int.Parse(request.QueryString["nextPageToken"] ?? request.QueryString["offset"] ?? "0", CultureInfo.InvariantCulture);
        string hash = new((char)('a' + page), kind == ExchangeKind.StopNcii ? 64 : 32);
        string more = page < 2 ? "true" : "false";
        string next = page < 2 ? $"\"{request.Url!.GetLeftPart(UriPartial.Path)}?offset={page + 1}\"" : "null";
        return (200, kind == ExchangeKind.StopNcii
            ? $$"""{"nextPageToken":"{{page + 1}}","hasMoreRecords":{{more}},"hashRecords":[{"signalType":"ImagePDQ","hashValue":"{{hash}}","hashStatus":"Active"}]}"""
            : $$"""{"next":{{next}},"checkpoint":"5","results":[{"id":{{page}},"algorithm":"MD5","hash_digest":"{{hash}}"}]}""");
    };
}
