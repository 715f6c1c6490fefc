using System.Net.Http.Headers;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>
/// The CyberTipline's calls: a report is submitted, gets its files and their details, and is finished, or retracted before that. Every call
/// ends with an answer; only the caller's own cancellation is thrown. Nothing is repeated here: see <see cref="CyberTipSender"/>.
/// </summary>
/// <remarks>Thread-safe. Redirects are not followed, since they would carry credentials and content away.</remarks>
public sealed class CyberTiplineClient : IDisposable
{
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    private readonly CyberTiplineOptions _options;
    private readonly Uri _base;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <summary>Creates the client.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">The address would send credentials in the clear.</exception>
    public CyberTiplineClient(CyberTiplineOptions options, TimeProvider? time = null)
        : this(options, new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }, time)
    {
    }

    internal CyberTiplineClient(CyberTiplineOptions options, HttpMessageHandler handler, TimeProvider? time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _base = options.Base();
        _time = time ?? TimeProvider.System;
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Whether the CyberTipline can be reached and takes the credentials.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<CyberTiplineAnswer> StatusAsync(CancellationToken cancellationToken = default)
        => CallAsync(HttpMethod.Get, "status", null, _options.CallTimeout, cancellationToken);

    /// <summary>Opens a report.</summary>
    /// <param name="report">From <see cref="CyberTipXml.Report"/>; must not change while the call lasts.</param>
    /// <param name="cancellationToken">Cancels; the report may then be open, and expires unfinished.</param>
    /// <returns>Done has <see cref="CyberTiplineAnswer.ReportId"/>.</returns>
    public async Task<CyberTiplineAnswer> SubmitAsync(ReadOnlyMemory<byte> report, CancellationToken cancellationToken = default)
        => Needs(a => a.ReportId, await CallAsync(HttpMethod.Post, "submit", Xml(report), _options.CallTimeout, cancellationToken)
            .ConfigureAwait(false));

    /// <summary>Adds a file to an open report.</summary>
    /// <param name="reportId">The report.</param>
    /// <param name="content">The file; read once, from where it stands. Stays the caller's.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="cancellationToken">Cancels; the report is then worth nothing any more, and has to be retracted.</param>
    /// <returns>Done has <see cref="CyberTiplineAnswer.FileId"/>. A file that arrived as another is
    /// <see cref="CyberTiplineOutcome.Unknown"/>, named <c>hash-differs</c>.</returns>
    public async Task<CyberTiplineAnswer> UploadAsync(
        string reportId, Stream content, long length, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reportId);
        ArgumentNullException.ThrowIfNull(content);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        using var id = new StringContent(reportId);
        using var file = new FileContent(content, length);
        using var form = new MultipartFormDataContent
        {
            { id, "id" },

            // The name that the user gave it goes into the details, not into a header.
            { file, "file", "file" },
        };
        CyberTiplineAnswer answer =
            await CallAsync(HttpMethod.Post, "upload", form, _options.UploadTimeout, cancellationToken).ConfigureAwait(false);
        if (file.Fault is { } fault)
        {
            // What cannot be read is not the CyberTipline's failure.
            throw fault;
        }

        bool differs = answer is { Outcome: CyberTiplineOutcome.Done, FileHash: { } hash }
            && !string.Equals(hash, file.Md5, StringComparison.OrdinalIgnoreCase);
        return differs ? CyberTiplineAnswer.None("hash-differs") : Needs(a => a.FileId, answer);
    }

    /// <summary>Describes a file of an open report.</summary>
    /// <param name="details">From <see cref="CyberTipXml.FileDetails"/>; must not change while the call lasts.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<CyberTiplineAnswer> FileInfoAsync(ReadOnlyMemory<byte> details, CancellationToken cancellationToken = default)
        => CallAsync(HttpMethod.Post, "fileinfo", Xml(details), _options.CallTimeout, cancellationToken);

    /// <summary>Files a report: from here on it cannot be changed or taken back.</summary>
    /// <param name="reportId">The report.</param>
    /// <param name="cancellationToken">Cancels; whether the report is filed is then told by <see cref="RetractAsync"/>.</param>
    public Task<CyberTiplineAnswer> FinishAsync(string reportId, CancellationToken cancellationToken = default)
        => CallAsync(HttpMethod.Post, "finish", Id(reportId), _options.CallTimeout, cancellationToken);

    /// <summary>Takes an open report back. <see cref="CyberTiplineOutcome.AlreadyFinished"/>: it is filed, and stays so.</summary>
    /// <param name="reportId">The report.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<CyberTiplineAnswer> RetractAsync(string reportId, CancellationToken cancellationToken = default)
        => CallAsync(HttpMethod.Post, "retract", Id(reportId), _options.CallTimeout, cancellationToken);

    private static FormUrlEncodedContent Id(string reportId)
    {
        ArgumentException.ThrowIfNullOrEmpty(reportId);
        return new FormUrlEncodedContent([new("id", reportId)]);
    }

    private static ReadOnlyMemoryContent Xml(ReadOnlyMemory<byte> document)
    {
        var content = new ReadOnlyMemoryContent(document);
        content.Headers.ContentType = new MediaTypeHeaderValue("text/xml", "utf-8");
        return content;
    }

    private static CyberTiplineAnswer Needs(Func<CyberTiplineAnswer, string?> part, CyberTiplineAnswer answer)
        => answer.Outcome == CyberTiplineOutcome.Done && part(answer) is null ? CyberTiplineAnswer.None("unreadable-answer") : answer;

    private async Task<CyberTiplineAnswer> CallAsync(
        HttpMethod method, string call, HttpContent? content, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var request = new HttpRequestMessage(method, new Uri(_base, call)) { Content = content };

        // A host's failure to find its credentials is thrown to the host.
        request.Headers.Authorization = (await _options.Credentials(cancellationToken).ConfigureAwait(false)).Header();
        try
        {
            using HttpResponseMessage response =
                await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            byte[] body = new byte[CyberTiplineAnswerReader.MaxBytes + 1];
            Stream stream = await response.Content.ReadAsStreamAsync(either.Token).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                int read = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, either.Token).ConfigureAwait(false);
                return CyberTiplineAnswer.From((int)response.StatusCode, body.AsSpan(0, read), RetryAfter(response));
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Their texts may name hosts and parts of the request.
            return CyberTiplineAnswer.None();
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        TimeSpan? asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _time.GetUtcNow(),
            _ => null,
        };
        return asked is { } pause && pause > TimeSpan.Zero ? (pause < MaxRetryAfter ? pause : MaxRetryAfter) : null;
    }
}
