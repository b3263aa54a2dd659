using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Modules;
using VisionPlatform.Domain;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Api.Health;

/// <summary>State of the app, or of a service that it needs.</summary>
public enum HealthStatus
{
    /// <summary>Works.</summary>
    Ok,

    /// <summary>Works, but a service that is not always needed does not answer.</summary>
    Degraded,

    /// <summary>Does not work.</summary>
    Unavailable,
}

/// <summary>State of one service.</summary>
/// <param name="Name">Name of the service, for example <c>platform_database</c>.</param>
/// <param name="Status">State of the service.</param>
/// <param name="Detail">What is wrong and what to do; null when nothing is wrong.</param>
/// <param name="Milliseconds">Duration of the check in milliseconds.</param>
public sealed record HealthCheck(string Name, HealthStatus Status, string? Detail, double Milliseconds);

/// <summary>State of the app.</summary>
/// <param name="Status">The worst state of all checks.</param>
/// <param name="Checks">One entry for each service. Empty when only the process itself was checked.</param>
public sealed record HealthReport(HealthStatus Status, IReadOnlyList<HealthCheck> Checks);

/// <summary>Looks at every service the app needs, all at once and each for a short time only.</summary>
public sealed class Readiness(
    IServiceScopeFactory scopes, ObjectStores stores, TrainerClient trainers, AccountSettings accounts, ServedModules modules, BackupHealth backups, DatasetBackups datasetBackups, ILogger<Readiness> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);
    private const string SchemaBehind = "The schema is behind: run platform-cli database migrate.";
    private const string NoAdministrator = "There is no account yet: the first administrator is being made.";
    private const string Away = "It does not answer.";

    public async Task<HealthReport> CheckAsync(CancellationToken cancellation)
    {
        var checks = await Task.WhenAll(
        [
            .. modules.All.SelectMany(module => module.Databases).Select(database => RunAsync(
                database.HealthCheck, HealthStatus.Unavailable, token => CheckDatabaseAsync(database, token), cancellation)),
            RunAsync("external_storage", HealthStatus.Unavailable, token => CheckStoreAsync(stores.External, token), cancellation),
            RunAsync("internal_storage", HealthStatus.Unavailable, token => CheckStoreAsync(stores.Internal, token), cancellation),
            .. backups.IsConfigured ? [RunAsync("backups", HealthStatus.Degraded, CheckBackupsAsync, cancellation)] : Array.Empty<Task<HealthCheck>>(),
            .. datasetBackups.IsConfigured ? [RunAsync("dataset_backup", HealthStatus.Degraded, datasetBackups.ProblemAsync, cancellation)] : Array.Empty<Task<HealthCheck>>(),
            .. modules.Serves(AppModules.Of(AppModule.Platform)) ? TrainerChecks(cancellation) : [],
        ]);
        return new HealthReport(checks.Max(check => check.Status), checks);
    }

    private IEnumerable<Task<HealthCheck>> TrainerChecks(CancellationToken cancellation) =>
        // A service whose jobs run as executions of their own may sleep, and would be woken by every check.
        trainers.Frameworks.Where(framework => trainers.JobOf(framework) is null).Order(StringComparer.Ordinal).Select(framework => RunAsync(
            $"trainer_{framework}", HealthStatus.Degraded,
            async token => await trainers.IsHealthyAsync(framework, token) ? null : "It does not answer; jobs wait until it does.", cancellation));

    private async Task<string?> CheckDatabaseAsync(ModuleDatabase database, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var pending = await ((DbContext)scope.ServiceProvider.GetRequiredService(database.Context)).Database.GetPendingMigrationsAsync(cancellation);
        return pending.Any() ? SchemaBehind : database == Databases.OfUsers ? await CheckAdministratorAsync(cancellation) : null;
    }

    /// <summary>Whoever waits for readiness signs in next, so the account named in the settings has to be there.</summary>
    private async Task<string?> CheckAdministratorAsync(CancellationToken cancellation)
    {
        if (accounts is not { BootstrapEmail: not null, BootstrapPassword: not null })
            return null;
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<UserDatabase>().Users.AnyAsync(cancellation) ? null : NoAdministrator;
    }

    private async Task<string?> CheckBackupsAsync(CancellationToken cancellation)
    {
        var problems = (await backups.StatesAsync(cancellation)).Select(state => (state.Database, Problem: backups.Problem(state))).Where(found => found.Problem is not null);
        return string.Join("; ", problems.Select(found => $"{found.Database}: {found.Problem}")) is { Length: > 0 } text ? text : null;
    }

    private static async Task<string?> CheckStoreAsync(ObjectStore store, CancellationToken cancellation)
    {
        await store.CheckAsync(cancellation);
        return null;
    }

    // What exactly went wrong is for the log: the answer goes to anybody.
    private async Task<HealthCheck> RunAsync(string name, HealthStatus ifFailed, Func<CancellationToken, Task<string?>> check, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        string? fault;
        try
        {
            fault = await check(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            logger.LogWarning("Not ready: {Check}: {Reason}", name, e.GetBaseException().Message);
            fault = Away;
        }
        return new HealthCheck(name, fault is null ? HealthStatus.Ok : ifFailed, fault, Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1));
    }
}
