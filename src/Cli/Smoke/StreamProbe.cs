using System.Net.ServerSentEvents;

namespace VisionPlatform.Cli.Smoke;

/// <summary>Finds out whether responses arrive while they are written. Some proxies and some plans of Azure hold a response back until it has ended.</summary>
internal static class StreamProbe
{
    /// <summary>The app waits for two seconds between the two events; held back, they arrive at the same time.</summary>
    private static readonly TimeSpan SmallestGap = TimeSpan.FromSeconds(1);

    /// <summary>Whether the two events of the app's test stream arrive together.</summary>
    /// <exception cref="CommandException">The app does not answer with that stream.</exception>
    public static async Task<bool> IsHeldBackAsync(HttpClient http, TimeProvider time, CancellationToken cancellation)
    {
        using var response = await http.GetAsync("api/v1/health/stream", HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!response.IsSuccessStatusCode)
            throw new CommandException($"/api/v1/health/stream answers {(int)response.StatusCode}");
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        long? began = null;
        await foreach (var item in SseParser.Create(body).EnumerateAsync(cancellation))
        {
            if (item.EventType == "begin")
                began = time.GetTimestamp();
            else if (item.EventType == "end" && began is { } first)
                return time.GetElapsedTime(first) < SmallestGap;
        }
        throw new CommandException("/api/v1/health/stream ends before its last event");
    }
}
