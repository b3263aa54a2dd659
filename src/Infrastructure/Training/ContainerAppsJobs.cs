using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Logging;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Resilience;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Training;

/// <summary>How far an execution of a job is.</summary>
/// <param name="HasEnded">Whether its container runs no more and will not run again.</param>
/// <param name="Status">What Azure calls it: <c>Running</c>, <c>Failed</c>, …; <c>Deleted</c> if Azure does not know it any more.</param>
public sealed record ExecutionState(bool HasEnded, string Status);

/// <summary>
/// Starts, watches and stops executions of Azure Container Apps jobs through the management API
/// (https://learn.microsoft.com/rest/api/resource-manager/containerapps/jobs, version 2024-03-01). The app's identity needs the role Container
/// Apps Jobs Operator on the job.
/// </summary>
/// <param name="settings">The jobs of the trainers.</param>
/// <param name="identify">Makes the credential when it is first needed: an app without such jobs has no identity.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told why Azure refuses.</param>
public sealed partial class ContainerAppsJobs(TrainerSettings settings, Func<TokenCredential> identify, TimeProvider time, ILogger<ContainerAppsJobs> logger) : IDisposable
{
    /// <summary>Environment variable of an execution that names its attempt: the address of the attempt's request.</summary>
    public const string RequestUrl = "TRAINER_REQUEST_URL";

    /// <summary>Environment variable with the ticket for that address.</summary>
    public const string RequestToken = "TRAINER_REQUEST_TOKEN";

    private const string ApiVersion = "2024-03-01";
    private const int StopTries = 3;

    /// <summary>What the containers of a job and those of an execution's template have in common.</summary>
    private static readonly string[] ContainerFields = ["name", "image", "command", "args", "resources"];

    private static readonly TimeSpan LongestWaitForStop = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = Integrations.AzureManagement.ConnectTimeout, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Integrations.AzureManagement.Timeout,
    };

    private readonly Lazy<TokenCredential> _credential = new(identify);
    private AccessToken? _token;

    /// <summary>The credential of the host: its managed identity on Azure (AZURE_CLIENT_ID names one of several), an environment or a signed-in developer elsewhere.</summary>
    public static TokenCredential OfTheHost() => new DefaultAzureCredential();

    /// <summary>
    /// Starts an execution for an attempt with more environment variables than the job has. If one for this <see cref="RequestUrl"/> was started
    /// before and has not ended, that one is taken: the process may have died before it recorded it.
    /// </summary>
    public async Task<TrainerStart> StartAsync(TrainerJob job, IReadOnlyDictionary<string, string> environment, CancellationToken cancellation)
    {
        try
        {
            var earlier = await FindAsync(job, environment[RequestUrl], cancellation);
            return new TrainerStart.Accepted(earlier ?? await StartNewAsync(job, environment, cancellation));
        }
        catch (ManagementException refused) when (refused.IsFinal)
        {
            Refused(job.ResourceId, refused.Message);
            return new TrainerStart.Rejected(Failure.Of(ErrorCodes.TrainerNotStarted, refused.Message));
        }
        catch (ManagementException refused)
        {
            Refused(job.ResourceId, refused.Message);
            return new TrainerStart.Unreachable(refused.Message, refused.RetryAfter);
        }
    }

    /// <summary>How far an execution is; null if Azure does not answer now.</summary>
    public async Task<ExecutionState?> FindStateAsync(TrainerJob job, string execution, CancellationToken cancellation)
    {
        try
        {
            var found = await SendAsync(HttpMethod.Get, $"{job.ResourceId}/executions/{execution}", null, cancellation);
            return StateOf(found);
        }
        catch (ManagementException gone) when (gone.Status == HttpStatusCode.NotFound)
        {
            return new ExecutionState(true, "Deleted");
        }
        catch (ManagementException away)
        {
            Refused(job.ResourceId, away.Message);
            return null;
        }
    }

    /// <summary>Stops an execution; waits and tries again if Azure asks for it. Returns whether Azure has accepted it or the execution had ended.</summary>
    public async Task<bool> StopAsync(TrainerJob job, string execution, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await SendAsync(HttpMethod.Post, $"{job.ResourceId}/executions/{execution}/stop", null, cancellation);
                return true;
            }
            catch (ManagementException gone) when (gone.Status == HttpStatusCode.NotFound)
            {
                return true;
            }
            catch (ManagementException refused)
            {
                Refused(job.ResourceId, refused.Message);
                if (refused.IsFinal || tries == StopTries)
                    return false;
                var wait = refused.RetryAfter ?? TimeSpan.FromSeconds(tries);
                await Task.Delay(wait < LongestWaitForStop ? wait : LongestWaitForStop, time, cancellation);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string?> FindAsync(TrainerJob job, string requestUrl, CancellationToken cancellation)
    {
        for (var page = $"{job.ResourceId}/executions"; page is not null;)
        {
            var answer = await SendAsync(HttpMethod.Get, page, null, cancellation);
            foreach (var execution in answer?["value"]?.AsArray() ?? [])
            {
                var environment = execution?["properties"]?["template"]?["containers"]?[0]?["env"]?.AsArray() ?? [];
                if (environment.Any(variable => Text(variable, "name") == RequestUrl && Text(variable, "value") == requestUrl) && StateOf(execution) is { HasEnded: false })
                    return Text(execution, "name");
            }
            page = Text(answer, "nextLink");
        }
        return null;
    }

    private async Task<string> StartNewAsync(TrainerJob job, IReadOnlyDictionary<string, string> environment, CancellationToken cancellation)
    {
        var definition = await SendAsync(HttpMethod.Get, job.ResourceId, null, cancellation);
        if (definition?["properties"]?["template"]?["containers"] is not JsonArray { Count: > 0 } containers)
            throw new ManagementException(null, "The job has no container.");
        // A template replaces that of the job, so it repeats what the job says.
        var template = new JsonObject { ["containers"] = new JsonArray([.. containers.Select((container, index) => (JsonNode)Container(container!, index == 0 ? environment : null))]) };
        if (definition["properties"]!["template"]!["initContainers"] is JsonArray { Count: > 0 } first)
            template["initContainers"] = new JsonArray([.. first.Select(container => (JsonNode)Container(container!, null))]);
        var started = await SendAsync(HttpMethod.Post, $"{job.ResourceId}/start", template, cancellation);
        // 202 may come without a body.
        return Text(started, "name") ?? await FindAsync(job, environment[RequestUrl], cancellation) ?? throw new ManagementException(null, "Azure names no execution.");
    }

    private static JsonObject Container(JsonNode container, IReadOnlyDictionary<string, string>? more)
    {
        var copy = new JsonObject();
        foreach (var field in ContainerFields)
            if (container[field] is { } value)
                copy[field] = value.DeepClone();
        copy["env"] = new JsonArray(
        [
            .. (container["env"]?.AsArray() ?? []).Where(variable => more?.ContainsKey(Text(variable, "name") ?? "") != true).Select(variable => variable!.DeepClone()),
            .. (more ?? new Dictionary<string, string>()).Select(pair => new JsonObject { ["name"] = pair.Key, ["value"] = pair.Value }),
        ]);
        return copy;
    }

    // Degraded: a replica has failed and is started again, as far as the job allows it.
    private static ExecutionState StateOf(JsonNode? execution)
    {
        var status = Text(execution?["properties"], "status") ?? "Unknown";
        return new ExecutionState(status is "Succeeded" or "Failed" or "Stopped", status);
    }

    private static string? Text(JsonNode? node, string field) => node?[field] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Sends a request, once more with a new token if Azure does not take the first one.</summary>
    /// <param name="target">A path, or an address that Azure gave.</param>
    /// <returns>The body; null if there is none.</returns>
    private async Task<JsonNode?> SendAsync(HttpMethod method, string target, JsonNode? body, CancellationToken cancellation)
    {
        try
        {
            var response = await SendOnceAsync(method, target, body, claims: null, cancellation);
            if (response.StatusCode == HttpStatusCode.Unauthorized)
            {
                var claims = ClaimsIn(response);
                response.Dispose();
                _token = null;
                response = await SendOnceAsync(method, target, body, claims, cancellation);
            }
            using (response)
            {
                var text = await response.Content.ReadAsStringAsync(cancellation);
                if (!response.IsSuccessStatusCode)
                    throw ManagementException.Of(response, text, time.GetUtcNow());
                return string.IsNullOrWhiteSpace(text) ? null : JsonNode.Parse(text);
            }
        }
        catch (AuthenticationFailedException unknown)
        {
            throw new ManagementException(HttpStatusCode.Unauthorized, $"The app gets no token for Azure: {unknown.Message}");
        }
        catch (Exception away) when (away is HttpRequestException or JsonException || (away is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new ManagementException(null, $"Azure does not answer: {away.Message}");
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, string target, JsonNode? body, string? claims, CancellationToken cancellation)
    {
        var address = new Uri(settings.ManagementUrl, target);
        if (address.Authority != settings.ManagementUrl.Authority)
            throw new ManagementException(null, $"Azure refers to {address.Authority}, which gets no token.");
        using var request = new HttpRequestMessage(method, target.Contains("api-version=", StringComparison.Ordinal) ? address : new Uri($"{address}?api-version={ApiVersion}"));
        request.Headers.Authorization = new("Bearer", await TokenAsync(claims, cancellation));
        if (body is not null)
            request.Content = JsonContent.Create(body);
        return await _http.SendAsync(request, cancellation);
    }

    private async Task<string> TokenAsync(string? claims, CancellationToken cancellation)
    {
        if (_token is not { } token || token.ExpiresOn - time.GetUtcNow() < RenewBefore || claims is not null)
            _token = token = await _credential.Value.GetTokenAsync(new TokenRequestContext([$"{settings.ManagementUrl.GetLeftPart(UriPartial.Authority)}/.default"], claims: claims), cancellation);
        return token.Token;
    }

    /// <summary>What Azure asks a new token to say, when it says so (https://learn.microsoft.com/entra/identity-platform/claims-challenge).</summary>
    private static string? ClaimsIn(HttpResponseMessage response)
    {
        foreach (var challenge in response.Headers.WwwAuthenticate)
        {
            var parts = (challenge.Parameter ?? "").Split("claims=\"");
            if (parts.Length == 2 && Convert.TryFromBase64String(parts[1].Split('"')[0], new byte[parts[1].Length], out _))
                return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(parts[1].Split('"')[0]));
        }
        return null;
    }

    [LoggerMessage(LogLevel.Warning, "The Azure job {Job} cannot be used now: {Reason}")]
    private partial void Refused(string job, string reason);

    /// <summary>Azure did not do what it was asked.</summary>
    private sealed class ManagementException(HttpStatusCode? status, string message) : Exception(message)
    {
        public HttpStatusCode? Status => status;

        /// <summary>How long Azure wants to be left alone.</summary>
        public TimeSpan? RetryAfter { get; private init; }

        /// <summary>Whether the same request would be refused again. A missing right or job is not final: an operator can mend it.</summary>
        public bool IsFinal => status is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError
            and not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests);

        public static ManagementException Of(HttpResponseMessage response, string body, DateTimeOffset now)
        {
            var what = response.StatusCode switch
            {
                HttpStatusCode.Forbidden => "Give the app's identity the role Container Apps Jobs Operator on the job. ",
                HttpStatusCode.NotFound => "Check TRAINER_<FRAMEWORK>_JOB. ",
                _ => "",
            };
            var after = response.Headers.RetryAfter;
            return new ManagementException(response.StatusCode, $"{what}Azure answered {(int)response.StatusCode}{Reason(body)}")
            {
                RetryAfter = after?.Delta ?? (after?.Date is { } date && date > now ? date - now : null),
            };
        }

        private static string Reason(string body)
        {
            try
            {
                var error = JsonNode.Parse(body)?["error"];
                return $": {Text(error, "code")} {Text(error, "message")}";
            }
            catch (JsonException)
            {
                return ".";
            }
        }
    }
}
