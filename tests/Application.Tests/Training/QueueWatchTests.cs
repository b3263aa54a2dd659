using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Training;

namespace VisionPlatform.Application.Tests.Training;

public sealed class QueueWatchTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>
{
    [Fact]
    public async Task It_says_how_long_the_oldest_queued_job_has_waited_and_nothing_when_none_waits()
    {
        var log = new Lines();
        var time = new Time(training.Now.AddMinutes(90.5));
        await using var database = training.Open();
        var watch = new QueueWatch(database, time, log);

        await watch.LookAsync(TestContext.Current.CancellationToken);
        Assert.Empty(log.All);

        await training.QueueAsync();
        var (later, _) = await training.QueueAsync();
        await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET queued_at = queued_at + interval '1 hour' WHERE id = {later.Id}", TestContext.Current.CancellationToken);
        await watch.LookAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["The oldest of 2 queued jobs has waited 90.5 minutes"], log.All);
    }

    private sealed class Time(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private sealed class Lines : ILogger<QueueWatch>
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => All.Add(formatter(state, exception));
    }
}
