using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace SafetySdk.Matching.Exchanges;

/// <summary>What a pull came to.</summary>
/// <param name="Pages">Pages read.</param>
/// <param name="Records">Records written, tombstones among them.</param>
/// <param name="Bad">Records and fingerprints that could not be read and were passed over.</param>
public sealed record PullResult(long Pages, long Records, long Bad)
{
    /// <summary>Fingerprints that the exchange gives only as a link: kept with it in their records, not fetched, and not compared.</summary>
    public long Linked { get; init; }
}

/// <summary>
/// Pulls an exchange's records into a file of <see cref="HashListFormat.Records"/>, page by page, and remembers beside it
/// (<c>.checkpoint</c>)
/// how far it came. A pull that ends at any moment goes on where it was; a range counts only once all its pages were read.
/// </summary>
/// <remarks>One pull at a time per file; a second one is refused. Redirects are not followed, since they would carry the credentials
/// away.</remarks>
public sealed class ExchangeClient : IDisposable
{
    /// <summary>Ending of the checkpoint's file.</summary>
    public const string CheckpointEnding = ".checkpoint";

    private const int MaxPageBytes = 64 * 1024 * 1024;
    private const int MaxPages = 1_000_000;
    private const int MaxAttempts = 5;
    private const int MaxRestarts = 3;
    private const long MaxRangeEntries = 400_000;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private static readonly TimeSpan Behind = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LinkLife = TimeSpan.FromHours(12);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(60);

    private readonly ExchangeOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private string? _token;

    /// <summary>Creates the client.</summary>
    /// <param name="options">The exchange.</param>
    /// <param name="time">The clock; null for the machine's.</param>
    public ExchangeClient(ExchangeOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time ?? TimeProvider.System;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            MaxResponseContentBufferSize = MaxPageBytes,
            Timeout = TimeSpan.FromSeconds(100),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Pulls what is new since the last time.</summary>
    /// <param name="path">The records file; made where there is none.</param>
    /// <param name="cancellation">Ends the pull; what was pulled stays.</param>
    /// <exception cref="ExchangeException">The pull could not be completed.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task<PullResult> PullAsync(string path, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return await PullPages(path, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Error(ExchangeError.Storage, "the records or the checkpoint cannot be written, or another pull is going on.");
        }
    }

    private async Task<PullResult> PullPages(string path, CancellationToken cancellation)
    {
        string checkpointPath = path + CheckpointEnding;
        using var records = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        PullCheckpoint checkpoint = PullCheckpoint.Load(checkpointPath, _options.Name)
            ?? new PullCheckpoint(_options.Name, _options.Url.AbsoluteUri) { From = First() };
        if (checkpoint.Exchange != _options.Name || checkpoint.Url != _options.Url.AbsoluteUri)
        {
            throw Error(ExchangeError.Configuration, "the checkpoint belongs to another exchange or address; use another records file.");
        }

        if (records.Length < checkpoint.Length)
        {
            throw Error(ExchangeError.Storage, "the records file is shorter than its checkpoint says; remove both to pull everything anew.");
        }

        // What a page left that was cut off before its checkpoint goes.
        records.SetLength(checkpoint.Length);
        records.Position = checkpoint.Length;
        DateTimeOffset now = _time.GetUtcNow() - Behind;
        long pages = 0;
        long written = 0;
        long bad = 0;
        long linked = 0;
        int restarts = 0;
        bool done = false;
        while (!done)
        {
            if (checkpoint.Next is not null && _options.Kind == ExchangeKind.Ncmec && _time.GetUtcNow() - checkpoint.NextGiven >= LinkLife)
            {
                checkpoint = checkpoint with { Next = null };
            }

            checkpoint = checkpoint.To is null && _options.Kind == ExchangeKind.Ncmec ? checkpoint with { To = Format(now) } : checkpoint;
            byte[]? body = await Get(Address(checkpoint), expires: checkpoint.Next is not null, cancellation).ConfigureAwait(false);
            if (body is null)
            {
                // The link expired before its time: the range begins again, and what comes twice replaces itself.
                if (++restarts > MaxRestarts)
                {
                    throw Error(ExchangeError.Protocol, "links to next pages go on expiring; try again later.");
                }

                checkpoint = checkpoint with { Next = null };
                continue;
            }

            using var page = new MemoryStream(body, writable: false);
            var options = new HashListOptions { OnBadLine = _ => bad++ };
            // Names of records without an identifier stay the same when a page is pulled again.
            string name = string.Create(CultureInfo.InvariantCulture, $"{_options.Name}@{checkpoint.Length}");
            using RecordSource source = HashListDocument.Open(page, name, Format(), options);
            long inPage = 0;
            long linkedInPage = 0;
            try
            {
                while (source.Read() is { } record)
                {
                    (record with { Source = _options.Name }).Write(records);
                    inPage++;
                    linkedInPage += record.Fingerprints.Count(one => one.Link is not null);
                }
            }
            catch (HashListException exception)
            {
                throw Error(ExchangeError.Protocol, $"a page cannot be read ({exception.Error}); what was pulled before stays.");
            }

            if (++pages > MaxPages || (source.Next is not null && source.Next == checkpoint.Next))
            {
                throw Error(ExchangeError.Protocol, "the pages do not end.");
            }

            if (checkpoint.Next is null && Shrunk(checkpoint, source.Next) is { } shorter)
            {
                records.SetLength(checkpoint.Length);
                records.Position = checkpoint.Length;
                checkpoint = checkpoint with { To = shorter };
                continue;
            }

            await records.FlushAsync(cancellation).ConfigureAwait(false);
            records.Flush(flushToDisk: true);
            written += inPage;
            linked += linkedInPage;
            (checkpoint, done) = After(checkpoint with { Length = records.Length }, source, now);
            checkpoint.Save(checkpointPath);
        }

        return new PullResult(pages, written, bad) { Linked = linked };
    }

    private HashListFormat Format() => _options.Kind switch
    {
        ExchangeKind.Ncmec => HashListFormat.Ncmec,
        ExchangeKind.StopNcii => HashListFormat.StopNcii,
        _ => HashListFormat.TechAgainstTerrorism,
    };

    private string First() => _options.Kind switch
    {
        ExchangeKind.Ncmec => Format(_options.From),
        ExchangeKind.StopNcii => _options.From.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        _ => string.Empty,
    };

    // The checkpoint after a page, and whether it was the last.
    private (PullCheckpoint Checkpoint, bool Done) After(PullCheckpoint checkpoint, RecordSource source, DateTimeOffset now)
    {
        bool more = _options.Kind == ExchangeKind.StopNcii ? source.HasMore : source.Next is not null;
        if (more)
        {
            return string.IsNullOrEmpty(source.Next)
                ? throw Error(ExchangeError.Protocol, "a page says that more follows, but not where.")
                : (checkpoint with { Next = source.Next, NextGiven = _time.GetUtcNow() }, false);
        }

        switch (_options.Kind)
        {
            case ExchangeKind.Ncmec:
                bool upToNow = string.CompareOrdinal(checkpoint.To, Format(now)) >= 0;
                return (checkpoint with { From = checkpoint.To!, To = null, Next = null }, upToNow);
            case ExchangeKind.StopNcii:
                // Never beyond what the server can have finished writing.
                string from = checkpoint.From;
                if (long.TryParse(source.NextSet, NumberStyles.None, CultureInfo.InvariantCulture, out long next))
                {
                    from = Math.Min(next, now.ToUnixTimeSeconds()).ToString(CultureInfo.InvariantCulture);
                }

                return (checkpoint with { From = from, Next = null }, true);
            default:
                return (checkpoint with { From = source.NextSet ?? checkpoint.From, Next = null }, true);
        }
    }

    // A range with too many entries is cut to a quarter, as long as there is something to cut.
    private string? Shrunk(PullCheckpoint checkpoint, string? next)
    {
        if (_options.Kind != ExchangeKind.Ncmec || next is null)
        {
            return null;
        }

        int at = next.IndexOf("max=", StringComparison.Ordinal);
        string digits = at < 0 ? string.Empty : string.Concat(next[(at + 4)..].TakeWhile(char.IsAsciiDigit));
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long entries) || entries <= MaxRangeEntries)
        {
            return null;
        }

        DateTimeOffset from = DateTimeOffset.Parse(checkpoint.From, CultureInfo.InvariantCulture);
        TimeSpan range = DateTimeOffset.Parse(checkpoint.To!, CultureInfo.InvariantCulture) - from;
        return range.TotalSeconds >= 4 ? Format(from + (range / 4)) : null;
    }

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private Uri Address(PullCheckpoint checkpoint)
    {
        string next = checkpoint.Next ?? string.Empty;
        string size = _options.PageSize.ToString(CultureInfo.InvariantCulture);
        string relative = _options.Kind switch
        {
            ExchangeKind.Ncmec when next.Length > 0 => next,
            ExchangeKind.Ncmec => $"v2/entries?from={Uri.EscapeDataString(checkpoint.From)}&to={Uri.EscapeDataString(checkpoint.To!)}&size={size}",
            ExchangeKind.StopNcii => $"v1/FetchHashes?startTimestamp={checkpoint.From}&pageSize={size}"
                + (next.Length > 0 ? "&nextPageToken=" + Uri.EscapeDataString(next) : string.Empty),
            _ when next.Length > 0 => next,
            _ => $"api/hash-list/v2/all?limit={size}" + (checkpoint.From.Length > 0 ? "&after=" + Uri.EscapeDataString(checkpoint.From) : string.Empty),
        };

        // NCMEC's links begin with a slash but are meant below the base address.
        return Uri.TryCreate(_options.Url, relative.TrimStart('/'), out Uri? address)
            && address.Scheme == _options.Url.Scheme && address.Authority == _options.Url.Authority
            ? address
            : throw Error(ExchangeError.Protocol, "a link to the next page leads to another server.");
    }

    // The body; null where a link has expired.
    private async Task<byte[]?> Get(Uri address, bool expires, CancellationToken cancellation)
    {
        bool renewed = false;
        TimeSpan pause = _options.BackOff;
        for (int attempt = 1; ; attempt++)
        {
            TimeSpan? asked = null;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                await Authorize(request, cancellation).ConfigureAwait(false);
                using HttpResponseMessage response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                {
                    return await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
                }

                int status = (int)response.StatusCode;
                if (response.StatusCode == HttpStatusCode.Unauthorized && _token is not null && !renewed)
                {
                    _token = null;
                    renewed = true;
                    continue;
                }

                if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                {
                    throw Error(ExchangeError.Unauthorized, $"the credentials are not accepted (status {status}).");
                }

                if (expires && response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.BadRequest)
                {
                    return null;
                }

                if (status is not (408 or 429 or >= 500))
                {
                    throw Error(ExchangeError.Protocol, $"the answer has status {status}; check the url.");
                }

                asked = response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date - _time.GetUtcNow()) : null;
                if (asked > MaxPause)
                {
                    throw Error(
                        ExchangeError.Unavailable,
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"status {status}, and asks for {asked.Value.TotalSeconds:0} s of quiet; what was pulled stays, pull again then."));
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException
                || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                // Counts as a failed attempt.
            }

            if (attempt == MaxAttempts)
            {
                throw Error(ExchangeError.Unavailable, $"no answer in {MaxAttempts} attempts; what was pulled stays, pull again later.");
            }

            TimeSpan wait = asked > pause ? asked.Value : pause;
            await Task.Delay(wait < MaxPause ? wait : MaxPause, _time, cancellation).ConfigureAwait(false);
            pause *= 2;
        }
    }

    private async Task Authorize(HttpRequestMessage request, CancellationToken cancellation)
    {
        switch (_options.Kind)
        {
            case ExchangeKind.Ncmec:
                byte[] basic = Encoding.UTF8.GetBytes($"{_options.Credential("user")}:{_options.Credential("password")}");
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(basic));
                break;
            case ExchangeKind.StopNcii:
                request.Headers.TryAddWithoutValidation("x-functions-key", _options.Credential("functions_key"));
                request.Headers.TryAddWithoutValidation("Ocp-Apim-Subscription-Key", _options.Credential("subscription_key"));
                break;
            default:
                _token ??= await LogIn(cancellation).ConfigureAwait(false);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
                break;
        }
    }

    private async Task<string> LogIn(CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("username", _options.Credential("user"));
            json.WriteString("password", _options.Credential("password"));
            json.WriteEndObject();
        }

        using var content = new ByteArrayContent(body.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage response = await _http
            .PostAsync(new Uri(_options.Url, "token-auth/tcap/"), content, cancellation).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw Error(ExchangeError.Unauthorized, "the credentials are not accepted.");
        }

        response.EnsureSuccessStatusCode();
        try
        {
            byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            using JsonDocument document = JsonDocument.Parse(answer);
            string? token = document.RootElement.GetProperty("token").GetString();
            return !string.IsNullOrEmpty(token) && !token.Any(char.IsControl) ? token : throw new JsonException();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw Error(ExchangeError.Protocol, "the answer to the log-in holds no token.");
        }
    }

    private ExchangeException Error(ExchangeError error, string reason) => new(error, _options.Name, reason);
}
