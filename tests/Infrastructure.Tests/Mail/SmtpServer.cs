using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VisionPlatform.Infrastructure.Tests.Mail;

/// <summary>A mail server that holds the conversation of RFC 5321 and RFC 4954 on a socket and keeps what it took.</summary>
internal sealed class SmtpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public SmtpServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Every line that clients said, outside of mails.</summary>
    public ConcurrentQueue<string> Said { get; } = [];

    /// <summary>The mails it took, as they came.</summary>
    public ConcurrentQueue<string> Mails { get; } = [];

    /// <summary>The answer to a command, when it is not the usual one.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    public async ValueTask DisposeAsync()
    {
        // The listener goes last: one that stopped cannot be asked for the next client.
        await _stop.CancelAsync();
        await _accepting;
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                try
                {
                    await TalkAsync(client.GetStream());
                }
                catch (IOException)
                {
                    // The client left in the middle.
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The end of the test.
        }
    }

    private async Task TalkAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false));
        await SayAsync(stream, "220 mail.example.test ESMTP");
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            Said.Enqueue(line);
            var verb = line.Split(' ')[0].ToUpperInvariant();
            await SayAsync(stream, Answer(line) ?? verb switch
            {
                "EHLO" => "250-mail.example.test\r\n250-AUTH LOGIN\r\n250 SMTPUTF8",
                "AUTH" => line.Split(' ').Length > 2 ? "334 UGFzc3dvcmQ6" : "334 VXNlcm5hbWU6",
                "MAIL" or "RCPT" or "RSET" => "250 ok",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                // What is no command is the password.
                _ => "235 welcome",
            });
            if (verb == "DATA")
                await TakeAsync(reader, stream);
            if (verb == "QUIT")
                return;
        }
    }

    private async Task TakeAsync(StreamReader reader, Stream stream)
    {
        var mail = new StringBuilder();
        while (await reader.ReadLineAsync(_stop.Token) is { } line && line != ".")
            mail.AppendLine(line);
        Mails.Enqueue(mail.ToString());
        await SayAsync(stream, "250 taken");
    }

    private static Task SayAsync(Stream stream, string line) => stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n")).AsTask();
}
