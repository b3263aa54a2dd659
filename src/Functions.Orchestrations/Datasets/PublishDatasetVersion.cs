using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Orchestrations.Datasets;

/// <summary>Writes the files of a frozen dataset version and marks it ready. The version's rows are there already; only the store can fail.</summary>
public static class PublishDatasetVersion
{
    private static readonly TaskOptions Retry = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 6, firstRetryInterval: TimeSpan.FromSeconds(1), backoffCoefficient: 3, maxRetryInterval: TimeSpan.FromMinutes(2)));

    [Function(nameof(PublishDatasetVersion))]
    public static async Task<PublishEnd> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var versionId = context.GetInput<Guid>();
        PublishEnd end;
        try
        {
            end = await context.CallActivityAsync<PublishEnd>(nameof(PublishActivities.WriteDatasetVersion), versionId, Retry);
        }
        catch (TaskFailedException failed)
        {
            context.CreateReplaySafeLogger(nameof(PublishDatasetVersion)).LogError(failed, "Dataset version {VersionId} could not be written", versionId);
            end = new PublishEnd(versionId, DatasetVersionState.Failed, ErrorCodes.StorageError.Title);
        }
        if (end.State == DatasetVersionState.Failed)
            await context.CallActivityAsync(nameof(PublishActivities.FailDatasetVersion), end, Retry);
        return end;
    }

    /// <summary>
    /// Runs the orchestration of a version unless it is running. One that has ended is replaced: the version went back to publishing
    /// after it.
    /// </summary>
    public static Task SchedulePublishAsync(this DurableTaskClient durable, Guid versionId, CancellationToken cancellation) =>
        durable.ScheduleAgainAsync(DatasetWork.Publish.Orchestrator, versionId, DatasetWork.Publish.InstanceId(versionId), cancellation);
}

/// <summary>The steps of publishing. Each may run more than once.</summary>
public sealed class PublishActivities(VersionCompletion completion)
{
    [Function(nameof(WriteDatasetVersion))]
    public Task<PublishEnd> WriteDatasetVersion([ActivityTrigger] Guid versionId, CancellationToken cancellation) => completion.WriteAsync(versionId, cancellation);

    [Function(nameof(FailDatasetVersion))]
    public Task FailDatasetVersion([ActivityTrigger] PublishEnd end, CancellationToken cancellation) => completion.FailAsync(end.VersionId, end.Error, cancellation);
}
