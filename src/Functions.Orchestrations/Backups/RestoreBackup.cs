using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Backups;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Orchestrations.Backups;

/// <summary>
/// Fills a database from a backup: makes the tables, loads them several at once, makes indexes and the rest, and compares what the database then has
/// with the backup. Input: <see cref="RestoreRequest"/>.
/// </summary>
public static class RestoreBackup
{
    /// <summary>Tables that are loaded at once.</summary>
    private const int Parallel = 4;

    [Function(nameof(RestoreBackup))]
    public static async Task<RestoreReport> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var step = new RestoreStep(context.InstanceId, context.GetInput<RestoreRequest>()!, "");
        var plan = await LoadAsync(context, step);
        step = step with { Request = step.Request with { Backup = plan.Backup } };
        string? former = null;
        if (step.Request.Swap)
        {
            context.SetCustomStatus("exchange the databases");
            former = await context.CallActivityAsync<string>(nameof(RestoreActivities.SwapRestore), step, OperationRetry.Standard);
        }
        return new RestoreReport(plan.Backup, plan.Tables.Count, plan.Rows, plan.Bytes, former, plan.Warnings);
    }

    /// <summary>Everything but the exchange of databases.</summary>
    internal static async Task<RestorePlan> LoadAsync(TaskOrchestrationContext context, RestoreStep step)
    {
        context.SetCustomStatus("compare backup and target");
        var plan = await context.CallActivityAsync<RestorePlan>(nameof(RestoreActivities.PlanRestore), step, OperationRetry.Standard);
        step = step with { Request = step.Request with { Backup = plan.Backup } };
        context.SetCustomStatus($"make {plan.Tables.Count} tables");
        await context.CallActivityAsync(nameof(RestoreActivities.PrepareRestore), step, OperationRetry.Standard);
        context.SetCustomStatus("load rows");
        var open = new List<Task>();
        foreach (var table in plan.Tables)
        {
            if (open.Count == Parallel)
            {
                var ended = await Task.WhenAny(open);
                open.Remove(ended);
                await ended;
            }
            open.Add(context.CallActivityAsync(nameof(RestoreActivities.LoadRestoreTable), step with { Table = table }, OperationRetry.Standard));
        }
        await Task.WhenAll(open);
        context.SetCustomStatus("make indexes and the rest, compare the rows");
        await context.CallActivityAsync(nameof(RestoreActivities.FinishRestore), step, OperationRetry.Standard);
        return plan;
    }
}

/// <summary>Input of every step of a restore.</summary>
/// <param name="Operation">Id of the orchestration: an interrupted restore is recognised by it.</param>
/// <param name="Table">For the step that loads one table.</param>
public sealed record RestoreStep(string Operation, RestoreRequest Request, string Table);

/// <summary>What a restore did.</summary>
/// <param name="Former">Name under which the replaced database stays; null if none was.</param>
/// <param name="Warnings">What did not survive.</param>
public sealed record RestoreReport(string Backup, int Tables, long Rows, long Bytes, string? Former, IReadOnlyList<string> Warnings);

public sealed class RestoreActivities(BackupRuns backups)
{
    [Function(nameof(PlanRestore))]
    public Task<RestorePlan> PlanRestore([ActivityTrigger] RestoreStep step, CancellationToken cancellation) =>
        backups.PlanRestoreAsync(step.Request, step.Operation, cancellation);

    [Function(nameof(PrepareRestore))]
    public Task PrepareRestore([ActivityTrigger] RestoreStep step, CancellationToken cancellation) => backups.PrepareRestoreAsync(step.Request, step.Operation, cancellation);

    [Function(nameof(LoadRestoreTable))]
    public Task LoadRestoreTable([ActivityTrigger] RestoreStep step, CancellationToken cancellation) =>
        backups.LoadTableAsync(step.Request, step.Operation, step.Table, cancellation);

    [Function(nameof(FinishRestore))]
    public Task FinishRestore([ActivityTrigger] RestoreStep step, CancellationToken cancellation) => backups.FinishRestoreAsync(step.Request, step.Operation, cancellation);

    [Function(nameof(SwapRestore))]
    public Task<string> SwapRestore([ActivityTrigger] RestoreStep step, CancellationToken cancellation) => backups.SwapAsync(step.Request, step.Operation, cancellation);

    [Function(nameof(EndDrill))]
    public Task<DrillRecord?> EndDrill([ActivityTrigger] DrillEnd end, CancellationToken cancellation) => backups.EndDrillAsync(end.Step.Request, end.Step.Operation, end.Plan, cancellation);
}

/// <param name="Plan">What was restored; null when the drill failed.</param>
public sealed record DrillEnd(RestoreStep Step, RestorePlan? Plan);
