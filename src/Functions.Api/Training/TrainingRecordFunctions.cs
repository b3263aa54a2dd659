using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Api.Projects;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Api.Training;

/// <summary>What a job has recorded: metrics, curves, checkpoints.</summary>
public sealed class TrainingRecordFunctions(PlatformDatabase database, JobRecords records, ObjectStores stores, ProjectAccess access)
{
    /// <summary>Position of the last entry of a page.</summary>
    private sealed record EpochOfAttempt(int Attempt, int Epoch);

    private static readonly TimeSpan DownloadLifetime = TimeSpan.FromHours(1);

    [Function("GetTrainingMetrics"), RequiresPermission(Permission.TrainingRead)]
    [Operation("List metrics of a training job", FixedOrder = true, Returns = typeof(Page<EpochMetricsAnswer>),
        Description = "Metrics of every epoch, in the order of attempts and epochs. An epoch that a later attempt trained again is marked as discarded.")]
    public async Task<IResult> ListMetrics(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/training/jobs/{id:guid}/metrics")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var page = PageRequest.Read(request);
        var epochs = await records.EpochsAsync(id, cancellation);
        var after = page.After<EpochOfAttempt>();
        List<EpochMetrics> rows =
            [.. epochs.Where(m => after is null || m.Attempt > after.Attempt || (m.Attempt == after.Attempt && m.Epoch > after.Epoch)).Take(page.Limit + 1)];
        var attempts = await AttemptsAsync(id, cancellation);
        return Answer.Ok(Page.Of(
            rows, page, row => new EpochOfAttempt(row.Attempt, row.Epoch), row => EpochMetricsAnswer.Of(row, attempts)));
    }

    [Function("GetTrainingCurves"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Get the curves of a training job", Returns = typeof(TrainingCurvesAnswer),
        Description = "All epochs of all attempts in one answer, to draw. An attempt that resumed goes on where the one before left off: its epochs replace those that were lost, which are marked as discarded.")]
    [Query<string>("names", "Only these metrics, separated by commas; all when left out.", Example = "loss,accuracy")]
    public async Task<IResult> GetCurves(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/training/jobs/{id:guid}/curves")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var job = await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var wanted = request.QueryText("names")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var attempts = await AttemptsAsync(id, cancellation);
        var epochs = await records.EpochsAsync(id, cancellation);
        return Answer.Ok(TrainingCurvesAnswer.Of(job, attempts, epochs, wanted));
    }

    [Function("GetTrainingValidation"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Get a validation of a training job", Returns = typeof(TrainingValidation),
        Description = "What was measured on a split after an epoch: confusion matrix, precision over recall, quality of each class. Without epoch, that of the best epoch that was measured on the split.")]
    [Query<Split>("split", "Images that were measured; val when left out.", Example = "val")]
    [Query<long>("epoch", "Number of the epoch; of several attempts that trained it, the last one counts.", Minimum = 0, Maximum = 1_000_000, Example = "1")]
    public async Task<IResult> GetValidation(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/training/jobs/{id:guid}/validation")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var job = await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var split = request.QueryOneOf<Split>("split") ?? Split.Val;
        var measured = database.ValidationResults.AsNoTracking().Where(result => result.JobId == id && result.Split == split);
        var epoch = request.QueryNumber("epoch");
        var found = epoch is { } wanted
            ? await measured.Where(result => result.Epoch == wanted).OrderByDescending(result => result.Attempt).FirstOrDefaultAsync(cancellation)
            : await measured.OrderByDescending(result => result.Epoch == job.BestEpoch).ThenByDescending(result => result.Attempt).ThenByDescending(result => result.Epoch).FirstOrDefaultAsync(cancellation);
        return Answer.Ok(found is null ? throw ProblemException.NoSuch("validation", "epoch") : TrainingValidation.Of(found));
    }

    private Task<List<Attempt>> AttemptsAsync(Guid jobId, CancellationToken cancellation) =>
        database.Attempts.AsNoTracking().Where(attempt => attempt.SubjectId == jobId).OrderBy(attempt => attempt.Number).ToListAsync(cancellation);

    [Function("GetTrainingCheckpoints"), RequiresPermission(Permission.TrainingRead)]
    [Operation("List checkpoints of a training job", FixedOrder = true, Returns = typeof(Page<CheckpointAnswer>),
        Description = "Checkpoints with an address to download each, in the order of attempts and epochs.")]
    public async Task<IResult> ListCheckpoints(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/training/jobs/{id:guid}/checkpoints")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var page = PageRequest.Read(request);
        var checkpoints = database.Checkpoints.AsNoTracking().Where(c => c.JobId == id);
        if (page.After<EpochOfAttempt>() is { } after)
            checkpoints = checkpoints.Where(c => c.Attempt > after.Attempt || (c.Attempt == after.Attempt && c.Epoch > after.Epoch));
        var rows = await checkpoints.OrderBy(c => c.Attempt).ThenBy(c => c.Epoch).Take(page.Limit + 1).ToListAsync(cancellation);
        return Answer.Ok(Page.Of(rows, page, row => new EpochOfAttempt(row.Attempt, row.Epoch), row => new CheckpointAnswer(
            row.Attempt, row.Epoch, row.Name, row.Best, row.Size, row.Sha256, row.Metrics,
            new Uri(stores.Internal.PresignGet(row.Key, DownloadLifetime, row.Name).Url), row.CreatedAt)));
    }
}
