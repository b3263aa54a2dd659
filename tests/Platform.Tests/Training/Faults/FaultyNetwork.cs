using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace VisionPlatform.Platform.Tests.Training.Faults;

/// <summary>
/// The network to an HTTP server, which carries everything unchanged until a test says otherwise: it can hold one request so that a test acts in
/// exactly that phase, lose answers, record requests to deliver them again later, and be down.
/// </summary>
/// <param name="server">Where the server is. It may be started after this.</param>
public sealed partial class FaultyNetwork : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<Uri> _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Link> _links = [];
    private readonly List<HeldRequest> _holds = [];
    private readonly List<byte[]> _recorded = [];
    private readonly Task _accepting;
    private string? _recordedPath;
    private (string Path, int Left) _losing = ("", 0);
    private bool _isDown;

    public FaultyNetwork(Func<Uri> server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The server's, by way of this.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Answers that were lost after <see cref="LoseAnswers"/>.</summary>
    public int AnswersLost { get; private set; }

    /// <summary>Connections that were refused since it was last taken down.</summary>
    public int Refused { get; private set; }

    /// <summary>Holds the next request whose first line has <paramref name="line"/> and that has <paramref name="text"/>, before the server has got all of it.</summary>
    public HeldRequest HoldNext(string line, string text = "")
    {
        var held = new HeldRequest(line, text);
        lock (_gate)
            _holds.Add(held);
        return held;
    }

    /// <summary>The server does what the next requests with this text in their first line ask for, and then the connection breaks.</summary>
    public void LoseAnswers(string line, int count)
    {
        lock (_gate)
            _losing = (line, count);
    }

    /// <summary>Keeps a copy of each answered request with this text in its first line; null ends it. Returns those kept so far.</summary>
    public IReadOnlyList<byte[]> Record(string? line)
    {
        lock (_gate)
        {
            _recordedPath = line;
            byte[][] kept = [.. _recorded];
            _recorded.Clear();
            return kept;
        }
    }

    /// <summary>Breaks all connections and lets none be made until told otherwise.</summary>
    public void TakeDown(bool isDown)
    {
        lock (_gate)
        {
            _isDown = isDown;
            if (!isDown)
                return;
            Refused = 0;
            foreach (var link in _links)
                link.Break();
        }
    }

    /// <summary>Sends a recorded request once more. Returns the status of the answer.</summary>
    public async Task<int> RepeatAsync(byte[] request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_server().Host, _server().Port, _stop.Token);
        await client.GetStream().WriteAsync(request, _stop.Token);
        using var answer = new StreamReader(client.GetStream(), Encoding.Latin1);
        return int.Parse((await answer.ReadLineAsync(_stop.Token))!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        TakeDown(true);
        foreach (var held in _holds)
            held.Cut();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = CarryAsync(new Link(await _listener.AcceptTcpClientAsync(_stop.Token), new TcpClient()));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(Link link)
    {
        lock (_gate)
        {
            _links.Add(link);
            if (_isDown)
            {
                Refused++;
                link.Break();
            }
        }
        try
        {
            await link.Server.ConnectAsync(_server().Host, _server().Port, _stop.Token);
            await Task.WhenAny(SendAsync(link), AnswerAsync(link));
        }
        catch (Exception error) when (IsBroken(error))
        {
            // Broken, by this or from outside.
        }
        finally
        {
            lock (_gate)
                _links.Remove(link);
            link.Break();
        }
    }

    private async Task SendAsync(Link link)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            var (from, to) = (link.Client.GetStream(), link.Server.GetStream());
            while (await from.ReadAsync(buffer) is > 0 and var read)
            {
                var text = Encoding.Latin1.GetString(buffer, 0, read);
                // A client sends its next request when it has the answer to the one before, so a request begins with a part.
                var begins = FirstLine().Match(text);
                if (begins.Success)
                    link.Begin(begins.Value);
                if (TakeHold(link, text) is { } held && !await held.ArriveAsync())
                    return;
                if (begins.Success)
                    link.LosesAnswer = TakeLoss(link);
                link.Sent.AddRange(buffer.AsSpan(0, read));
                await to.WriteAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception error) when (IsBroken(error))
        {
            // Broken, by this or from outside.
        }
    }

    private async Task AnswerAsync(Link link)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            var (from, to) = (link.Server.GetStream(), link.Client.GetStream());
            while (await from.ReadAsync(buffer) is > 0 and var read)
            {
                if (link.LosesAnswer)
                {
                    AnswersLost++;
                    return;
                }

                Keep(link);
                await to.WriteAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception error) when (IsBroken(error))
        {
            // Broken, by this or from outside.
        }
    }

    private HeldRequest? TakeHold(Link link, string text)
    {
        lock (_gate)
        {
            var held = _holds.FirstOrDefault(one => link.Line.Contains(one.Line, StringComparison.Ordinal) && text.Contains(one.Text, StringComparison.Ordinal));
            if (held is not null)
                _holds.Remove(held);
            return held;
        }
    }

    private bool TakeLoss(Link link)
    {
        lock (_gate)
        {
            if (_losing.Left == 0 || !link.Line.Contains(_losing.Path, StringComparison.Ordinal))
                return false;
            _losing.Left--;
            return true;
        }
    }

    private void Keep(Link link)
    {
        lock (_gate)
        {
            if (_recordedPath is not null && link.Sent.Count > 0 && link.Line.Contains(_recordedPath, StringComparison.Ordinal))
                _recorded.Add([.. link.Sent]);
            link.Sent.Clear();
        }
    }

    private static bool IsBroken(Exception error) =>
        error is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException;

    [GeneratedRegex(@"\A(GET|HEAD|POST|PUT|DELETE) [^\r\n]+")]
    private static partial Regex FirstLine();

    private sealed class Link(TcpClient client, TcpClient server)
    {
        public TcpClient Client => client;

        public TcpClient Server => server;

        public string Line { get; private set; } = "";

        public List<byte> Sent { get; } = [];

        public bool LosesAnswer { get; set; }

        public void Begin(string line)
        {
            Line = line;
            Sent.Clear();
        }

        public void Break()
        {
            client.Dispose();
            server.Dispose();
        }
    }
}

/// <summary>A request that waits for a test.</summary>
public sealed class HeldRequest(string line, string text)
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal string Line => line;

    internal string Text => text;

    /// <summary>Waits until the request is there.</summary>
    public Task ArrivedAsync(int seconds = 300) => _arrived.Task.WaitAsync(TimeSpan.FromSeconds(seconds));

    /// <summary>Lets it go on.</summary>
    public void Release() => _goesOn.TrySetResult(true);

    /// <summary>Breaks its connection; the server never gets all of it.</summary>
    public void Cut() => _goesOn.TrySetResult(false);

    internal Task<bool> ArriveAsync()
    {
        _arrived.TrySetResult();
        return _goesOn.Task;
    }
}
