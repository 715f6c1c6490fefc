using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SafetySdk.Tests.Matching.Exchanges;

/// <summary>A server on this machine that answers as a test says, one request after the other.</summary>
internal sealed class ExchangeServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;

    public ExchangeServer(Func<HttpListenerRequest, (int Status, string Body)> answer)
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/base";
        }

        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _loop = Task.Run(() => Loop(answer));
    }

    public string Url { get; }

    public List<string> Requests { get; } = [];

    /// <summary>Sees the answer before it is sent.</summary>
    public Action<HttpListenerResponse>? Answering { get; init; }

    /// <summary>Whether the body of the answer to a request, by its number from 1, ends in its middle.</summary>
    public Func<int, bool> CutsOff { get; init; } = _ => false;

    public void Dispose()
    {
        _listener.Close();
        _loop.Wait(TimeSpan.FromSeconds(10));
    }

    private async Task Loop(Func<HttpListenerRequest, (int Status, string Body)> answer)
    {
        while (_listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                Requests.Add(context.Request.RawUrl!);
                (int status, string body) = answer(context.Request);
                context.Response.StatusCode = status;
                byte[] bytes = Encoding.UTF8.GetBytes(body);
                context.Response.ContentLength64 = bytes.Length;
                Answering?.Invoke(context.Response);
                if (CutsOff(Requests.Count))
                {
                    await context.Response.OutputStream.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
                    await context.Response.OutputStream.FlushAsync();
                    context.Response.Abort();
                    continue;
                }

                await context.Response.OutputStream.WriteAsync(bytes);
                context.Response.Close();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or IOException or InvalidOperationException)
            {
                // The client went away, or the test is over.
            }
        }
    }
}
