using System.Text;
using Microsoft.Extensions.Configuration;

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
    /// <exception cref="InvalidOperationException">JWT_SECRET is absent or short, or a lifetime is not positive.</exception>
    public static AccountSettings From(IConfiguration configuration)
    {
        var secret = configuration["JWT_SECRET"] ?? "";
        if (Encoding.UTF8.GetByteCount(secret) < SignedToken.MinimumSecretBytes)
            throw new InvalidOperationException($"JWT_SECRET is missing or shorter than {SignedToken.MinimumSecretBytes} bytes. Make one with: openssl rand -base64 48");
        return new AccountSettings(
            secret,
            TimeSpan.FromMinutes(Positive(configuration, "ACCESS_TOKEN_EXPIRE_MINUTES", 60)),
            TimeSpan.FromDays(Positive(configuration, "REFRESH_TOKEN_EXPIRE_DAYS", 30)),
            configuration["BOOTSTRAP_ADMIN_EMAIL"] is { Length: > 0 } email ? email : null,
            configuration["BOOTSTRAP_ADMIN_PASSWORD"] is { Length: > 0 } password ? password : null);
    }

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => $"access {AccessTokenLifetime}, refresh {RefreshTokenLifetime}, bootstrap {BootstrapEmail}";

    private static double Positive(IConfiguration configuration, string key, double fallback) =>
        configuration.GetValue(key, fallback) is > 0 and var value ? value : throw new InvalidOperationException($"{key} must be a positive number.");
}
