using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Backups;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Orchestrations.Backups;

/// <summary>Reads a whole backup and compares it with its manifest. No database is needed.</summary>
public static class VerifyBackup
{
    [Function(nameof(VerifyBackup))]
    public static Task<BackupSummary> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var backup = context.GetInput<BackupToTake>()!;
        context.SetCustomStatus($"read backup {backup.Id} of {backup.Database}");
        return context.CallActivityAsync<BackupSummary>(nameof(BackupActivities.VerifyStoredBackup), backup, OperationRetry.Standard);
    }
}
