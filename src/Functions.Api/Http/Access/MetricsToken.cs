using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Api.Http.Access;

/// <summary>The token with which a program reads metrics. Where METRICS_TOKEN is not set, no request has it.</summary>
public sealed class MetricsToken(TelemetrySettings settings)
{
    // Hashes have one length, so the time of the comparison says nothing about the token.
    private readonly byte[]? _hash = settings.MetricsToken is { } token ? HashOf(token) : null;

    public bool IsSentWith(HttpRequest request) =>
        _hash is not null && Authentication.BearerToken(request) is { } bearer && CryptographicOperations.FixedTimeEquals(HashOf(bearer), _hash);

    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
