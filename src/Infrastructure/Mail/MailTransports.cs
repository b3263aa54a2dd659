using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using System.Text;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>Where mails leave the platform.</summary>
public interface IMailTransport
{
    /// <summary>Hands one mail over; returns when the other side has taken responsibility for it.</summary>
    Task SendAsync(Guid id, OutgoingMail mail, CancellationToken ct);
}

/// <summary>Sends through a mail server (RFC 5321), by default with STARTTLS.</summary>
public sealed class SmtpMail(MailSettings settings) : IMailTransport
{
    public async Task SendAsync(Guid id, OutgoingMail mail, CancellationToken ct)
    {
        using var client = new SmtpClient(settings.SmtpHost, settings.SmtpPort)
        {
            EnableSsl = settings.UseTls,
            DeliveryFormat = SmtpDeliveryFormat.International,
            Credentials = settings.SmtpUsername is { } user ? new NetworkCredential(user, settings.SmtpPassword) : null,
        };
        using var message = MailText.MessageOf(id, mail, settings.Sender, TransferEncoding.QuotedPrintable);
        await client.SendMailAsync(message, ct);
    }
}

/// <summary>
/// Puts each mail as an .eml file into a folder that only the operator can read, for an installation without a mail server:
/// whoever asked for a link gets it from the operator.
/// </summary>
public sealed class MailDrop(MailSettings settings, TimeProvider clock) : IMailTransport
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public async Task SendAsync(Guid id, OutgoingMail mail, CancellationToken ct)
    {
        var folder = Path.GetFullPath(settings.DropDirectory);
        var unfinished = Path.Combine(folder, ".unfinished", id.ToString("n"));
        CreateOwnFolder(folder);
        CreateOwnFolder(Path.Combine(folder, ".unfinished"));
        CreateOwnFolder(unfinished);
        using (var client = new SmtpClient
        {
            DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory,
            PickupDirectoryLocation = unfinished,
            DeliveryFormat = SmtpDeliveryFormat.International,
        })
        // Read by people, who copy the link: as it is, on one line.
        using (var message = MailText.MessageOf(id, mail, settings.Sender, TransferEncoding.EightBit))
            await client.SendMailAsync(message, ct);
        var written = Directory.EnumerateFiles(unfinished).Single();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(written, OwnerOnly);
        var time = clock.GetUtcNow().ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        // Whoever watches the folder sees whole files only.
        File.Move(written, Path.Combine(folder, $"{time}-{id:n}.eml"), overwrite: true);
        Directory.Delete(unfinished);
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
    public static MailMessage MessageOf(Guid id, OutgoingMail mail, MailAddress from, TransferEncoding encoding)
    {
        var message = new MailMessage(from, new MailAddress(mail.To))
        {
            Subject = mail.Subject,
            Body = mail.Text,
            SubjectEncoding = Encoding.UTF8,
            BodyEncoding = Encoding.UTF8,
            BodyTransferEncoding = encoding,
        };
        // The same at every attempt, so that a mail that was taken twice is shown once.
        message.Headers.Add("Message-ID", $"<{id:n}@{from.Host}>");
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }
}
