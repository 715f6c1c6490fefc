using System.Net.Sockets;
using System.Text;

namespace SafetySdk.Storage.Tests;

/// <summary>What a proxy does when a commit comes by.</summary>
public enum Loss
{
    None,
    Request,
    Answer,
}

/// <summary>Stands between a store and a server, and loses what it is told to: the connection breaks at that moment. Thread-safe.</summary>
internal sealed class PostgresProxy : IDisposable
{
    // Query, length, text: https://www.postgresql.org/docs/current/protocol-message-formats.html
    private static readonly byte[] AtCommit = Encoding.ASCII.GetBytes("Q\0\0\0\vCOMMIT\0");

    private readonly string _folder = Directory.CreateTempSubdirectory("safety-proxy-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly UnixDomainSocketEndPoint _server;
    private int _lose;

    public PostgresProxy(string serverFolder, int port)
    {
        _server = new UnixDomainSocketEndPoint(Path.Combine(serverFolder, $".s.PGSQL.{port}"));
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, $".s.PGSQL.{port}")));
        _listener.Listen();
        Task.Run(AcceptAsync);
    }

    public string Folder => _folder;

    /// <summary>Refuses new connections while set.</summary>
    public bool Closed { get; set; }

    /// <summary>Loses the next commit's request or answer, and closes afterwards where asked to.</summary>
    public void LoseNextCommit(Loss loss) => Volatile.Write(ref _lose, (int)loss);

    /// <summary>Whether the proxy closes once it lost something.</summary>
    public bool CloseThen { get; set; }

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync();
                if (Closed)
                {
                    client.Dispose();
                    continue;
                }

                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        using (var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            try
            {
                await server.ConnectAsync(_server);
                Task back = ForwardAsync(server, client);
                byte[] buffer = new byte[1 << 16];
                for (int read; (read = await client.ReceiveAsync(buffer)) > 0;)
                {
                    var loss = buffer.AsSpan(0, read).IndexOf(AtCommit) < 0 ? Loss.None : (Loss)Interlocked.Exchange(ref _lose, 0);
                    if (loss == Loss.None)
                    {
                        await server.SendAsync(buffer.AsMemory(0, read));
                        continue;
                    }

                    Closed = CloseThen;
                    client.Close();
                    if (loss == Loss.Answer)
                    {
                        await server.SendAsync(buffer.AsMemory(0, read));
                        server.Shutdown(SocketShutdown.Send);
                    }
                    else
                    {
                        server.Close();
                    }

                    break;
                }

                await back;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // One side went; the other follows.
            }
        }
    }

    private static async Task ForwardAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[1 << 16];
        bool open = true;
        for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
        {
            try
            {
                if (open)
                {
                    await to.SendAsync(buffer.AsMemory(0, read));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                open = false;
            }
        }

        to.Close();
    }
}
