using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using SafetySdk.Reporting;

namespace SafetySdk.Storage.Tests;

/// <summary>
/// A receiver on this machine with the life cycle of the CyberTipline: a report is opened, then finished or retracted; it does not recognise
/// reports that it was sent before.
/// </summary>
internal sealed class LocalTipline : IDisposable
{
    public const int Ok = 0, NoSuchReport = 5001, Retracted = 5101, Finished = 5102;

    private readonly HttpListener _listener = new();
    private readonly ConcurrentDictionary<string, (string Key, int State)> _reports = new();
    private int _last;

    public LocalTipline()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        }

        _listener.Prefixes.Add(Address);
        _listener.Start();
        Task.Run(ServeAsync);
    }

    public string Address { get; }

    /// <summary>How often each report was filed.</summary>
    public Dictionary<string, int> Filed()
        => _reports.Values.Where(r => r.State == Finished).GroupBy(r => r.Key).ToDictionary(g => g.Key, g => g.Count());

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
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

            _ = Task.Run(async () =>
            {
                try
                {
                    using var body = new StreamReader(context.Request.InputStream);
                    string answer = Answer(context.Request.Url!.AbsolutePath, await body.ReadToEndAsync());

                    // Widens the moment in which the caller can die without having been told.
                    await Task.Delay(Random.Shared.Next(3));
                    context.Response.Close(Encoding.ASCII.GetBytes(answer), willBlock: true);
                }
                catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
                {
                    // The caller is dead.
                }
            });
        }
    }

    private string Answer(string call, string body)
    {
        if (call == "/submit")
        {
            string id = $"r{Interlocked.Increment(ref _last)}";
            _reports[id] = (body, Ok);
            return id;
        }

        lock (_reports)
        {
            if (!_reports.TryGetValue(body, out (string Key, int State) report))
            {
                return $"{NoSuchReport}";
            }

            if (report.State == Ok)
            {
                _reports[body] = (report.Key, call == "/finish" ? Finished : Retracted);
            }

            return $"{report.State}";
        }
    }
}

/// <summary>Files reports there as the real one demands: keep the receiver's name at once, after a crash retract first.</summary>
internal sealed class LocalTiplineSender(string address) : IReportSender, IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = new Uri(address) };

    public string Kind => VerdictReport.Kind;

    public async Task<DeliveryResult> SendAsync(IReportDelivery delivery, CancellationToken cancellationToken)
    {
        if (delivery.Report.RemoteId is { } earlier && await CallAsync("retract", earlier) == $"{LocalTipline.Finished}")
        {
            return new DeliveryResult(DeliveryOutcome.Delivered);
        }

        string id = await CallAsync("submit", delivery.Report.Key);
        await delivery.SaveRemoteIdAsync(id, cancellationToken);
        string code = await CallAsync("finish", id);
        return code == $"{LocalTipline.Ok}"
            ? new DeliveryResult(DeliveryOutcome.Delivered)
            : new DeliveryResult(DeliveryOutcome.Retry, code);

        async Task<string> CallAsync(string call, string body)
        {
            using var content = new StringContent(body);
            using HttpResponseMessage answer = await _client.PostAsync(new Uri(call, UriKind.Relative), content, cancellationToken);
            return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellationToken);
        }
    }

    public void Dispose() => _client.Dispose();
}
