using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Exports;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Orchestrations.Exports;

/// <summary>Exports a model version to several formats at once, with one sub-orchestration for each.</summary>
public static class ExportModels
{
    /// <param name="requestId">Id of the first export of the request.</param>
    public static string InstanceId(Guid requestId) => $"exports-{requestId}";

    [Function(nameof(ExportModels))]
    public static async Task<IReadOnlyList<ExportEnd>> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var exports = context.GetInput<List<Guid>>()!;
        return await Task.WhenAll(exports.Select(exportId => context.CallSubOrchestratorAsync<ExportEnd>(
            nameof(ExportModel), exportId, new SubOrchestrationOptions(instanceId: ExportWork.Export.InstanceId(exportId)))));
    }

    [Function(nameof(ExportModel))]
    public static async Task<ExportEnd> ExportModel([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var exportId = context.GetInput<Guid>();
        TrainerRunEnd run;
        try
        {
            run = await context.CallSubOrchestratorAsync<TrainerRunEnd>(
                nameof(RunOnTrainer), new TrainerRun(AttemptKind.Export, exportId), new SubOrchestrationOptions(instanceId: RunOnTrainer.InstanceId(exportId)));
        }
        catch (TaskFailedException failed)
        {
            context.CreateReplaySafeLogger(nameof(ExportModel)).LogError(failed, "Export {ExportId} failed unexpectedly", exportId);
            run = new TrainerRunEnd(AttemptState.Failed, Failure.Of(ErrorCodes.Internal));
        }

        return await context.CallActivityAsync<ExportEnd>(nameof(ExportActivities.FinishExport), new ExportRunEnd(exportId, run), ActivityRetry.Standard);
    }
}

/// <summary>An export whose last attempt has ended.</summary>
public sealed record ExportRunEnd(Guid ExportId, TrainerRunEnd Run);

public sealed class ExportActivities(ExportLifecycle exports)
{
    [Function(nameof(FinishExport))]
    public Task<ExportEnd> FinishExport([ActivityTrigger] ExportRunEnd end, CancellationToken cancellation) =>
        exports.FinishAsync(end.ExportId, end.Run.State, end.Run.Failure, cancellation);
}
