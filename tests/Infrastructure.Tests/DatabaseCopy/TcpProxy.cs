using System.Net;
using System.Net.Sockets;

namespace VisionPlatform.Infrastructure.Tests.DatabaseCopy;

/// <summary>A network that a test can cut: connections to <see cref="Port"/> reach the server until it does.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private const int BufferBytes = 16 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _sockets = [];
    private readonly string _host;
    private readonly int _port;
    private long _passed;
    private long _limit = long.MaxValue;
    private volatile Cut _cut;

    public enum Cut
    {
        None,

        /// <summary>Both ends get a reset.</summary>
        Reset,

        /// <summary>Nothing arrives any more and nobody is told.</summary>
        Silence,
    }

    public TcpProxy(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections were made.</summary>
    public int Connections { get; private set; }

    /// <summary>Cuts every connection when so many more bytes have passed.</summary>
    public void CutAfter(long bytes, Cut how)
    {
        _cut = how;
        Interlocked.Exchange(ref _limit, Interlocked.Read(ref _passed) + bytes);
    }

    /// <summary>New connections work again.</summary>
    public void Mend() => Interlocked.Exchange(ref _limit, long.MaxValue);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        lock (_sockets)
            _sockets.ForEach(socket => socket.Dispose());
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(_host, _port, _stop.Token);
                lock (_sockets)
                    _sockets.AddRange([client, server]);
                Connections++;
                _ = PassAsync(client, server);
                _ = PassAsync(server, client);
            }
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
        }
    }

    private async Task PassAsync(Socket from, Socket to)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(buffer, _stop.Token);
                if (Interlocked.Add(ref _passed, read) >= Interlocked.Read(ref _limit))
                {
                    if (_cut == Cut.Silence)
                        await Task.Delay(Timeout.Infinite, _stop.Token);
                    from.LingerState = to.LingerState = new LingerOption(true, 0);
                    from.Close();
                    to.Close();
                    return;
                }
                if (read == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }
                for (var sent = 0; sent < read;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _stop.Token);
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
        {
        }
    }
}
