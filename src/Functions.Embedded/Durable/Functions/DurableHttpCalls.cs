using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http;
using Microsoft.Extensions.Primitives;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Makes the requests of <c>CallHttpAsync</c>. The official extension method calls the activity <see cref="Activity"/> for each request, and waits
/// and polls with durable timers. Retries are durable too, see <see cref="CallAsync"/>.
/// </summary>
internal static class DurableHttpCalls
{
    public const string Activity = "BuiltIn::HttpActivity";

    // One handler, and so one set of connections, for the whole host. It follows redirects and keeps no cookies.
    private static readonly HttpClient s_http = new(new SocketsHttpHandler { UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Makes one request.</summary>
    /// <exception cref="TimeoutException">The request's time limit passed without an answer.</exception>
    /// <exception cref="NotSupportedException">The request has a token source. It would need a managed identity, which this host does not have.</exception>
    public static async Task<DurableHttpResponse> RunAsync(string? serialized, DataConverter converter, CancellationToken cancellation)
    {
        Request request = serialized is null ? throw new ArgumentException("The request is missing.", nameof(serialized)) : converter.Deserialize<Request>(serialized)!;
        if (request.TokenSource is { ValueKind: not JsonValueKind.Null })
            throw new NotSupportedException("DurableHttpRequest.TokenSource needs a managed identity, which only the Functions host in Azure has.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (request.Timeout is { } timeout)
            limit.CancelAfter(timeout);
        using HttpRequestMessage message = MessageOf(request);
        try
        {
            using HttpResponseMessage response = await s_http.SendAsync(message, limit.Token);
            string content = await response.Content.ReadAsStringAsync(limit.Token);
            return new DurableHttpResponse(response.StatusCode)
            {
                Headers = response.Headers.Concat(response.Content.Headers)
                    .ToDictionary(header => header.Key, header => new StringValues([.. header.Value]), StringComparer.OrdinalIgnoreCase),
                Content = content,
            };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{request.Method} {request.Uri} got no answer within {request.Timeout}.");
        }
    }

    /// <summary>
    /// Calls the activity by <paramref name="call"/> and repeats the call as the request's <see cref="HttpRetryOptions"/> say: when no answer came, and
    /// when the answer has one of the listed statuses, or one of 400 and above when none is listed.
    /// </summary>
    // No ConfigureAwait(false): this is orchestrator code.
    public static async Task<TResult> CallAsync<TResult>(TaskOrchestrationContext context, HttpRetryOptions retry, Func<Task<TResult>> call)
    {
        DateTime begun = context.CurrentUtcDateTime;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                TResult answer = await call();
                if (answer is not DurableHttpResponse response || !IsToRetry(response.StatusCode, retry) || !MayGoOn(attempt))
                    return answer;
            }
            catch (TaskFailedException) when (MayGoOn(attempt))
            {
                // It waits below.
            }

            double milliseconds = retry.FirstRetryInterval.TotalMilliseconds * Math.Pow(retry.BackoffCoefficient, attempt - 1);
            await context.CreateTimer(
                milliseconds < retry.MaxRetryInterval.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : retry.MaxRetryInterval,
                CancellationToken.None);
        }

        bool MayGoOn(int attempt) => attempt < retry.MaxNumberOfAttempts && context.CurrentUtcDateTime - begun < retry.RetryTimeout;
    }

    private static bool IsToRetry(HttpStatusCode status, HttpRetryOptions retry) => retry.StatusCodesToRetry.Count == 0
        ? (int)status >= 400
        : retry.StatusCodesToRetry.Contains(status);

    private static HttpRequestMessage MessageOf(Request request)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.Method), request.Uri);
        if (request.Content is not null)
            message.Content = new StringContent(request.Content, Encoding.UTF8, "application/json");
        foreach ((string name, JsonElement value) in request.Headers ?? [])
        {
            string?[] values = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(one => one.GetString())] : [value.GetString()];
            if (message.Headers.TryAddWithoutValidation(name, values) || message.Content is null)
                continue;
            message.Content.Headers.Remove(name);
            message.Content.Headers.TryAddWithoutValidation(name, values);
        }

        return message;
    }

    /// <summary>The JSON of a <see cref="DurableHttpRequest"/>, which the official package can only write.</summary>
    /// <param name="Headers">The value of each name is a string or an array of strings.</param>
    private sealed record Request(
        [property: JsonPropertyName("method")] string Method,
        [property: JsonPropertyName("uri")] Uri Uri,
        [property: JsonPropertyName("headers")] Dictionary<string, JsonElement>? Headers,
        [property: JsonPropertyName("content")] string? Content,
        [property: JsonPropertyName("tokenSource")] JsonElement? TokenSource,
        [property: JsonPropertyName("timeout")] TimeSpan? Timeout);
}
