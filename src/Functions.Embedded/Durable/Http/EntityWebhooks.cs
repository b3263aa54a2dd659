using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Entities in the management API: routes, JSON and status codes of the official extension.</summary>
internal static class EntityWebhooks
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/entities/{name?}", ListAsync);
        group.MapGet("/entities/{name}/{key}", GetAsync);
        group.MapPost("/entities/{name}/{key}", SignalAsync);
    }

    /// <summary>Answers 200 with the state; 404 when the entity has none.</summary>
    private static async Task<IResult> GetAsync(HttpContext http, string name, string key, EmbeddedDurableTaskClient client)
    {
        EntityMetadata? entity = await client.Entities.GetEntityAsync(new EntityInstanceId(name, key), includeState: true, http.RequestAborted);
        return entity is null ? Results.NotFound() : Results.Text(entity.State!.Value, "application/json");
    }

    /// <summary>Answers 202 when the signal is stored.</summary>
    private static async Task<IResult> SignalAsync(HttpContext http, string name, string key, EmbeddedDurableTaskClient client, string? op)
    {
        if (await DurableWebhooks.ReadJsonAsync(http, optional: true) is not { } body)
            return DurableWebhooks.NotJson();
        object? input = body.ValueKind == JsonValueKind.Undefined ? null : body;
        await client.Entities.SignalEntityAsync(new EntityInstanceId(name, key), string.IsNullOrEmpty(op) ? "signal" : op, input, null, http.RequestAborted);
        return Results.Accepted();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http,
        EmbeddedDurableTaskClient client,
        string? name,
        DateTimeOffset? lastOperationTimeFrom,
        DateTimeOffset? lastOperationTimeTo,
        bool fetchState = false,
        int top = EntityQuery.DefaultPageSize)
    {
        string token = http.Request.Headers[DurableWebhooks.ContinuationHeader].ToString();
        var query = new EntityQuery
        {
            InstanceIdStartsWith = name is null ? null : $"@{name}@",
            LastModifiedFrom = lastOperationTimeFrom,
            LastModifiedTo = lastOperationTimeTo,
            IncludeState = fetchState,
            PageSize = Math.Clamp(top, 1, 1000),
            ContinuationToken = token.Length > 0 ? DurableWebhooks.Decode(token) : null,
        };
        await foreach (Page<EntityMetadata> page in client.Entities.GetAllEntitiesAsync(query).AsPages().WithCancellation(http.RequestAborted))
        {
            if (page.ContinuationToken is { } next)
                http.Response.Headers[DurableWebhooks.ContinuationHeader] = Convert.ToBase64String(Encoding.UTF8.GetBytes(next));
            return Results.Json(page.Values.Select(entity => Shown(entity, fetchState)), InstanceJson.Options);
        }

        return Results.Json(Array.Empty<object>());
    }

    private static JsonObject Shown(EntityMetadata entity, bool withState)
    {
        var json = new JsonObject
        {
            ["entityId"] = new JsonObject { ["name"] = entity.Id.Name, ["key"] = entity.Id.Key },
            ["lastOperationTime"] = entity.LastModifiedTime.UtcDateTime.ToString("o"),
        };
        if (withState && entity.IncludesState)
            json["state"] = JsonNode.Parse(entity.State.Value);
        return json;
    }
}
