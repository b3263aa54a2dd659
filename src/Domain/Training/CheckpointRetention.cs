namespace VisionPlatform.Domain.Training;

/// <summary>
/// How long checkpoints are kept. Model versions have copies of their own, which this does not concern. The times of the original platform
/// (requirements 4.4): best 90 days, last 30 days, others 7 days.
/// </summary>
/// <param name="Best">Time for the best checkpoint of a job after the job's end.</param>
/// <param name="Last">Time for the last one, and for those of every <paramref name="Every"/>th epoch, after the job's end.</param>
/// <param name="Others">Time for the others after they were stored, also while the job runs.</param>
/// <param name="Every">Epochs whose checkpoints are kept as long as the last one; 0 for none.</param>
public sealed record CheckpointRetention(TimeSpan Best, TimeSpan Last, TimeSpan Others, int Every)
{
    /// <summary>The checkpoints of a job that may be removed.</summary>
    /// <param name="job">The job. All checkpoints of one with a star are kept.</param>
    /// <param name="checkpoints">All its checkpoints.</param>
    /// <param name="inUse">Keys of checkpoints from which other jobs go on. They are kept.</param>
    /// <param name="now">The present time.</param>
    public IReadOnlyList<Checkpoint> Removable(TrainingJob job, IReadOnlyCollection<Checkpoint> checkpoints, IReadOnlySet<string> inUse, DateTimeOffset now)
    {
        if (job.Starred)
            return [];
        var ordered = checkpoints.OrderByDescending(checkpoint => checkpoint.Attempt).ThenByDescending(checkpoint => checkpoint.Epoch).ToList();
        var last = ordered.FirstOrDefault();
        var best = job.TaskType.Primary().BestOf(ordered.Where(checkpoint => checkpoint.Best).DistinctBy(checkpoint => checkpoint.Attempt), checkpoint => checkpoint.Metrics)
            ?? job.TaskType.Primary().BestOf(ordered, checkpoint => checkpoint.Metrics);
        bool IsOver(TimeSpan time) => job.CompletedAt is { } end && end + time < now;
        return
        [
            .. ordered.Where(checkpoint => !inUse.Contains(checkpoint.Key)
                && (checkpoint != best || IsOver(Best))
                && ((checkpoint != last && !IsOneOfEvery(checkpoint)) || IsOver(Last))
                && checkpoint.CreatedAt + Others < now),
        ];
    }

    private bool IsOneOfEvery(Checkpoint checkpoint) => Every > 0 && checkpoint.Epoch % Every == 0;
}
