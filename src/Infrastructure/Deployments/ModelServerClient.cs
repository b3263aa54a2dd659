using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Resilience;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Infrastructure.Deployments;

/// <summary>An exported file that model servers load.</summary>
/// <param name="Id">Id of the export, under which a server knows it.</param>
/// <param name="Url">Presigned address; a server uses it only if it does not have the file.</param>
/// <param name="Sha256">Hash of the file in hexadecimal digits.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Metadata">What the export says about running it.</param>
public sealed record ModelServerFile(Guid Id, Uri Url, string Sha256, long? Size, string Format, JsonElement? Metadata);

/// <summary>A prediction, and what the image was like.</summary>
/// <param name="Size">Width and height of the upright image in pixels; null if nobody said.</param>
/// <param name="Brightness">Mean of all values, 0 to 255; null if nobody said.</param>
public sealed record ServedPrediction(Prediction Prediction, IReadOnlyList<int>? Size = null, double? Brightness = null);

/// <summary>What was answered for the images of a request, in their order.</summary>
/// <param name="InferenceMs">Milliseconds that decoding the images and running the model took.</param>
public sealed record ServedReply(IReadOnlyList<ServedPrediction> Predictions, double InferenceMs);

/// <summary>
/// Calls the model servers. Each export has an order of servers of its own, the same in every instance of the app (rendezvous hashing): the first
/// answers, the second holds the model too and takes over when the first does not answer, and then the rest. There is one instance in a process,
/// because it holds the circuit breaker of each server.
/// </summary>
public sealed class ModelServerClient(ModelServerSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>Servers that hold a model: the first choice, and one to take over.</summary>
    private const int Copies = 2;

    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(1);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = Integrations.ModelServerPredict.ConnectTimeout, PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    }) { Timeout = Timeout.InfiniteTimeSpan };

    private readonly ConcurrentDictionary<(Uri Server, string Call), ResiliencePipeline> _pipelines = new();

    /// <summary>Whether there are model servers.</summary>
    public bool IsConfigured => settings.Urls.Count > 0;

    private static readonly JsonSerializerOptions Json = new(TrainerClient.Json) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) } };

    /// <summary>The servers in the order of this model.</summary>
    public IReadOnlyList<Uri> OrderFor(Guid id) =>
        [.. settings.Urls.OrderBy(url => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{id:N} {url}"))), StringComparer.Ordinal)];

    /// <summary>Predicts with a model. A server that does not hold it is told to load it.</summary>
    /// <param name="images">Image files.</param>
    /// <returns>A result for each image; one that cannot be read has an error.</returns>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelLoading"/> with the model's readiness, <see cref="ErrorCodes.ModelServerBusy"/>,
    /// <see cref="ErrorCodes.ModelServerUnavailable"/>, or why the model cannot be loaded.</exception>
    public async Task<ServedReply> PredictAsync(ModelServerFile model, IReadOnlyList<byte[]> images, int topK, double? minScore, CancellationToken cancellation)
    {
        ProblemException? wait = null, broken = null;
        var query = FormattableString.Invariant($"v1/models/{model.Id}/predict?topK={topK}") + (minScore is { } score ? FormattableString.Invariant($"&minScore={score}") : "");
        var answering = 0;
        foreach (var server in OrderFor(model.Id))
        {
            if (answering == Copies)
                break;
            try
            {
                using var response = await SendAsync(server, HttpMethod.Post, query, () => new ImageFrames(images), Integrations.ModelServerPredict, cancellation);
                answering++;
                if (response.IsSuccessStatusCode)
                {
                    var reply = (await response.Content.ReadFromJsonAsync<ServerReply>(Json, cancellation))!;
                    return new ServedReply([.. reply.Results.Select(result => new ServedPrediction(result.ToPrediction(), result.Size, result.Brightness))], reply.InferenceMs);
                }
                var problem = await ReadProblemAsync(server, response, cancellation);
                if (problem.Error == ErrorCodes.ModelNotLoaded)
                    problem = await LoadAtAsync(server, model, cancellation) ?? Loading(null);
                if (problem.Error.Category == ErrorCategory.Transient)
                    wait ??= problem;
                else
                    broken ??= problem;
            }
            catch (ServerAway away)
            {
                broken ??= new ProblemException(ErrorCodes.ModelServerUnavailable, away.Message, inner: away);
            }
        }
        throw wait ?? broken ?? new ProblemException(ErrorCodes.ModelServerUnavailable, "There is no model server (MODEL_SERVER_URLS).");
    }

    /// <summary>
    /// Has the servers of a model load it and run it once: returns when it is ready on each of them that answers, so that the first request finds it warm
    /// whichever of them it meets. One that takes over and cannot load it does not keep the first from answering.
    /// </summary>
    /// <param name="patience">How long to wait for it.</param>
    /// <exception cref="ProblemException">As <see cref="PredictAsync"/>.</exception>
    public async Task LoadAsync(ModelServerFile model, TimeSpan patience, CancellationToken cancellation)
    {
        var until = time.GetTimestamp() + (long)(patience.TotalSeconds * time.TimestampFrequency);
        while (true)
        {
            var (states, away) = (new List<ProblemException?>(), (ServerAway?)null);
            foreach (var server in OrderFor(model.Id))
            {
                if (states.Count == Copies)
                    break;
                try
                {
                    states.Add(await LoadAtAsync(server, model, cancellation));
                }
                catch (ServerAway gone)
                {
                    away = gone;
                }
            }
            if (states is [])
                throw new ProblemException(ErrorCodes.ModelServerUnavailable, away?.Message ?? "There is no model server (MODEL_SERVER_URLS).", inner: away);
            var loading = states.FirstOrDefault(state => state?.Error == ErrorCodes.ModelLoading);
            if ((states[0] is { } first && first.Error != ErrorCodes.ModelLoading ? first : loading) is not { } reason)
                return;
            if (reason.Error != ErrorCodes.ModelLoading || time.GetTimestamp() > until)
                throw reason;
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellation);
        }
    }

    /// <summary>Whether each server answers its health check, which is tried once.</summary>
    public async Task<IReadOnlyDictionary<Uri, bool>> HealthAsync(CancellationToken cancellation)
    {
        var health = new Dictionary<Uri, bool>();
        foreach (var server in settings.Urls)
        {
            try
            {
                using var response = await SendAsync(server, HttpMethod.Get, "health/ready", null, Integrations.TrainerHealth, cancellation);
                health[server] = response.IsSuccessStatusCode;
            }
            catch (ServerAway)
            {
                health[server] = false;
            }
        }
        return health;
    }

    public void Dispose() => _http.Dispose();

    /// <returns>Why the model is not ready there; null if it is.</returns>
    private async Task<ProblemException?> LoadAtAsync(Uri server, ModelServerFile model, CancellationToken cancellation)
    {
        using var response = await SendAsync(server, HttpMethod.Put, $"v1/models/{model.Id}", () => JsonContent.Create(model, options: TrainerClient.Json), Integrations.ModelServerLoad, cancellation);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => null,
            HttpStatusCode.Accepted => Loading(await response.Content.ReadFromJsonAsync<ModelReadiness>(TrainerClient.Json, cancellation)),
            _ => await ReadProblemAsync(server, response, cancellation),
        };
    }

    private static ProblemException Loading(ModelReadiness? readiness) => new(ErrorCodes.ModelLoading, "The model is being loaded.")
    {
        RetryAfter = DefaultWait, Readiness = readiness,
    };

    private async Task<HttpResponseMessage> SendAsync(Uri server, HttpMethod method, string path, Func<HttpContent>? content, IntegrationPolicy policy, CancellationToken cancellation)
    {
        var pipeline = _pipelines.GetOrAdd((server, policy.Name), _ => ResiliencePipelines.Build(policy, error => error is HttpRequestException, time: time, target: server.Authority));
        try
        {
            return await pipeline.ExecuteAsync(async stop =>
            {
                using var request = new HttpRequestMessage(method, new Uri(server, path)) { Content = content?.Invoke() };
                if (settings.ApiKey is { } key)
                    request.Headers.Authorization = new("Bearer", key);
                return await _http.SendAsync(request, stop);
            }, cancellation);
        }
        catch (Exception failure) when (failure is HttpRequestException or TimeoutRejectedException or BrokenCircuitException)
        {
            throw new ServerAway($"The model server {server.Authority} does not answer: {failure.Message}", failure);
        }
    }

    private static async Task<ProblemException> ReadProblemAsync(Uri server, HttpResponseMessage response, CancellationToken cancellation)
    {
        ServerProblem? problem = null;
        try
        {
            problem = await response.Content.ReadFromJsonAsync<ServerProblem>(TrainerClient.Json, cancellation);
        }
        catch (Exception unreadable) when (unreadable is JsonException or NotSupportedException)
        {
            // No answer of a model server; a proxy may have written it.
        }
        var status = (int)response.StatusCode;
        if (response.StatusCode == HttpStatusCode.Unauthorized)
            return new ProblemException(ErrorCodes.ModelServerUnavailable, $"The model server {server.Authority} refuses the platform's MODEL_SERVER_API_KEY.");
        if (problem?.Code is not { } code || ErrorCodes.TryFind(code) is not { } error)
            return new ProblemException(ErrorCodes.ModelServerUnavailable, $"The model server {server.Authority} answered {status}.");
        return new ProblemException(error, problem.Detail ?? error.Title) { RetryAfter = response.Headers.RetryAfter?.Delta, Readiness = problem.Readiness };
    }

    private sealed class ServerAway(string message, Exception inner) : Exception(message, inner);

    private sealed record ServerReply(IReadOnlyList<ServerResult> Results, double InferenceMs);

    private sealed record ServerResult(
        int? Index, string? Class, double? Confidence, IReadOnlyList<ClassConfidence>? Top, IReadOnlyList<PredictedObject>? Objects, PredictionError? Error, IReadOnlyList<int>? Size, double? Brightness)
    {
        public Prediction ToPrediction() => new(Index, Class, Confidence, Top, Objects, Error);
    }

    private sealed record ServerProblem(string? Code, string? Detail, ModelReadiness? Readiness);

    /// <summary>Image files as they are: for each its length in 4 bytes, little endian, and its bytes.</summary>
    private sealed class ImageFrames : HttpContent
    {
        private readonly IReadOnlyList<byte[]> _images;

        public ImageFrames(IReadOnlyList<byte[]> images)
        {
            _images = images;
            Headers.ContentType = new("application/x-image-frames");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var length = new byte[sizeof(int)];
            foreach (var image in _images)
            {
                BinaryPrimitives.WriteInt32LittleEndian(length, image.Length);
                await stream.WriteAsync(length);
                await stream.WriteAsync(image);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _images.Sum(image => sizeof(int) + (long)image.Length);
            return true;
        }
    }
}
