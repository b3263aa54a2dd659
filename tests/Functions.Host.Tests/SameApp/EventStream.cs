using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.SameApp;

internal sealed record StreamEvent(long? Id, string Type, JsonElement Data);

/// <summary>A job's server-sent events as a browser reads them.</summary>
internal static class EventStream
{
    /// <summary>One response, to its end.</summary>
    public static async Task<List<StreamEvent>> ReadOnceAsync(ApiClient client, Guid jobId, long? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/training/jobs/{jobId}/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.AccessToken);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is { } id)
            request.Headers.Add("Last-Event-ID", $"{id}");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        using var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        response.EnsureSuccessStatusCode();
        var events = new List<StreamEvent>();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(limit.Token)).EnumerateAsync(limit.Token))
            events.Add(new StreamEvent(item.EventId is { Length: > 0 } at ? long.Parse(at) : null, item.EventType, JsonDocument.Parse(item.Data).RootElement));
        return events;
    }

    /// <summary>Every event until the job has ended, over as many responses as it takes, each going on where the last one stopped.</summary>
    public static async Task<List<StreamEvent>> ReadAsync(ApiClient client, Guid jobId, long? lastEventId = null)
    {
        var all = new List<StreamEvent>();
        while (all is not [.., { Type: "end" }])
            all.AddRange(await ReadOnceAsync(client, jobId, all.LastOrDefault(e => e.Id is not null)?.Id ?? lastEventId));
        return all;
    }
}
