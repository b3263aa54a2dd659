using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VisionPlatform.Bench.Api;

/// <summary>Requests as bytes.</summary>
internal static class Http
{
    public static byte[] Get(string path, string? token) => Encoding.UTF8.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{Authorization(token)}\r\n");

    public static byte[] Post(string path, string body, string? token) =>
        Encoding.UTF8.GetBytes($"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{Authorization(token)}\r\n{body}");

    private static string Authorization(string? token) => token is null ? "" : $"Authorization: Bearer {token}\r\n";
}

/// <summary>The result of sending requests for some time.</summary>
internal sealed class LoadResult
{
    /// <summary>Time of each successful request, from sending its first byte to receiving the last byte of the answer.</summary>
    public List<double> Milliseconds { get; } = [];

    public int Refused { get; private set; }

    public string? FirstRefusal { get; private set; }

    /// <summary>Processor time that the server used.</summary>
    public TimeSpan Processor { get; set; }

    private double Seconds { get; set; }

    public double PerSecond => Seconds == 0 ? 0 : Milliseconds.Count / Seconds;

    public void Add(LoadResult more)
    {
        Milliseconds.AddRange(more.Milliseconds);
        (Refused, Seconds, FirstRefusal) = (Refused + more.Refused, Seconds + more.Seconds, FirstRefusal ?? more.FirstRefusal);
        Processor += more.Processor;
    }

    public void Took(double seconds) => Seconds = seconds;

    public void Refuse(string answer) => (Refused, FirstRefusal) = (Refused + 1, FirstRefusal ?? answer);
}

/// <summary>Keeps connections busy: each sends its next request when the previous one is answered. It uses plain sockets, so that it needs little processor time.</summary>
internal static class LoadGenerator
{
    public static async Task<LoadResult> RunAsync(int port, int connections, Func<byte[]> next, TimeSpan time, CancellationToken cancellation)
    {
        var begun = Stopwatch.GetTimestamp();
        var parts = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(() => KeepBusyAsync(port, next, begun, time, cancellation), cancellation)));
        var all = new LoadResult();
        foreach (var part in parts)
            all.Add(part);
        all.Took(Stopwatch.GetElapsedTime(begun).TotalSeconds);
        return all;
    }

    private static async Task<LoadResult> KeepBusyAsync(int port, Func<byte[]> next, long begun, TimeSpan time, CancellationToken cancellation)
    {
        var result = new LoadResult();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellation);
        var buffer = new byte[64 * 1024];
        while (Stopwatch.GetElapsedTime(begun) < time)
        {
            var request = next();
            var start = Stopwatch.GetTimestamp();
            await socket.SendAsync(request, SocketFlags.None, cancellation);
            var (success, answer) = await ReadAsync(socket, buffer, cancellation);
            if (success)
                result.Milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            else
                result.Refuse(answer);
        }
        return result;
    }

    /// <summary>Reads one answer to its end. Returns its text only if it is not a success.</summary>
    private static async Task<(bool Success, string Answer)> ReadAsync(Socket socket, byte[] buffer, CancellationToken cancellation)
    {
        int read = 0, head;
        while ((head = buffer.AsSpan(0, read).IndexOf("\r\n\r\n"u8)) < 0)
            read += await ReceiveAsync(socket, buffer.AsMemory(read), cancellation);
        head += 4;
        var headers = Encoding.ASCII.GetString(buffer, 0, head);
        var success = headers.AsSpan(9, 1) is "2";
        var body = read - head;
        if (Length(headers) is { } length)
        {
            for (; body < length; body += await ReceiveAsync(socket, buffer.AsMemory(Room(buffer, head + body)), cancellation))
                ;
        }
        else
        {
            // A chunked body ends with the five bytes of the empty chunk.
            var tail = buffer.AsMemory(Math.Max(head, read - 5), Math.Min(body, 5)).ToArray();
            while (!tail.AsSpan().EndsWith("0\r\n\r\n"u8))
            {
                var more = await ReceiveAsync(socket, buffer.AsMemory(0), cancellation);
                tail = [.. tail.Concat(buffer.Take(more)).TakeLast(5)];
            }
        }
        return (success, success ? "" : Encoding.UTF8.GetString(buffer, 0, Math.Min(read, 1_000)));
    }

    // The body is not needed, so the rest of a long body overwrites its beginning.
    private static int Room(byte[] buffer, int at) => at < buffer.Length - 4_096 ? at : 0;

    private static int? Length(string headers)
    {
        const string name = "content-length:";
        var at = headers.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? headers.Contains("transfer-encoding", StringComparison.OrdinalIgnoreCase) ? null : 0 : int.Parse(headers.AsSpan(at + name.Length, headers.IndexOf('\r', at) - at - name.Length));
    }

    private static async ValueTask<int> ReceiveAsync(Socket socket, Memory<byte> room, CancellationToken cancellation) =>
        await socket.ReceiveAsync(room, SocketFlags.None, cancellation) is > 0 and var read ? read : throw new IOException("The server closed the connection.");
}
