using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Orchestrations.Operations;

/// <summary>Does what an operation's row asks for, and notes there what it came to. Input: the id of the operation.</summary>
public static class RunOperation
{
    [Function(nameof(RunOperation))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var id = context.GetInput<Guid>();
        if (await context.CallActivityAsync<OperationStart?>(nameof(OperationActivities.BeginOperation), id, OperationRetry.Standard) is not { } start)
            return;
        JsonElement? report = null;
        string? error = null;
        try
        {
            // Hexadecimal digits at the end of the id make the names of databases beside others.
            report = start.IsActivity
                ? await context.CallActivityAsync<JsonElement>(start.Function, start.Request, OperationRetry.Standard)
                : await context.CallSubOrchestratorAsync<JsonElement>(
                    start.Function, start.Request, new SubOrchestrationOptions(instanceId: $"{OperationWork.Run.InstanceId(id)}-{context.NewGuid():n}"));
        }
        catch (TaskFailedException failed)
        {
            error = Innermost(failed.FailureDetails);
        }
        await context.CallActivityAsync(nameof(OperationActivities.EndOperation), new OperationOutcome(id, report, error), OperationRetry.Standard);
    }

    private static string Innermost(TaskFailureDetails failure) => failure.InnerFailure is { } inner ? Innermost(inner) : failure.ErrorMessage;
}

/// <param name="Report">What it did; null if it failed.</param>
/// <param name="Error">Why it failed; null if it did not.</param>
public sealed record OperationOutcome(Guid Id, JsonElement? Report, string? Error);

public sealed class OperationActivities(OperationRuns runs, BackupAlerts alerts)
{
    [Function(nameof(BeginOperation))]
    public Task<OperationStart?> BeginOperation([ActivityTrigger] Guid id, CancellationToken cancellation) => runs.BeginAsync(id, cancellation);

    [Function(nameof(EndOperation))]
    public async Task EndOperation([ActivityTrigger] OperationOutcome outcome, CancellationToken cancellation)
    {
        if (await runs.EndAsync(outcome.Id, outcome.Report, outcome.Error, cancellation) is { Kind: OperationKind.DatasetBackup, State: OperationState.Failed, Error: { } reason })
            await alerts.FailedAsync(BackupAlerts.Datasets, "backup", reason, cancellation);
    }
}
