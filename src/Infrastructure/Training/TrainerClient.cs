using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Resilience;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Training;

/// <summary>How a trainer answered the request to start a job.</summary>
public abstract record TrainerStart
{
    /// <summary>The job runs, or ran already: the request is idempotent on job and attempt.</summary>
    /// <param name="Execution">Name of the execution that was started for it; null at a trainer service.</param>
    public sealed record Accepted(string? Execution = null) : TrainerStart;

    /// <summary>The trainer has no free slot, although the leases say that there is one.</summary>
    public sealed record Busy : TrainerStart;

    /// <summary>The trainer will never take this request.</summary>
    public sealed record Rejected(Failure Failure) : TrainerStart;

    /// <summary>The trainer did not answer, or asked to try again later.</summary>
    /// <param name="Message">Why.</param>
    /// <param name="RetryAfter">When to try again, if it said so.</param>
    public sealed record Unreachable(string Message, TimeSpan? RetryAfter = null) : TrainerStart;
}

/// <summary>
/// Calls trainers by the trainer protocol, with the timeouts and retries of <see cref="Integrations"/>. There is one instance in a process,
/// because it holds the circuit breaker of each trainer.
/// </summary>
public sealed class TrainerClient(TrainerSettings settings, TimeProvider time) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = Integrations.TrainerStart.ConnectTimeout, PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    }) { Timeout = Timeout.InfiniteTimeSpan };

    private readonly ConcurrentDictionary<(string Framework, string Call), ResiliencePipeline> _pipelines = new();

    /// <summary>How the trainer protocol writes JSON.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Frameworks that have a trainer.</summary>
    public IEnumerable<string> Frameworks => settings.Urls.Keys;

    /// <summary>The Azure job whose executions do the jobs of a trainer; null if its service does them.</summary>
    public TrainerJob? JobOf(string framework) => settings.Jobs.GetValueOrDefault(framework);

    /// <exception cref="ProblemException"><see cref="ErrorCodes.TrainerUnavailable"/> or <see cref="ErrorCodes.UnknownFramework"/>.</exception>
    public async Task<TrainerCapabilities> GetCapabilitiesAsync(string framework, CancellationToken cancellation, IntegrationPolicy? patience = null)
    {
        using var response = await SendAsync(HttpMethod.Get, framework, "v1/capabilities", null, patience ?? Integrations.TrainerQuery, cancellation);
        await EnsureSuccessAsync(response, cancellation);
        return await ReadAsync<TrainerCapabilities>(response, cancellation);
    }

    /// <summary>Whether the trainer answers its health check. It is tried once.</summary>
    public async Task<bool> IsHealthyAsync(string framework, CancellationToken cancellation)
    {
        try
        {
            using var response = await SendAsync(HttpMethod.Get, framework, "health", null, Integrations.TrainerHealth, cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (ProblemException unavailable) when (unavailable.Error == ErrorCodes.TrainerUnavailable)
        {
            return false;
        }
    }

    public async Task<TrainerStart> StartAsync(string framework, TrainerJobRequest job, CancellationToken cancellation)
    {
        try
        {
            using var response = await SendAsync(HttpMethod.Post, framework, "v1/jobs", job, Integrations.TrainerStart, cancellation);
            if (response.IsSuccessStatusCode)
                return new TrainerStart.Accepted();
            var problem = await ReadProblemAsync(response, cancellation);
            return response.StatusCode switch
            {
                HttpStatusCode.Conflict => new TrainerStart.Busy(),
                >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout =>
                    new TrainerStart.Unreachable($"The trainer answered {(int)response.StatusCode}."),
                // One of the two is not upgraded yet. The attempt waits until it is.
                _ when problem.Field == "protocol" => new TrainerStart.Unreachable($"The trainer does not speak version {TrainerJobRequest.Version} of the protocol."),
                _ => new TrainerStart.Rejected(ToFailure(problem, response.StatusCode)),
            };
        }
        catch (ProblemException unavailable) when (unavailable.Error == ErrorCodes.TrainerUnavailable)
        {
            return new TrainerStart.Unreachable(unavailable.Message);
        }
    }

    /// <summary>Asks the trainer to stop an attempt. A trainer that does not answer learns it from the reply to its next callback.</summary>
    /// <returns>Whether the trainer accepted the request.</returns>
    public async Task<bool> CancelAsync(string framework, Guid jobId, int attempt, CancellationToken cancellation)
    {
        try
        {
            using var response = await SendAsync(
                HttpMethod.Post, framework, $"v1/jobs/{jobId}/cancel?attempt={attempt}", null, Integrations.TrainerStop, cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (ProblemException unavailable) when (unavailable.Error == ErrorCodes.TrainerUnavailable)
        {
            return false;
        }
    }

    /// <exception cref="ProblemException">The trainer does not answer or is too busy, cannot read an image or finds it too large (the field names its
    /// index), or cannot load the model.</exception>
    public async Task<TrainerPredictReply> PredictAsync(string framework, TrainerPredictRequest request, CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Post, framework, "v1/predict", request, Integrations.TrainerPredict, cancellation);
        if (response.IsSuccessStatusCode)
        {
            var reply = await ReadAsync<TrainerPredictReply>(response, cancellation);
            return reply.Predictions?.Count == request.Images.Count && reply.Predictions.All(prediction => prediction is not null) ? reply
                : throw new ProblemException(ErrorCodes.TrainerProtocol, $"The trainer answered {reply.Predictions?.Count ?? 0} predictions for {request.Images.Count} images.");
        }
        var problem = await ReadProblemAsync(response, cancellation);
        foreach (var error in (ErrorCode[])[ErrorCodes.InvalidImage, ErrorCodes.ImageTooLarge])
            if (problem.Code == error.Code)
                throw new ProblemException(error, problem.Message ?? error.Title, $"images[{problem.Index ?? 0}]") { Item = problem.Index ?? 0 };
        throw problem.Code == ErrorCodes.TrainerBusy.Code
            ? new ProblemException(ErrorCodes.TrainerBusy, "The trainer has too many predictions waiting.") { RetryAfter = response.Headers.RetryAfter?.Delta }
            : ToException(problem, response.StatusCode);
    }

    /// <exception cref="ProblemException"><see cref="ErrorCodes.TrainerUnavailable"/> if there is no answer after all tries of the policy.</exception>
    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string framework, string path, object? body, IntegrationPolicy policy, CancellationToken cancellation)
    {
        if (!settings.Urls.TryGetValue(framework, out var url))
            throw new ProblemException(ErrorCodes.UnknownFramework, $"There is no trainer for '{framework}'. There are: {string.Join(", ", settings.Urls.Keys)}.");
        var pipeline = _pipelines.GetOrAdd((framework, policy.Name), _ => ResiliencePipelines.Build(policy, error => error is HttpRequestException, time: time, target: framework));
        try
        {
            return await pipeline.ExecuteAsync(async stop =>
            {
                using var request = new HttpRequestMessage(method, new Uri(url, path));
                if (settings.ApiKey is { } key)
                    request.Headers.Authorization = new("Bearer", key);
                if (body is not null)
                    request.Content = WithLength(body);
                return await _http.SendAsync(request, stop);
            }, cancellation);
        }
        catch (Exception failure) when (failure is HttpRequestException or TimeoutRejectedException or BrokenCircuitException)
        {
            throw new ProblemException(ErrorCodes.TrainerUnavailable, $"The {framework} trainer does not answer: {failure.Message}", inner: failure);
        }
    }

    /// <summary>JSON with a Content-Length: small HTTP servers, as trainers use, often accept no chunked body.</summary>
    private static ByteArrayContent WithLength(object body) =>
        new(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), Json)) { Headers = { ContentType = new("application/json") } };

    public void Dispose() => _http.Dispose();

    private static async Task EnsureSuccessAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.IsSuccessStatusCode)
            return;
        throw ToException(await ReadProblemAsync(response, cancellation), response.StatusCode);
    }

    private static ProblemException ToException(TrainerProblem problem, HttpStatusCode status) =>
        status >= HttpStatusCode.InternalServerError
            ? new ProblemException(ErrorCodes.TrainerUnavailable, $"The trainer answered {(int)status}: {problem.Message}")
            : new ProblemException(ErrorCodes.OfTrainerReply(problem.Code), problem.Message ?? $"The trainer answered {(int)status}.");

    private static Failure ToFailure(TrainerProblem problem, HttpStatusCode status)
    {
        var code = ErrorCodes.OfTrainerReply(problem.Code);
        var message = problem.Message ?? $"The trainer answered {(int)status}.";
        return Failure.Of(code, problem.Field is { } field ? $"{field}: {message}" : message);
    }

    private static async Task<TrainerProblem> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<TrainerProblem>(Json, cancellation) ?? new TrainerProblem(null, null, null, null);
        }
        catch (Exception unreadable) when (unreadable is JsonException or NotSupportedException)
        {
            return new TrainerProblem(null, null, null, null);
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(Json, cancellation) ?? throw new JsonException("null");
        }
        catch (JsonException unreadable)
        {
            throw new ProblemException(ErrorCodes.TrainerProtocol, $"The trainer's answer is not a {typeof(T).Name}: {unreadable.Message}", inner: unreadable);
        }
    }
}
