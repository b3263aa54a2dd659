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

    private async Task<bool> TryLeaseAsync(Attempt attempt, int slots)
    {
        await using var database = training.Open();
        await using var transaction = await database.Database.BeginTransactionAsync();
        var leased = await database.TryLeaseSlotAsync(attempt, slots, training.Now, TestContext.Current.CancellationToken);
        await transaction.CommitAsync();
        return leased;
    }
}
