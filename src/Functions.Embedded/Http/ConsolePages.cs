using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
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

    /// <summary>
    /// Answers requests for files of the folder, and with the application's page what a browser asks for at any other address, because the
    /// application's own addresses are known only to it. Leaves all addresses of functions and of the host alone.
    /// </summary>
    internal void Use(IApplicationBuilder app)
    {
        app.UseWhen(http => !IsReserved(http.Request.Path), pages =>
        {
            pages.UseResponseCompression();
            pages.Use((http, next) =>
            {
                if (WantsPage(http.Request))
                    http.Request.Path = "/index.html";
                return next(http);
            });
            pages.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(folder), OnPrepareResponse = Describe });
        });
    }

    private static bool WantsPage(HttpRequest request) =>
        request.Path == "/" ||
        ((HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && !Path.HasExtension(request.Path) &&
         request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase));

    private void Describe(StaticFileResponseContext file)
    {
        var headers = file.Context.Response.Headers;
        headers.ContentSecurityPolicy = _policy;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        // Names of assets contain a hash of their content.
        headers.CacheControl = file.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache";
    }

    private static bool IsReserved(PathString path) =>
        path.StartsWithSegments("/api") || path.StartsWithSegments("/admin") || path.StartsWithSegments("/runtime") ||
        path.StartsWithSegments("/health") || path.StartsWithSegments("/thumbnails") || path.StartsWithSegments("/metrics");
}
