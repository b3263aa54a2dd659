using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class MailServerTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Mails_wait_encrypted_for_an_unavailable_mail_server_and_survive_a_restart()
    {
        var port = LoopbackPort.Free();
        var databases = await Host.NewDatabasesAsync();
        var user = await Host.AddUserAsync(databases);
        await using var app = await Host.StartAppAsync(databases, new Dictionary<string, string?>
        {
            ["SMTP_HOST"] = "127.0.0.1", ["SMTP_PORT"] = $"{port}", ["SMTP_TLS"] = "false",
        });
        (await app.NewClient().PostAsync("auth/password/forgot", new { email = user.Email })).Expect(202);
        await using var database = databases.OpenUsers();
        await Waiting.UntilAsync(() => database.QueuedMails.AnyAsync(mail => mail.Attempts > 0), "a first attempt");
        var waiting = await database.QueuedMails.AsNoTracking().SingleAsync();
        Assert.DoesNotContain("token", Encoding.Latin1.GetString(waiting.Content), StringComparison.Ordinal);

        await app.KillAsync();
        using var server = new TcpListener(IPAddress.Loopback, port);
        server.Start();
        await database.QueuedMails.ExecuteUpdateAsync(set => set.SetProperty(mail => mail.NextAttemptAt, DateTimeOffset.UtcNow));
        var receiving = ReceiveAsync(server);
        await app.StartAsync();

        var mail = await receiving.WaitAsync(TimeSpan.FromMinutes(5));
        Assert.Contains($"To: {user.Email}", mail, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("#token=3D", mail.Replace("=\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        await Waiting.UntilAsync(async () => !await database.QueuedMails.AnyAsync(), "the mail leaves the queue");
    }

    [Fact]
    public async Task A_temporarily_refused_mail_is_retried_and_a_permanently_refused_one_is_dropped()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var databases = await Host.NewDatabasesAsync();
        var user = await Host.AddUserAsync(databases);
        await using var app = await Host.StartAppAsync(databases, new Dictionary<string, string?>
        {
            ["SMTP_HOST"] = "127.0.0.1", ["SMTP_PORT"] = $"{((IPEndPoint)server.LocalEndpoint).Port}", ["SMTP_TLS"] = "false",
        });
        await using var database = databases.OpenUsers();

        var busy = RefuseAsync(server, "450 try later");
        (await app.NewClient().PostAsync("auth/password/forgot", new { email = user.Email })).Expect(202);
        await busy.WaitAsync(TimeSpan.FromMinutes(5));
        await Waiting.UntilAsync(() => database.QueuedMails.AnyAsync(mail => mail.Attempts == 1), "the mail waits");

        var unknown = RefuseAsync(server, "550 no such mailbox");
        await database.QueuedMails.ExecuteUpdateAsync(set => set.SetProperty(mail => mail.NextAttemptAt, DateTimeOffset.UtcNow));
        await unknown.WaitAsync(TimeSpan.FromMinutes(5));
        await Waiting.UntilAsync(async () => !await database.QueuedMails.AnyAsync(), "the mail leaves the queue");
    }

    // One conversation up to the recipient, which the server refuses.
    private static async Task RefuseAsync(TcpListener server, string refusal)
    {
        using var client = await server.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream);
        await using var writer = new StreamWriter(stream) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 mail.platform.test");
        while (await reader.ReadLineAsync() is { } line && line != "QUIT")
            await writer.WriteLineAsync(line.StartsWith("RCPT", StringComparison.Ordinal) ? refusal : "250 ok");
    }

    // One mail as described in RFC 5321.
    private static async Task<string> ReceiveAsync(TcpListener server)
    {
        using var client = await server.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream);
        await using var writer = new StreamWriter(stream) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 mail.platform.test");
        while (await reader.ReadLineAsync() is { } line)
        {
            await writer.WriteLineAsync(line == "DATA" ? "354 go on" : "250 ok");
            if (line != "DATA")
                continue;
            var mail = new StringBuilder();
            while (await reader.ReadLineAsync() is { } text && text != ".")
                mail.Append(text).Append('\n');
            await writer.WriteLineAsync("250 taken");
            return mail.ToString();
        }
        throw new InvalidOperationException("The conversation ended without a mail.");
    }
}
