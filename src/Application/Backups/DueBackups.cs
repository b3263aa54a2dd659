using VisionPlatform.Application.Operations;
using VisionPlatform.Infrastructure.Backups;

namespace VisionPlatform.Application.Backups;

/// <summary>The backups and drills that the schedules want.</summary>
public sealed class DueBackups(BackupRuns runs, BackupSettings settings, DataLocations locations, OperationPlans plans, TimeProvider time)
{
    /// <summary>What is due for each of the app's databases. A database without a backup has nothing to drill.</summary>
    public async Task<IReadOnlyList<DueOperation>> FindAsync(CancellationToken cancellation)
    {
        if (!runs.IsConfigured)
            return [];
        var (now, due) = (time.GetUtcNow(), new List<DueOperation>());
        foreach (var database in locations.OwnDatabaseNames)
        {
            if (BackupSchedule.Due(settings.Schedule, now) is { } backup)
                due.Add(new DueOperation(plans.Backup(database), BackupSchedule.Firing("backup", database, backup)));
            if (BackupSchedule.Due(settings.DrillSchedule, now) is { } drill && await runs.Store.NewestAsync(database, cancellation) is not null)
                due.Add(new DueOperation(plans.Drill(database), BackupSchedule.Firing("drill", database, drill)));
        }
        return due;
    }
}
