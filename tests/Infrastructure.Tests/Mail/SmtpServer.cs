using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using VisionPlatform.Infrastructure.Mail;

namespace VisionPlatform.Infrastructure.Tests.Mail;

/// <summary>A mail server on a socket that implements RFC 5321, RFC 4954 and, with TLS, RFC 3207 or RFC 8314, and keeps the mails it accepts.</summary>
internal sealed class SmtpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate = LoopbackCertificate.Create();
    private readonly Task _accepting;

    public SmtpServer(MailEncryption encryption = MailEncryption.None)
    {
        Encryption = encryption;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public MailEncryption Encryption { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Every line that clients sent outside of mails.</summary>
    public ConcurrentQueue<string> Said { get; } = [];

    /// <summary>The lines that clients sent unencrypted.</summary>
    public ConcurrentQueue<string> SaidInTheClear { get; } = [];

    /// <summary>The accepted mails, unchanged.</summary>
    public ConcurrentQueue<string> Mails { get; } = [];

    /// <summary>Overrides the answer to a command; null for the usual answer.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    /// <summary>Closes the connection as soon as it has accepted a mail.</summary>
    public bool HangsUpAfterMail { get; set; }

    public bool IsMine(X509Certificate? shown) => shown?.GetCertHashString() == _certificate.GetCertHashString();

    public async ValueTask DisposeAsync()
    {
        // Dispose the listener last: a stopped listener cannot be asked for the next client.
        await _stop.CancelAsync();
        await _accepting;
        _stop.Dispose();
        _listener.Dispose();
        _certificate.Dispose();
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
                    await using Stream stream = Encryption == MailEncryption.Tls ? await EncryptAsync(client.GetStream()) : client.GetStream();
                    await SayAsync(stream, "220 mail.example.test ESMTP");
                    await TalkAsync(stream);
                }
                catch (Exception e) when (e is IOException or AuthenticationException)
                {
                    // The client closed the connection or refused the certificate.
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The test has ended.
        }
    }

    private async Task<SslStream> EncryptAsync(Stream stream)
    {
        var encrypted = new SslStream(stream);
        await encrypted.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
        return encrypted;
    }

    private async Task TalkAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false), leaveOpen: true);
        while (await ReadAsync(reader, stream) is { } line)
        {
            var verb = line.Split(' ')[0].ToUpperInvariant();
            var answer = Answer(line) ?? verb switch
            {
                "EHLO" when Encryption == MailEncryption.StartTls && stream is not SslStream => "250-mail.example.test\r\n250-AUTH LOGIN\r\n250 STARTTLS",
                "EHLO" => "250-mail.example.test\r\n250-AUTH LOGIN\r\n250-8BITMIME\r\n250 SMTPUTF8",
                "STARTTLS" => "220 go on",
                "AUTH" => "334 VXNlcm5hbWU6",
                "MAIL" or "RCPT" or "RSET" => "250 ok",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                _ => "500 what",
            };
            await SayAsync(stream, answer);
            switch (verb)
            {
                case "STARTTLS":
                    await using (var encrypted = await EncryptAsync(stream))
                        await TalkAsync(encrypted);
                    return;
                case "AUTH":
                    await ReadAsync(reader, stream);
                    await SayAsync(stream, "334 UGFzc3dvcmQ6");
                    await ReadAsync(reader, stream);
                    await SayAsync(stream, "235 welcome");
                    break;
                case "DATA":
                    await TakeAsync(reader, stream);
                    if (HangsUpAfterMail)
                        return;
                    break;
                case "QUIT":
                    return;
            }
        }
    }

    private async Task<string?> ReadAsync(StreamReader reader, Stream stream)
    {
        var line = await reader.ReadLineAsync(_stop.Token);
        if (line is null)
            return null;
        Said.Enqueue(line);
        if (stream is not SslStream)
            SaidInTheClear.Enqueue(line);
        return line;
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
