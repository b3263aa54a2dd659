using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Orchestrations.Operations;

/// <summary>
/// Copies a database: compares both sides, makes the tables, copies the rows as they are at one point in time, makes indexes and the rest, and compares
/// the rows. One activity copies all rows, with several connections, as the point in time ends with the connection that made it.
/// </summary>
public static class CopyDatabase
{
    [Function(nameof(CopyDatabase))]
    public static async Task<DatabaseCopyReport> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var request = context.GetInput<DatabaseCopyRequest>()!;
        var step = new CopyStep(context.InstanceId, request, 0);
        context.SetCustomStatus("compare source and target");
        var preflight = await context.CallActivityAsync<PreflightReport>(nameof(CopyDatabaseActivities.PreflightCopy), step, OperationRetry.Standard);
        if (preflight.Findings.FirstOrDefault(finding => finding.IsBlocking) is { } blocking)
            throw new OperationException(blocking.Message);
        step = step with { ExpectedBytes = preflight.Bytes };
        context.SetCustomStatus($"make {preflight.Tables} tables");
        await context.CallActivityAsync(nameof(CopyDatabaseActivities.PrepareCopy), step, OperationRetry.Standard);
        context.SetCustomStatus("copy rows");
        var copied = await context.CallActivityAsync<CopiedRows>(nameof(CopyDatabaseActivities.CopyRows), step, OperationRetry.Standard);
        context.SetCustomStatus("make indexes");
        await context.CallActivityAsync(nameof(CopyDatabaseActivities.BuildCopyIndexes), step, OperationRetry.Standard);
        context.SetCustomStatus("make foreign keys, views and the rest");
        await context.CallActivityAsync(nameof(CopyDatabaseActivities.FinishCopy), step, OperationRetry.Standard);
        context.SetCustomStatus("compare the rows");
        await context.CallActivityAsync(nameof(CopyDatabaseActivities.VerifyCopy), step, OperationRetry.Standard);
        await context.CallActivityAsync(nameof(CopyDatabaseActivities.CloseCopy), step, OperationRetry.Standard);
        return new DatabaseCopyReport(copied.Tables, copied.Rows, copied.Bytes, copied.Position, [.. preflight.Findings.Select(finding => finding.Message)]);
    }
}

/// <summary>Input of every step of a copy.</summary>
/// <param name="Operation">Id of the orchestration: an interrupted copy is recognised by it.</param>
/// <param name="ExpectedBytes">For the display of progress.</param>
public sealed record CopyStep(string Operation, DatabaseCopyRequest Request, long ExpectedBytes);

public sealed class CopyDatabaseActivities(DatabaseCopies copies)
{
    [Function(nameof(PreflightCopy))]
    public Task<PreflightReport> PreflightCopy([ActivityTrigger] CopyStep step, CancellationToken cancellation) =>
        copies.PreflightAsync(step.Operation, step.Request, cancellation);

    [Function(nameof(PrepareCopy))]
    public Task PrepareCopy([ActivityTrigger] CopyStep step, CancellationToken cancellation) => copies.PrepareAsync(step.Operation, step.Request, cancellation);

    [Function(nameof(CopyRows))]
    public Task<CopiedRows> CopyRows([ActivityTrigger] CopyStep step, CancellationToken cancellation) =>
        copies.CopyRowsAsync(step.Request, step.ExpectedBytes, cancellation);

    [Function(nameof(BuildCopyIndexes))]
    public Task BuildCopyIndexes([ActivityTrigger] CopyStep step, CancellationToken cancellation) => copies.BuildIndexesAsync(step.Request, cancellation);

    [Function(nameof(FinishCopy))]
    public Task FinishCopy([ActivityTrigger] CopyStep step, CancellationToken cancellation) => copies.FinishAsync(step.Request, cancellation);

    [Function(nameof(VerifyCopy))]
    public async Task VerifyCopy([ActivityTrigger] CopyStep step, CancellationToken cancellation)
    {
        var differences = await copies.VerifyAsync(step.Request, step.ExpectedBytes, cancellation);
        if (differences.Count > 0)
            throw new OperationException($"the copy differs from its source: {string.Join("; ", differences.Take(10))}");
    }

    [Function(nameof(CloseCopy))]
    public Task CloseCopy([ActivityTrigger] CopyStep step, CancellationToken cancellation) => copies.CloseAsync(step.Request, cancellation);
}
