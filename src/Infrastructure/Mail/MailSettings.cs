using MimeKit;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>How the connection to the mail server is encrypted.</summary>
public enum MailEncryption
{
    None,

    /// <summary>STARTTLS before anything else is sent (RFC 3207). A server without STARTTLS gets no mail.</summary>
    StartTls,

    /// <summary>TLS from the first byte (RFC 8314 3.3).</summary>
    Tls,
}

/// <summary>Settings for sending mails.</summary>
/// <param name="SmtpHost">SMTP_HOST: the mail server; null writes mails to <paramref name="DropDirectory"/>.</param>
/// <param name="SmtpPort">SMTP_PORT, 587 unless set.</param>
/// <param name="SmtpUsername">SMTP_USERNAME; null when the server needs no sign-in.</param>
/// <param name="SmtpPassword">SMTP_PASSWORD.</param>
/// <param name="Encryption">None with SMTP_TLS=false; else TLS from the first byte on port 465, and STARTTLS on any other.</param>
/// <param name="Sender">MAIL_FROM.</param>
/// <param name="DropDirectory">MAIL_DROP_DIRECTORY, <c>.platform/mail</c> unless set.</param>
/// <param name="Pause">MAIL_PAUSE_SECONDS, 60 unless set: shortest time between two mails to one address about the same thing.</param>
/// <param name="PerRecipient">MAIL_LIMIT_PER_RECIPIENT, 10 unless set: mails an hour to one address that requests may cause; 0: no limit.</param>
/// <param name="PerSender">MAIL_LIMIT_PER_SENDER, 100 unless set: mails an hour that one account may cause; 0: no limit.</param>
public sealed record MailSettings(
    string? SmtpHost, int SmtpPort, string? SmtpUsername, string? SmtpPassword, MailEncryption Encryption, MailboxAddress Sender, string DropDirectory,
    TimeSpan Pause, int PerRecipient, int PerSender)
{
    internal const string HostPurpose = "mail server for password resets, confirmations and invitations; without it the mails are files in MAIL_DROP_DIRECTORY";

    private const int ImplicitTlsPort = 465;
    private const string DefaultSender = "Vision platform <no-reply@localhost>";
    private static readonly ParserOptions Strict = new() { AllowAddressesWithoutDomain = false };

    public static MailSettings From(SettingsReader settings)
    {
        var host = settings.Text("SMTP_HOST", HostPurpose);
        var port = settings.Whole("SMTP_PORT", 587, "port of the mail server", maximum: 65535);
        var user = settings.Text("SMTP_USERNAME", "user name for the mail server");
        var password = settings.Text("SMTP_PASSWORD", "password for the mail server", secret: true);
        var tls = settings.Flag("SMTP_TLS", true, "encrypt the connection, with STARTTLS or, on port 465, from the first byte; `false` only for a server on the same machine");
        var sender = settings.Text("MAIL_FROM", "sender of the mails", DefaultSender)!;
        if (!MailboxAddress.TryParse(Strict, sender, out var address))
            settings.Problem($"MAIL_FROM is not an e-mail address: '{sender}'.");
        if (user is not null && password is null)
            settings.Problem("SMTP_PASSWORD is not set, but SMTP_USERNAME is.");
        return new MailSettings(
            host, port, user, password,
            (tls, port) switch { (false, _) => MailEncryption.None, (true, ImplicitTlsPort) => MailEncryption.Tls, _ => MailEncryption.StartTls },
            address ?? MailboxAddress.Parse(DefaultSender),
            settings.Text("MAIL_DROP_DIRECTORY", "folder for mails as .eml files when there is no mail server; only the owner of the process can read them", Path.Combine(".platform", "mail"))!,
            TimeSpan.FromSeconds(settings.Number("MAIL_PAUSE_SECONDS", 60, "shortest time between two mails to one address about the same thing; 0: no pause", minimum: 0)),
            settings.Whole("MAIL_LIMIT_PER_RECIPIENT", 10, "invitations, links and the like an hour to one address; 0: no limit", minimum: 0),
            settings.Whole("MAIL_LIMIT_PER_SENDER", 100, "invitations and confirmations an hour that one account may have mailed; 0: no limit", minimum: 0));
    }

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => SmtpHost is null ? $"files in {DropDirectory}" : $"{SmtpHost}:{SmtpPort} as {Sender}";
}
