using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Domain.Tests.Training;

public sealed class CheckpointRetentionTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-06-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly CheckpointRetention Policy = new(TimeSpan.FromDays(90), TimeSpan.FromDays(30), TimeSpan.FromDays(7), Every: 2);

    [Theory]
    [InlineData(null, new[] { 1, 5 })] // It runs: best (3), last (6) and every second (2, 4, 6) stay.
    [InlineData(29, new[] { 1, 5 })]
    [InlineData(31, new[] { 1, 2, 4, 5, 6 })]
    [InlineData(91, new[] { 1, 2, 3, 4, 5, 6 })]
    public void The_best_stays_longest_then_the_last_and_those_of_every_nth_epoch(int? daysSinceEnd, int[] removed) =>
        Assert.Equal(removed, Removed(Job(daysSinceEnd), Checkpoints(ageDays: 100), []));

    [Fact]
    public void Nothing_younger_than_a_week_is_removed() => Assert.Empty(Removed(Job(null), Checkpoints(ageDays: 6), []));

    [Fact]
    public void Those_that_other_jobs_use_and_those_of_a_starred_job_stay()
    {
        Assert.Equal([2, 3, 4, 5, 6], Removed(Job(91), Checkpoints(ageDays: 100), ["key 1"]));
        var starred = Job(91);
        starred.Starred = true;
        Assert.Empty(Removed(starred, Checkpoints(ageDays: 100), []));
    }

    private static IEnumerable<int> Removed(TrainingJob job, List<Checkpoint> checkpoints, HashSet<string> inUse) =>
        Policy.Removable(job, checkpoints, inUse, Now).Select(checkpoint => checkpoint.Epoch).Order();

    private static TrainingJob Job(int? daysSinceEnd)
    {
        var job = new TrainingJob
        {
            ProjectId = Guid.Empty, DatasetVersionId = Guid.Empty, Name = "job", Framework = "torchvision", Model = "small_cnn", TaskType = TaskType.ImageClassification, Config = [], CreatedBy = Guid.Empty,
        };
        if (daysSinceEnd is { } days)
            job.MoveTo(JobState.Failed, Now - TimeSpan.FromDays(days));
        return job;
    }

    private static List<Checkpoint> Checkpoints(int ageDays) =>
        [.. Enumerable.Range(1, 6).Select(epoch => new Checkpoint
        {
            JobId = Guid.Empty, Attempt = 1, Epoch = epoch, Name = $"epoch-{epoch}.pt", Key = $"key {epoch}", Size = 1, Sha256 = "ab", Best = epoch <= 3,
            Metrics = new() { ["accuracy"] = epoch / 10.0 }, CreatedAt = Now - TimeSpan.FromDays(ageDays),
        })];
}
