using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace VisionPlatform.Functions.Embedded;

/// <summary>Where clients reach an orchestration's management endpoints, and with which key.</summary>
internal sealed record ManagementEndpoint(string BaseUrl, string Key);

/// <summary>
/// Makes the management endpoint for a binding: at the address the caller used; without a caller at <c>PUBLIC_URL</c>,
/// else where the server listens.
/// </summary>
internal sealed class ManagementAddress(HostKeys keys, IConfiguration configuration, IServer server)
{
    public const string Path = "/runtime/webhooks/durabletask";

    public ManagementEndpoint For(HttpContext? http)
    {
        string root = http is not null
            ? $"{http.Request.Scheme}://{http.Request.Host}{http.Request.PathBase}"
            : configuration["PUBLIC_URL"]?.TrimEnd('/') is { Length: > 0 } configured
                ? configured
                : server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? HostSettings.DefaultUrl;
        return new ManagementEndpoint(root + Path, keys.DurableTask);
    }
}
