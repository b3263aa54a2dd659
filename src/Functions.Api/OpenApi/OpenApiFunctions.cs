using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.OpenApi;

/// <summary>The description of this API, for programs and for people.</summary>
public sealed class OpenApiFunctions
{
    // The page runs its own script and style and reads the document; nothing else.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly JsonSerializerOptions Readable = new(ApiJson.Options) { WriteIndented = true };
    private static readonly Lazy<byte[]> Document = new(() => JsonSerializer.SerializeToUtf8Bytes(OpenApiDocument.Create(typeof(OpenApiFunctions).Assembly), ApiJson.Options));
    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.Ordinal)
    {
        ["docs.html"] = "text/html; charset=utf-8", ["docs.css"] = "text/css; charset=utf-8", ["docs.js"] = "text/javascript; charset=utf-8",
    };

    /// <summary>The document as it is committed in docs/openapi.json.</summary>
    public static string DocumentText() => JsonSerializer.Serialize(OpenApiDocument.Create(typeof(OpenApiFunctions).Assembly), Readable) + "\n";

    [Function("OpenApi"), AllowAnonymousAccess]
    [Operation("This description, as OpenAPI 3.1.", Tag = "Meta", Returns = typeof(JsonElement))]
    public static IResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/openapi.json")] HttpRequest request) =>
        TypedResults.Bytes(Document.Value, "application/json");

    [Function("Docs"), AllowAnonymousAccess]
    [Operation("This description as a page for people.", Tag = "Meta", Returns = typeof(string), ReturnsType = "text/html")]
    public static IResult Page([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/docs")] HttpRequest request) => File(request, "docs.html");

    [Function("DocsFile"), AllowAnonymousAccess]
    [Operation("Script and style of the page.", Tag = "Meta", Returns = typeof(string), ReturnsType = "text/javascript")]
    public static IResult PageFile([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/docs/{file}")] HttpRequest request, string file) =>
        ContentTypes.ContainsKey(file) ? File(request, file) : throw new ProblemException(ErrorCodes.NotFound);

    private static IResult File(HttpRequest request, string name)
    {
        request.HttpContext.Response.Headers.ContentSecurityPolicy = PagePolicy;
        request.HttpContext.Response.Headers.CacheControl = "no-cache";
        var file = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the app.");
        return TypedResults.Stream(file, ContentTypes[name]);
    }
}
