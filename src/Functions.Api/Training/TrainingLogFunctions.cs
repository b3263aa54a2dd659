using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Api.Training;

/// <summary>The log of a job: in pages that can be turned both ways, or as server-sent events while it is written.</summary>
public sealed class TrainingLogFunctions(PlatformDatabase database, JobRecords records, JobEventFeed feed, ProjectAccess access, EventStreams streams)
{
    private const int Batch = 500;

    private static readonly string[] Levels = ["debug", "info", "warning", "error"];

    private const string StreamExample =
        """
        id: 42
        event: log
        data: {"id":42,"attempt":1,"level":"info","message":"epoch 3 of 10","source":"trainer","time":"2026-01-31T12:00:00.123456Z"}

        event: end
        data: {"state":"completed"}


        """;

    [Function("GetTrainingLogs"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Read the log of a training job", Returns = typeof(LogPage), TextTypes = ["text/event-stream"], TextExample = StreamExample,
        Description = """
            Log lines, oldest first. Send `nextCursor` as `after` to read on, and `previousCursor` as `before` to read back; begin at the end with `last`. With `Accept: text/event-stream` the lines that match come as they are written, from `after` or `Last-Event-ID` on, each as an event `log`; an event `end` says that the job has ended. When the server closes the stream earlier, connect again with `Last-Event-ID`.
            """)]
    [Query<long>("after", "Only lines after this position: those with a larger id.", Minimum = 0, Example = "0")]
    [Query<long>("before", "Only lines before this position: those with a smaller id. Without `after`, the last ones of these.", Minimum = 0)]
    [Query<bool>("last", "Whether to read the last lines instead of the first ones.")]
    [Query<string>("level", "Only lines with these levels, separated by commas: `debug`, `info`, `warning`, `error`.", Example = "info,error")]
    [Query<string>("search", "Only lines that contain this text, regardless of case.", Example = "epoch")]
    [Query<int>("attempt", "Only lines of this attempt.", Minimum = 1, Example = "1")]
    [Query<int>("limit", "Largest number of lines to return; 50 by default.", Minimum = 1, Maximum = PageRequest.MaximumLimit, Example = "20")]
    public async Task<IResult> ReadLog(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/training/jobs/{id:guid}/logs")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var query = new LogQuery(
            request.Position(), request.QueryNumber("before"), ReadLevels(request), request.QueryText("search"), (int?)request.QueryNumber("attempt"), request.QueryFlag("last") ?? false);
        if (request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase))
        {
            if (HttpMethods.IsHead(request.Method))
                EventStreams.SetHeaders(request.HttpContext.Response);
            else
                await StreamAsync(request.HttpContext, id, query with { Before = null, Last = false }, cancellation);
            return TypedResults.Empty;
        }
        var limit = PageRequest.Read(request).Limit;
        var found = await records.LogAsync(id, query, limit, cancellation);
        // One that is full has more before it; one that was asked for after a position has that position before it.
        var hasEarlier = found.Count > 0 && (query.IsBackwards ? found.Count == limit : query.After > 0);
        return Answer.Ok(new LogPage([.. found.Select(Line)], found.Count == 0 ? null : Text(found[^1].Id), hasEarlier ? Text(found[0].Id) : null));
    }

    private Task StreamAsync(HttpContext http, Guid jobId, LogQuery query, CancellationToken cancellation) => streams.RunAsync(
        http,
        (user, stop) =>
        {
            Authentication.RequirePermission(user, Permission.TrainingRead);
            return access.RequireJobAsync(database, user, jobId, Permission.TrainingRead, stop);
        },
        () => feed.NextOf(jobId),
        async (write, stop) =>
        {
            // The state before the lines: those of a job that has ended are all there.
            var state = await database.TrainingJobs.AsNoTracking().Where(job => job.Id == jobId).Select(job => job.State).SingleAsync(stop);
            var lines = await records.LogAsync(jobId, query, Batch, stop);
            foreach (var line in lines)
                await write($"id: {line.Id}\nevent: log\ndata: {JsonSerializer.Serialize(Line(line), ApiJson.Options)}\n\n");
            query = lines.Count > 0 ? query with { After = lines[^1].Id } : query;
            if (lines.Count == Batch)
                return StreamStep.Again;
            if (!state.IsTerminal())
                return StreamStep.Wait;
            await write($"event: end\ndata: {{\"state\":\"{state.AsText()}\"}}\n\n");
            return StreamStep.End;
        },
        cancellation);

    private static string[]? ReadLevels(HttpRequest request)
    {
        if (request.QueryText("level") is not { } text)
            return null;
        string[] levels = [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
        return levels.Length > 0 && levels.All(level => Levels.Contains(level))
            ? levels
            : throw new ProblemException(ErrorCodes.InvalidParameter, $"level must be one or more of {string.Join(", ", Levels)}.", "level");
    }

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);

    private static LogLine Line(JobEvent entry) => new(
        entry.Id, entry.Data.GetProperty("attempt").GetInt32(), entry.Data.GetProperty("level").GetString()!, entry.Data.GetProperty("message").GetString()!,
        entry.Data.GetProperty("source").GetString()!, entry.Data.GetProperty("time").GetDateTimeOffset());
}
