using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Backups;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Orchestrations.Backups;

/// <summary>Backs up one database and removes backups that are no longer kept. Input: the database's name.</summary>
public static class TakeBackup
{
    [Function(nameof(TakeBackup))]
    public static async Task<BackupSummary> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var database = context.GetInput<string>()!;
        var backup = new BackupToTake(database, BackupStore.NewId(context.CurrentUtcDateTime, context.NewGuid()));
        context.SetCustomStatus($"back up {database}");
        BackupSummary taken;
        try
        {
            taken = await context.CallActivityAsync<BackupSummary>(nameof(BackupActivities.TakeDatabaseBackup), backup, OperationRetry.Standard);
        }
        catch (TaskFailedException failed)
        {
            await context.CallActivityAsync(nameof(BackupActivities.ReportBackupFailure), new BackupFailure(database, "backup", failed.FailureDetails.ErrorMessage));
            throw;
        }
        context.SetCustomStatus("remove old backups");
        await context.CallActivityAsync<IReadOnlyList<string>>(nameof(BackupActivities.PruneBackups), database, OperationRetry.Standard);
        return taken;
    }
}

public sealed record BackupToTake(string Database, string Id);

/// <param name="What">What failed: <c>backup</c>, <c>drill</c>.</param>
public sealed record BackupFailure(string Database, string What, string Reason);

public sealed class BackupActivities(BackupRuns backups, BackupAlerts alerts)
{
    [Function(nameof(TakeDatabaseBackup))]
    public Task<BackupSummary> TakeDatabaseBackup([ActivityTrigger] BackupToTake backup, CancellationToken cancellation) =>
        backups.TakeAsync(backup.Database, backup.Id, cancellation);

    [Function(nameof(PruneBackups))]
    public Task<IReadOnlyList<string>> PruneBackups([ActivityTrigger] string database, CancellationToken cancellation) =>
        backups.PruneAsync(database, dryRun: false, cancellation);

    [Function(nameof(VerifyStoredBackup))]
    public Task<BackupSummary> VerifyStoredBackup([ActivityTrigger] BackupToTake backup, CancellationToken cancellation) =>
        backups.VerifyAsync(backup.Database, backup.Id, cancellation);

    [Function(nameof(ReportBackupFailure))]
    public Task ReportBackupFailure([ActivityTrigger] BackupFailure failure, CancellationToken cancellation) =>
        alerts.FailedAsync(failure.Database, failure.What, failure.Reason, cancellation);
}
