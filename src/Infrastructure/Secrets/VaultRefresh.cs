using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Secrets;

public static class SecretServices
{
    /// <summary>Keeps the secrets of a vault up to date.</summary>
    public static IServiceCollection AddVaultRefresh(this IServiceCollection services, VaultSecrets vault) =>
        services.AddSingleton(vault).AddHostedService<VaultRefresh>();
}

/// <summary>
/// Asks the vault again from time to time. While it is away the secrets read last stay in use. A changed JWT_SECRET is in use at once; the
/// others, which pools and clients were made with, from the next start.
/// </summary>
public sealed class VaultRefresh(
    VaultSecrets vault, VaultSettings settings, IConfiguration configuration, SignedToken tokens, TimeProvider time, ILogger<VaultRefresh> logger) : BackgroundService
{
    private static readonly string[] InUseAtOnce = ["JWT_SECRET", "JWT_SECRET_PREVIOUS"];
    private bool _away;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.RefreshEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await RefreshAsync(stoppingToken);
    }

    internal async Task RefreshAsync(CancellationToken cancellation)
    {
        try
        {
            var changed = await vault.RefreshAsync(cancellation);
            if (changed.Intersect(InUseAtOnce).Any())
                UseTokenSecrets();
            foreach (var name in changed.Except(InUseAtOnce))
                logger.LogWarning("{Setting} changed in the key vault: it is used from the next start of this process", name);
            if (_away)
                logger.LogInformation("The key vault {Vault} answers again", settings.Url);
            _away = false;
        }
        catch (Exception e) when (VaultSecrets.Explain(e) is { } reason)
        {
            if (!_away)
                logger.LogWarning("The key vault {Vault} {Reason}; the secrets read before stay in use", settings.Url, reason);
            _away = true;
        }
    }

    private void UseTokenSecrets()
    {
        try
        {
            var accounts = SettingsReader.Read(configuration, AccountSettings.From);
            tokens.Use(accounts.Secret, accounts.PreviousSecret);
            logger.LogInformation("JWT_SECRET or JWT_SECRET_PREVIOUS changed in the key vault and is in use");
        }
        catch (SettingsException wrong)
        {
            logger.LogError("The JWT_SECRET that is now in the key vault is not used: {Problem}", wrong.Message);
        }
    }
}
