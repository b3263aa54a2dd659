using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Tests.Training;

public sealed class EventIngestTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>
{
    [Fact]
    public async Task Events_of_a_run_move_the_job_forward_and_appear_in_its_stream()
    {
        var (job, attempt) = await training.QueueAsync();
        await training.ReportAsync(attempt.Id, Event(1, "started") with { TotalEpochs = 3 });
        await training.ReportAsync(attempt.Id, Epoch(2, 1, loss: 0.9), Checkpoint(3, job, 1), Event(4, "log") with { Level = "info", Message = "hello" });
        var report = await training.ReportAsync(attempt.Id, Event(5, "completed") with { FinalMetrics = new() { ["accuracy"] = 0.9 } });

        var (read, ended) = await training.ReadAsync(attempt.Id);
        Assert.Equal((JobState.Finalizing, AttemptState.Completed, 3, 1), (read.State, ended.State, read.TotalEpochs, read.CurrentEpoch));
        Assert.Equal(0.9, read.FinalMetrics!["accuracy"]);
        Assert.Contains(job.Id, report.Subjects);
        Assert.Equal(["attempt", "state", "metrics", "checkpoint", "log", "attempt", "state"], await training.EventTypesAsync(job.Id));
    }

    [Fact]
    public async Task A_validation_of_a_detection_needs_no_confusion_matrix_and_may_have_measures_of_its_own()
    {
        var (job, attempt) = await training.QueueAsync();
        var bare = Event(1, "validation") with
        {
            Epoch = 1, Split = "val", Metrics = new() { ["mAP50-95"] = 0.4 }, Classes = ["cat", "dog"],
            PerClass = [new("cat", 0.5, null, null, 3, new Dictionary<string, double> { ["mAP50"] = 0.6 }), new("dog", null, null, null, 0)],
        };
        var withBackground = bare with { Seq = 2, Epoch = 2, ConfusionMatrix = [[3_000_000_000, 0, 1], [0, 2, 0], [4, 0, 0]] };

        var report = await training.ReportAsync(attempt.Id, bare, withBackground);

        Assert.Null(report.Reply.Refused);
        await using var database = training.Open();
        var results = await database.ValidationResults.AsNoTracking().Where(result => result.JobId == job.Id).OrderBy(result => result.Epoch).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Empty(results[0].ConfusionMatrix);
        Assert.Equal((0.5, (double?)null, 0.6), (results[0].PerClass[0].Precision, results[0].PerClass[0].Recall, results[0].PerClass[0].Metrics!["mAP50"]));
        Assert.Equal(3_000_000_000, results[1].ConfusionMatrix[0][0]);
    }

    [Fact]
    public async Task A_confusion_matrix_that_is_no_square_of_the_classes_is_refused()
    {
        var (_, attempt) = await training.QueueAsync();
        var whole = Event(1, "validation") with { Epoch = 1, Split = "val", Metrics = [], Classes = ["cat", "dog"], PerClass = [] };
        foreach (var (i, matrix) in ((List<List<long>>[])[[[1]], [[1, 2], [1]], [[1, 2, 3], [1, 2, 3]], [[1, -1], [0, 0]], [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]]).Index())
        {
            var report = await training.ReportAsync(attempt.Id, whole with { Seq = 1 + i, ConfusionMatrix = matrix });
            Assert.Equal("confusionMatrix", Assert.Single(report.Reply.Refused!).Field);
        }
    }

    [Fact]
    public async Task A_repeated_batch_is_accepted_and_changes_nothing()
    {
        var (job, attempt) = await training.QueueAsync();
        AttemptEvent[] batch = [Event(1, "started"), Epoch(2, 1, loss: 0.9), Checkpoint(3, job, 1)];
        await training.ReportAsync(attempt.Id, batch);
        var again = await training.ReportAsync(attempt.Id, batch);

        Assert.Equal(new AttemptEventReply(3, Cancel: false), again.Reply);
        Assert.Equal(["attempt", "state", "metrics", "checkpoint"], await training.EventTypesAsync(job.Id));
    }

    [Fact]
    public async Task An_epoch_that_is_reported_again_in_a_new_event_is_stored_once()
    {
        var (job, attempt) = await training.QueueAsync();
        var report = await training.ReportAsync(attempt.Id, Event(1, "started"), Epoch(2, 1, loss: 0.9));
        Assert.Equal(2, report.Reply.Accepted);

        var again = await training.ReportAsync(attempt.Id, Epoch(3, 1, loss: 0.1));

        Assert.Equal(3, again.Reply.Accepted);
        await using var database = training.Open();
        Assert.Equal(0.9, (await database.EpochMetrics.SingleAsync(metrics => metrics.JobId == job.Id)).Metrics["loss"]);
    }

    [Fact]
    public async Task An_event_after_a_gap_is_not_taken_until_the_gap_is_filled()
    {
        var (job, attempt) = await training.QueueAsync();
        var early = await training.ReportAsync(attempt.Id, Epoch(3, 2, loss: 0.5));
        Assert.Equal(0, early.Reply.Accepted);
        Assert.Empty(await training.EventTypesAsync(job.Id));

        var whole = await training.ReportAsync(attempt.Id, Epoch(3, 2, loss: 0.5), Epoch(2, 1, loss: 0.9), Event(1, "started"));
        Assert.Equal(3, whole.Reply.Accepted);
        Assert.Equal(2, (await training.ReadAsync(attempt.Id)).Job.CurrentEpoch);
    }

    [Fact]
    public async Task An_event_after_the_end_changes_nothing_and_the_reply_tells_the_trainer_to_stop()
    {
        var (job, attempt) = await training.QueueAsync();
        await training.ReportAsync(attempt.Id, Event(1, "started"), Event(2, "failed") with { Code = "OUT_OF_MEMORY", Message = "needs 3 GB" });
        var events = await training.EventTypesAsync(job.Id);
        var late = await training.ReportAsync(attempt.Id, Event(3, "completed"), Epoch(4, 9, loss: 0));

        Assert.Equal(new AttemptEventReply(2, Cancel: true), late.Reply);
        var (read, ended) = await training.ReadAsync(attempt.Id);
        Assert.Equal((AttemptState.Failed, "OUT_OF_MEMORY", ErrorCategory.User, 0), (ended.State, ended.Error!.Code, ended.Error.Category, read.CurrentEpoch));
        Assert.Equal(events, await training.EventTypesAsync(job.Id));
    }

    [Fact]
    public async Task A_code_that_trainers_may_not_report_is_stored_as_a_framework_error()
    {
        var (_, attempt) = await training.QueueAsync();
        await training.ReportAsync(attempt.Id, Event(1, "failed") with { Code = "QUOTA_EXCEEDED", Message = "no more" });
        var error = (await training.ReadAsync(attempt.Id)).Attempt.Error!;
        Assert.Equal(("FRAMEWORK_ERROR", "no more"), (error.Code, error.Message));
    }

    [Fact]
    public async Task A_batch_with_one_wrong_event_takes_the_others_and_names_it_by_its_index()
    {
        var (job, attempt) = await training.QueueAsync();
        var report = await training.ReportAsync(
            attempt.Id, Event(1, "started"), Event(2, "metrics"), Epoch(3, 1, loss: 0.9), Epoch(4, 2, loss: 0.7) with { EpochSeconds = double.PositiveInfinity }, Epoch(5, 2, loss: 0.5));

        Assert.Equal((5, false), (report.Reply.Accepted, report.Reply.Cancel));
        Assert.Equal([(1, 2L, "epoch"), (3, 4L, "epochSeconds")], report.Reply.Refused!.Select(refused => (refused.Index, refused.Seq!.Value, refused.Field)));
        Assert.Equal(["attempt", "state", "log", "metrics", "log", "metrics"], await training.EventTypesAsync(job.Id));
        Assert.Equal(2, (await training.ReadAsync(attempt.Id)).Job.CurrentEpoch);
    }

    [Fact]
    public async Task A_metric_that_is_no_finite_number_is_kept_as_text_and_a_loss_like_that_ends_the_attempt()
    {
        var (job, attempt) = await training.QueueAsync();
        var first = await training.ReportAsync(attempt.Id, Event(1, "started"), Epoch(2, 1, loss: 0.9) with { Metrics = new() { ["loss"] = 0.9, ["grad_norm"] = double.PositiveInfinity, ["val_loss"] = double.NaN } });
        Assert.False(first.Reply.Cancel);
        var second = await training.ReportAsync(attempt.Id, Epoch(3, 2, loss: double.NaN), Epoch(4, 3, loss: 0.1));

        Assert.True(second.Reply.Cancel);
        await using var database = training.Open();
        var epochs = await database.EpochMetrics.AsNoTracking().Where(epoch => epoch.JobId == job.Id).OrderBy(epoch => epoch.Epoch).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["loss"], epochs[0].Metrics.Keys);
        Assert.Equal(("Infinity", "NaN"), (epochs[0].NotFinite!["grad_norm"], epochs[0].NotFinite!["val_loss"]));
        Assert.Equal([1, 2], epochs.Select(epoch => epoch.Epoch));
        var (_, ended) = await training.ReadAsync(attempt.Id);
        Assert.Equal((AttemptState.Failed, "LOSS_DIVERGED", ErrorCategory.User), (ended.State, ended.Error!.Code, ended.Error.Category));
        Assert.Contains("epoch 2 is NaN", ended.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_best_epoch_is_known_while_the_job_runs_and_survives_a_trainer_that_knows_less()
    {
        var (_, attempt) = await training.QueueAsync();
        AttemptEvent Accuracy(long seq, int epoch, double accuracy) => Event(seq, "metrics") with { Epoch = epoch, Metrics = new() { ["accuracy"] = accuracy } };
        await training.ReportAsync(attempt.Id, Accuracy(1, 1, 0.5), Accuracy(2, 2, 0.9), Accuracy(3, 3, 0.7));
        var running = (await training.ReadAsync(attempt.Id)).Job;
        Assert.Equal((2, 0.9), (running.BestEpoch, running.BestMetrics!["accuracy"]));

        await training.ReportAsync(attempt.Id, Event(4, "completed") with { BestEpoch = 3, BestMetrics = new() { ["accuracy"] = 0.7 }, FinalMetrics = new() { ["accuracy"] = 0.7 } });

        var completed = (await training.ReadAsync(attempt.Id)).Job;
        Assert.Equal((2, 0.9, 0.7), (completed.BestEpoch, completed.BestMetrics!["accuracy"], completed.FinalMetrics!["accuracy"]));
    }

    [Fact]
    public async Task The_figures_of_a_failure_and_the_change_to_try_are_kept()
    {
        var (_, attempt) = await training.QueueAsync();
        await training.ReportAsync(attempt.Id, Event(1, "failed") with
        {
            Code = "OUT_OF_MEMORY", Message = "full", Measured = new() { ["peakMemoryBytes"] = 8e9 }, TryConfig = new() { ["batchSize"] = JsonSerializer.SerializeToElement(8) },
        });
        var error = (await training.ReadAsync(attempt.Id)).Attempt.Error!;
        Assert.Equal((8e9, 8), (error.Measured!["peakMemoryBytes"], error.TryConfig!["batchSize"].GetInt32()));
    }

    [Fact]
    public async Task A_time_with_an_offset_is_stored_as_the_moment_that_it_means()
    {
        var (job, attempt) = await training.QueueAsync();
        var report = await training.ReportAsync(attempt.Id, Epoch(1, 1, loss: 0.9) with { Time = new DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.FromHours(2)) });

        Assert.Null(report.Reply.Refused);
        await using var database = training.Open();
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), (await database.EpochMetrics.SingleAsync(metrics => metrics.JobId == job.Id)).Time);
    }

    [Theory]
    [InlineData("checkpoints/other/1/epoch-0001.pt")]
    [InlineData("datasets/x/images/1.png")]
    [InlineData("checkpoints/{job}/1/../2/epoch-0001.pt")]
    public async Task A_checkpoint_outside_the_prefix_of_its_attempt_is_refused(string key)
    {
        var (job, attempt) = await training.QueueAsync();
        var checkpoint = Checkpoint(1, job, 1) with { Key = key.Replace("{job}", job.Id.ToString(), StringComparison.Ordinal) };
        var report = await training.ReportAsync(attempt.Id, checkpoint);
        Assert.Equal("key", Assert.Single(report.Reply.Refused!).Field);
        Assert.Equal(["log"], await training.EventTypesAsync(job.Id));
    }

    [Fact]
    public async Task The_reply_for_a_job_that_somebody_cancelled_says_cancel()
    {
        var (job, attempt) = await training.QueueAsync();
        await using (var database = training.Open())
            await database.TrainingJobs.Where(j => j.Id == job.Id).ExecuteUpdateAsync(set => set.SetProperty(j => j.CancelRequested, true));
        Assert.True((await training.ReportAsync(attempt.Id, Event(1, "started"))).Reply.Cancel);
    }

    [Fact]
    public async Task A_batch_that_several_hosts_take_at_the_same_time_is_taken_once()
    {
        var (job, attempt) = await training.QueueAsync();
        AttemptEvent[] batch = [Event(1, "started"), .. Enumerable.Range(1, 20).Select(epoch => Epoch(epoch + 1, epoch, loss: 1.0 / epoch))];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => training.ReportAsync(attempt.Id, batch)));
        Assert.Equal(22, (await training.EventTypesAsync(job.Id)).Count);
    }

    internal static AttemptEvent Event(long seq, string type) => new() { Seq = seq, Time = DateTimeOffset.UnixEpoch, Type = type };

    private static AttemptEvent Epoch(long seq, int epoch, double loss) =>
        Event(seq, "metrics") with { Epoch = epoch, Metrics = new() { ["loss"] = loss } };

    private static AttemptEvent Checkpoint(long seq, TrainingJob job, int epoch) => Event(seq, "checkpoint") with
    {
        Epoch = epoch, Name = $"epoch-{epoch:0000}.pt", Key = $"checkpoints/{job.Id}/1/epoch-{epoch:0000}.pt", Size = 10, Sha256 = "ab", Best = true,
    };
}
