using System.Net.ServerSentEvents;
using System.Text.Json;
using VisionPlatform.Cli.Demo.Api;

namespace VisionPlatform.Cli.Operations;

/// <summary>How far the phase of an operation in a running app is.</summary>
internal sealed record RemoteProgress(string? Phase, long Items, long Bytes, long? ExpectedItems, long? ExpectedBytes, double? BytesPerSecond, double? EtaSeconds);

/// <summary>An operation in a running app.</summary>
internal sealed record RemoteOperation(
    Guid Id, string Kind, string State, string Subject, bool DryRun, bool CancelRequested, RemoteProgress Progress, JsonElement? Report, string? Error, string? StartedBy,
    Guid? CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt)
{
    public bool HasEnded => State is "completed" or "failed" or "cancelled";
}

/// <summary>The operations of a running app, by its API.</summary>
internal sealed class RemoteOperations : IDisposable
{
    private const string Route = "api/v1/operations";

    /// <summary>The app sends a comment every ten seconds.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);

    /// <summary>Pages of events have no progress, so it is read after each of them.</summary>
    private const int PollSeconds = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly HttpClient _client;
    private readonly PlatformHttp _http;

    /// <param name="api">Address of the app, with or without <c>/api/v1</c>.</param>
    /// <param name="token">An access token or a personal token.</param>
    /// <param name="announce">Is told when the app is away.</param>
    public RemoteOperations(string api, string token, Action<string> announce)
    {
        var text = api.TrimEnd('/');
        text = text.EndsWith("/api/v1", StringComparison.Ordinal) ? text[..^"/api/v1".Length] : text;
        if (!Uri.TryCreate(text + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw CommandException.Usage("--api is not an http or https address.");
        _client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(1) };
        _http = new PlatformHttp(_client, new Patience(Patience, announce, TimeProvider.System));
        // A token cannot be renewed, so there is nothing to refresh it with.
        _client.DefaultRequestHeaders.Authorization = new("Bearer", token);
    }

    public async Task<IReadOnlyList<RemoteOperation>> ListAsync(string? kind, string? state, int most, CancellationToken cancellation)
    {
        var filter = string.Concat(new[] { ("kind", kind), ("state", state) }.Where(pair => pair.Item2 is not null).Select(pair => $"&{pair.Item1}={Uri.EscapeDataString(pair.Item2!)}"));
        return (await _http.SendAsync<Page<RemoteOperation>>(HttpMethod.Get, $"{Route}?limit={most}{filter}", null, Repeat.Always, cancellation)).Items;
    }

    public Task<RemoteOperation> GetAsync(Guid id, CancellationToken cancellation) => _http.SendAsync<RemoteOperation>(HttpMethod.Get, $"{Route}/{id}", null, Repeat.Always, cancellation);

    public Task<RemoteOperation> CancelAsync(Guid id, CancellationToken cancellation) =>
        _http.SendAsync<RemoteOperation>(HttpMethod.Post, $"{Route}/{id}/cancel", null, Repeat.OnlyIfUnsent, cancellation);

    /// <summary>Starts an operation. If the connection breaks, the request is sent again under the same key, so there is one operation.</summary>
    /// <param name="kind">Last word of the address: <c>database-copies</c>.</param>
    /// <param name="body">Fields of the body.</param>
    /// <param name="cancellation">Ends the request.</param>
    public async Task<RemoteOperation> StartAsync(string kind, IReadOnlyDictionary<string, object> body, CancellationToken cancellation)
    {
        var key = Guid.NewGuid().ToString();
        using var response = await _http.SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, $"{Route}/{kind}") { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)) };
                request.Content.Headers.ContentType = new("application/json");
                request.Headers.Add("Idempotency-Key", key);
                return request;
            },
            HttpCompletionOption.ResponseContentRead, Repeat.Always, bearer: null, cancellation);
        return JsonSerializer.Deserialize<RemoteOperation>(await response.Content.ReadAsStringAsync(cancellation), PlatformClient.Json)!;
    }

    /// <summary>Shows an operation until its end, however often the connection breaks.</summary>
    public async Task<RemoteOperation> WatchAsync(Guid id, OperationDisplay display, CancellationToken cancellation)
    {
        await foreach (var item in new EventStream(_http, $"{Route}/{id}/events", Silence, TimeProvider.System, pollSeconds: PollSeconds).ReadAsync(cancellation))
        {
            if (item.EventType == EventStream.Polled)
                display.ShowProgress((await GetAsync(id, cancellation)).Progress);
            else
                Show(item, display);
        }
        return await GetAsync(id, cancellation);
    }

    public void Dispose() => _client.Dispose();

    private static void Show(SseItem<string> item, OperationDisplay display)
    {
        using var data = JsonDocument.Parse(item.Data);
        switch (item.EventType)
        {
            case "phase":
                display.ShowText(data.RootElement.GetProperty("phase").GetString()!);
                break;
            case "problem":
                display.ShowText($"a step failed: {data.RootElement.GetProperty("message").GetString()}");
                break;
            case "progress":
                display.ShowProgress(data.RootElement.Deserialize<RemoteProgress>(PlatformClient.Json)!);
                break;
        }
    }
}
