using System.Net;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Application.Accounts;

namespace VisionPlatform.Api.Http.Access;

public static class ClientOrigins
{
    /// <summary>The caller's IP address and program.</summary>
    public static ClientOrigin Origin(this HttpRequest request) => new(
        request.HttpContext.Connection.RemoteIpAddress is { } address ? Plain(address) : null,
        request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null);

    private static string Plain(IPAddress address) => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}
