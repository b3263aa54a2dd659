using System.Data.Common;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>
/// Makes the first administrator when there is no account at all. Several instances may start at once; a database that
/// is not there or not migrated yet is waited for.
/// </summary>
public sealed class BootstrapAdmin(
    IServiceScopeFactory scopes, AccountSettings settings, PasswordHashing passwords, TimeProvider time, ILogger<BootstrapAdmin> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstTryLimit = TimeSpan.FromSeconds(5);

    private bool _done;

    // Before the server listens, so that the first sign-in finds the account; but a database that is away must not keep the app from starting.
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
            logger.LogWarning("Cannot look for the first administrator yet: {Reason}", e.GetBaseException().Message);
            return false;
        }
    }

    /// <summary>Makes the account unless there is any. Does nothing the second time.</summary>
    public async Task EnsureAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<UserDatabase>();
        if (await database.Users.AnyAsync(cancellation))
            return;
        if (settings is not { BootstrapEmail: { } email, BootstrapPassword: { } password })
        {
            logger.LogWarning("There is no account. Set BOOTSTRAP_ADMIN_EMAIL and BOOTSTRAP_ADMIN_PASSWORD and start again to make the first administrator.");
            return;
        }
        if (!EmailAddress.TryNormalise(email, out var normalised))
        {
            logger.LogError("BOOTSTRAP_ADMIN_EMAIL is no e-mail address; no administrator was made.");
            return;
        }
        var hash = await passwords.HashAsync(password, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // Held until the commit: a second instance then sees the account of the first.
        await database.Database.ExecuteSqlAsync($"LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE", cancellation);
        if (await database.Users.AnyAsync(cancellation))
            return;
        var now = time.GetUtcNow();
        database.Users.Add(new User
        {
            Email = email.Trim(),
            NormalizedEmail = normalised,
            PasswordHash = hash,
            Role = SystemRole.Admin,
            MustChangePassword = true,
            CreatedAt = now,
            UpdatedAt = now,
        });
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        logger.LogInformation("Made the first administrator; the password has to be changed at the first sign-in");
    }
}
