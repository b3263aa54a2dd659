using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;
using VisionPlatform.Orchestrations.Deployments;
using VisionPlatform.Orchestrations.Exports;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Api.Recovery;

/// <summary>
/// A row says that work is under way; an orchestration does it. This finds rows without a living orchestration (the host died between
/// writing and scheduling, a service was away for longer than all retries, an operator terminated it) and schedules it again: each
/// orchestration goes on from what the rows say.
/// </summary>
public sealed class RecoverWork(PlatformDatabase database, TimeProvider time)
{
    private const int Batch = 200;

    [Function(nameof(RecoverWork))]
    public async Task RunAsync(
        [TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var before = time.GetUtcNow().AddMinutes(-1);
        var jobs = await database.TrainingJobs.AsNoTracking()
            .Where(job => (job.State == JobState.Queued || job.State == JobState.Starting || job.State == JobState.Running || job.State == JobState.Finalizing)
                && job.QueuedAt < before)
            .OrderBy(job => job.QueuedAt).Select(job => job.Id).Take(Batch).ToListAsync(cancellation);
        foreach (var id in jobs)
            await durable.ScheduleAgainAsync(nameof(TrainModel), id, TrainModel.InstanceId(id), cancellation);

        var exports = await database.Exports.AsNoTracking()
            .Where(export => (export.State == ExportState.Pending || export.State == ExportState.Running) && export.CreatedAt < before)
            .OrderBy(export => export.CreatedAt).Select(export => export.Id).Take(Batch).ToListAsync(cancellation);
        foreach (var id in exports)
            await durable.ScheduleAgainAsync(nameof(ExportModels.ExportModel), id, ExportModels.ExportInstanceId(id), cancellation);

        var deployments = await database.Deployments.AsNoTracking()
            .Where(deployment => (deployment.State == DeploymentState.Pending || deployment.State == DeploymentState.Deploying) && deployment.CreatedAt < before)
            .OrderBy(deployment => deployment.CreatedAt).Select(deployment => deployment.Id).Take(Batch).ToListAsync(cancellation);
        foreach (var id in deployments)
            await durable.ScheduleAgainAsync(nameof(DeployModel), id, DeployModel.InstanceId(id), cancellation);
    }
}
