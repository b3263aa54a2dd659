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
    private static readonly TimeSpan DownloadLifetime = TimeSpan.FromHours(1);

    [Function(nameof(GetTrainingMetrics)), RequiresPermission(Permission.TrainingRead)]
    [Operation("Metrics of every epoch of every attempt", Tag = "Training", Returns = typeof(Page<EpochMetricsAnswer>))]
    public async Task<IActionResult> GetTrainingMetrics(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/training/jobs/{id:guid}/metrics")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var rows = await database.EpochMetrics.AsNoTracking().Where(m => m.JobId == id).OrderBy(m => m.Attempt).ThenBy(m => m.Epoch).ToListAsync(cancellation);
        return new OkObjectResult(new Page<EpochMetricsAnswer>(
            [.. rows.Select(row => new EpochMetricsAnswer(row.Attempt, row.Epoch, row.Metrics, row.EpochSeconds, row.Time))], null));
    }

    [Function(nameof(GetTrainingCheckpoints)), RequiresPermission(Permission.TrainingRead)]
    [Operation("Checkpoints with a URL to fetch each", Tag = "Training", Returns = typeof(Page<CheckpointAnswer>))]
    public async Task<IActionResult> GetTrainingCheckpoints(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/training/jobs/{id:guid}/checkpoints")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var rows = await database.Checkpoints.AsNoTracking().Where(c => c.JobId == id).OrderBy(c => c.Attempt).ThenBy(c => c.Epoch).ToListAsync(cancellation);
        return new OkObjectResult(new Page<CheckpointAnswer>(
        [
            .. rows.Select(row => new CheckpointAnswer(
                row.Attempt, row.Epoch, row.Name, row.Best, row.Size, row.Sha256, row.Metrics,
                new Uri(stores.Internal.PresignGet(row.Key, DownloadLifetime, row.Name).Url), row.CreatedAt)),
        ], null));
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
