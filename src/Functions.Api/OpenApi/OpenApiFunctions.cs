using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Scalar.AspNetCore;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.OpenApi;

/// <summary>The description of this API, for programs and for people.</summary>
public sealed class OpenApiFunctions
{
    // The page runs scripts from the app only and sends requests to the app only. Scalar inserts its styles at run time, which browsers treat as inline styles.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string Script = "text/javascript; charset=utf-8";

    // The script of Scalar (https://github.com/scalar/scalar), gzip, from its package for ASP.NET Core. The package's own endpoint needs endpoint routing, which functions do not have.
    private const string ScalarFile = "scalar.js", ScalarResource = "ScalarStaticAssets.scalar.js";

    private static readonly EntityTagHeaderValue ScalarVersion = new($"\"{typeof(ScalarOptions).Assembly.GetName().Version}\"", isWeak: true);
    private static readonly Lazy<byte[]> Document = new(() => Encoding.UTF8.GetBytes(Text(terse: true)));

    /// <summary>The document as it is committed in docs/openapi.json.</summary>
    public static string DocumentText() => Text(terse: false) + "\n";

    [Function("OpenApi"), AllowAnonymousAccess]
    [Operation("Get this description", Tag = "Meta", Returns = typeof(JsonObject),
        Description = "The OpenAPI 3.1 document.")]
    public static IResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/openapi.json")] HttpRequest request) =>
        TypedResults.Bytes(Document.Value, "application/json");

    [Function("Docs"), AllowAnonymousAccess]
    [Operation("Show this description", Tag = "Meta", Returns = typeof(string), ReturnsType = "text/html",
        Description = "A page that shows the OpenAPI document and can send requests.")]
    public static IResult Page([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/docs")] HttpRequest request) =>
        File(request, "docs.html", "text/html; charset=utf-8");

    [Function("DocsFile"), AllowAnonymousAccess]
    [Operation("Get a file of the page", Tag = "Meta", Returns = typeof(string), ReturnsType = "text/javascript")]
    public static IResult PageFile([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/docs/{file}")] HttpRequest request, string file) =>
        file switch
        {
            "docs.js" => File(request, file, Script),
            ScalarFile => Scalar(request),
            _ => throw new ProblemException(ErrorCodes.NotFound),
        };

    private static string Text(bool terse)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        ApiDocument.Of(typeof(OpenApiFunctions).Assembly).SerializeAsV31(new OpenApiJsonWriter(text, new OpenApiJsonWriterSettings { Terse = terse }));
        return text.ToString();
    }

    private static FileStreamHttpResult File(HttpRequest request, string name, string type)
    {
        request.HttpContext.Response.Headers.ContentSecurityPolicy = PagePolicy;
        request.HttpContext.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Stream(Resource(typeof(OpenApiFunctions).Assembly, name), type);
    }

    private static FileStreamHttpResult Scalar(HttpRequest request)
    {
        var headers = request.HttpContext.Response.Headers;
        headers.CacheControl = "no-cache";
        headers.Append(HeaderNames.Vary, "Accept-Encoding");
        var packed = Resource(typeof(ScalarOptions).Assembly, ScalarResource);
        if (!request.GetTypedHeaders().AcceptEncoding.Any(encoding => encoding.Value == "gzip" && encoding.Quality != 0))
            return TypedResults.Stream(new GZipStream(packed, CompressionMode.Decompress), Script, entityTag: ScalarVersion);
        headers.ContentEncoding = "gzip";
        return TypedResults.Stream(packed, Script, entityTag: ScalarVersion);
    }

    private static Stream Resource(Assembly assembly, string name) =>
        assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no {name}.");
}
