using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Orchestrations.Exports;

/// <summary>One model version to several formats at once: an orchestration that fans out, one sub-orchestration a format.</summary>
public static class ExportModels
{
    public static string InstanceId(Guid requestId) => $"exports-{requestId}";

    public static string ExportInstanceId(Guid exportId) => $"export-{exportId}";

    [Function(nameof(ExportModels))]
    public static async Task<IReadOnlyList<ExportEnd>> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var exports = context.GetInput<List<Guid>>()!;
        return await Task.WhenAll(exports.Select(exportId => context.CallSubOrchestratorAsync<ExportEnd>(
            nameof(ExportModel), exportId, new SubOrchestrationOptions(instanceId: ExportInstanceId(exportId)))));
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

public sealed record ExportRunEnd(Guid ExportId, TrainerRunEnd Run);

public sealed record ExportEnd(Guid ExportId, ExportState State, Failure? Failure);

public sealed class ExportActivities(PlatformDatabase database, ObjectStores stores, TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Writes how an export ended; a completed one has its file in the object store and its comparison with the checkpoint.</summary>
    [Function(nameof(FinishExport))]
    public async Task<ExportEnd> FinishExport([ActivityTrigger] ExportRunEnd end, CancellationToken cancellation)
    {
        var last = await database.Attempts.AsNoTracking().Where(a => a.SubjectId == end.ExportId).OrderByDescending(a => a.Number).FirstOrDefaultAsync(cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.CloseAttemptsAsync(end.ExportId, time.GetUtcNow(), cancellation);
        var export = (await database.LockExportAsync(end.ExportId, cancellation))!;
        var (state, failure) = end.Run.State switch
        {
            AttemptState.Completed => await AcceptAsync(export, last?.Result, cancellation) is { } wrong ? (ExportState.Failed, wrong) : (ExportState.Completed, null),
            AttemptState.Cancelled => (ExportState.Cancelled, end.Run.Failure),
            _ => (ExportState.Failed, end.Run.Failure),
        };
        export.MoveTo(state, time.GetUtcNow(), failure);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new ExportEnd(export.Id, export.State, export.Error);
    }

    private async Task<Failure?> AcceptAsync(Export export, JsonElement? result, CancellationToken cancellation)
    {
        if (export.Key is not { } key || await stores.Internal.HeadAsync(key, cancellation) is not { } stored || stored.Size != export.Size)
            return Failure.Of(ErrorCodes.TrainerProtocol, "The trainer finished without leaving the file it announced.");
        if (result is not { ValueKind: JsonValueKind.Object } answer || !answer.TryGetProperty("validation", out var validation))
            return Failure.Of(ErrorCodes.TrainerProtocol, "The trainer finished without validating the exported file.");
        export.Metadata = answer.TryGetProperty("metadata", out var metadata) ? metadata : null;
        try
        {
            export.Validation = validation.Deserialize<ExportValidation>(Json);
        }
        catch (JsonException unreadable)
        {
            return Failure.Of(ErrorCodes.TrainerProtocol, $"The trainer's validation cannot be read: {unreadable.Message}");
        }

        return export.Validation is { Passed: true } ? null : Failure.Of(ErrorCodes.ExportValidationFailed);
    }
}
