using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The management API under <c>/runtime/webhooks/durabletask</c>: routes, JSON and status codes of the official extension.</summary>
internal static class DurableWebhooks
{
    public const string Root = "/runtime/webhooks/durabletask";

    internal const string ContinuationHeader = "x-ms-continuation-token";

    /// <param name="endpoints">The routes are added here.</param>
    /// <param name="authorize">Checks a request's key. When null, the header <c>x-functions-key</c> or the query parameter <c>code</c> must hold
    /// <c>FUNCTIONS_MASTER_KEY</c>.</param>
    public static IEndpointRouteBuilder MapDurableWebhooks(this IEndpointRouteBuilder endpoints, Func<HttpContext, bool>? authorize = null)
    {
        authorize ??= HasMasterKey;
        RouteGroupBuilder group = endpoints.MapGroup(Root);
        group.AddEndpointFilter(async (invocation, next) => authorize(invocation.HttpContext) ? await next(invocation) : Results.Unauthorized());

        group.MapPost("/orchestrators/{name}/{instanceId?}", StartAsync);
        group.MapGet("/instances", ListAsync);
        group.MapDelete("/instances", PurgeManyAsync);
        group.MapGet("/instances/{instanceId}", GetAsync);
        group.MapDelete("/instances/{instanceId}", PurgeAsync);
        group.MapPost("/instances/{instanceId}/raiseEvent/{eventName}", RaiseEventAsync);
        group.MapPost("/instances/{instanceId}/terminate", (HttpContext http, string instanceId, EmbeddedDurableTaskClient client, string? reason) =>
            ControlAsync(http, client, instanceId, cancellation => client.TerminateInstanceAsync(instanceId, (object?)reason, cancellation)));
        group.MapPost("/instances/{instanceId}/suspend", (HttpContext http, string instanceId, EmbeddedDurableTaskClient client, string? reason) =>
            ControlAsync(http, client, instanceId, cancellation => client.SuspendInstanceAsync(instanceId, reason, cancellation)));
        group.MapPost("/instances/{instanceId}/resume", (HttpContext http, string instanceId, EmbeddedDurableTaskClient client, string? reason) =>
            ControlAsync(http, client, instanceId, cancellation => client.ResumeInstanceAsync(instanceId, reason, cancellation)));
        group.MapPost("/instances/{instanceId}/rewind", RewindAsync);
        EntityWebhooks.Map(group);
        group.MapPost("/instances/{instanceId}/restart", RestartAsync);
        return endpoints;
    }

    private static bool HasMasterKey(HttpContext http)
    {
        string? expected = http.RequestServices.GetRequiredService<IConfiguration>()["FUNCTIONS_MASTER_KEY"];
        string given = http.Request.Headers["x-functions-key"].ToString() is { Length: > 0 } header ? header : http.Request.Query["code"].ToString();
        return !string.IsNullOrEmpty(expected)
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(given));
    }

    private static async Task<IResult> StartAsync(HttpContext http, string name, string? instanceId, EmbeddedDurableTaskClient client)
    {
        if (await ReadJsonAsync(http, optional: true) is not { } body)
            return NotJson();
        try
        {
            object? input = body.ValueKind == JsonValueKind.Undefined ? null : body;
            string id = await client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(instanceId), http.RequestAborted);
            return Accepted(http, id);
        }
        catch (InvalidOperationException conflict)
        {
            return Results.Conflict(new { Message = conflict.Message });
        }
    }

    private static async Task<IResult> GetAsync(
        HttpContext http,
        string instanceId,
        EmbeddedDurableTaskClient client,
        bool showHistory = false,
        bool showHistoryOutput = false,
        bool showInput = true,
        bool returnInternalServerErrorOnFailure = false)
    {
        OrchestrationMetadata? instance = await client.GetInstanceAsync(instanceId, getInputsAndOutputs: true, http.RequestAborted);
        if (instance is null)
            return Results.NotFound();
        IReadOnlyList<HistoryEvent>? history = showHistory ? await client.GetHistoryAsync(instanceId, http.RequestAborted) : null;
        var body = InstanceJson.Of(instance, showInput, history, showHistoryOutput);
        if (!instance.IsCompleted)
        {
            http.Response.Headers.Location = $"{http.Request.Scheme}://{http.Request.Host}{http.Request.Path}{http.Request.QueryString}";
            http.Response.Headers.RetryAfter = "10";
            return Results.Json(body, InstanceJson.Options, statusCode: StatusCodes.Status202Accepted);
        }

        bool asError = returnInternalServerErrorOnFailure && instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed;
        return Results.Json(body, InstanceJson.Options, statusCode: asError ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK);
    }

    private static async Task<IResult> ListAsync(
        HttpContext http,
        EmbeddedDurableTaskClient client,
        DateTimeOffset? createdTimeFrom,
        DateTimeOffset? createdTimeTo,
        string? runtimeStatus,
        string? instanceIdPrefix,
        int top = OrchestrationQuery.DefaultPageSize,
        bool showInput = true)
    {
        if (!TryReadStatuses(runtimeStatus, out List<OrchestrationRuntimeStatus>? statuses))
            return Results.BadRequest(new { Message = $"There is no runtime status '{runtimeStatus}'." });
        string token = http.Request.Headers[ContinuationHeader].ToString();
        var query = new OrchestrationQuery(
            createdTimeFrom, createdTimeTo, statuses, null, instanceIdPrefix, Math.Clamp(top, 1, 1000), true, token.Length > 0 ? Decode(token) : null);
        await foreach (Page<OrchestrationMetadata> page in client.GetAllInstancesAsync(query).AsPages().WithCancellation(http.RequestAborted))
        {
            if (page.ContinuationToken is { } next)
                http.Response.Headers[ContinuationHeader] = Convert.ToBase64String(Encoding.UTF8.GetBytes(next));
            return Results.Json(page.Values.Select(instance => InstanceJson.Of(instance, showInput, null, false)), InstanceJson.Options);
        }

        return Results.Json(Array.Empty<object>());
    }

    private static async Task<IResult> RaiseEventAsync(HttpContext http, string instanceId, string eventName, EmbeddedDurableTaskClient client)
    {
        if (await ReadJsonAsync(http, optional: true) is not { } body)
            return NotJson();
        object? payload = body.ValueKind == JsonValueKind.Undefined ? null : body;
        return await ControlAsync(http, client, instanceId, cancellation => client.RaiseEventAsync(instanceId, eventName, payload, cancellation));
    }

    /// <summary>Answers 202; 404 when the instance does not exist, 410 when it has ended.</summary>
    private static async Task<IResult> ControlAsync(
        HttpContext http, EmbeddedDurableTaskClient client, string instanceId, Func<CancellationToken, Task> act)
    {
        OrchestrationMetadata? instance = await client.GetInstanceAsync(instanceId, http.RequestAborted);
        if (instance is null)
            return Results.NotFound();
        if (instance.IsCompleted)
            return Results.StatusCode(StatusCodes.Status410Gone);
        await act(http.RequestAborted);
        return Results.Accepted();
    }

    private static async Task<IResult> RewindAsync(HttpContext http, string instanceId, EmbeddedDurableTaskClient client, string? reason)
    {
        OrchestrationMetadata? instance = await client.GetInstanceAsync(instanceId, http.RequestAborted);
        if (instance is null)
            return Results.NotFound();
        if (instance.RuntimeStatus != OrchestrationRuntimeStatus.Failed)
            return instance.IsCompleted ? Results.StatusCode(StatusCodes.Status410Gone) : Results.Conflict(new { Message = "Only a failed instance can be rewound." });
        await client.RewindInstanceAsync(instanceId, reason ?? "", http.RequestAborted);
        return Results.Accepted();
    }

    private static async Task<IResult> RestartAsync(
        HttpContext http, string instanceId, EmbeddedDurableTaskClient client, bool restartWithNewInstanceId = true)
    {
        if (await client.GetInstanceAsync(instanceId, http.RequestAborted) is null)
            return Results.NotFound();
        try
        {
            return Accepted(http, await client.RestartAsync(instanceId, restartWithNewInstanceId, http.RequestAborted));
        }
        catch (InvalidOperationException conflict)
        {
            return Results.Conflict(new { Message = conflict.Message });
        }
    }

    private static async Task<IResult> PurgeAsync(HttpContext http, string instanceId, EmbeddedDurableTaskClient client)
    {
        PurgeResult result = await client.PurgeInstanceAsync(instanceId, http.RequestAborted);
        return result.PurgedInstanceCount > 0 ? Results.Ok(new { instancesDeleted = result.PurgedInstanceCount }) : Results.NotFound();
    }

    private static async Task<IResult> PurgeManyAsync(
        HttpContext http, EmbeddedDurableTaskClient client, DateTimeOffset? createdTimeFrom, DateTimeOffset? createdTimeTo, string? runtimeStatus)
    {
        if (createdTimeFrom is null)
            return Results.BadRequest(new { Message = "createdTimeFrom is required." });
        if (!TryReadStatuses(runtimeStatus, out List<OrchestrationRuntimeStatus>? statuses))
            return Results.BadRequest(new { Message = $"There is no runtime status '{runtimeStatus}'." });
        PurgeResult result = await client.PurgeAllInstancesAsync(new PurgeInstancesFilter(createdTimeFrom, createdTimeTo, statuses), http.RequestAborted);
        return result.PurgedInstanceCount > 0 ? Results.Ok(new { instancesDeleted = result.PurgedInstanceCount }) : Results.NotFound();
    }

    private static bool TryReadStatuses(string? text, out List<OrchestrationRuntimeStatus>? statuses)
    {
        statuses = null;
        foreach (string name in text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [])
        {
            if (!Enum.TryParse(name, ignoreCase: true, out OrchestrationRuntimeStatus status))
                return false;
            (statuses ??= []).Add(status);
        }

        return true;
    }

    internal static string Decode(string token)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(token));
        }
        catch (FormatException)
        {
            throw new BadHttpRequestException($"The header {ContinuationHeader} does not hold a token of this API.");
        }
    }

    /// <summary>The body as JSON; undefined when it is empty and optional, null when it is not JSON.</summary>
    internal static async Task<JsonElement?> ReadJsonAsync(HttpContext http, bool optional)
    {
        using var reader = new StreamReader(http.Request.Body);
        string text = await reader.ReadToEndAsync(http.RequestAborted);
        if (text.Length == 0 && optional)
            return default(JsonElement);
        if (!http.Request.HasJsonContentType())
            return null;
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal static IResult NotJson() => Results.BadRequest(new { Message = "Only application/json request content is supported." });

    private static IResult Accepted(HttpContext http, string id)
    {
        string code = http.Request.Query["code"].ToString() is { Length: > 0 } key ? $"code={Uri.EscapeDataString(key)}" : "";
        string instance = $"{http.Request.Scheme}://{http.Request.Host}{http.Request.PathBase}{Root}/instances/{Uri.EscapeDataString(id)}";
        string With(string path, string query = "") => $"{instance}{path}?{string.Join('&', new[] { query, code }.Where(part => part.Length > 0))}".TrimEnd('?');
        return Results.Accepted(With(""), new
        {
            id,
            statusQueryGetUri = With(""),
            sendEventPostUri = With("/raiseEvent/{eventName}"),
            terminatePostUri = With("/terminate", "reason={text}"),
            rewindPostUri = With("/rewind", "reason={text}"),
            purgeHistoryDeleteUri = With(""),
            restartPostUri = With("/restart"),
            suspendPostUri = With("/suspend", "reason={text}"),
            resumePostUri = With("/resume", "reason={text}"),
        });
    }
}
