using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http;
using Microsoft.DurableTask;
using Microsoft.Extensions.Primitives;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>HTTP requests of orchestrators: waits and retries are durable, the request itself is the activity <see cref="Activity"/>.</summary>
internal static class DurableHttpCalls
{
    public const string Activity = "BuiltIn::HttpActivity";

    private static readonly TimeSpan s_pollInterval = TimeSpan.FromSeconds(30);

    // Redirects are followed by the handler, cookies are nobody's business; connections are shared by the whole host.
    private static readonly HttpClient s_http = new(new SocketsHttpHandler { UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>A request as the activity gets it.</summary>
    internal sealed record Request(string Method, string Uri, Dictionary<string, string[]>? Headers, string? Content, TimeSpan? Timeout);

    /// <summary>An answer as the activity gives it.</summary>
    internal sealed record Answer(int StatusCode, Dictionary<string, string[]> Headers, string? Content);

    // No ConfigureAwait(false): this is orchestrator code.
    public static async Task<DurableHttpResponse> CallAsync(TaskOrchestrationContext context, DurableHttpRequest request)
    {
        var headers = request.Headers?.ToDictionary(header => header.Key, header => header.Value.Select(value => value ?? "").ToArray());
        var asked = new Request(request.Method.Method, request.Uri.AbsoluteUri, headers, request.Content, request.Timeout);
        Answer answer = await SendAsync(context, asked, request.HttpRetryOptions);
        while (answer.StatusCode == (int)HttpStatusCode.Accepted && request.AsynchronousPatternEnabled && First(answer, "Location") is { } location)
        {
            TimeSpan wait = int.TryParse(First(answer, "Retry-After"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
                ? TimeSpan.FromSeconds(seconds)
                : s_pollInterval;
            await context.CreateTimer(wait, CancellationToken.None);
            var next = new Uri(request.Uri, location);
            answer = await SendAsync(context, new Request("GET", next.AbsoluteUri, headers, null, request.Timeout), request.HttpRetryOptions);
        }

        return new DurableHttpResponse((HttpStatusCode)answer.StatusCode)
        {
            Headers = answer.Headers.ToDictionary(header => header.Key, header => new StringValues(header.Value), StringComparer.OrdinalIgnoreCase),
            Content = answer.Content,
        };
    }

    /// <summary>Makes one request, as the activity.</summary>
    /// <exception cref="TimeoutException">There was no answer in the request's time.</exception>
    public static async Task<Answer> RunAsync(Request request, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (request.Timeout is { } timeout)
            limit.CancelAfter(timeout);
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), request.Uri);
        if (request.Content is not null)
            message.Content = new StringContent(request.Content, Encoding.UTF8, "application/json");
        foreach ((string name, string[] values) in request.Headers ?? [])
        {
            if (message.Headers.TryAddWithoutValidation(name, values) || message.Content is null)
                continue;
            message.Content.Headers.Remove(name);
            message.Content.Headers.TryAddWithoutValidation(name, values);
        }

        try
        {
            using HttpResponseMessage response = await s_http.SendAsync(message, limit.Token);
            string content = await response.Content.ReadAsStringAsync(limit.Token);
            return new Answer(
                (int)response.StatusCode,
                response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => header.Value.ToArray()),
                content);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{request.Method} {request.Uri} got no answer within {request.Timeout}.");
        }
    }

    private static async Task<Answer> SendAsync(TaskOrchestrationContext context, Request request, HttpRetryOptions? retry)
    {
        DateTime begun = context.CurrentUtcDateTime;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                Answer answer = await context.CallActivityAsync<Answer>(Activity, request);
                if (retry is null || !IsToRetry(answer, retry) || !MayGoOn(retry, attempt, context.CurrentUtcDateTime - begun))
                    return answer;
            }
            catch (TaskFailedException) when (retry is not null && MayGoOn(retry, attempt, context.CurrentUtcDateTime - begun))
            {
                // The wait is below.
            }

            double milliseconds = retry.FirstRetryInterval.TotalMilliseconds * Math.Pow(retry.BackoffCoefficient, attempt - 1);
            await context.CreateTimer(
                milliseconds < retry.MaxRetryInterval.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : retry.MaxRetryInterval,
                CancellationToken.None);
        }
    }

    private static bool IsToRetry(Answer answer, HttpRetryOptions retry) => retry.StatusCodesToRetry.Count == 0
        ? answer.StatusCode >= 400
        : retry.StatusCodesToRetry.Contains((HttpStatusCode)answer.StatusCode);

    private static bool MayGoOn(HttpRetryOptions retry, int attempt, TimeSpan since) =>
        attempt < retry.MaxNumberOfAttempts && since < retry.RetryTimeout;

    private static string? First(Answer answer, string header) =>
        answer.Headers.FirstOrDefault(h => string.Equals(h.Key, header, StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault();
}
