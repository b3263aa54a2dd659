using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>The work that orchestrations do for training jobs.</summary>
public static class TrainingWork
{
    /// <summary>Takes a job from the queue to its end.</summary>
    public static RecoverableWork Train { get; } = RecoverableWork.Of<PlatformDatabase>("TrainModel", "train", (database, before) => database.TrainingJobs
        .Where(job => (job.State == JobState.Queued || job.State == JobState.Starting || job.State == JobState.Running || job.State == JobState.Finalizing) && job.QueuedAt < before)
        .OrderBy(job => job.QueuedAt).Select(job => job.Id));
}
