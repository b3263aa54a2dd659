using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Training;
using VisionPlatform.Api.Projects;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Api.Training;

/// <summary>What a job recorded: metrics, checkpoints, log.</summary>
public sealed class TrainingRecords(PlatformDatabase database, ObjectStores stores, ProjectAccess access)
{
    /// <summary>Where a page of metrics or checkpoints ends.</summary>
    private sealed record EpochOfAttempt(int Attempt, int Epoch);

    private static readonly TimeSpan DownloadLifetime = TimeSpan.FromHours(1);

    [Function(nameof(GetTrainingMetrics)), RequiresPermission(Permission.TrainingRead)]
    [Operation("Metrics of every epoch of every attempt", Tag = "Training", FixedOrder = true, Returns = typeof(Page<EpochMetricsAnswer>))]
    public async Task<IActionResult> GetTrainingMetrics(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/training/jobs/{id:guid}/metrics")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var page = PageRequest.Read(request);
        var metrics = database.EpochMetrics.AsNoTracking().Where(m => m.JobId == id);
        if (page.After<EpochOfAttempt>() is { } after)
            metrics = metrics.Where(m => m.Attempt > after.Attempt || (m.Attempt == after.Attempt && m.Epoch > after.Epoch));
        var rows = await metrics.OrderBy(m => m.Attempt).ThenBy(m => m.Epoch).Take(page.Limit + 1).ToListAsync(cancellation);
        return new OkObjectResult(Page.Of(
            rows, page, row => new EpochOfAttempt(row.Attempt, row.Epoch), row => new EpochMetricsAnswer(row.Attempt, row.Epoch, row.Metrics, row.EpochSeconds, row.Time)));
    }

    [Function(nameof(GetTrainingCheckpoints)), RequiresPermission(Permission.TrainingRead)]
    [Operation("Checkpoints with a URL to fetch each", Tag = "Training", FixedOrder = true, Returns = typeof(Page<CheckpointAnswer>))]
    public async Task<IActionResult> GetTrainingCheckpoints(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/training/jobs/{id:guid}/checkpoints")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var page = PageRequest.Read(request);
        var checkpoints = database.Checkpoints.AsNoTracking().Where(c => c.JobId == id);
        if (page.After<EpochOfAttempt>() is { } after)
            checkpoints = checkpoints.Where(c => c.Attempt > after.Attempt || (c.Attempt == after.Attempt && c.Epoch > after.Epoch));
        var rows = await checkpoints.OrderBy(c => c.Attempt).ThenBy(c => c.Epoch).Take(page.Limit + 1).ToListAsync(cancellation);
        return new OkObjectResult(Page.Of(rows, page, row => new EpochOfAttempt(row.Attempt, row.Epoch), row => new CheckpointAnswer(
            row.Attempt, row.Epoch, row.Name, row.Best, row.Size, row.Sha256, row.Metrics,
            new Uri(stores.Internal.PresignGet(row.Key, DownloadLifetime, row.Name).Url), row.CreatedAt)));
    }

    [Function(nameof(GetTrainingLogs)), RequiresPermission(Permission.TrainingRead)]
    [Operation("Log lines, oldest first, after a position; filtered by level and text", Tag = "Training", Returns = typeof(Tail<LogLine>))]
    [Query<long>("after", "Only what has a larger id.", Minimum = 0, Example = "0")]
    [Query<string>("level", "Only lines of this level.", Example = "info")]
    [Query<string>("search", "Only lines that contain this text.", Example = "epoch")]
    [Query<int>("limit", "How many items at most.", Minimum = 1, Maximum = PageRequest.MaximumLimit, Example = "20")]
    public async Task<IActionResult> GetTrainingLogs(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/training/jobs/{id:guid}/logs")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var after = request.Position();
        var limit = PageRequest.Read(request).Limit;
        var level = request.QueryText("level");
        var search = request.QueryText("search");
        var rows = await database.JobEvents.FromSql(
            $"""
            SELECT * FROM job_events
            WHERE job_id = {id} AND type = 'log' AND id > {after}
              AND ({level}::text IS NULL OR data->>'level' = {level})
              AND ({search}::text IS NULL OR strpos(lower(data->>'message'), lower({search})) > 0)
            ORDER BY id LIMIT {limit}
            """).AsNoTracking().ToListAsync(cancellation);
        return new OkObjectResult(new Tail<LogLine>([.. rows.Select(Line)], rows.Count == 0 ? null : rows[^1].Id.ToString(CultureInfo.InvariantCulture)));
    }

    private static LogLine Line(JobEvent entry) => new(
        entry.Id, entry.Data.GetProperty("attempt").GetInt32(), entry.Data.GetProperty("level").GetString()!, entry.Data.GetProperty("message").GetString()!,
        entry.Data.GetProperty("source").GetString()!, entry.Data.GetProperty("time").GetDateTimeOffset());
}
