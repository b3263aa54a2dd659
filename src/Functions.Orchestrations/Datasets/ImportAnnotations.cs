using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Orchestrations.Datasets;

/// <summary>Reads an annotation file that was uploaded, then writes its annotations to the images, some in each step.</summary>
public static class ImportAnnotations
{
    [Function(nameof(ImportAnnotations))]
    public static async Task<AnnotationImportState?> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var id = context.GetInput<Guid>();
        try
        {
            var goesOn = await context.CallActivityAsync<bool>(nameof(AnnotationActivities.ReadAnnotationFile), id, ActivityRetry.Standard);
            while (goesOn)
                goesOn = await context.CallActivityAsync<bool>(nameof(AnnotationActivities.WriteAnnotations), id, ActivityRetry.Standard);
        }
        catch (TaskFailedException failed)
        {
            context.CreateReplaySafeLogger(nameof(ImportAnnotations)).LogError(failed, "Annotations {ImportId} could not be imported", id);
            await context.CallActivityAsync(nameof(AnnotationActivities.FailAnnotationImport), id, ActivityRetry.Standard);
        }
        return await context.CallActivityAsync<AnnotationImportState?>(nameof(AnnotationActivities.FinishAnnotationImport), id, ActivityRetry.Standard);
    }
}

/// <summary>The steps of an import. Each may run more than once.</summary>
public sealed class AnnotationActivities(AnnotationStaging staging, AnnotationWriting writing)
{
    [Function(nameof(ReadAnnotationFile))]
    public Task<bool> ReadAnnotationFile([ActivityTrigger] Guid importId, CancellationToken cancellation) => staging.ReadAsync(importId, cancellation);

    [Function(nameof(WriteAnnotations))]
    public Task<bool> WriteAnnotations([ActivityTrigger] Guid importId, CancellationToken cancellation) => writing.WriteAsync(importId, cancellation);

    [Function(nameof(FailAnnotationImport))]
    public Task FailAnnotationImport([ActivityTrigger] Guid importId, CancellationToken cancellation) => staging.FailAsync(importId, Failure.Of(ErrorCodes.StorageError), cancellation);

    [Function(nameof(FinishAnnotationImport))]
    public Task<AnnotationImportState?> FinishAnnotationImport([ActivityTrigger] Guid importId, CancellationToken cancellation) => writing.FinishAsync(importId, cancellation);
}
