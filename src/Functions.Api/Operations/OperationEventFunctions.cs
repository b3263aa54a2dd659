using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Operations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Operations;

/// <summary>The event stream of an operation, from the beginning to its end: as server-sent events, or as pages for polling.</summary>
public sealed class OperationEventFunctions(UserDatabase database, OperationFeed feed, EventStreams streams, TimeProvider time)
{
    private const int Batch = 500;

    private const string StreamDescription =
        """
        What happened to the operation and what happens next, as server-sent events. The stream ends with an event `end` when the operation has ended. The server may close the stream earlier, and closes it at once when the caller may no longer read it; connect again with the header `Last-Event-ID` to continue without a gap. With `Accept: application/json` the same events come as pages, for polling: `wait` makes the answer wait for an event, and `ended` says that nothing comes after it. The pages have no `progress`; read the operation for it.

        The kind of an event is in `event`, and its fields are a JSON object in `data`:

        - `state`: `state`, `error`
        - `phase`: `phase`
        - `problem`: `message`, of a step that failed; most are tried again
        - `progress`: as in the operation, about once a second. It has no id.
        - `end`: `state`. It has no id.
        """;

    private const string StreamExample =
        """
        id: 41
        event: phase
        data: {"phase":"copy rows"}

        event: progress
        data: {"phase":"copy rows","items":12,"bytes":340000000,"expectedItems":null,"expectedBytes":1200000000,"bytesPerSecond":85000000,"etaSeconds":10.1}

        event: end
        data: {"state":"completed"}


        """;

    [Function("GetOperationEvents"), RequiresPermission(Permission.OperationsRead)]
    [Operation("Watch an operation", Returns = typeof(EventTail<OperationEventAnswer>), TextTypes = ["text/event-stream"], TextExample = StreamExample, Description = StreamDescription)]
    [Query<long>("after", "Only entries after this position: those with a larger id.", Minimum = 0, Example = "0")]
    [Query<int>("limit", "Largest number of entries to return; 50 by default.", Minimum = 1, Maximum = PageRequest.MaximumLimit, Example = "20")]
    [Query<int>("wait", "Seconds to wait for an event if there is none yet; 0 by default. Only with `Accept: application/json`.", Minimum = 0, Maximum = EventStreams.LongestWait, Example = "20")]
    public async Task<IResult> Watch(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = OperationFunctions.RouteOfOne + "/events")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        if (!await database.Operations.AnyAsync(operation => operation.Id == id, cancellation))
            throw ProblemException.NoSuch("operation");
        var after = request.Position();
        if (request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase))
        {
            var limit = PageRequest.Read(request).Limit;
            return Answer.Ok(await streams.PollAsync(request, (user, _) => RequireAccessAsync(user), () => feed.NextOf(id), stop => ReadTailAsync(id, after, limit, stop), cancellation));
        }

        if (HttpMethods.IsHead(request.Method))
            EventStreams.SetHeaders(request.HttpContext.Response);
        else
            await StreamAsync(request.HttpContext, id, after, cancellation);
        return TypedResults.Empty;
    }

    private async Task StreamAsync(HttpContext http, Guid id, long after, CancellationToken cancellation)
    {
        (string? Phase, long Items, long Bytes, long ExpectedItems, long ExpectedBytes) sent = default;
        await streams.RunAsync(
            http,
            (user, _) => RequireAccessAsync(user),
            () => feed.NextOf(id),
            async (write, stop) =>
            {
                // The row before its events: an end that the row tells of has its event by then.
                var operation = await database.Operations.AsNoTracking().SingleOrDefaultAsync(o => o.Id == id, stop);
                var events = await ReadAsync(id, after, Batch, stop);
                foreach (var entry in events)
                    await write($"id: {entry.Id}\nevent: {entry.Type}\ndata: {entry.Data.GetRawText()}\n\n");
                after = events.Count > 0 ? events[^1].Id : after;
                if (events.Count == Batch)
                    return StreamStep.Again;
                if (operation is null)
                    return StreamStep.End;
                var present = (operation.Phase, operation.Items, operation.Bytes, operation.ExpectedItems, operation.ExpectedBytes);
                if (sent != present)
                    await write($"event: progress\ndata: {JsonSerializer.Serialize(OperationProgressAnswer.Of(operation, time.GetUtcNow()), ApiJson.Options)}\n\n");
                sent = present;
                if (!operation.HasEnded)
                    return StreamStep.Wait;
                feed.Forget(id);
                await write($"event: end\ndata: {{\"state\":\"{operation.State.AsText()}\"}}\n\n");
                return StreamStep.End;
            },
            cancellation);
    }

    private static Task RequireAccessAsync(CurrentUser user)
    {
        Authentication.RequirePermission(user, Permission.OperationsRead);
        return Task.CompletedTask;
    }

    private async Task<EventTail<OperationEventAnswer>> ReadTailAsync(Guid id, long after, int limit, CancellationToken cancellation)
    {
        // The row before its events, as in the stream.
        var operation = await database.Operations.AsNoTracking().SingleOrDefaultAsync(o => o.Id == id, cancellation);
        var page = await ReadAsync(id, after, limit, cancellation);
        return new EventTail<OperationEventAnswer>(
            [.. page.Select(e => new OperationEventAnswer(e.Id, e.Type, e.Data, e.Time))], page.Count == 0 ? null : page[^1].Id.ToString(CultureInfo.InvariantCulture),
            operation is not { HasEnded: false } && page.Count < limit);
    }

    private Task<List<OperationEvent>> ReadAsync(Guid id, long after, int limit, CancellationToken cancellation) =>
        database.OperationEvents.AsNoTracking().Where(e => e.OperationId == id && e.Id > after).OrderBy(e => e.Id).Take(limit).ToListAsync(cancellation);
}
