using MimeKit;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>How the connection to the mail server is encrypted.</summary>
public enum MailEncryption
{
    None,

    /// <summary>By STARTTLS before anything else is said (RFC 3207); a server without it gets no mail.</summary>
    StartTls,

    /// <summary>From the first byte (RFC 8314 3.3).</summary>
    Tls,
}

/// <summary>How mails leave the platform.</summary>
/// <param name="SmtpHost">SMTP_HOST: a mail server; null puts mails into <paramref name="DropDirectory"/>.</param>
/// <param name="SmtpPort">SMTP_PORT, 587 unless set.</param>
/// <param name="SmtpUsername">SMTP_USERNAME, when the server asks for one.</param>
/// <param name="SmtpPassword">SMTP_PASSWORD.</param>
/// <param name="Encryption">None with SMTP_TLS=false; else TLS from the first byte on port 465, and STARTTLS on any other.</param>
/// <param name="Sender">MAIL_FROM.</param>
/// <param name="DropDirectory">MAIL_DROP_DIRECTORY, <c>.platform/mail</c> unless set.</param>
public sealed record MailSettings(
    string? SmtpHost, int SmtpPort, string? SmtpUsername, string? SmtpPassword, MailEncryption Encryption, MailboxAddress Sender, string DropDirectory)
{
    internal const string HostPurpose = "mail server for links to new passwords and invitations; without it mails go as files into MAIL_DROP_DIRECTORY";

    private const int ImplicitTlsPort = 465;
    private const string DefaultSender = "Vision platform <no-reply@localhost>";
    private static readonly ParserOptions Strict = new() { AllowAddressesWithoutDomain = false };

    public static MailSettings From(SettingsReader settings)
    {
        var host = settings.Text("SMTP_HOST", HostPurpose);
        var port = settings.Whole("SMTP_PORT", 587, "its port", maximum: 65535);
        var user = settings.Text("SMTP_USERNAME", "name to sign in there with");
        var password = settings.Text("SMTP_PASSWORD", "its password", secret: true);
        var tls = settings.Flag("SMTP_TLS", true, "encrypt before anything is said, by STARTTLS or, on port 465, from the first byte; `false` only for a server on the same machine");
        var sender = settings.Text("MAIL_FROM", "sender of the mails", DefaultSender)!;
        if (!MailboxAddress.TryParse(Strict, sender, out var address))
            settings.Problem($"MAIL_FROM is no e-mail address: '{sender}'.");
        if (user is not null && password is null)
            settings.Problem("SMTP_PASSWORD is not set, but SMTP_USERNAME is.");
        return new MailSettings(
            host, port, user, password,
            (tls, port) switch { (false, _) => MailEncryption.None, (true, ImplicitTlsPort) => MailEncryption.Tls, _ => MailEncryption.StartTls },
            address ?? MailboxAddress.Parse(DefaultSender),
            settings.Text("MAIL_DROP_DIRECTORY", "folder for mails as .eml files, which only the owner of the process can read, when there is no mail server", Path.Combine(".platform", "mail"))!);
    }

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => SmtpHost is null ? $"files in {DropDirectory}" : $"{SmtpHost}:{SmtpPort} as {Sender}";
}
