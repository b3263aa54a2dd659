using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Secrets;

public static class SecretServices
{
    /// <summary>Registers the refresh of the vault's secrets.</summary>
    public static IServiceCollection AddVaultRefresh(this IServiceCollection services, VaultSecrets vault) =>
        services.AddSingleton(vault).AddHostedService<VaultRefresh>();
}

/// <summary>
/// Reads the vault again at an interval. While it is unavailable, the last secrets stay in use. A changed JWT_SECRET takes effect at once, the
/// others at the next start, because pools and clients were created with them.
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
                logger.LogWarning("{Setting} changed in the key vault and takes effect at the next start of this process", name);
            if (_away)
                logger.LogInformation("The key vault {Vault} answers again", settings.Url);
            _away = false;
        }
        catch (Exception e) when (VaultSecrets.Explain(e) is { } reason)
        {
            if (!_away)
                logger.LogWarning("The key vault {Vault} {Reason}. The last secrets stay in use", settings.Url, reason);
            _away = true;
        }
    }

    private void UseTokenSecrets()
    {
        try
        {
            var accounts = SettingsReader.Read(configuration, AccountSettings.From);
            tokens.Use(accounts.Secret, accounts.PreviousSecret);
            logger.LogInformation("JWT_SECRET or JWT_SECRET_PREVIOUS changed in the key vault and has taken effect");
        }
        catch (SettingsException wrong)
        {
            logger.LogError("The new JWT_SECRET in the key vault is not used: {Problem}", wrong.Message);
        }
    }
}
