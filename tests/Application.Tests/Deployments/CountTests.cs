using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Tests.Training;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Tests.Deployments;

/// <summary>What instances of the app count in memory, and the rows that come of it.</summary>
public sealed class CountTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>
{
    private static readonly Prediction Dent = new(0, "dent", 0.9, null), Scratch = new(1, "scratch", 0.8, null);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_writes_no_row_and_what_two_instances_count_adds_up()
    {
        var deployment = await NewDeploymentAsync();
        await using var scopes = Scopes();
        using UsageCounts one = new(scopes.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System), other = new(scopes.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System);

        await Parallel.ForAsync(0, 400, Cancellation, (number, _) =>
        {
            (number % 2 == 0 ? one : other).Add(deployment, 1, TimeSpan.FromMilliseconds(number + 1), number % 4 == 0 ? null : [new ServedPrediction(Dent, [640, 480], 100)]);
            return ValueTask.CompletedTask;
        });
        await using var database = training.Open();
        Assert.False(await database.DeploymentHours.AnyAsync(hour => hour.DeploymentId == deployment, Cancellation));
        await Task.WhenAll(one.FlushAsync(Cancellation), other.FlushAsync(Cancellation));
        await one.FlushAsync(Cancellation);

        var hours = await database.DeploymentHours.AsNoTracking().Where(hour => hour.DeploymentId == deployment).ToListAsync(Cancellation);
        Assert.Equal((300, 100, 300), (hours.Sum(hour => hour.RequestCount), hours.Sum(hour => hour.FailedRequests), hours.Sum(hour => hour.ImageCount)));
        Assert.Equal((300, 300), (hours.Sum(hour => hour.Latency.Sum()), hours.Sum(hour => hour.Sizes[InputBuckets.OfSize(640)])));
        var usage = await database.DeploymentUsage.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment, Cancellation);
        Assert.Equal((300, Enumerable.Range(0, 400).Where(number => number % 4 != 0).Sum(number => number + 1.0)), (usage.RequestCount, usage.TotalLatencyMs));
    }

    [Fact]
    public async Task Hours_that_nobody_can_ask_for_are_removed_and_the_totals_stay()
    {
        var deployment = await NewDeploymentAsync();
        await using var scopes = Scopes();
        using var counts = new UsageCounts(scopes.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System);
        counts.Add(deployment, 1, TimeSpan.FromMilliseconds(10), [new ServedPrediction(Dent)]);
        await counts.FlushAsync(Cancellation);
        await using var database = training.Open();
        var old = new DeploymentHour { DeploymentId = deployment, Revision = 1, Hour = DateTimeOffset.UtcNow.AddDays(-UsageCounts.KeptDays).AddHours(-1) };
        database.DeploymentHours.Add(old);
        await database.SaveChangesAsync(Cancellation);

        await counts.RemoveOldAsync(Cancellation);

        var left = await database.DeploymentHours.AsNoTracking().SingleAsync(hour => hour.DeploymentId == deployment, Cancellation);
        Assert.True(left.Hour > old.Hour);
        Assert.Equal(1, (await database.DeploymentUsage.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment, Cancellation)).RequestCount);
    }

    [Fact]
    public async Task What_could_not_be_written_is_written_later_together_with_what_came_since()
    {
        var deployment = await NewDeploymentAsync();
        await using var scopes = Scopes();
        using var counts = new UsageCounts(scopes.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System);
        counts.Add(deployment, 1, TimeSpan.FromMilliseconds(10), [new ServedPrediction(Dent)]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => counts.FlushAsync(new CancellationToken(canceled: true)));
        counts.Add(deployment, 1, TimeSpan.FromMilliseconds(30), [new ServedPrediction(Dent), new ServedPrediction(Scratch)]);
        using (var stopped = new CancellationTokenSource())
        {
            // The lock of another transaction holds the write until it is given up.
            await using var blocker = training.Open();
            await using var transaction = await blocker.Database.BeginTransactionAsync(Cancellation);
            await blocker.LockDeploymentAsync(deployment, Cancellation);
            var write = counts.FlushAsync(stopped.Token);
            counts.Add(deployment, 1, TimeSpan.FromMilliseconds(20), null);
            await stopped.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        }

        await counts.FlushAsync(Cancellation);

        await using var database = training.Open();
        var hours = await database.DeploymentHours.AsNoTracking().Where(hour => hour.DeploymentId == deployment).ToListAsync(Cancellation);
        Assert.Equal((2, 3, 1), (hours.Sum(hour => hour.RequestCount), hours.Sum(hour => hour.ImageCount), hours.Sum(hour => hour.FailedRequests)));
        Assert.Equal(40, (await database.DeploymentUsage.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment, Cancellation)).TotalLatencyMs);
    }

    [Fact]
    public async Task Copies_for_a_shadow_never_wait_and_those_beyond_the_queue_are_counted()
    {
        var deployment = await NewDeploymentAsync();
        await using var scopes = Scopes();
        using var reports = new ShadowReports(scopes.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System);
        // It is not started, so its queue only fills.
        using var shadow = new ShadowTraffic(scopes.GetRequiredService<IServiceScopeFactory>(), reports, NullLogger<ShadowTraffic>.Instance);

        for (var number = 0; number < 300; number++)
            shadow.Offer(Request(deployment, Dent));
        await reports.FlushAsync(Cancellation);

        await using var database = training.Open();
        Assert.Equal(300 - 256, (await database.ShadowComparisons.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment, Cancellation)).SkippedRequests);
    }

    [Fact]
    public async Task Copies_of_large_images_are_left_out_before_they_fill_the_memory()
    {
        var deployment = await NewDeploymentAsync();
        await using var scopes = Scopes();
        using var reports = new ShadowReports(scopes.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System);
        using var shadow = new ShadowTraffic(scopes.GetRequiredService<IServiceScopeFactory>(), reports, NullLogger<ShadowTraffic>.Instance);
        var large = new byte[16 * 1024 * 1024];

        for (var number = 0; number < 6; number++)
            shadow.Offer(Request(deployment, Dent) with { Images = [large] });
        await reports.FlushAsync(Cancellation);

        await using var database = training.Open();
        Assert.Equal(2, (await database.ShadowComparisons.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment, Cancellation)).SkippedRequests);
    }

    [Fact]
    public async Task The_newest_hundred_differences_are_kept_and_all_are_counted()
    {
        var deployment = await NewDeploymentAsync();
        await using var scopes = Scopes();
        using var reports = new ShadowReports(scopes.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System);

        foreach (var _ in Enumerable.Range(0, 3))
        {
            for (var number = 0; number < 60; number++)
                reports.Add(Request(deployment, Dent), AgreementMeasure.SameClass, [Scratch]);
            reports.Add(Request(deployment, Dent), AgreementMeasure.SameClass, [Dent]);
            await reports.FlushAsync(Cancellation);
        }

        await using var database = training.Open();
        var comparison = await database.ShadowComparisons.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment, Cancellation);
        Assert.Equal((183, 180), (comparison.ImageCount, comparison.DifferentImages));
        Assert.Equal(18, comparison.ConfidenceDifference, 6);
        Assert.Equal(180, (await database.ShadowPairs.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment, Cancellation)).Count);
        Assert.Equal(ShadowReports.KeptDifferences, await database.ShadowDifferences.CountAsync(row => row.DeploymentId == deployment, Cancellation));
    }

    [Fact]
    public async Task Shapes_are_compared_and_only_how_much_they_agree_is_kept()
    {
        var deployment = await NewDeploymentAsync();
        await using var scopes = Scopes();
        using var reports = new ShadowReports(scopes.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System);
        // Masks of 2 × 4 pixels as COCO writes them: all of them, and the left half.
        Prediction whole = Masked("08"), half = Masked("044");

        reports.Add(Request(deployment, whole), AgreementMeasure.MaskIou, [whole]);
        reports.Add(Request(deployment, whole), AgreementMeasure.MaskIou, [half]);
        Assert.Throws<FormatException>(() => reports.Add(Request(deployment, whole), AgreementMeasure.MaskIou, [Masked("no mask")]));
        await reports.FlushAsync(Cancellation);
        reports.Add(Request(deployment, whole), AgreementMeasure.MaskIou, [half]);
        await reports.FlushAsync(Cancellation);

        await using var database = training.Open();
        var comparison = await database.ShadowComparisons.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment, Cancellation);
        Assert.Equal((3, 2, 3, 2.0), (comparison.ImageCount, comparison.DifferentImages, comparison.Measured, comparison.Agreement));
        var pair = await database.ShadowPairs.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment, Cancellation);
        Assert.Equal(("dent", "dent", 2), (pair.Answer, pair.ShadowAnswer, pair.Count));
        var differences = await database.ShadowDifferences.AsNoTracking().Where(row => row.DeploymentId == deployment).ToListAsync(Cancellation);
        Assert.All(differences, difference => Assert.Equal(0.5, difference.Agreement));
        Assert.Equal([0, 0, 4, 2], differences[0].Answer[0].Box!);
    }

    [Fact]
    public async Task An_export_of_another_task_or_project_becomes_no_revision()
    {
        var deployment = await NewDeploymentAsync();
        await using var database = training.Open();
        using var servers = new ModelServerClient(new ModelServerSettings([new Uri("http://127.0.0.1:1/")], null), TimeProvider.System);
        var revisions = new DeploymentRevisions(database, new ServedModels(database, servers, null!, null!, null!, null!), TimeProvider.System);
        var (job, _) = await training.QueueAsync();
        var otherTask = await CompletedExportAsync(job);
        await database.ModelVersions.Where(row => row.JobId == job.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.TaskType, TaskType.ObjectDetection), Cancellation);
        var (otherJob, _) = await training.QueueAsync(projectId: await training.NewProjectAsync());
        var otherProject = await CompletedExportAsync(otherJob);
        var (same, _) = await training.QueueAsync();

        foreach (var (export, reason) in new[] { (otherTask, "another task"), (otherProject, "another project") })
        {
            var refused = await Assert.ThrowsAsync<ProblemException>(() => AddAsync(export));
            Assert.Equal(ErrorCodes.InvalidState, refused.Error);
            Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal(2, (await AddAsync(await CompletedExportAsync(same))).Made!.Number);

        Task<Created<DeploymentRevision>> AddAsync(Guid export) => revisions.AddAsync(
            job.CreatedBy, deployment, database.Exports.AsNoTracking().Single(row => row.Id == export), new IdempotentCreate<DeploymentRevision>(null, _ => new StoredAnswer(201, null, null, null), TimeProvider.System), Cancellation);
    }

    private static Prediction Masked(string counts) => new(null, null, null, null, [new PredictedObject("dent", 0.9, [0, 0, 4, 2], new PredictedMask([2, 4], counts))]);

    private static ShadowRequest Request(Guid deployment, Prediction answer) => new(deployment, 1, 2, [[1, 2, 3]], 1, null, [answer]);

    private ServiceProvider Scopes() => new ServiceCollection().AddScoped(_ => training.Open()).BuildServiceProvider();

    private async Task<Guid> CompletedExportAsync(TrainingJob job)
    {
        var export = await training.AddExportAsync(job);
        await using var database = training.Open();
        await database.Exports.Where(row => row.Id == export).ExecuteUpdateAsync(set => set.SetProperty(row => row.State, ExportState.Completed), Cancellation);
        return export;
    }

    private async Task<Guid> NewDeploymentAsync()
    {
        var (job, _) = await training.QueueAsync();
        var export = await training.AddExportAsync(job, "torchvision");
        await using var database = training.Open();
        var deployment = new Deployment { ProjectId = job.ProjectId, ExportId = export, Name = "line", Trainer = "torchvision", ApiKeyHash = new byte[32], CreatedBy = job.CreatedBy, CreatedAt = training.Now };
        database.AddRange(deployment, new DeploymentRevision { DeploymentId = deployment.Id, Number = 1, ExportId = export, Trainer = "torchvision", CreatedBy = job.CreatedBy, CreatedAt = training.Now });
        await database.SaveChangesAsync(Cancellation);
        return deployment.Id;
    }
}
