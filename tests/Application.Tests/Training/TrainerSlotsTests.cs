using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Application.Tests.Training;

public sealed class TrainerSlotsTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>
{
    [Fact]
    public async Task A_slot_goes_to_the_attempt_that_has_waited_longest_and_then_to_the_next()
    {
        var trainer = $"t{Guid.NewGuid():n}";
        var (_, first) = await training.QueueAsync(trainer);
        var (next, second) = await training.QueueAsync(trainer, after: TimeSpan.FromSeconds(1));
        Assert.False(await TryLeaseAsync(second, slots: 1), "the first in line has no slot yet");
        Assert.True(await TryLeaseAsync(first, slots: 1));
        Assert.False(await TryLeaseAsync(second, slots: 1), "the only slot is taken");
        Assert.True(await TryLeaseAsync(first, slots: 1), "asking again keeps the slot");

        await training.ReportAsync(first.Id, EventIngestTests.Event(1, "started"));
        var end = await training.ReportAsync(first.Id, EventIngestTests.Event(2, "completed"));
        Assert.Contains(next.Id, end.Subjects);
        Assert.True(await TryLeaseAsync(second, slots: 1));
    }

    [Fact]
    public async Task A_trainer_with_two_slots_gets_the_first_two_attempts()
    {
        var trainer = $"t{Guid.NewGuid():n}";
        var attempts = new List<Attempt>();
        for (var i = 0; i < 3; i++)
            attempts.Add((await training.QueueAsync(trainer, after: TimeSpan.FromSeconds(i))).Attempt);
        Assert.True(await TryLeaseAsync(attempts[1], slots: 2));
        Assert.True(await TryLeaseAsync(attempts[0], slots: 2));
        Assert.False(await TryLeaseAsync(attempts[2], slots: 2));
    }

    [Fact]
    public async Task Attempts_that_ask_at_the_same_time_never_get_more_slots_than_there_are()
    {
        var trainer = $"t{Guid.NewGuid():n}";
        var attempts = new List<Attempt>();
        for (var i = 0; i < 8; i++)
            attempts.Add((await training.QueueAsync(trainer, after: TimeSpan.FromSeconds(i))).Attempt);
        var leased = await Task.WhenAll(attempts.Select(attempt => TryLeaseAsync(attempt, slots: 3)));
        Assert.InRange(leased.Count(got => got), 1, 3);
    }

    [Fact]
    public async Task A_slot_is_free_as_soon_as_the_trainer_reports_a_failure()
    {
        var trainer = $"t{Guid.NewGuid():n}";
        var (job, first) = await training.QueueAsync(trainer);
        Assert.True(await TryLeaseAsync(first, slots: 1));
        await training.ReportAsync(first.Id, EventIngestTests.Event(1, "started"), EventIngestTests.Event(2, "failed") with { Code = "FRAMEWORK_ERROR", Message = "lost the device" });

        var retry = new Attempt { Kind = AttemptKind.Train, SubjectId = job.Id, Number = 2, Trainer = trainer, CreatedAt = training.Now };
        await using (var database = training.Open())
        {
            database.Add(retry);
            await database.SaveChangesAsync(TestContext.Current.CancellationToken);
        }
        Assert.True(await TryLeaseAsync(retry, slots: 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task People_take_turns_however_many_exports_one_of_them_has_queued(bool eachInAProjectOfItsOwn)
    {
        var trainer = $"t{Guid.NewGuid():n}";
        var (busy, other, project) = (Guid.NewGuid(), Guid.NewGuid(), await training.NewProjectAsync());
        var exports = new List<Attempt>();
        for (var i = 0; i < 8; i++)
            exports.Add(await training.QueueExportAsync(trainer, TimeSpan.FromSeconds(i), eachInAProjectOfItsOwn ? await training.NewProjectAsync() : project, busy));
        Assert.True(await TryLeaseAsync(exports[0], slots: 1));
        // In one project with the others, if they share one.
        var (job, itsAttempt) = await training.QueueAsync(trainer, TimeSpan.FromMinutes(1), project, other);

        var subjects = await EndAsync(exports[0]);
        Assert.Equal(job.Id, subjects[1]);
        Assert.False(await TryLeaseAsync(exports[1], slots: 1), "it is the other person's turn");
        Assert.True(await TryLeaseAsync(itsAttempt, slots: 1));

        var (_, second) = await training.QueueAsync(trainer, TimeSpan.FromMinutes(2), project, other);
        await EndAsync(itsAttempt);
        Assert.False(await TryLeaseAsync(second, slots: 1), "it is the busy person's turn");
        Assert.True(await TryLeaseAsync(exports[1], slots: 1, TimeSpan.FromSeconds(1)));
        await EndAsync(exports[1]);
        Assert.False(await TryLeaseAsync(exports[2], slots: 1));
        Assert.True(await TryLeaseAsync(second, slots: 1, TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task The_projects_of_one_person_take_turns()
    {
        var trainer = $"t{Guid.NewGuid():n}";
        var (person, large, small) = (Guid.NewGuid(), await training.NewProjectAsync(), await training.NewProjectAsync());
        var exports = new List<Attempt>();
        for (var i = 0; i < 3; i++)
            exports.Add(await training.QueueExportAsync(trainer, TimeSpan.FromSeconds(i), large, person));
        var late = await training.QueueExportAsync(trainer, TimeSpan.FromMinutes(1), small, person);
        Assert.True(await TryLeaseAsync(exports[0], slots: 1));
        await EndAsync(exports[0]);

        Assert.False(await TryLeaseAsync(exports[1], slots: 1), "it is the turn of the other project");
        Assert.True(await TryLeaseAsync(late, slots: 1, TimeSpan.FromSeconds(1)));
        await EndAsync(late);
        Assert.True(await TryLeaseAsync(exports[1], slots: 1, TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task Within_a_project_the_priority_decides_which_job_of_a_person_comes_first()
    {
        var trainer = $"t{Guid.NewGuid():n}";
        var (person, project) = (Guid.NewGuid(), await training.NewProjectAsync());
        var jobs = new Dictionary<string, TrainingJob>();
        foreach (var (name, priority) in new[] { ("low", JobPriority.Low), ("first", JobPriority.Normal), ("second", JobPriority.Normal), ("high", JobPriority.High) })
            jobs[name] = (await training.QueueAsync(trainer, TimeSpan.FromSeconds(jobs.Count), project, person, priority)).Job;
        Assert.Equal(["high", "first", "second", "low"], await NamesOfWaitingAsync(trainer, jobs));

        await using (var database = training.Open())
            await new JobLifecycle(database, null!, null!, TimeProvider.System).PrioritizeAsync(jobs["second"].Id, JobPriority.High, TestContext.Current.CancellationToken);
        Assert.Equal(["second", "high", "first", "low"], await NamesOfWaitingAsync(trainer, jobs));
    }

    [Fact]
    public async Task A_high_priority_does_not_come_before_another_person_or_project()
    {
        var trainer = $"t{Guid.NewGuid():n}";
        var (eager, other, project) = (Guid.NewGuid(), Guid.NewGuid(), await training.NewProjectAsync());
        var jobs = new Dictionary<string, TrainingJob>
        {
            ["other"] = (await training.QueueAsync(trainer, TimeSpan.Zero, project, other, JobPriority.Low)).Job,
            ["eager, other project"] = (await training.QueueAsync(trainer, TimeSpan.FromSeconds(1), await training.NewProjectAsync(), eager, JobPriority.Low)).Job,
            ["eager"] = (await training.QueueAsync(trainer, TimeSpan.FromSeconds(2), project, eager, JobPriority.High)).Job,
            ["eager again"] = (await training.QueueAsync(trainer, TimeSpan.FromSeconds(3), project, eager, JobPriority.High)).Job,
        };

        Assert.Equal(["other", "eager, other project", "eager", "eager again"], await NamesOfWaitingAsync(trainer, jobs));
    }

    [Fact]
    public async Task Somebody_who_holds_slots_comes_after_one_who_holds_none()
    {
        var trainer = $"t{Guid.NewGuid():n}";
        var busy = Guid.NewGuid();
        var attempts = new List<Attempt>();
        for (var i = 0; i < 4; i++)
            attempts.Add(await training.QueueExportAsync(trainer, TimeSpan.FromSeconds(i), by: busy));
        Assert.True(await TryLeaseAsync(attempts[0], slots: 3));
        Assert.True(await TryLeaseAsync(attempts[1], slots: 3));
        var (_, late) = await training.QueueAsync(trainer, TimeSpan.FromMinutes(1));

        Assert.False(await TryLeaseAsync(attempts[2], slots: 3));
        Assert.True(await TryLeaseAsync(late, slots: 3));
    }

    private async Task<IEnumerable<string>> NamesOfWaitingAsync(string trainer, Dictionary<string, TrainingJob> jobs)
    {
        await using var database = training.Open();
        var waiting = await database.WaitingSubjectsAsync(trainer, training.Now, TestContext.Current.CancellationToken);
        return waiting.Select(id => jobs.Single(job => job.Value.Id == id).Key);
    }

    private async Task<IReadOnlyList<Guid>> EndAsync(Attempt attempt) =>
        (await training.ReportAsync(attempt.Id, EventIngestTests.Event(1, "started"), EventIngestTests.Event(2, "completed"))).Subjects;

    private async Task<bool> TryLeaseAsync(Attempt attempt, int slots, TimeSpan later = default)
    {
        await using var database = training.Open();
        await using var transaction = await database.Database.BeginTransactionAsync();
        var leased = await database.TryLeaseSlotAsync(attempt, slots, training.Now + later, TestContext.Current.CancellationToken);
        await transaction.CommitAsync();
        return leased;
    }
}
