using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Api.Http;

namespace VisionPlatform.Api.OpenApi;

/// <summary>The description of this API.</summary>
public sealed class OpenApiFunctions
{
    private static readonly Lazy<byte[]> Document =
        new(() => JsonSerializer.SerializeToUtf8Bytes(OpenApiDocument.Create(typeof(OpenApiFunctions).Assembly), ApiJson.Options));

    [Function("OpenApi"), AllowAnonymousAccess]
    [Operation("This description, as OpenAPI 3.1.", Tag = "Meta", Returns = typeof(JsonElement))]
    public static IResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/openapi.json")] HttpRequest request) =>
        TypedResults.Bytes(Document.Value, "application/json");
}
