using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace SafetySdk.Tests.Reports.CyberTipline;

/// <summary>What goes wrong with a call.</summary>
internal enum Fault
{
    None,
    ResetBefore,
    ResetAfter,
    TruncatedAfter,
    GarbageAfter,
    HugeAfter,
    SlowAfter,
    BusyBefore,
    ErrorPageBefore,
    ErrorPageAfter,
    ServerCodeBefore,
}

/// <summary>
/// A CyberTipline on this machine: it demands credentials, the order of calls and of elements, knows the states of a report and its expiry,
/// and fails as a test says. It does not recognise reports that it was sent before.
/// </summary>
internal sealed class TiplineServer : IDisposable
{
    public const string User = "reporter";
    public const string Password = "secret-password-mark";

    private readonly HttpListener _listener = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Opened> _reports = [];
    private readonly CancellationTokenSource _closing = new();
    private int _last;

    public TiplineServer()
    {
        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        Address = new Uri($"http://127.0.0.1:{port}/ispws");
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/ispws/");
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    public enum State
    {
        Open,
        Retracted,
        Finished,
    }

    public Uri Address { get; }

    /// <summary>Which fault a call meets; its name and how many of all calls came before.</summary>
    public Func<string, int, Fault> FaultOf { get; set; } = (_, _) => Fault.None;

    /// <summary>A code that a call answers instead of doing anything; null for none.</summary>
    public Func<string, int?> CodeOf { get; set; } = _ => null;

    public string? RetryAfter { get; set; }

    public List<string> Calls { get; } = [];

    public List<Opened> Finished
    {
        get
        {
            lock (_gate)
            {
                return [.. _reports.Values.Where(r => r.State == State.Finished)];
            }
        }
    }

    public int OpenReports
    {
        get
        {
            lock (_gate)
            {
                return _reports.Values.Count(r => r.State == State.Open);
            }
        }
    }

    /// <summary>Open reports are gone, as after their time.</summary>
    public void Expire()
    {
        lock (_gate)
        {
            foreach (string id in _reports.Where(r => r.Value.State == State.Open).Select(r => r.Key).ToArray())
            {
                _reports.Remove(id);
            }
        }
    }

    public void Dispose()
    {
        _closing.Cancel();
        _listener.Close();
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                _ = Task.Run(() => ServeAsync(context));
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        try
        {
            string call = context.Request.Url!.Segments[^1];
            int before;
            lock (_gate)
            {
                before = Calls.Count;
                Calls.Add(call);
            }

            Fault fault = FaultOf(call, before);
            if (fault == Fault.ResetBefore)
            {
                context.Response.Abort();
                return;
            }

            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            if (fault is Fault.BusyBefore or Fault.ErrorPageBefore or Fault.ServerCodeBefore)
            {
                (int status, string text) = fault switch
                {
                    Fault.BusyBefore => (429, string.Empty),
                    Fault.ErrorPageBefore => (500, "<html><body>oops</body></html>"),
                    _ => (200, Answer(1000)),
                };
                await WriteAsync(context, status, text);
                return;
            }

            (int answered, string answer) = Handle(context.Request, call, body.ToArray());
            switch (fault)
            {
                case Fault.ResetAfter:
                    context.Response.Abort();
                    break;
                case Fault.TruncatedAfter:
                    context.Response.ContentLength64 = answer.Length;
                    await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer[..(answer.Length / 2)]));
                    await context.Response.OutputStream.FlushAsync();
                    context.Response.Abort();
                    break;
                case Fault.GarbageAfter:
                    await WriteAsync(context, 200, "<!DOCTYPE a [<!ENTITY b \"c\">]><reportResponse><responseCode>0</responseCode></reportResponse>");
                    break;
                case Fault.HugeAfter:
                    await WriteAsync(context, 200, answer.Replace("</r", new string(' ', 70_000) + "</r", StringComparison.Ordinal));
                    break;
                case Fault.SlowAfter:
                    await Task.Delay(Timeout.Infinite, _closing.Token);
                    break;
                case Fault.ErrorPageAfter:
                    await WriteAsync(context, 502, "<html></html>");
                    break;
                default:
                    await WriteAsync(context, answered, answer);
                    break;
            }
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or OperationCanceledException
            or InvalidOperationException)
        {
            // The client went away, or the test is over.
        }
    }

    private async Task WriteAsync(HttpListenerContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        if (RetryAfter is { } pause)
        {
            context.Response.Headers["Retry-After"] = pause;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        context.Response.ContentLength64 = bytes.Length;
        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.Close();
    }

    private (int Status, string Body) Handle(HttpListenerRequest request, string call, byte[] body)
    {
        string expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));
        if (request.Headers["Authorization"] != expected)
        {
            return (401, Answer(2000));
        }

        if (CodeOf(call) is { } code)
        {
            return (200, Answer(code, echo: Encoding.UTF8.GetString(body)));
        }

        lock (_gate)
        {
            return (200, call switch
            {
                "status" => Answer(0),
                "submit" => Submit(request, body),
                "upload" => Upload(request, body),
                "fileinfo" => FileInfo(request, body),
                "finish" or "retract" => End(request, body, call == "finish"),
                _ => Answer(4000),
            });
        }
    }

    private string Submit(HttpListenerRequest request, byte[] body)
    {
        if (request.ContentType != "text/xml; charset=utf-8" || Parse(body) is not { } root || !Schema.IsReport(root))
        {
            return Answer(4100, echo: Encoding.UTF8.GetString(body));
        }

        string id = $"{4_500_000 + Interlocked.Increment(ref _last)}";
        _reports[id] = new Opened(root);
        return Answer(0, $"<reportId>{id}</reportId>");
    }

    private string Upload(HttpListenerRequest request, byte[] body)
    {
        (string? id, byte[]? file) = Multipart.Read(request.ContentType!, body);
        if (id is null || file is null)
        {
            return Answer(4000);
        }

        if (Closed(id) is { } closed)
        {
            return closed;
        }

        string fileId = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{id}-{_reports[id].Files.Count}")))[..32];
        _reports[id].Files.Add(fileId, file);
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        md5.AppendData(file);
        return Answer(0, $"<reportId>{id}</reportId><fileId>{fileId}</fileId><hash>{Convert.ToHexStringLower(md5.GetHashAndReset())}</hash>");
    }

    private string FileInfo(HttpListenerRequest request, byte[] body)
    {
        if (request.ContentType != "text/xml; charset=utf-8" || Parse(body) is not { } root || !Schema.IsFileDetails(root))
        {
            return Answer(4100, echo: Encoding.UTF8.GetString(body));
        }

        string id = root.Element("reportId")!.Value;
        string file = root.Element("fileId")!.Value;
        if (Closed(id) is { } closed)
        {
            return closed;
        }

        if (!_reports[id].Files.ContainsKey(file))
        {
            return Answer(5002);
        }

        _reports[id].Details[file] = root;
        return Answer(0, $"<reportId>{id}</reportId>");
    }

    private string End(HttpListenerRequest request, byte[] body, bool finish)
    {
        string form = Encoding.ASCII.GetString(body);
        if (request.ContentType != "application/x-www-form-urlencoded" || !form.StartsWith("id=", StringComparison.Ordinal))
        {
            return Answer(4000);
        }

        string id = form[3..];
        if (Closed(id) is { } closed)
        {
            return closed;
        }

        _reports[id].State = finish ? State.Finished : State.Retracted;
        string files = string.Concat(_reports[id].Files.Keys.Select(f => $"<fileId>{f}</fileId>"));
        return finish
            ? "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<reportDoneResponse>\n  <responseCode>0</responseCode>\n"
                + $"  <reportId>{id}</reportId>\n  <files>{files}</files>\n</reportDoneResponse>"
            : Answer(0, $"<reportId>{id}</reportId>");
    }

    private string? Closed(string id) => !_reports.TryGetValue(id, out Opened? report) ? Answer(5001) : report.State switch
    {
        State.Retracted => Answer(5101),
        State.Finished => Answer(5102),
        _ => null,
    };

    // The real one says what it did not like, with the content of it.
    private static string Answer(int code, string more = "", string echo = "")
        => "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
            + $"<reportResponse><responseCode>{code}</responseCode><responseDescription>{WebUtility.HtmlEncode(echo)}</responseDescription>"
            + $"{more}</reportResponse>";

    private static XElement? Parse(byte[] body)
    {
        try
        {
            return XElement.Load(new MemoryStream(body));
        }
        catch (System.Xml.XmlException)
        {
            return null;
        }
    }

    /// <summary>A report on the server.</summary>
    internal sealed class Opened(XElement report)
    {
        public XElement Report { get; } = report;

        public State State { get; set; }

        public Dictionary<string, byte[]> Files { get; } = [];

        public Dictionary<string, XElement> Details { get; } = [];
    }

    private static class Multipart
    {
        public static (string? Id, byte[]? File) Read(string type, byte[] body)
        {
            int at = type.IndexOf("boundary=", StringComparison.Ordinal);
            if (!type.StartsWith("multipart/form-data", StringComparison.Ordinal) || at < 0)
            {
                return default;
            }

            // Latin-1 keeps every byte.
            string[] parts = Encoding.Latin1.GetString(body).Split("--" + type[(at + 9)..].Trim('"'));
            string? id = null;
            byte[]? file = null;
            foreach (string part in parts)
            {
                int content = part.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (content > 0)
                {
                    string value = part[(content + 4)..^2];
                    string head = part[..content];
                    id = head.Contains("name=id", StringComparison.Ordinal) || head.Contains("name=\"id\"", StringComparison.Ordinal) ? value : id;
                    file = head.Contains("filename=", StringComparison.Ordinal) ? Encoding.Latin1.GetBytes(value) : file;
                }
            }

            return (id, file);
        }
    }

    /// <summary>The order of elements as the reference has it.</summary>
    internal static class Schema
    {
        private static readonly Dictionary<string, string[]> Orders = new()
        {
            ["report"] =
            [
                "incidentSummary", "internetDetails", "lawEnforcement", "reporter", "personOrUserReported", "intendedRecipient", "victim",
                "additionalInfo",
            ],
            ["incidentSummary"] =
            [
                "incidentType", "escalateToHighPriority", "reportAnnotations", "incidentDateTime", "incidentDateTimeDescription",
            ],
            ["reporter"] = ["reportingPerson", "contactPerson", "companyTemplate", "termsOfService", "legalURL"],
            ["personOrUserReported"] =
            [
                "personOrUserReportedPerson", "vehicleDescription", "espIdentifier", "espService", "screenName", "displayName", "profileUrl",
                "ipCaptureEvent", "deviceId", "thirdPartyUserReported", "priorCTReports", "groupIdentifier", "estimatedLocation",
                "additionalInfo",
            ],
            ["reportingPerson"] = ["firstName", "lastName", "phone", "email", "address"],
            ["contactPerson"] = ["firstName", "lastName", "phone", "email", "address"],
            ["personOrUserReportedPerson"] = ["firstName", "lastName", "phone", "email", "address", "age", "dateOfBirth"],
            ["ipCaptureEvent"] = ["ipAddress", "eventName", "dateTime", "possibleProxy", "port"],
            ["webPageIncident"] = ["url", "additionalInfo"],
            ["chatImIncident"] = ["chatClient", "chatRoomName", "content", "additionalInfo"],
            ["fileDetails"] =
            [
                "reportId", "fileId", "originalFileName", "locationOfFile", "fileViewedByEsp", "exifViewedByEsp", "publiclyAvailable",
                "fileRelevance", "fileAnnotations", "industryClassification", "originalFileHash", "ipCaptureEvent", "deviceId", "details",
                "additionalInfo",
            ],
        };

        public static bool IsReport(XElement root)
            => root.Name == "report" && InOrder(root)
                && root.Element("incidentSummary") is { } summary && summary.Element("incidentType") is not null
                && summary.Element("incidentDateTime") is not null
                && root.Element("reporter")?.Element("reportingPerson")?.Element("email") is not null;

        public static bool IsFileDetails(XElement root)
            => root.Name == "fileDetails" && InOrder(root) && root.Element("reportId") is not null && root.Element("fileId") is not null;

        private static bool InOrder(XElement element)
        {
            if (Orders.TryGetValue(element.Name.LocalName, out string[]? order))
            {
                int[] places = [.. element.Elements().Select(e => Array.IndexOf(order, e.Name.LocalName))];
                if (places.Contains(-1) || !places.SequenceEqual(places.Order()))
                {
                    return false;
                }
            }

            return element.Elements().All(InOrder);
        }
    }
}
