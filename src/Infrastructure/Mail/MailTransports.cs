using System.Globalization;
using System.Net.Security;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>Where mails leave the platform.</summary>
public interface IMailTransport
{
    /// <summary>Hands one mail over; returns when the other side has taken responsibility for it.</summary>
    Task SendAsync(Guid id, OutgoingMail mail, CancellationToken cancellation);
}

/// <summary>Sends through a mail server (RFC 5321), by default encrypted.</summary>
public sealed class SmtpMail(MailSettings settings) : IMailTransport
{
    /// <summary>Decides about the server's certificate in place of the system's authorities, for tests.</summary>
    internal RemoteCertificateValidationCallback? Trust { get; init; }

    public async Task SendAsync(Guid id, OutgoingMail mail, CancellationToken cancellation)
    {
        using var message = MailText.MessageOf(id, mail, settings.Sender, ContentEncoding.QuotedPrintable);
        // Used only where an address needs it: the next server may lack the extension and would return the mail (RFC 6531 3.1).
        var format = new FormatOptions { International = message.To.Mailboxes.Append(settings.Sender).Any(address => address.IsInternational) };
        using var client = new SmtpClient { ServerCertificateValidationCallback = Trust };
        // Servers often cannot reach the lists of revoked certificates; with this check no mail would leave.
        client.CheckCertificateRevocation = false;
        await client.ConnectAsync(settings.SmtpHost!, settings.SmtpPort, settings.Encryption switch
        {
            MailEncryption.None => SecureSocketOptions.None,
            MailEncryption.StartTls => SecureSocketOptions.StartTls,
            _ => SecureSocketOptions.SslOnConnect,
        }, cancellation);
        if (settings is { SmtpUsername: { } user, SmtpPassword: { } password })
            await client.AuthenticateAsync(user, password, cancellation);
        await client.SendAsync(format, message, cancellation);
        await client.DisconnectAsync(quit: true, cancellation);
    }
}

/// <summary>
/// Puts each mail as an .eml file into a folder that only the operator can read, for an installation without a mail server:
/// whoever asked for a link gets it from the operator.
/// </summary>
public sealed class MailDrop(MailSettings settings, TimeProvider time) : IMailTransport
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly FormatOptions AsItIs = new() { International = true, NewLineFormat = NewLineFormat.Dos };

    public async Task SendAsync(Guid id, OutgoingMail mail, CancellationToken cancellation)
    {
        var folder = Path.GetFullPath(settings.DropDirectory);
        var unfinished = Path.Combine(folder, ".unfinished", $"{id:n}.eml");
        CreateOwnFolder(folder);
        CreateOwnFolder(Path.Combine(folder, ".unfinished"));
        // Read by people, who copy the link: as it is, on one line.
        using (var message = MailText.MessageOf(id, mail, settings.Sender, ContentEncoding.EightBit))
        await using (var file = CreateOwnFile(unfinished))
            await message.WriteToAsync(AsItIs, file, cancellation);
        var stamp = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        // Whoever watches the folder sees whole files only.
        File.Move(unfinished, Path.Combine(folder, $"{stamp}-{id:n}.eml"), overwrite: true);
    }

    private static FileStream CreateOwnFile(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }

    private static void CreateOwnFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }
}

internal static class MailText
{
    // EmailAddress accepts addresses that the grammar does not: some providers give out addresses with a dot before the @.
    private static readonly ParserOptions Lenient = new() { AddressParserComplianceMode = RfcComplianceMode.Looser };

    public static MimeMessage MessageOf(Guid id, OutgoingMail mail, MailboxAddress from, ContentEncoding encoding)
    {
        var message = new MimeMessage
        {
            Subject = mail.Subject,
            Body = new TextPart("plain") { Text = mail.Text, ContentTransferEncoding = encoding },
            // The same at every attempt, so that a mail that was taken twice is shown once.
            MessageId = $"{id:n}@{from.Domain}",
        };
        message.From.Add(from);
        message.To.Add(MailboxAddress.Parse(Lenient, mail.To));
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        return message;
    }
}
