using System.Net.Mail;
using System.Text;
using VisionPlatform.Infrastructure.Mail;

namespace VisionPlatform.Infrastructure.Tests.Mail;

public sealed class SmtpMailTests : IAsyncDisposable
{
    private static readonly OutgoingMail Sample = new("zoë@example.test", "Prüfung bestanden", "Grüße,\n\nhttps://platform.example.test/reset-password#token=abc_DEF-1234567890\n.\nEnde");

    private readonly SmtpServer _server = new();

    [Fact]
    public async Task A_mail_is_handed_over_in_one_conversation()
    {
        var id = Guid.CreateVersion7();

        await new SmtpMail(Settings()).SendAsync(id, Sample, TestContext.Current.CancellationToken);

        var mail = Assert.Single(_server.Mails);
        Assert.Contains(_server.Said, line => line.StartsWith("MAIL FROM:<no-reply@platform.example.test>", StringComparison.Ordinal));
        Assert.Contains("RCPT TO:<zoë@example.test>", _server.Said);
        Assert.Contains($"Message-ID: <{id:n}@platform.example.test>", mail, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Auto-Submitted: auto-generated", mail, StringComparison.OrdinalIgnoreCase);
        // Quoted-printable (RFC 2045 6.7): the soft line breaks go, the link is whole.
        Assert.Contains("#token=3Dabc_DEF-1234567890", mail.ReplaceLineEndings("\n").Replace("=\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_and_password_are_given_where_they_are_set()
    {
        await new SmtpMail(Settings() with { SmtpUsername = "platform", SmtpPassword = "its password" }).SendAsync(Guid.CreateVersion7(), Sample, TestContext.Current.CancellationToken);

        Assert.Contains(_server.Said, line => line == $"AUTH login {Convert.ToBase64String(Encoding.UTF8.GetBytes("platform"))}");
        Assert.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes("its password")), _server.Said);
    }

    [Fact]
    public async Task Where_the_server_has_no_tls_nothing_is_said_unless_that_was_allowed()
    {
        await Assert.ThrowsAsync<SmtpException>(() => new SmtpMail(Settings() with { UseTls = true, SmtpUsername = "platform", SmtpPassword = "its password" })
            .SendAsync(Guid.CreateVersion7(), Sample, TestContext.Current.CancellationToken));

        Assert.Empty(_server.Mails);
        Assert.DoesNotContain(_server.Said, line => line.StartsWith("AUTH", StringComparison.OrdinalIgnoreCase) || line.StartsWith("MAIL", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_refused_recipient_and_a_server_that_is_away_are_told_apart()
    {
        _server.Answer = line => line.StartsWith("RCPT", StringComparison.OrdinalIgnoreCase) ? "550 no such mailbox" : null;

        var refused = await Assert.ThrowsAsync<SmtpFailedRecipientException>(() => new SmtpMail(Settings()).SendAsync(Guid.CreateVersion7(), Sample, TestContext.Current.CancellationToken));

        Assert.Equal(SmtpStatusCode.MailboxUnavailable, refused.StatusCode);
        var away = await Assert.ThrowsAsync<SmtpException>(() => new SmtpMail(Settings() with { SmtpPort = 1 }).SendAsync(Guid.CreateVersion7(), Sample, TestContext.Current.CancellationToken));
        Assert.IsNotType<SmtpFailedRecipientException>(away);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private MailSettings Settings() => new("127.0.0.1", _server.Port, null, null, false, new MailAddress("no-reply@platform.example.test", "Platform"), "unused");
}
