using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.Azure.Functions.Worker.Http
{
    /// <summary>Reading a request. JSON is read with the app's <see cref="JsonSerializerOptions"/>, names without regard to case.</summary>
    public static class HttpRequestDataExtensions
    {
        public static async Task<string?> ReadAsStringAsync(this HttpRequestData request, Encoding? encoding = null)
        {
            ArgumentNullException.ThrowIfNull(request);
            using var reader = new StreamReader(request.Body, encoding ?? Encoding.UTF8, leaveOpen: true);
            return await reader.ReadToEndAsync(request.FunctionContext.CancellationToken);
        }

        public static string? ReadAsString(this HttpRequestData request, Encoding? encoding = null) =>
            request.ReadAsStringAsync(encoding).GetAwaiter().GetResult();

        public static ValueTask<T?> ReadFromJsonAsync<T>(this HttpRequestData request, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(request);
            return JsonSerializer.DeserializeAsync<T>(request.Body, WorkerJson.Of(request.FunctionContext), cancellationToken);
        }

        public static HttpResponseData CreateResponse(this HttpRequestData request, HttpStatusCode statusCode)
        {
            ArgumentNullException.ThrowIfNull(request);
            HttpResponseData response = request.CreateResponse();
            response.StatusCode = statusCode;
            return response;
        }
    }

    /// <summary>Writing an answer.</summary>
    public static class HttpResponseDataExtensions
    {
        public static void WriteString(this HttpResponseData response, string value, Encoding? encoding = null) =>
            response.WriteBytes((encoding ?? Encoding.UTF8).GetBytes(value));

        public static Task WriteStringAsync(this HttpResponseData response, string value, Encoding? encoding = null) =>
            response.WriteStringAsync(value, CancellationToken.None, encoding);

        public static Task WriteStringAsync(this HttpResponseData response, string value, CancellationToken cancellationToken, Encoding? encoding = null) =>
            response.WriteBytesAsync((encoding ?? Encoding.UTF8).GetBytes(value), cancellationToken);

        public static ValueTask WriteAsJsonAsync<T>(this HttpResponseData response, T instance, CancellationToken cancellationToken = default) =>
            response.WriteAsJsonAsync(instance, "application/json; charset=utf-8", cancellationToken);

        public static async ValueTask WriteAsJsonAsync<T>(
            this HttpResponseData response, T instance, string contentType, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(response);
            response.Headers.Remove("Content-Type");
            response.Headers.TryAddWithoutValidation("Content-Type", contentType);
            await JsonSerializer.SerializeAsync(
                response.Body, instance, instance?.GetType() ?? typeof(T), WorkerJson.Of(response.FunctionContext), cancellationToken);
        }

        public static void WriteBytes(this HttpResponseData response, byte[] value)
        {
            ArgumentNullException.ThrowIfNull(response);
            response.Body.Write(value);
        }

        public static Task WriteBytesAsync(this HttpResponseData response, byte[] value) => response.WriteBytesAsync(value, CancellationToken.None);

        public static Task WriteBytesAsync(this HttpResponseData response, byte[] value, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(response);
            return response.Body.WriteAsync(value, cancellationToken).AsTask();
        }
    }
}

namespace Microsoft.Azure.Functions.Worker
{
    /// <summary>The request of an invocation in the host-neutral model.</summary>
    public static class FunctionContextHttpRequestExtensions
    {
        /// <summary>The request; null when the trigger is not HTTP.</summary>
        public static ValueTask<HttpRequestData?> GetHttpRequestDataAsync(this FunctionContext context) =>
            ValueTask.FromResult<HttpRequestData?>(context.GetHttpContext() is { } http ? new AspNetRequestData(context, http) : null);

        /// <summary>The answer that the function returned; null when there is none (yet) or it is of another type.</summary>
        public static HttpResponseData? GetHttpResponseData(this FunctionContext context) => context.GetInvocationResult().Value as HttpResponseData;
    }
}

namespace Microsoft.Azure.Functions.Worker.Embedded
{
    /// <summary>The worker's JSON: the app's <see cref="JsonSerializerOptions"/>, names read without regard to case.</summary>
    internal static class WorkerJson
    {
        public static JsonSerializerOptions Of(FunctionContext context)
        {
            JsonSerializerOptions app = context.InstanceServices.GetRequiredService<IOptions<JsonSerializerOptions>>().Value;
            return app.PropertyNameCaseInsensitive ? app : new JsonSerializerOptions(app) { PropertyNameCaseInsensitive = true };
        }
    }
}
