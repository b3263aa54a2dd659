using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Api.Training;

/// <summary>The event stream of a job, from the beginning to its end: as server-sent events, or as pages for polling.</summary>
public sealed class TrainingEventFunctions(PlatformDatabase database, JobRecords records, JobEventFeed feed, ProjectAccess access, EventStreams streams)
{
    private const int Batch = 500;

    private const string StreamDescription =
        """
        What happened to the job and what happens next, as server-sent events. The stream ends with an event `end` when the job has ended. The server may close the stream earlier, and closes it at once when the caller may no longer read it; connect again with the header `Last-Event-ID` to continue without a gap. With `Accept: application/json` the same events come as pages, for polling: `wait` makes the answer wait for an event, and `ended` says that nothing comes after it.

        The kind of an event is in `event`, and its fields are a JSON object in `data`:

        - `state`: `state`, `error`
        - `attempt`: `number`, `state`, `resumedFromEpoch`, `error`
        - `metrics`: `attempt`, `epoch`, `totalEpochs`, `metrics`, `notFinite` (metrics that are no finite number, as text), `epochSeconds`, `etaSeconds`
        - `validation`: `epoch`, `split`, `metrics`
        - `checkpoint`: `attempt`, `epoch`, `name`, `best`, `size`
        - `log`: `attempt`, `level`, `message`, `source`, `time`
        - `end`: `state`. It has no id.
        """;

    private const string StreamExample =
        """
        id: 41
        event: state
        data: {"state":"running","error":null}

        id: 42
        event: metrics
        data: {"attempt":1,"epoch":3,"totalEpochs":10,"metrics":{"loss":0.31,"accuracy":0.94},"epochSeconds":0.7,"etaSeconds":4.9}

        event: end
        data: {"state":"completed"}


        """;

    [Function("GetTrainingEvents"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Watch a training job", Returns = typeof(EventTail<JobEventAnswer>), TextTypes = ["text/event-stream"], TextExample = StreamExample, Description = StreamDescription)]
    [Query<long>("after", "Only entries after this position: those with a larger id.", Minimum = 0, Example = "0")]
    [Query<int>("limit", "Largest number of entries to return; 50 by default.", Minimum = 1, Maximum = PageRequest.MaximumLimit, Example = "20")]
    [Query<int>("wait", "Seconds to wait for an event if there is none yet; 0 by default. Only with `Accept: application/json`.", Minimum = 0, Maximum = EventStreams.LongestWait, Example = "20")]
    public async Task<IResult> Watch(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/training/jobs/{id:guid}/events")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var after = request.Position();
        if (request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase))
        {
            var limit = PageRequest.Read(request).Limit;
            return Answer.Ok(await streams.PollAsync(
                request, (user, stop) => RequireAccessAsync(user, id, stop), () => feed.NextOf(id), stop => ReadTailAsync(id, after, limit, stop), cancellation));
        }

        if (HttpMethods.IsHead(request.Method))
            EventStreams.SetHeaders(request.HttpContext.Response);
        else
            await StreamAsync(request.HttpContext, id, after, cancellation);
        return TypedResults.Empty;
    }

    private Task StreamAsync(HttpContext http, Guid jobId, long after, CancellationToken cancellation) => streams.RunAsync(
        http,
        (user, stop) => RequireAccessAsync(user, jobId, stop),
        () => feed.NextOf(jobId),
        async (write, stop) =>
        {
            var events = await ReadAsync(jobId, after, Batch, stop);
            var ended = EndIn(events);
            if (events.Count == 0 && await HasEndedAsync(jobId, stop) is { } state)
                // It may have ended after the events were read.
                (ended, events) = (state, await ReadAsync(jobId, after, Batch, stop));
            foreach (var entry in events)
                await write($"id: {entry.Id}\nevent: {entry.Type}\ndata: {entry.Data.GetRawText()}\n\n");
            after = events.Count > 0 ? events[^1].Id : after;
            if (events.Count == Batch)
                return StreamStep.Again;
            if (ended is not { } end)
                return StreamStep.Wait;
            feed.Forget(jobId);
            await write($"event: end\ndata: {{\"state\":\"{end.AsText()}\"}}\n\n");
            return StreamStep.End;
        },
        cancellation);

    private Task RequireAccessAsync(CurrentUser user, Guid jobId, CancellationToken cancellation)
    {
        Authentication.RequirePermission(user, Permission.TrainingRead);
        return access.RequireJobAsync(database, user, jobId, Permission.TrainingRead, cancellation);
    }

    private async Task<EventTail<JobEventAnswer>> ReadTailAsync(Guid jobId, long after, int limit, CancellationToken cancellation)
    {
        // The state before its events: an end that the row tells of has its event by then.
        var ended = await HasEndedAsync(jobId, cancellation) is not null;
        var page = await ReadAsync(jobId, after, limit, cancellation);
        return new EventTail<JobEventAnswer>(
            [.. page.Select(e => new JobEventAnswer(e.Id, e.Type, e.Data, e.Time))], page.Count == 0 ? null : page[^1].Id.ToString(CultureInfo.InvariantCulture), ended && page.Count < limit);
    }

    /// <summary>The state in which the job ended, if it did so in these events: nothing comes after it.</summary>
    private static JobState? EndIn(List<JobEvent> events) =>
        events.FindLast(entry => entry.Type == "state") is { } last && EnumText.TryParse<JobState>(last.Data.GetProperty("state").GetString()!, out var state) && state.IsTerminal() ? state : null;

    private Task<List<JobEvent>> ReadAsync(Guid jobId, long after, int limit, CancellationToken cancellation) =>
        records.EventsAsync(jobId, after, limit, cancellation);

    private async Task<JobState?> HasEndedAsync(Guid jobId, CancellationToken cancellation)
    {
        var state = await database.TrainingJobs.AsNoTracking().Where(job => job.Id == jobId).Select(job => job.State).SingleAsync(cancellation);
        return state.IsTerminal() ? state : null;
    }
}
