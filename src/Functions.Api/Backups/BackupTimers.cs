using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Operations;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Orchestrations;
using VisionPlatform.Orchestrations.Backups;

namespace VisionPlatform.Api.Backups;

/// <summary>Starts backups, drills and copies of the datasets when they are due by the settings, and raises alerts. Does nothing where no bucket is set.</summary>
public sealed class BackupTimers(BackupRuns runs, BackupSettings settings, DataLocations locations, BackupHealth health, DatasetBackups datasets, OperationRuns operations,
    BackupAlerts alerts, TimeProvider time)
{
    /// <summary>Looks every five minutes, so that a schedule is a setting and a time that was missed is made up for.</summary>
    [Function(nameof(RunDueBackups))]
    public async Task RunDueBackups([TimerTrigger("0 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        if (!runs.IsConfigured)
            return;
        var now = time.GetUtcNow();
        foreach (var database in locations.OwnDatabaseNames)
        {
            if (BackupSchedule.Due(settings.Schedule, now) is { } backup)
                await durable.ScheduleOnceAsync(nameof(TakeBackup), database, BackupSchedule.InstanceId("backup", database, backup), cancellation);
            if (BackupSchedule.Due(settings.DrillSchedule, now) is { } drill && await runs.Store.NewestAsync(database, cancellation) is not null)
                await durable.ScheduleOnceAsync(nameof(DrillBackup), database, BackupSchedule.InstanceId("drill", database, drill), cancellation);
        }
    }

    /// <summary>Starts the copy of the datasets to the cold bucket when it is due.</summary>
    [Function(nameof(RunDueDatasetBackup))]
    public async Task RunDueDatasetBackup([TimerTrigger("30 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        if (await datasets.StartDueAsync(operations, cancellation) is { } operation)
            await durable.ScheduleOnceAsync(OperationWork.Run, operation, cancellation);
    }

    [Function(nameof(AlertOnStaleBackups))]
    public async Task AlertOnStaleBackups([TimerTrigger("0 30 */6 * * *")] TimerInfo timer, CancellationToken cancellation)
    {
        if (datasets.IsConfigured && await datasets.ProblemAsync(cancellation) is { } stale)
            await alerts.StaleAsync(BackupAlerts.Datasets, stale, cancellation);
        if (!runs.IsConfigured)
            return;
        foreach (var state in await health.StatesAsync(cancellation))
            if (health.Problem(state) is { } problem)
                await alerts.StaleAsync(state.Database, problem, cancellation);
    }
}
