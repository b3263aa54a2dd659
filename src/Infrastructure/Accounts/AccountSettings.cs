using System.Text;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Mail;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>Settings for signing in and signing up.</summary>
/// <param name="Secret">JWT_SECRET, shared with the labeler.</param>
/// <param name="PreviousSecret">JWT_SECRET_PREVIOUS: the previous secret, whose tokens are still accepted.</param>
/// <param name="AccessTokenLifetime">ACCESS_TOKEN_EXPIRE_MINUTES, 60 unless set.</param>
/// <param name="RefreshTokenLifetime">REFRESH_TOKEN_EXPIRE_DAYS, 30 unless set; each refresh starts it again.</param>
/// <param name="BootstrapEmail">BOOTSTRAP_ADMIN_EMAIL: the administrator that is created when there is no account.</param>
/// <param name="BootstrapPassword">BOOTSTRAP_ADMIN_PASSWORD: its one-time password.</param>
/// <param name="SignUp">SIGN_UP: who may create an account, <c>invitation</c> unless set.</param>
/// <param name="ConfirmsEmail">SIGN_UP_CONFIRM_EMAIL: a new address takes effect when its owner follows a mailed link; on when there is a mail server.</param>
/// <param name="SignUpLifetime">SIGN_UP_LINK_HOURS, 24 unless set: how long a link to confirm an address works.</param>
/// <param name="PasswordResetLifetime">PASSWORD_RESET_MINUTES, 30 unless set: how long a link to reset a password works.</param>
/// <param name="SignInFailuresPerAddress">SIGN_IN_FAILURES_PER_ADDRESS, 50 unless set: failed sign-ins in a row after which a network address is locked.</param>
/// <param name="ConsoleUrl">CONSOLE_URL, or else PUBLIC_URL: where the links in mails lead.</param>
/// <param name="LabelerSecret">LABELER_CLIENT_SECRET: the secret with which a separate labeling service gets service tokens.</param>
public sealed record AccountSettings(
    string Secret, string? PreviousSecret, TimeSpan AccessTokenLifetime, TimeSpan RefreshTokenLifetime, string? BootstrapEmail, string? BootstrapPassword,
    SignUpMode SignUp, bool ConfirmsEmail, TimeSpan SignUpLifetime, TimeSpan PasswordResetLifetime, int SignInFailuresPerAddress, Uri ConsoleUrl, string? LabelerSecret)
{
    private const string HowToMakeOne = "Make one with: openssl rand -base64 48";

    public static AccountSettings From(SettingsReader settings)
    {
        var secret = settings.Needed("JWT_SECRET", $"signs access and attempt tokens; at least {SignedToken.MinimumSecretBytes} bytes, `openssl rand -base64 48`",
            secret: true, example: "for-this-machine-only-make-your-own-with-openssl-rand");
        var previous = settings.Text("JWT_SECRET_PREVIOUS", "the previous secret: tokens signed with it are still accepted. Remove it when those tokens have expired", secret: true);
        RequireLength(settings, "JWT_SECRET", secret);
        RequireLength(settings, "JWT_SECRET_PREVIOUS", previous);
        if (settings.Text("JWT_ALGORITHM", "how tokens are signed; no other is supported", "HS256") is not "HS256" and var algorithm)
            settings.Problem($"JWT_ALGORITHM must be HS256, not '{algorithm}'.");
        return new AccountSettings(
            secret, previous,
            TimeSpan.FromMinutes(settings.Number("ACCESS_TOKEN_EXPIRE_MINUTES", 60, "how long an access token works")),
            TimeSpan.FromDays(settings.Number("REFRESH_TOKEN_EXPIRE_DAYS", 30, "how long a refresh token works; each refresh starts it again")),
            settings.Text("BOOTSTRAP_ADMIN_EMAIL", "e-mail address of the administrator that is created when there is no account", example: "admin@example.com"),
            settings.Text("BOOTSTRAP_ADMIN_PASSWORD", "one-time password of this administrator, to be changed at the first sign-in", secret: true, example: "look-at-the-green-field"),
            settings.Choice("SIGN_UP", SignUpMode.Invitation, "who may create an account"),
            settings.Flag("SIGN_UP_CONFIRM_EMAIL", settings.Text("SMTP_HOST", MailSettings.HostPurpose) is not null,
                "a new e-mail address takes effect only when its owner follows a mailed link; on by default if SMTP_HOST is set"),
            TimeSpan.FromHours(settings.Number("SIGN_UP_LINK_HOURS", 24, "how long a link to confirm an address works")),
            TimeSpan.FromMinutes(settings.Number("PASSWORD_RESET_MINUTES", 30, "how long a link to reset a password works")),
            settings.Whole("SIGN_IN_FAILURES_PER_ADDRESS", 50, "failed sign-ins in a row after which a network address has to wait"),
            Console(settings),
            settings.Text("LABELER_CLIENT_SECRET", "secret with which a separate labeling service gets service tokens", secret: true));
    }

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => $"access {AccessTokenLifetime}, refresh {RefreshTokenLifetime}, bootstrap {BootstrapEmail}, sign-up {SignUp}";

    private static Uri Console(SettingsReader settings)
    {
        var url = settings.Inherited("CONSOLE_URL", "PUBLIC_URL", null, "where the links in mails lead", type: "URL") is { } given ? settings.AbsoluteUrl("CONSOLE_URL", given) : null;
        return url is null ? HostingSettings.ReadPublicUrl(settings) : new Uri(url.ToString().TrimEnd('/') + "/");
    }

    private static void RequireLength(SettingsReader settings, string name, string? secret)
    {
        if (secret is { Length: > 0 } && Encoding.UTF8.GetByteCount(secret) < SignedToken.MinimumSecretBytes)
            settings.Problem($"{name} is shorter than {SignedToken.MinimumSecretBytes} bytes. {HowToMakeOne}");
    }
}
