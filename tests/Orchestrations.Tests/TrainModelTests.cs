using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Training;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Orchestrations.Tests;

public sealed class TrainModelTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>Of the seven bytes <c>weights</c>.</summary>
    private static readonly string WeightsHash = Convert.ToHexStringLower(SHA256.HashData("weights"u8));

    private static readonly AttemptEvent Event = new() { Seq = 0, Time = default, Type = "started" };

    [Fact]
    public async Task A_completed_run_adds_a_model_version_with_the_best_checkpoint()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var (job, _) = await servers.Training.QueueAsync();
        var end = bench.EndOfAsync<JobEnd>(TrainingWork.Train, job.Id);
        await bench.SentAsync(job.Id);
        await servers.Stores.Internal.PutAsync($"checkpoints/{job.Id}/1/best.pt", "weights"u8.ToArray(), "application/octet-stream", TestContext.Current.CancellationToken);

        await bench.ReportAsync(
            job.Id, Event,
            Event with { Type = "checkpoint", Epoch = 1, Name = "best.pt", Key = $"checkpoints/{job.Id}/1/best.pt", Size = 7, Sha256 = WeightsHash, Best = true },
            Event with { Type = "completed", BestEpoch = 1 });

        Assert.Equal(new JobEnd(job.Id, JobState.Completed, null), await end);
        await using var database = servers.Training.Open();
        var version = await database.ModelVersions.SingleAsync(v => v.JobId == job.Id);
        Assert.Equal("weights"u8.ToArray(), (await servers.Stores.Internal.GetBytesAsync(version.CheckpointKey, 100, TestContext.Current.CancellationToken))!.Bytes);
        Assert.StartsWith("models/", version.CheckpointKey);
        Assert.Equal(version.Number, (await database.Models.SingleAsync(model => model.Id == version.ModelId)).LatestVersion);
    }

    [Theory]
    [InlineData("other!!")]
    [InlineData("weights and more")]
    [InlineData(null)]
    public async Task A_checkpoint_that_is_not_what_the_trainer_reported_becomes_no_model(string? stored)
    {
        await using var bench = await Workbench.StartAsync(servers);
        var (job, _) = await servers.Training.QueueAsync();
        var end = bench.EndOfAsync<JobEnd>(TrainingWork.Train, job.Id);
        await bench.SentAsync(job.Id);
        if (stored is not null)
            await servers.Stores.Internal.PutAsync($"checkpoints/{job.Id}/1/best.pt", System.Text.Encoding.UTF8.GetBytes(stored), "application/octet-stream", TestContext.Current.CancellationToken);

        await bench.ReportAsync(
            job.Id, Event,
            Event with { Type = "checkpoint", Epoch = 1, Name = "best.pt", Key = $"checkpoints/{job.Id}/1/best.pt", Size = 7, Sha256 = WeightsHash, Best = true },
            Event with { Type = "completed", BestEpoch = 1 });

        Assert.Equal((JobState.Failed, "CHECKPOINT_INVALID"), ((await end).State, (await end).Failure!.Code));
        await using var database = servers.Training.Open();
        Assert.False(await database.ModelVersions.AnyAsync(version => version.JobId == job.Id));
        await foreach (var copy in servers.Stores.Internal.ListAsync($"models/{job.Id}/", TestContext.Current.CancellationToken))
            Assert.Fail($"{copy.Key} was left");
    }

    [Fact]
    public async Task A_job_is_not_locked_while_its_checkpoint_is_copied()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (job, attempt) = await servers.Training.QueueAsync(trainer: "nobody's");
        await servers.Stores.Internal.PutAsync($"checkpoints/{job.Id}/1/best.pt", "weights"u8.ToArray(), "application/octet-stream", cancellation);
        await servers.Training.ReportAsync(
            attempt.Id, Event with { Seq = 1 },
            Event with { Seq = 2, Type = "checkpoint", Epoch = 1, Name = "best.pt", Key = $"checkpoints/{job.Id}/1/best.pt", Size = 7, Sha256 = WeightsHash, Best = true });
        await using var holder = servers.Training.Open();
        await using var transaction = await holder.Database.BeginTransactionAsync(cancellation);
        await holder.LockJobAsync(job.Id, cancellation);
        await using var database = servers.Training.Open();

        var settings = new TrainerSettings(new Dictionary<string, Uri>(), null, new Uri("http://127.0.0.1:1/"), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), 1, TimeSpan.Zero, 150);
        var records = new JobRecordKeeping(database, servers.Stores, settings, TimeProvider.System);
        var finalizing = new JobCompletion(database, servers.Stores, records, TimeProvider.System).FinalizeAsync(job.Id, cancellation);
        // The copy is made although somebody else holds the row.
        await Eventually.TrueAsync(() => CopiesOf(job.Id) == 1, "the checkpoint is copied");
        await transaction.CommitAsync(cancellation);

        Assert.Equal(JobState.Completed, (await finalizing).State);
    }

    [Fact]
    public async Task A_job_whose_trainer_falls_silent_is_tried_again_until_its_attempts_are_used_up()
    {
        await using var bench = await Workbench.StartAsync(servers, heartbeatTimeout: TimeSpan.FromMilliseconds(50));
        var (job, _) = await servers.Training.QueueAsync();

        var end = await bench.EndOfAsync<JobEnd>(TrainingWork.Train, job.Id);

        Assert.Equal((JobState.Failed, "TRAINER_SILENT"), (end.State, end.Failure!.Code));
        Assert.Equal([(1, AttemptState.Failed), (2, AttemptState.Failed)], (await bench.AttemptsAsync(job.Id)).Select(attempt => (attempt.Number, attempt.State)));
        Assert.Equal([1, 2], bench.Trainer.Jobs.Select(sent => sent.Attempt));
        Assert.Equal([(job.Id, 1), (job.Id, 2)], bench.Trainer.Cancelled);
    }

    [Fact]
    public async Task A_transient_failure_starts_a_second_attempt_from_the_last_checkpoint()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var (job, _) = await servers.Training.QueueAsync();
        var end = bench.EndOfAsync<JobEnd>(TrainingWork.Train, job.Id);
        Assert.Null((await bench.SentAsync(job.Id)).Checkpoint);
        await bench.ReportAsync(
            job.Id, Event,
            Event with { Type = "checkpoint", Epoch = 3, Name = "e3.pt", Key = $"checkpoints/{job.Id}/1/e3.pt", Size = 7, Sha256 = "ab" },
            Event with { Type = "failed", Code = "FRAMEWORK_ERROR", Category = "transient", Message = "lost the device" });

        Assert.Equal(3, (await bench.SentAsync(job.Id, attempts: 2)).Checkpoint!.Epoch);
        await bench.ReportAsync(job.Id, Event, Event with { Type = "failed", Code = "OUT_OF_MEMORY", Message = "too large" });
        Assert.Equal((JobState.Failed, "OUT_OF_MEMORY"), ((await end).State, (await end).Failure!.Code));
    }

    [Theory]
    [InlineData(422)]
    [InlineData(503)]
    public async Task A_job_waits_for_a_trainer_of_another_release_until_that_is_upgraded(int status)
    {
        await using var bench = await Workbench.StartAsync(servers);
        bench.Trainer.OtherProtocols.Enqueue(status);
        var (job, _) = await servers.Training.QueueAsync();
        await bench.Engine.Client.ScheduleOnceAsync(TrainingWork.Train, job.Id, TestContext.Current.CancellationToken);

        Assert.Equal("2", (await bench.SentAsync(job.Id)).Protocol);

        Assert.Single(await bench.AttemptsAsync(job.Id));
        Assert.Empty(bench.Trainer.OtherProtocols);
    }

    [Fact]
    public async Task A_failure_of_the_user_is_not_tried_again()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var (job, _) = await servers.Training.QueueAsync();
        var end = bench.EndOfAsync<JobEnd>(TrainingWork.Train, job.Id);
        await bench.SentAsync(job.Id);

        await bench.ReportAsync(job.Id, Event with { Type = "failed", Code = "OUT_OF_MEMORY", Message = "needs 3 GB" });

        Assert.Equal((JobState.Failed, "OUT_OF_MEMORY"), ((await end).State, (await end).Failure!.Code));
        Assert.Single(await bench.AttemptsAsync(job.Id));
    }

    [Fact]
    public async Task Cancelling_a_job_ends_its_attempt_and_stops_the_trainer()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var (job, _) = await servers.Training.QueueAsync();
        var end = bench.EndOfAsync<JobEnd>(TrainingWork.Train, job.Id);
        await bench.SentAsync(job.Id);
        await bench.ReportAsync(job.Id, Event);

        await using (var database = servers.Training.Open())
            await new JobLifecycle(database, null!, null!, TimeProvider.System).CancelAsync(job.Id, TestContext.Current.CancellationToken);
        await bench.Engine.Client.WakeAsync(job.Id, "cancel", TestContext.Current.CancellationToken);

        Assert.Equal(JobState.Cancelled, (await end).State);
        Assert.Equal((JobState.Cancelled, AttemptState.Cancelled), await StatesAsync(job.Id));
        Assert.Equal([(job.Id, 1)], bench.Trainer.Cancelled);
    }

    private int CopiesOf(Guid jobId) =>
        servers.Stores.Internal.ListAsync($"models/{jobId}/", TestContext.Current.CancellationToken).ToBlockingEnumerable().Count();

    private async Task<(JobState, AttemptState)> StatesAsync(Guid jobId)
    {
        await using var database = servers.Training.Open();
        var attempt = await database.Attempts.SingleAsync(a => a.SubjectId == jobId);
        return ((await database.TrainingJobs.SingleAsync(job => job.Id == jobId)).State, attempt.State);
    }
}
