using System.Globalization;
using System.Net;
using SafetySdk.Reporting;

namespace SafetySdk.Cli;

/// <summary>
/// Hands reports to an endpoint of the host: POST with the payload as the body, <c>Idempotency-Key</c> and <c>Report-Kind</c> as headers. 2xx
/// and 409 (it has that key) mean delivered; 408, 429 and 5xx are tried again later; every other answer waits for an operator.
/// </summary>
internal sealed class EndpointSender : IReportSender, IDisposable
{
    // An answer is a status: nothing is read, nothing is followed.
    private readonly HttpClient _http = new(new HttpClientHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromMinutes(5) };
    private readonly Uri _address;

    public EndpointSender(Uri address, string kind)
    {
        if (!(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)) || address.UserInfo.Length > 0)
        {
            throw new CommandException(ExitCode.Usage, "--to is an https address, or http on this machine, without credentials in it.");
        }

        _address = address;
        Kind = kind;
    }

    public string Kind { get; }

    public async Task<DeliveryResult> SendAsync(IReportDelivery delivery, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ReadOnlyMemoryContent(delivery.Report.Payload) };
        // A key of the host's may hold what no header may.
        request.Headers.Add("Idempotency-Key", Uri.EscapeDataString(delivery.Report.Key));
        request.Headers.Add("Report-Kind", Uri.EscapeDataString(delivery.Report.Kind));
        using HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        string code = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
        return answer.StatusCode switch
        {
            _ when answer.IsSuccessStatusCode => new DeliveryResult(DeliveryOutcome.Delivered),
            HttpStatusCode.Conflict => new DeliveryResult(DeliveryOutcome.Delivered),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
                => new DeliveryResult(DeliveryOutcome.Retry, $"http:{code}", answer.Headers.RetryAfter?.Delta),
            _ => new DeliveryResult(DeliveryOutcome.Rejected, $"http:{code}"),
        };
    }

    public void Dispose() => _http.Dispose();
}
