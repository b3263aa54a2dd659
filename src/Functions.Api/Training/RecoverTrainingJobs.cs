using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Api.Training;

/// <summary>A job is queued in the database first and scheduled after; this schedules those whose host died in between.</summary>
public sealed class RecoverTrainingJobs(PlatformDatabase database, TimeProvider time)
{
    [Function(nameof(RecoverTrainingJobs))]
    public async Task RunAsync(
        [TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var before = time.GetUtcNow().AddMinutes(-1);
        var queued = await database.TrainingJobs.AsNoTracking()
            .Where(job => job.State == JobState.Queued && job.QueuedAt < before).OrderBy(job => job.QueuedAt).Select(job => job.Id).Take(100).ToListAsync(cancellation);
        foreach (var id in queued)
            await durable.ScheduleOnceAsync(nameof(TrainModel), id, TrainModel.InstanceId(id), cancellation);
    }
}
