using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;

namespace VisionPlatform.Functions.Embedded;

/// <summary>
/// Serves a built single-page application at <c>/</c>. An app that has one registers this as a singleton; on the Azure Functions host the same files are
/// served by a static site instead.
/// </summary>
/// <param name="folder">Absolute path of the folder with <c>index.html</c> and <c>assets</c>.</param>
/// <param name="origins">Other origins that the pages may read from and write to, such as the object store of presigned URLs.</param>
public sealed class ConsolePages(string folder, IReadOnlyList<string> origins)
{
    private readonly string _policy = string.Join("; ",
        "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "font-src 'self'",
        $"img-src {string.Join(' ', ["'self'", "blob:", "data:", .. origins])}", $"connect-src {string.Join(' ', ["'self'", .. origins])}",
        "worker-src 'self' blob:", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'");

    /// <summary>Answers requests for files of the folder. Nothing under the addresses of functions and of the host can be a file.</summary>
    internal void UseFiles(IApplicationBuilder app)
    {
        app.UseWhen(http => !IsReserved(http.Request.Path), pages =>
        {
            pages.UseResponseCompression();
            pages.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(folder), OnPrepareResponse = Describe });
        });
    }

    /// <summary>Answers with the application's page where nothing else answers, because its own addresses are known only to the application.</summary>
    internal void MapPage(IEndpointRouteBuilder routes) => routes.MapFallback("{*path:nonfile}", async http =>
    {
        if (IsReserved(http.Request.Path) || !(HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        http.Response.ContentType = "text/html; charset=utf-8";
        Protect(http.Response.Headers);
        http.Response.Headers.CacheControl = "no-cache";
        await http.Response.SendFileAsync(Path.Combine(folder, "index.html"), http.RequestAborted);
    });

    private void Describe(StaticFileResponseContext file)
    {
        var headers = file.Context.Response.Headers;
        Protect(headers);
        // Names of assets contain a hash of their content.
        headers.CacheControl = file.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache";
    }

    private void Protect(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = _policy;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
    }

    private static bool IsReserved(PathString path) =>
        path.StartsWithSegments("/api") || path.StartsWithSegments("/admin") || path.StartsWithSegments("/runtime") ||
        path.StartsWithSegments("/health") || path.StartsWithSegments("/thumbnails") || path.StartsWithSegments("/metrics");
}
