using System.Net;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>Finds the caller's address and scheme in the headers of proxies in TRUSTED_PROXIES. Ignores the headers of others, which they can forge.</summary>
public sealed class ForwardedFor(TrafficSettings settings)
{
    /// <summary>Sets the caller's address and scheme on the request.</summary>
    public void Apply(HttpContext http)
    {
        if (settings.TrustedProxies.Count == 0 || http.Connection.RemoteIpAddress is not { } address || !IsTrusted(address))
            return;
        if (http.Request.Headers["X-Forwarded-Proto"].ToString().Split(',')[^1].Trim() is var scheme && (scheme is "http" or "https"))
            http.Request.Scheme = scheme;
        // Each proxy appends the address that it saw. From the right, the first address that is not a trusted proxy is the caller.
        var hops = http.Request.Headers["X-Forwarded-For"].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Reverse();
        foreach (var hop in hops)
        {
            // Some proxies also write the port.
            if (!IPAddress.TryParse(hop, out var next) && !(IPEndPoint.TryParse(hop, out var end) && (next = end.Address) is not null))
                break;
            address = next;
            if (!IsTrusted(address))
                break;
        }
        http.Connection.RemoteIpAddress = address;
    }

    private bool IsTrusted(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return settings.TrustedProxies.Any(network => network.Contains(plain));
    }
}
