using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Orchestrations.Datasets;

/// <summary>How publishing a version ended.</summary>
public sealed record PublishEnd(Guid VersionId, DatasetVersionState State, string? Error);

/// <summary>Writes the files of a frozen dataset version and marks it ready. The version's rows are there already; only the store can fail.</summary>
public static class PublishDatasetVersion
{
    private static readonly TaskOptions Retry = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 6, firstRetryInterval: TimeSpan.FromSeconds(1), backoffCoefficient: 3, maxRetryInterval: TimeSpan.FromMinutes(2)));

    /// <summary>One instance a version, so that publishing twice runs once.</summary>
    public static string InstanceId(Guid versionId) => $"publish-{versionId}";

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
        durable.ScheduleAgainAsync(nameof(PublishDatasetVersion), versionId, InstanceId(versionId), cancellation);
}

/// <summary>The steps of publishing. Each may run more than once.</summary>
public sealed class PublishActivities(PlatformDatabase database, VersionFiles files, TimeProvider time)
{
    [Function(nameof(WriteDatasetVersion))]
    public async Task<PublishEnd> WriteDatasetVersion([ActivityTrigger] Guid versionId, CancellationToken cancellation)
    {
        var version = await database.DatasetVersions.SingleAsync(row => row.Id == versionId, cancellation);
        if (version.State != DatasetVersionState.Publishing)
            return new PublishEnd(versionId, version.State, version.Error);
        try
        {
            version.ManifestKey = await files.WriteAsync(version, cancellation);
        }
        catch (InvalidDataException damaged)
        {
            return new PublishEnd(versionId, DatasetVersionState.Failed, damaged.Message);
        }
        (version.State, version.ReadyAt) = (DatasetVersionState.Ready, time.GetUtcNow());
        await database.SaveChangesAsync(cancellation);
        return new PublishEnd(versionId, DatasetVersionState.Ready, null);
    }

    [Function(nameof(FailDatasetVersion))]
    public Task FailDatasetVersion([ActivityTrigger] PublishEnd end, CancellationToken cancellation) =>
        database.DatasetVersions.Where(version => version.Id == end.VersionId && version.State == DatasetVersionState.Publishing)
            .ExecuteUpdateAsync(set => set.SetProperty(version => version.State, DatasetVersionState.Failed).SetProperty(version => version.Error, end.Error), cancellation);
}
