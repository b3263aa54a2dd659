using System.Net;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http;
using Microsoft.Extensions.Primitives;

namespace Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http
{
    /// <summary>A request that an orchestrator makes. It is sent by an activity of the host, at least once.</summary>
    public class DurableHttpRequest(HttpMethod method, Uri uri)
    {
        public HttpMethod Method { get; } = method ?? throw new ArgumentNullException(nameof(method));

        public Uri Uri { get; } = uri ?? throw new ArgumentNullException(nameof(uri));

        public IDictionary<string, StringValues>? Headers { get; set; }

        public string? Content { get; set; }

        /// <summary>Whether an answer 202 with a Location is followed until there is another answer.</summary>
        public bool AsynchronousPatternEnabled { get; set; } = true;

        public HttpRetryOptions? HttpRetryOptions { get; set; }

        /// <summary>Time for one request; null leaves it to the host.</summary>
        public TimeSpan? Timeout { get; set; }
    }

    /// <summary>The answer to a <see cref="DurableHttpRequest"/>.</summary>
    public class DurableHttpResponse(HttpStatusCode statusCode)
    {
        public HttpStatusCode StatusCode { get; } = statusCode;

        public IDictionary<string, StringValues>? Headers { get; init; }

        public string? Content { get; init; }
    }

    /// <summary>When a request is made again: after a failure to get an answer, and after an answer with one of the listed statuses.</summary>
    public class HttpRetryOptions(IList<HttpStatusCode>? statusCodesToRetry = null)
    {
        /// <summary>Must be set; more than zero.</summary>
        public TimeSpan FirstRetryInterval { get; set; }

        public TimeSpan MaxRetryInterval { get; set; } = TimeSpan.FromDays(6);

        public double BackoffCoefficient { get; set; } = 1;

        public TimeSpan RetryTimeout { get; set; } = TimeSpan.MaxValue;

        /// <summary>Must be set; at least 1.</summary>
        public int MaxNumberOfAttempts { get; set; }

        /// <summary>When empty, every answer of 400 and above is.</summary>
        public IList<HttpStatusCode> StatusCodesToRetry { get; } = statusCodesToRetry ?? [];
    }
}

namespace Microsoft.DurableTask
{
    /// <summary>HTTP requests from orchestrators.</summary>
    public static class TaskOrchestrationContextExtensionMethods
    {
        public static Task<DurableHttpResponse> CallHttpAsync(this TaskOrchestrationContext context, DurableHttpRequest request)
        {
            ArgumentNullException.ThrowIfNull(context);
            ArgumentNullException.ThrowIfNull(request);
            return DurableHttpCalls.CallAsync(context, request);
        }

        public static Task<DurableHttpResponse> CallHttpAsync(
            this TaskOrchestrationContext context, HttpMethod method, Uri uri, string? content = null, HttpRetryOptions? retryOptions = null) =>
            context.CallHttpAsync(new DurableHttpRequest(method, uri) { Content = content, HttpRetryOptions = retryOptions });
    }
}
