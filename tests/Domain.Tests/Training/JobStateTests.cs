using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Domain.Tests.Training;

public sealed class JobStateTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-01-01T00:00:00Z");
    private static readonly JobState[] All = Enum.GetValues<JobState>();

    [Fact]
    public void A_job_passes_every_state_from_pending_to_completed()
    {
        var job = Job();
        foreach (var next in new[] { JobState.Queued, JobState.Starting, JobState.Running, JobState.Finalizing, JobState.Completed })
            Assert.True(job.MoveTo(next, Now), next.ToString());
        Assert.Equal(Now, job.CompletedAt);
    }

    [Fact]
    public void A_job_never_moves_back()
    {
        foreach (var from in All)
        foreach (var to in All.Where(to => to <= from))
            Assert.False(from.CanMoveTo(to), $"{from} → {to}");
    }

    [Theory]
    [InlineData(JobState.Completed)]
    [InlineData(JobState.Failed)]
    [InlineData(JobState.Cancelled)]
    public void A_job_that_has_ended_never_changes_its_state(JobState end) =>
        Assert.All(All, to => Assert.False(end.CanMoveTo(to)));

    [Fact]
    public void Any_job_that_has_not_ended_can_fail_or_be_cancelled() =>
        Assert.All(JobStates.Active, from => Assert.True(from.CanMoveTo(JobState.Failed) && from.CanMoveTo(JobState.Cancelled)));

    [Fact]
    public void Only_a_finalizing_job_completes() =>
        Assert.Equal([JobState.Finalizing], All.Where(from => from.CanMoveTo(JobState.Completed)));

    [Fact]
    public void A_late_event_changes_nothing()
    {
        var job = Job();
        job.MoveTo(JobState.Failed, Now, Failure.Of(ErrorCodes.OutOfMemory));
        Assert.False(job.MoveTo(JobState.Running, Now.AddHours(1)));
        Assert.Equal((JobState.Failed, "OUT_OF_MEMORY", Now, null), (job.State, job.Error!.Code, job.CompletedAt, job.StartedAt));
    }

    [Fact]
    public void An_attempt_moves_forward_and_ends_once()
    {
        var attempt = new Attempt { Kind = AttemptKind.Train, SubjectId = Guid.NewGuid(), Number = 1, Trainer = "torchvision" };
        Assert.True(attempt.MoveTo(AttemptState.Running, Now));
        Assert.False(attempt.MoveTo(AttemptState.Starting, Now));
        Assert.True(attempt.MoveTo(AttemptState.Failed, Now, Failure.Of(ErrorCodes.TrainerSilent)));
        Assert.False(attempt.MoveTo(AttemptState.Completed, Now));
        Assert.Equal(ErrorCategory.Transient, attempt.Error!.Category);
    }

    private static TrainingJob Job() => new()
    {
        ProjectId = Guid.NewGuid(), DatasetVersionId = Guid.NewGuid(), Name = "job", Framework = "torchvision", Model = "small_cnn",
        TaskType = TaskType.ImageClassification, Config = [], CreatedBy = Guid.NewGuid(),
    };
}
