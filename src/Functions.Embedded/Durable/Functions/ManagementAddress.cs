using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace VisionPlatform.Functions.Embedded;

/// <summary>The address of the management endpoints, and the key for them.</summary>
internal sealed record ManagementEndpoint(string BaseUrl, string Key);

/// <summary>
/// Builds the address of the management endpoints: the host of the current request; without a request <c>PUBLIC_URL</c>, or else the address that
/// the server listens on.
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
