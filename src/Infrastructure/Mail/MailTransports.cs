using System.Globalization;
using System.Net.Security;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>Sends mails out of the platform.</summary>
public interface IMailTransport
{
    /// <summary>Sends one mail; returns when the other side has accepted it.</summary>
    Task SendAsync(Guid id, OutgoingMail mail, CancellationToken cancellation);
}

/// <summary>Sends through a mail server (RFC 5321), by default encrypted.</summary>
public sealed class SmtpMail(MailSettings settings) : IMailTransport
{
    /// <summary>Replaces the check of the server's certificate, for tests.</summary>
    internal RemoteCertificateValidationCallback? Trust { get; init; }

    public async Task SendAsync(Guid id, OutgoingMail mail, CancellationToken cancellation)
    {
        using var message = MailText.MessageOf(id, mail, settings.Sender, ContentEncoding.QuotedPrintable);
        // Use the extension only when an address needs it: the next server may lack it and would return the mail (RFC 6531 3.1).
        var format = new FormatOptions { International = message.To.Mailboxes.Append(settings.Sender).Any(address => address.IsInternational) };
        using var client = new SmtpClient { ServerCertificateValidationCallback = Trust };
        // Servers often cannot reach the lists of revoked certificates. With this check they could send no mail.
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
/// Writes each mail as an .eml file to a folder that only the operator can read, for an installation without a mail server.
/// The operator passes links on to the people who asked for them.
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
        // People copy the link from the file, so do not encode it or break its line.
        using (var message = MailText.MessageOf(id, mail, settings.Sender, ContentEncoding.EightBit))
        await using (var file = CreateOwnFile(unfinished))
            await message.WriteToAsync(AsItIs, file, cancellation);
        var stamp = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        // Move the finished file, so that a program that watches the folder sees only complete files.
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
    // EmailAddress accepts more than the grammar of RFC 5321: some providers have addresses with a dot before the @.
    private static readonly ParserOptions Lenient = new() { AddressParserComplianceMode = RfcComplianceMode.Looser };

    public static MimeMessage MessageOf(Guid id, OutgoingMail mail, MailboxAddress from, ContentEncoding encoding)
    {
        var message = new MimeMessage
        {
            Subject = mail.Subject,
            Body = new TextPart("plain") { Text = mail.Text, ContentTransferEncoding = encoding },
            // The same for every attempt, so that mail programs show a mail once that was accepted twice.
            MessageId = $"{id:n}@{from.Domain}",
        };
        message.From.Add(from);
        message.To.Add(MailboxAddress.Parse(Lenient, mail.To));
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        return message;
    }
}
