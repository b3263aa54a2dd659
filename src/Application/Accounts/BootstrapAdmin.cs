using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Application.Accounts;

/// <summary>
/// Creates the first administrator when there is no account. Several instances may start at the same time. Waits for a database
/// that does not answer or is not migrated yet.
/// </summary>
public sealed class BootstrapAdmin(
    IServiceScopeFactory scopes, AccountSettings settings, TimeProvider time, ILogger<BootstrapAdmin> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstTryLimit = TimeSpan.FromSeconds(5);

    private bool _done;

    // Runs before the server listens, so that the first sign-in finds the account. An unavailable database must not keep the app from starting.
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(FirstTryLimit);
        _done = await TryAsync(limit.Token);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_done && !stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(RetryDelay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _done = await TryAsync(stoppingToken);
        }
    }

    private async Task<bool> TryAsync(CancellationToken cancellation)
    {
        try
        {
            await EnsureAsync(cancellation);
            return true;
        }
        catch (Exception e) when (e.GetBaseException() is DbException or SocketException or TimeoutException or OperationCanceledException)
        {
            logger.LogWarning("Cannot check for the first administrator yet: {Reason}", e.GetBaseException().Message);
            return false;
        }
    }

    /// <summary>Creates the account unless an account exists.</summary>
    public async Task EnsureAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var first = scope.ServiceProvider.GetRequiredService<FirstAdministrator>();
        switch (await first.EnsureAsync(settings.BootstrapEmail, settings.BootstrapPassword, cancellation))
        {
            case FirstAdministratorOutcome.Created:
                logger.LogInformation("Created the first administrator, who must change the password at the first sign-in");
                break;
            case FirstAdministratorOutcome.NotNamed:
                logger.LogWarning("There is no account. Set BOOTSTRAP_ADMIN_EMAIL and BOOTSTRAP_ADMIN_PASSWORD and restart to create the first administrator.");
                break;
            case FirstAdministratorOutcome.InvalidEmail:
                logger.LogError("BOOTSTRAP_ADMIN_EMAIL is not an e-mail address; no administrator was created.");
                break;
        }
    }
}
