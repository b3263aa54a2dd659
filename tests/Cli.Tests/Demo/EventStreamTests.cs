using System.Net;
using System.Net.ServerSentEvents;
using System.Text;
using VisionPlatform.Cli.Demo.Api;

namespace VisionPlatform.Cli.Tests.Demo;

public sealed class EventStreamTests
{
    private const string End = "event: end\ndata: {\"state\":\"completed\"}\n\n";

    private readonly ScriptedPlatform _platform = new();

    [Fact]
    public async Task Events_are_complete_even_if_every_byte_arrives_separately()
    {
        var bytes = Encoding.UTF8.GetBytes("id: 1\nevent: log\ndata: {\"message\":\"größer\"}\n\n" + End);
        _platform.Stream([.. bytes.Select(b => new[] { b })]);

        var events = await ReadAsync();

        Assert.Equal([("log", "{\"message\":\"größer\"}"), ("end", "{\"state\":\"completed\"}")], events.Select(e => (e.EventType, e.Data)));
    }

    [Fact]
    public async Task Data_of_several_lines_is_joined_with_line_feeds()
    {
        _platform.Stream("event: log\ndata: one\ndata: two\r\ndata:three\n\n" + End);

        var events = await ReadAsync();

        Assert.Equal("one\ntwo\nthree", events[0].Data);
    }

    [Fact]
    public async Task Comments_and_retry_fields_are_not_events()
    {
        _platform.Stream("retry: 1000\n\n: still here\n\n: still here\n\n" + End);

        var events = await ReadAsync();

        Assert.Equal("end", Assert.Single(events).EventType);
    }

    [Fact]
    public async Task A_closed_stream_continues_after_the_last_event_id()
    {
        _platform.Stream("id: 7\nevent: state\ndata: a\n\n").Stream("id: 8\nevent: state\ndata: b\n\n" + End);

        var events = await ReadAsync();

        Assert.Equal(["a", "b"], events.SkipLast(1).Select(e => e.Data));
        Assert.Equal([null, "7"], _platform.Requests.Select(r => r.LastEventId));
    }

    [Fact]
    public async Task An_event_that_was_cut_off_is_read_again_and_delivered_once()
    {
        _platform.Stream("id: 7\nevent: state\ndata: a\n\nid: 8\nevent: state\nda").Stream("id: 8\nevent: state\ndata: b\n\n" + End);

        var events = await ReadAsync();

        Assert.Equal(["a", "b"], events.SkipLast(1).Select(e => e.Data));
        Assert.Equal("7", _platform.Requests[1].LastEventId);
    }

    [Fact]
    public async Task An_end_event_without_an_id_ends_a_resumed_stream()
    {
        _platform.Stream("id: 7\nevent: state\ndata: a\n\n").Stream(End);

        Assert.Equal(["state", "end"], (await ReadAsync()).Select(e => e.EventType));
    }

    [Fact]
    public async Task The_stream_waits_for_a_platform_that_is_away_and_announces_it_once()
    {
        _platform.Stream("id: 3\nevent: state\ndata: a\n\n")
            .Fail(HttpRequestError.ConnectionError).Fail(HttpRequestError.ConnectionError).Answer(HttpStatusCode.BadGateway)
            .Stream("id: 4\nevent: state\ndata: b\n\n" + End);

        var events = await ReadAsync();

        Assert.Equal(["a", "b"], events.SkipLast(1).Select(e => e.Data));
        Assert.Equal(2, _platform.Announcements.Count);
        Assert.StartsWith("The platform does not answer", _platform.Announcements[0]);
        Assert.StartsWith("The platform is back", _platform.Announcements[1]);
    }

    [Fact]
    public async Task A_silent_connection_is_opened_again()
    {
        _platform.Stream(Encoding.UTF8.GetBytes("id: 5\nevent: state\ndata: a\n\n"), []).Stream(End);

        var events = await ReadAsync(silence: TimeSpan.FromMilliseconds(30));

        Assert.Equal(["state", "end"], events.Select(e => e.EventType));
        Assert.Equal("5", _platform.Requests[1].LastEventId);
    }

    [Fact]
    public async Task A_stream_that_brings_nothing_although_the_platform_answers_is_polled_from_where_it_was()
    {
        _platform.Stream("id: 5\nevent: state\ndata: a\n\n").Stream((byte[])[])
            .Answer(HttpStatusCode.OK, """{"items":[],"nextCursor":null,"ended":false}""")
            .Answer(HttpStatusCode.OK, """{"items":[{"id":6,"type":"state","data":{"state":"running"}}],"nextCursor":"6","ended":false}""")
            .Answer(HttpStatusCode.OK, """{"items":[{"id":7,"type":"log","data":{}}],"nextCursor":"7","ended":true}""");

        var events = await ReadAsync(firstSign: TimeSpan.FromSeconds(10));

        Assert.Equal([("5", "state"), ("6", "state"), (null, "polled"), ("7", "log"), (null, "end")], events.Select(e => (e.EventId, e.EventType)));
        Assert.Equal(["GET /events?after=5&limit=1&wait=0", "GET /events?after=5&limit=200&wait=20", "GET /events?after=6&limit=200&wait=20"], _platform.Requests.Skip(2).Select(request => request.Line));
        Assert.StartsWith("Something between here and the platform", Assert.Single(_platform.Announcements));
    }

    [Fact]
    public async Task A_stream_of_an_unknown_job_fails_and_is_not_tried_again()
    {
        _platform.Answer(HttpStatusCode.NotFound, "{\"code\":\"NOT_FOUND\",\"detail\":\"There is no such job.\",\"suggestedAction\":\"Check the id.\"}", "application/problem+json");

        var problem = await Assert.ThrowsAsync<ApiException>(() => ReadAsync());

        Assert.Equal("NOT_FOUND: There is no such job. Check the id. (HTTP 404)", problem.Message);
    }

    private async Task<List<SseItem<string>>> ReadAsync(TimeSpan? silence = null, TimeSpan? firstSign = null)
    {
        var events = new List<SseItem<string>>();
        var stream = new EventStream(_platform.Http(), "events", silence ?? TimeSpan.FromSeconds(30), TimeProvider.System, firstSign);
        await foreach (var item in stream.ReadAsync(TestContext.Current.CancellationToken))
            events.Add(item);
        Assert.Equal(0, _platform.Unanswered);
        return events;
    }
}
