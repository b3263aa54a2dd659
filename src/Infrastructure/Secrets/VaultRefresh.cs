using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Secrets;

public static class SecretServices
{
    /// <summary>Keeps the secrets of a vault up to date.</summary>
    public static IServiceCollection AddVaultRefresh(this IServiceCollection services, VaultSecrets vault) =>
        services.AddSingleton(vault).AddHostedService<VaultRefresh>();
}

/// <summary>Asks the vault again from time to time. While it is away the secrets read last stay in use.</summary>
public sealed class VaultRefresh(VaultSecrets vault, VaultSettings settings, TimeProvider time, ILogger<VaultRefresh> logger) : BackgroundService
{
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
            foreach (var name in await vault.RefreshAsync(cancellation))
                logger.LogInformation("{Setting} changed in the key vault", name);
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
}
