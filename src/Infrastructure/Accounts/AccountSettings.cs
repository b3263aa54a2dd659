using System.Text;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>How people sign in.</summary>
/// <param name="Secret">JWT_SECRET, shared with the labeler.</param>
/// <param name="AccessTokenLifetime">ACCESS_TOKEN_EXPIRE_MINUTES, 60 unless set.</param>
/// <param name="RefreshTokenLifetime">REFRESH_TOKEN_EXPIRE_DAYS, 30 unless set; each rotation starts it anew.</param>
/// <param name="BootstrapEmail">BOOTSTRAP_ADMIN_EMAIL: the account made when there is none at all.</param>
/// <param name="BootstrapPassword">BOOTSTRAP_ADMIN_PASSWORD: good for one sign-in, then to be changed.</param>
public sealed record AccountSettings(
    string Secret, TimeSpan AccessTokenLifetime, TimeSpan RefreshTokenLifetime, string? BootstrapEmail, string? BootstrapPassword)
{
    public static AccountSettings From(SettingsReader settings)
    {
        var secret = settings.Needed("JWT_SECRET", $"signs access and attempt tokens; at least {SignedToken.MinimumSecretBytes} bytes, `openssl rand -base64 48`",
            secret: true, example: "for-this-machine-only-make-your-own-with-openssl-rand");
        if (secret.Length > 0 && Encoding.UTF8.GetByteCount(secret) < SignedToken.MinimumSecretBytes)
            settings.Problem($"JWT_SECRET is shorter than {SignedToken.MinimumSecretBytes} bytes. Make one with: openssl rand -base64 48");
        if (settings.Text("JWT_ALGORITHM", "how tokens are signed; no other is supported", "HS256") is not "HS256" and var algorithm)
            settings.Problem($"JWT_ALGORITHM must be HS256, not '{algorithm}'.");
        return new AccountSettings(
            secret,
            TimeSpan.FromMinutes(settings.Number("ACCESS_TOKEN_EXPIRE_MINUTES", 60, "how long an access token works")),
            TimeSpan.FromDays(settings.Number("REFRESH_TOKEN_EXPIRE_DAYS", 30, "how long a refresh token works; starts anew with each refresh")),
            settings.Text("BOOTSTRAP_ADMIN_EMAIL", "the administrator made when there is no account", example: "admin@example.com"),
            settings.Text("BOOTSTRAP_ADMIN_PASSWORD", "good for one sign-in, where it has to be changed", secret: true, example: "look-at-the-green-field"));
    }

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => $"access {AccessTokenLifetime}, refresh {RefreshTokenLifetime}, bootstrap {BootstrapEmail}";
}
