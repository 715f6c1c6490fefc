using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace SafetySdk.Extensions.AI.Tests;

/// <summary>What a model behind the server answers.</summary>
internal sealed record Completion(string Content)
{
    public string FinishReason { get; init; } = "stop";

    /// <summary>Status other than success.</summary>
    public HttpStatusCode Status { get; init; } = HttpStatusCode.OK;

    /// <summary>Sent in place of a completion.</summary>
    public byte[]? Raw { get; init; }

    /// <summary>Bytes after which the connection is cut; null for none.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Waited for before the answer.</summary>
    public Task Wait { get; init; } = Task.CompletedTask;
}

/// <summary>A server on this machine that speaks the chat-completions protocol.</summary>
internal sealed class CompletionsServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<JsonElement, Completion> _answer;

    public CompletionsServer(Func<JsonElement, Completion> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1/chat/completions");

    /// <summary>Requests, as they came.</summary>
    public List<string> Requests { get; } = [];

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                string body = await ReadBodyAsync(stream);
                lock (Requests)
                {
                    Requests.Add(body);
                }

                using var request = JsonDocument.Parse(body);
                Completion completion = _answer(request.RootElement);
                await completion.Wait.WaitAsync(_stop.Token);
                byte[] sent = completion.Raw ?? Encoding.UTF8.GetBytes(
                    $$$"""{"id":"1","object":"chat.completion","model":"test","choices":[{"index":0,"finish_reason":"{{{completion.FinishReason}}}","message":{"role":"assistant","content":{{{JsonEncodedText(completion.Content)}}} }}]}""");
                string head = $"HTTP/1.1 {(int)completion.Status} x\r\nContent-Type: application/json\r\nContent-Length: {sent.Length}\r\nConnection: close\r\n\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
                await stream.WriteAsync(sent.AsMemory(0, completion.CutAfter ?? sent.Length));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
            {
            }
        }
    }

    private static string JsonEncodedText(string text) => $"\"{System.Text.Json.JsonEncodedText.Encode(text)}\"";

    private static async Task<string> ReadBodyAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        byte[] buffer = new byte[8192];
        int headEnd = -1, length = 0;
        while (headEnd < 0 || bytes.Count < headEnd + length)
        {
            int read = await stream.ReadAsync(buffer);
            if (read == 0)
            {
                throw new IOException("the client went away");
            }

            bytes.AddRange(buffer.AsSpan(0, read));
            if (headEnd < 0)
            {
                string text = Encoding.Latin1.GetString([.. bytes]);
                int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (end >= 0)
                {
                    headEnd = end + 4;
                    string line = text[..end].Split("\r\n").Single(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
                    length = int.Parse(line.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
                }
            }
        }

        return Encoding.UTF8.GetString([.. bytes[headEnd..]]);
    }
}
