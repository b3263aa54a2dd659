using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using VisionPlatform.Api.Operations;
using VisionPlatform.Application.Backups;

namespace VisionPlatform.Api.Backups;

/// <summary>
/// Starts backups, drills and copies of the datasets when they are due by the settings, as operations like those of administrators, and raises alerts. Does
/// nothing where no bucket is set.
/// </summary>
public sealed class BackupTimers(BackupRuns runs, DueBackups backups, BackupHealth health, DatasetBackups datasets, OperationStarts starts, BackupAlerts alerts)
{
    /// <summary>Looks every five minutes, so that a schedule is a setting and a time that was missed is made up for.</summary>
    [Function(nameof(RunDueBackups))]
    public async Task RunDueBackups([TimerTrigger("0 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        foreach (var due in await backups.FindAsync(cancellation))
            await starts.StartDueAsync(durable, due, cancellation);
    }

    /// <summary>Starts the copy of the datasets to the cold bucket when it is due.</summary>
    [Function(nameof(RunDueDatasetBackup))]
    public async Task RunDueDatasetBackup([TimerTrigger("30 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        if (datasets.Due() is { } due)
            await starts.StartDueAsync(durable, due, cancellation);
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
