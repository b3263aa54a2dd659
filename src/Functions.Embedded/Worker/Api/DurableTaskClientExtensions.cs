using System.Net;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.DurableTask.Client;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Management URLs for orchestration instances.</summary>
public static class DurableTaskClientExtensions
{
    /// <summary>An answer 202 with the instance's management URLs as JSON, and its status address as <c>Location</c>.</summary>
    public static Task<HttpResponseData> CreateCheckStatusResponseAsync(
        this DurableTaskClient client, HttpRequestData request, string instanceId, CancellationToken cancellation = default)
        => client.CreateCheckStatusResponseAsync(request, instanceId, HttpStatusCode.Accepted, cancellation);

    /// <inheritdoc cref="CreateCheckStatusResponseAsync(DurableTaskClient, HttpRequestData, string, CancellationToken)"/>
    public static async Task<HttpResponseData> CreateCheckStatusResponseAsync(
        this DurableTaskClient client, HttpRequestData request, string instanceId, HttpStatusCode statusCode, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(request);
        HttpManagementPayload payload = client.CreateHttpManagementPayload(instanceId, request);
        HttpResponseData response = request.CreateResponse(statusCode);
        response.Headers.Add("Location", payload.StatusQueryGetUri);
        await response.WriteAsJsonAsync(payload, "application/json", cancellation);
        return response;
    }

    /// <inheritdoc cref="CreateCheckStatusResponseAsync(DurableTaskClient, HttpRequestData, string, CancellationToken)"/>
    public static HttpResponseData CreateCheckStatusResponse(
        this DurableTaskClient client, HttpRequestData request, string instanceId, CancellationToken cancellation = default)
        => client.CreateCheckStatusResponse(request, instanceId, HttpStatusCode.Accepted, cancellation);

    /// <inheritdoc cref="CreateCheckStatusResponseAsync(DurableTaskClient, HttpRequestData, string, CancellationToken)"/>
    public static HttpResponseData CreateCheckStatusResponse(
        this DurableTaskClient client, HttpRequestData request, string instanceId, HttpStatusCode statusCode, CancellationToken cancellation = default)
        // Written into memory: nothing is waited for.
        => client.CreateCheckStatusResponseAsync(request, instanceId, statusCode, cancellation).GetAwaiter().GetResult();

    /// <summary>
    /// The instance's management URLs. Throws <see cref="InvalidOperationException"/> for a client that was not bound
    /// with <see cref="DurableClientAttribute"/> when there is no <paramref name="request"/> to take the address from.
    /// </summary>
    public static HttpManagementPayload CreateHttpManagementPayload(this DurableTaskClient client, string instanceId, HttpRequestData? request = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ManagementEndpoint? endpoint = (client as FunctionsDurableTaskClient)?.Endpoint;
        string baseUrl = request is not null
            ? request.Url.GetLeftPart(UriPartial.Authority) + ManagementAddress.Path
            : endpoint?.BaseUrl ?? throw new InvalidOperationException(
                "The address of the management endpoints is not known: use a client bound with [DurableClient] or pass the request.");
        string instance = $"{baseUrl}/instances/{Uri.EscapeDataString(instanceId)}";
        string key = endpoint is null ? string.Empty : "code=" + Uri.EscapeDataString(endpoint.Key);
        string Url(string operation, string query) => $"{instance}{operation}?{query}{(query.Length > 0 && key.Length > 0 ? "&" : string.Empty)}{key}".TrimEnd('?');
        return new HttpManagementPayload
        {
            Id = instanceId,
            StatusQueryGetUri = Url(string.Empty, string.Empty),
            SendEventPostUri = Url("/raiseEvent/{eventName}", string.Empty),
            TerminatePostUri = Url("/terminate", "reason={text}"),
            RewindPostUri = Url("/rewind", "reason={text}"),
            PurgeHistoryDeleteUri = Url(string.Empty, string.Empty),
            RestartPostUri = Url("/restart", string.Empty),
            SuspendPostUri = Url("/suspend", "reason={text}"),
            ResumePostUri = Url("/resume", "reason={text}"),
        };
    }
}
