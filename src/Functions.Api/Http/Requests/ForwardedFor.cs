using System.Net;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>Finds where a request really comes from when it came through proxies of TRUSTED_PROXIES; others can write into these headers what they like.</summary>
public sealed class ForwardedFor(TrafficSettings settings)
{
    /// <summary>Puts the caller's address and scheme into the request.</summary>
    public void Apply(HttpContext http)
    {
        if (settings.TrustedProxies.Count == 0 || http.Connection.RemoteIpAddress is not { } address || !IsTrusted(address))
            return;
        if (http.Request.Headers["X-Forwarded-Proto"].ToString().Split(',')[^1].Trim() is var scheme && (scheme is "http" or "https"))
            http.Request.Scheme = scheme;
        // Each proxy appends the address it saw: the first from the right that is no proxy of ours is the caller.
        var hops = http.Request.Headers["X-Forwarded-For"].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Reverse();
        foreach (var hop in hops)
        {
            // Some proxies write the port too.
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
