using Microsoft.Extensions.Configuration;

namespace VisionPlatform.Functions.Embedded;

/// <summary>The addresses that the app listens on.</summary>
internal sealed record ListenAddresses(IReadOnlyList<string> Urls)
{
    /// <summary>
    /// Takes <c>--urls</c> or <c>ASPNETCORE_URLS</c>, <c>ASPNETCORE_HTTP_PORTS</c>, <c>Host:LocalHttpPort</c> of local.settings.json, or else the port of
    /// Core Tools. Call it before the official set-up adds a free port of its own to the configuration.
    /// </summary>
    public static ListenAddresses From(IConfiguration configuration)
    {
        if ((configuration["urls"] ?? configuration["ASPNETCORE_URLS"]) is { Length: > 0 } urls)
            return new ListenAddresses(Split(urls));
        if ((configuration["http_ports"] ?? configuration["ASPNETCORE_HTTP_PORTS"]) is { Length: > 0 } ports)
            return new ListenAddresses([.. Split(ports).Select(port => $"http://*:{port}")]);
        return new ListenAddresses([configuration["Host:LocalHttpPort"] is { } local ? $"http://127.0.0.1:{local}" : HostSettings.DefaultUrl]);
    }

    private static string[] Split(string list) => list.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
