using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>A network between an engine and its PostgreSQL server that a test can stall, cut, or let lose answers.</summary>
internal sealed class FaultyNetwork : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Link> _links = [];
    private readonly Lock _gate = new();
    private readonly Task _accepting;
    private TaskCompletionSource _flows = Opened();
    private volatile bool _refuses;
    private int _requests;

    public FaultyNetwork(string connectionString)
    {
        _server = new NpgsqlConnectionStringBuilder(connectionString);
        _listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = "127.0.0.1",
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        }.ConnectionString;
        _accepting = AcceptAsync();
    }

    /// <summary>The server's, by way of this.</summary>
    public string ConnectionString { get; }

    /// <summary>Of how many requests one is answered in vain: the server has done it, and the connection breaks; 0: none.</summary>
    public int LosesAnswerOfEvery { get; set; }

    public int AnswersLost { get; private set; }

    /// <summary>Nothing gets through any more, and nobody is told.</summary>
    public void Stall() => _flows = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => _flows.TrySetResult();

    /// <summary>Breaks all connections.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            foreach (Link link in _links)
                link.Break();
        }
    }

    /// <summary>Breaks all connections and lets none be made until told otherwise.</summary>
    public void Refuse(bool refuse)
    {
        _refuses = refuse;
        if (refuse)
            Cut();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Resume();
        Cut();
        await _accepting;
        _listener.Stop();
    }

    private static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.SetResult();
        return source;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                if (_refuses)
                    client.Dispose();
                else
                    _ = CarryAsync(client);
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        var link = new Link(client, new TcpClient());
        lock (_gate)
            _links.Add(link);
        try
        {
            await link.Server.ConnectAsync(_server.Host!, _server.Port);
            await Task.WhenAny(CarryAsync(link, toServer: true), CarryAsync(link, toServer: false));
        }
        catch (SocketException)
        {
            // The server is away; the client sees its connection break.
        }
        finally
        {
            link.Break();
            lock (_gate)
                _links.Remove(link);
        }
    }

    private async Task CarryAsync(Link link, bool toServer)
    {
        byte[] buffer = new byte[64 * 1024];
        List<byte> end = [];
        try
        {
            NetworkStream from = (toServer ? link.Client : link.Server).GetStream();
            NetworkStream to = (toServer ? link.Server : link.Client).GetStream();
            while (await from.ReadAsync(buffer) is > 0 and int read)
            {
                await _flows.Task;
                ReadOnlyMemory<byte> part = buffer.AsMemory(0, read);
                bool isAnswered = !toServer && IsAnswered(end, part.Span);
                link.IsOpen |= isAnswered;
                if (toServer && link.IsOpen && LosesAnswerOfEvery > 0 && Interlocked.Increment(ref _requests) % LosesAnswerOfEvery == 0)
                    link.LosesAnswer = true;
                if (toServer || !link.LosesAnswer)
                    await to.WriteAsync(part);
                else if (isAnswered)
                    break;
            }

            if (link.LosesAnswer && !toServer)
                AnswersLost++;
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Broken, by this or from outside.
        }
    }

    /// <summary>Whether the server is done: its last message is ReadyForQuery, with one letter for the state of the transaction.</summary>
    private static bool IsAnswered(List<byte> end, ReadOnlySpan<byte> part)
    {
        end.AddRange(part[Math.Max(0, part.Length - 6)..]);
        end.RemoveRange(0, Math.Max(0, end.Count - 6));
        return end.Count == 6 && end[0] == 'Z' && end[1..5].SequenceEqual(new byte[] { 0, 0, 0, 5 });
    }

    private sealed record Link(TcpClient Client, TcpClient Server)
    {
        /// <summary>Whether the client has signed in.</summary>
        public bool IsOpen { get; set; }

        public bool LosesAnswer { get; set; }

        public void Break()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}
