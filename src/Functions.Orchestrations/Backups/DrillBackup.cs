using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Backups;
using VisionPlatform.Infrastructure.Backups;

namespace VisionPlatform.Orchestrations.Backups;

/// <summary>
/// Tries the newest backup of a database: restores it into a new database on the same server, compares it, and removes that database again. Input:
/// the database's name.
/// </summary>
public static class DrillBackup
{
    [Function(nameof(DrillBackup))]
    public static async Task<DrillRecord> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var database = context.GetInput<string>()!;
        var step = new RestoreStep(context.InstanceId, new RestoreRequest(database, "latest", database, null, Swap: true), "");
        try
        {
            var plan = await RestoreBackup.LoadAsync(context, step);
            return (await context.CallActivityAsync<DrillRecord?>(nameof(RestoreActivities.EndDrill), new DrillEnd(step, plan), Operations.OperationRetry.Standard))!;
        }
        catch (TaskFailedException failed)
        {
            await context.CallActivityAsync<DrillRecord?>(nameof(RestoreActivities.EndDrill), new DrillEnd(step, null), Operations.OperationRetry.Standard);
            await context.CallActivityAsync(nameof(BackupActivities.ReportBackupFailure), new BackupFailure(database, "drill", failed.FailureDetails.ErrorMessage));
            throw;
        }
    }
}
