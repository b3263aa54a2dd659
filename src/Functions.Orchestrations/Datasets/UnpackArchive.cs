using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Orchestrations.Datasets;

/// <summary>A batch of a ZIP.</summary>
public sealed record ArchiveBatch(Guid ArchiveId, int Batch);

/// <summary>A part of a TAR.</summary>
public sealed record TarStep(Guid ArchiveId, TarCursor From);

/// <summary>Makes images of the entries of an archive. Batches of a ZIP are unpacked some at once; a TAR is read from its beginning to its end.</summary>
public static class UnpackArchive
{
    private const int BatchesAtOnce = 4;

    [Function(nameof(UnpackArchive))]
    public static async Task<ArchiveState?> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var id = context.GetInput<Guid>();
        try
        {
            var plan = await context.CallActivityAsync<ArchivePlan>(nameof(UnpackActivities.PlanArchive), id, ActivityRetry.Standard);
            if (plan.IsStream)
                await UnpackTarAsync(context, id);
            else
                await UnpackZipAsync(context, id, plan.Batches);
        }
        catch (TaskFailedException failed)
        {
            context.CreateReplaySafeLogger(nameof(UnpackArchive)).LogError(failed, "Archive {ArchiveId} could not be unpacked", id);
            await context.CallActivityAsync(nameof(UnpackActivities.FailArchive), id, ActivityRetry.Standard);
        }
        return await context.CallActivityAsync<ArchiveState?>(nameof(UnpackActivities.FinishArchive), id, ActivityRetry.Standard);
    }

    private static async Task UnpackZipAsync(TaskOrchestrationContext context, Guid id, int batches)
    {
        var running = new List<Task<bool>>();
        for (var batch = 0; batch < batches || running.Count > 0;)
        {
            while (batch < batches && running.Count < BatchesAtOnce)
                running.Add(context.CallActivityAsync<bool>(nameof(UnpackActivities.UnpackBatch), new ArchiveBatch(id, batch++), ActivityRetry.Standard));
            var ended = await Task.WhenAny(running);
            running.Remove(ended);
            // It was cancelled, or cannot go on: begin no more.
            if (!await ended)
                batches = batch;
        }
    }

    private static async Task UnpackTarAsync(TaskOrchestrationContext context, Guid id)
    {
        for (TarCursor? from = TarCursor.Start; from is not null;)
            from = await context.CallActivityAsync<TarCursor?>(nameof(UnpackActivities.UnpackTar), new TarStep(id, from), ActivityRetry.Standard);
    }
}

/// <summary>The steps of unpacking. Each may run more than once.</summary>
public sealed class UnpackActivities(ArchiveUnpacking unpacking)
{
    [Function(nameof(PlanArchive))]
    public Task<ArchivePlan> PlanArchive([ActivityTrigger] Guid archiveId, CancellationToken cancellation) => unpacking.PlanAsync(archiveId, cancellation);

    [Function(nameof(UnpackBatch))]
    public Task<bool> UnpackBatch([ActivityTrigger] ArchiveBatch batch, CancellationToken cancellation) => unpacking.UnpackBatchAsync(batch.ArchiveId, batch.Batch, cancellation);

    [Function(nameof(UnpackTar))]
    public Task<TarCursor?> UnpackTar([ActivityTrigger] TarStep step, CancellationToken cancellation) => unpacking.UnpackTarAsync(step.ArchiveId, step.From, cancellation);

    [Function(nameof(FailArchive))]
    public Task FailArchive([ActivityTrigger] Guid archiveId, CancellationToken cancellation) => unpacking.FailAsync(archiveId, Failure.Of(ErrorCodes.StorageError), cancellation);

    [Function(nameof(FinishArchive))]
    public Task<ArchiveState?> FinishArchive([ActivityTrigger] Guid archiveId, CancellationToken cancellation) => unpacking.FinishAsync(archiveId, cancellation);
}
