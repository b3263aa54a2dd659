using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Configuration;
using MimeKit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Mail;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Tests.Mail;

public sealed class SmtpMailTests : IAsyncDisposable
{
    private static readonly OutgoingMail Sample = new("zoë@example.test", "Prüfung bestanden", "Grüße,\n\nhttps://platform.example.test/reset-password#token=abc_DEF-1234567890\n.\nEnde");

    private readonly SmtpServer _server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_mail_is_sent_in_one_conversation()
    {
        var id = Guid.CreateVersion7();

        await new SmtpMail(Settings()).SendAsync(id, Sample, Cancellation);

        var mail = Assert.Single(_server.Mails);
        Assert.Contains(_server.Said, line => line.StartsWith("MAIL FROM:<no-reply@platform.example.test>", StringComparison.Ordinal));
        Assert.Contains("RCPT TO:<zoë@example.test>", _server.Said);
        Assert.Contains($"Message-ID: <{id:n}@platform.example.test>", mail, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Auto-Submitted: auto-generated", mail, StringComparison.OrdinalIgnoreCase);
        // Quoted-printable (RFC 2045 6.7): without the soft line breaks the link is intact.
        Assert.Contains("#token=3Dabc_DEF-1234567890", mail.ReplaceLineEndings("\n").Replace("=\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("\n..\nEnde", mail.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Equal("QUIT", _server.Said.Last());
    }

    [Theory]
    [InlineData("ann.@example.test")]
    [InlineData("o'neil+tag/x=1@mail.example.test")]
    [InlineData("ann@[127.0.0.1]")]
    public async Task Mails_can_be_sent_to_every_address_that_an_account_may_have(string address)
    {
        Assert.True(EmailAddress.TryNormalise(address, out _));

        await new SmtpMail(Settings()).SendAsync(Guid.CreateVersion7(), Sample with { To = address }, Cancellation);

        Assert.Contains($"RCPT TO:<{address}>", _server.Said);
    }

    [Fact]
    public async Task The_extension_for_international_addresses_is_used_only_when_needed()
    {
        await new SmtpMail(Settings()).SendAsync(Guid.CreateVersion7(), Sample, Cancellation);
        await new SmtpMail(Settings()).SendAsync(Guid.CreateVersion7(), Sample with { To = "zoe@example.test" }, Cancellation);

        Assert.Equal([true, false], _server.Said.Where(line => line.StartsWith("MAIL", StringComparison.Ordinal)).Select(line => line.Contains("SMTPUTF8", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Name_and_password_are_sent_when_they_are_set()
    {
        await new SmtpMail(WithPassword(Settings())).SendAsync(Guid.CreateVersion7(), Sample, Cancellation);

        Assert.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes("platform")), _server.Said);
        Assert.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes("its password")), _server.Said);
    }

    [Theory]
    [InlineData(MailEncryption.StartTls)]
    [InlineData(MailEncryption.Tls)]
    public async Task Only_the_request_for_tls_is_sent_unencrypted(MailEncryption encryption)
    {
        await using var server = new SmtpServer(encryption);
        var mail = new SmtpMail(WithPassword(Settings(server)))
        {
            // Do not ask for lists of revoked certificates.
            Trust = (_, shown, chain, _) => server.IsMine(shown) && chain!.ChainPolicy.RevocationMode == X509RevocationMode.NoCheck,
        };

        await mail.SendAsync(Guid.CreateVersion7(), Sample, Cancellation);

        Assert.Single(server.Mails);
        Assert.Contains(server.Said, line => line.StartsWith("AUTH", StringComparison.Ordinal));
        Assert.DoesNotContain(server.SaidInTheClear, line => !line.StartsWith("EHLO ", StringComparison.Ordinal) && line != "STARTTLS");
        Assert.Equal(encryption == MailEncryption.StartTls ? 2 : 0, server.SaidInTheClear.Count);
    }

    [Theory]
    [InlineData(MailEncryption.StartTls)]
    [InlineData(MailEncryption.Tls)]
    public async Task A_server_with_an_untrusted_certificate_gets_neither_password_nor_mail(MailEncryption encryption)
    {
        await using var server = new SmtpServer(encryption);

        await Assert.ThrowsAsync<SslHandshakeException>(() => new SmtpMail(WithPassword(Settings(server))).SendAsync(Guid.CreateVersion7(), Sample, Cancellation));

        Assert.Empty(server.Mails);
        Assert.DoesNotContain(server.Said, line => line.StartsWith("AUTH", StringComparison.Ordinal) || line.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_sent_to_a_server_without_tls_unless_allowed()
    {
        await Assert.ThrowsAsync<NotSupportedException>(() => new SmtpMail(WithPassword(Settings() with { Encryption = MailEncryption.StartTls })).SendAsync(Guid.CreateVersion7(), Sample, Cancellation));

        Assert.Empty(_server.Mails);
        Assert.DoesNotContain(_server.Said, line => line.StartsWith("AUTH", StringComparison.OrdinalIgnoreCase) || line.StartsWith("MAIL", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_refused_recipient_and_an_unavailable_server_are_distinguished()
    {
        _server.Answer = line => line.StartsWith("RCPT", StringComparison.OrdinalIgnoreCase) ? "550 no such mailbox" : null;

        var refused = await Assert.ThrowsAsync<SmtpCommandException>(() => new SmtpMail(Settings()).SendAsync(Guid.CreateVersion7(), Sample, Cancellation));

        Assert.Equal((SmtpErrorCode.RecipientNotAccepted, SmtpStatusCode.MailboxUnavailable), (refused.ErrorCode, refused.StatusCode));
        await Assert.ThrowsAsync<SocketException>(() => new SmtpMail(Settings() with { SmtpPort = 1 }).SendAsync(Guid.CreateVersion7(), Sample, Cancellation));
    }

    [Fact]
    public async Task An_accepted_mail_counts_as_sent_when_the_server_closes_the_connection()
    {
        _server.HangsUpAfterMail = true;

        await new SmtpMail(Settings()).SendAsync(Guid.CreateVersion7(), Sample, Cancellation);

        Assert.Single(_server.Mails);
    }

    [Theory]
    [InlineData(null, null, MailEncryption.StartTls)]
    [InlineData("25", "true", MailEncryption.StartTls)]
    [InlineData("465", null, MailEncryption.Tls)]
    [InlineData("465", "false", MailEncryption.None)]
    [InlineData("25", "false", MailEncryption.None)]
    public void The_port_and_the_setting_for_tls_select_the_encryption(string? port, string? tls, MailEncryption expected)
    {
        var values = new Dictionary<string, string?> { ["SMTP_HOST"] = "mail.example.test", ["SMTP_PORT"] = port, ["SMTP_TLS"] = tls };

        Assert.Equal(expected, SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), MailSettings.From).Encryption);
    }

    [Theory]
    [InlineData("no address")]
    [InlineData("no-reply")]
    [InlineData("a@example.test, b@example.test")]
    public void An_invalid_sender_is_a_settings_problem(string sender)
    {
        var values = new Dictionary<string, string?> { ["MAIL_FROM"] = sender };

        Assert.Throws<SettingsException>(() => SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), MailSettings.From));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static MailSettings WithPassword(MailSettings settings) => settings with { SmtpUsername = "platform", SmtpPassword = "its password" };

    private MailSettings Settings() => Settings(_server);

    private static MailSettings Settings(SmtpServer server) =>
        new("127.0.0.1", server.Port, null, null, server.Encryption, new MailboxAddress("Platform", "no-reply@platform.example.test"), "unused", TimeSpan.Zero, 0, 0);
}
