using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.OpenApi;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.OpenApi;

/// <summary>The description of this API, for programs and for people.</summary>
public sealed class OpenApiFunctions
{
    // The page runs its own script and style and reads the document; nothing else.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly Lazy<byte[]> Document = new(() => Encoding.UTF8.GetBytes(Text(terse: true)));
    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.Ordinal)
    {
        ["docs.html"] = "text/html; charset=utf-8", ["docs.css"] = "text/css; charset=utf-8", ["docs.js"] = "text/javascript; charset=utf-8",
    };

    /// <summary>The document as it is committed in docs/openapi.json.</summary>
    public static string DocumentText() => Text(terse: false) + "\n";

    [Function("OpenApi"), AllowAnonymousAccess]
    [Operation("Get this description", Tag = "Meta", Returns = typeof(JsonObject),
        Description = "The OpenAPI 3.1 document.")]
    public static IResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/openapi.json")] HttpRequest request) =>
        TypedResults.Bytes(Document.Value, "application/json");

    [Function("Docs"), AllowAnonymousAccess]
    [Operation("Show this description", Tag = "Meta", Returns = typeof(string), ReturnsType = "text/html",
        Description = "A page that shows the OpenAPI document and can send requests.")]
    public static IResult Page([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/docs")] HttpRequest request) => File(request, "docs.html");

    [Function("DocsFile"), AllowAnonymousAccess]
    [Operation("Get a file of the page", Tag = "Meta", Returns = typeof(string), ReturnsType = "text/javascript")]
    public static IResult PageFile([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/docs/{file}")] HttpRequest request, string file) =>
        ContentTypes.ContainsKey(file) ? File(request, file) : throw new ProblemException(ErrorCodes.NotFound);

    private static string Text(bool terse)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        ApiDocument.Of(typeof(OpenApiFunctions).Assembly).SerializeAsV31(new OpenApiJsonWriter(text, new OpenApiJsonWriterSettings { Terse = terse }));
        return text.ToString();
    }

    private static IResult File(HttpRequest request, string name)
    {
        request.HttpContext.Response.Headers.ContentSecurityPolicy = PagePolicy;
        request.HttpContext.Response.Headers.CacheControl = "no-cache";
        var file = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the app.");
        return TypedResults.Stream(file, ContentTypes[name]);
    }
}
