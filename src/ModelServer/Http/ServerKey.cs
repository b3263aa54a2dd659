using System.Security.Cryptography;
using System.Text;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.ModelServer.Http;

/// <summary>Asks for the server's key as a bearer token, for everything but its health.</summary>
internal sealed class ServerKey(RequestDelegate next, ServerSettings settings)
{
    private const string Scheme = "Bearer ";

    // Hashes have one length, so the time of the comparison says nothing about the key.
    private readonly byte[]? _hash = settings.ApiKey is { } key ? HashOf(key) : null;

    public Task InvokeAsync(HttpContext context)
    {
        if (_hash is null || context.Request.Path.StartsWithSegments("/health"))
            return next(context);
        var sent = context.Request.Headers.Authorization.ToString();
        return sent.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(HashOf(sent[Scheme.Length..]), _hash)
            ? next(context)
            : throw new ProblemException(ErrorCodes.Unauthenticated, "The key is not MODEL_SERVER_API_KEY of this model server.");
    }

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
