using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Datasets;

namespace VisionPlatform.Orchestrations.Datasets;

/// <summary>Removes the images and files of a deleted dataset. If the store is away for longer than the retries, recovery schedules it again.</summary>
public static class EmptyDataset
{
    [Function(nameof(EmptyDataset))]
    public static Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync(nameof(EmptyDatasetActivities.RemoveDatasetFiles), context.GetInput<Guid>(), ActivityRetry.Standard);
}

public sealed class EmptyDatasetActivities(DatasetRemoval removal)
{
    [Function(nameof(RemoveDatasetFiles))]
    public Task RemoveDatasetFiles([ActivityTrigger] Guid datasetId, CancellationToken cancellation) => removal.EmptyAsync(datasetId, cancellation);
}
