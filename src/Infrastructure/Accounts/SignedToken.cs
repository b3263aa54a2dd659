using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>The claims of a token (RFC 7519 4.1 and two of ours). Times are seconds since 1970-01-01 UTC.</summary>
public sealed record TokenClaims
{
    [JsonPropertyName("iss")] public string? Issuer { get; init; }
    [JsonPropertyName("aud")] public string? Audience { get; init; }
    [JsonPropertyName("sub")] public string? Subject { get; init; }
    [JsonPropertyName("iat")] public long IssuedAt { get; init; }
    [JsonPropertyName("nbf")] public long NotBefore { get; init; }
    [JsonPropertyName("exp")] public long ExpiresAt { get; init; }
    [JsonPropertyName("jti")] public string? Id { get; init; }
    [JsonPropertyName("email")] public string? Email { get; init; }
    [JsonPropertyName("role")] public string? Role { get; init; }

    /// <summary>The sign-in that the token belongs to (OpenID Connect Front-Channel Logout 3).</summary>
    [JsonPropertyName("sid")] public string? SessionId { get; init; }

    /// <summary>The service that acts (OpenID Connect Core 2).</summary>
    [JsonPropertyName("azp")] public string? AuthorizedParty { get; init; }

    /// <summary>Scopes with spaces between them (RFC 8693 4.2).</summary>
    [JsonPropertyName("scope")] public string? Scope { get; init; }
}

/// <summary>Why a token was refused. Only <see cref="Expired"/> is worth telling the bearer apart: a new one helps.</summary>
public enum TokenRefusal
{
    Invalid,
    Expired,
}

/// <summary>The outcome of a check: the claims, or why not.</summary>
public readonly record struct TokenCheck(TokenClaims? Claims, TokenRefusal? Refusal);

/// <summary>
/// JSON Web Tokens in compact form, signed with HMAC-SHA-256 (RFC 7515, RFC 7518 3.2). The algorithm is pinned: what
/// a token's header asks for never decides how it is checked. While the secret is being replaced, tokens of the previous
/// one still verify; only the present one signs.
/// </summary>
public sealed class SignedToken
{
    /// <summary>Who signs: the platform, also for the labeler, which shares the secret.</summary>
    public const string Issuer = "vision-platform";

    /// <summary>Bytes the secret needs at least: the size of the hash (RFC 7518 3.2).</summary>
    public const int MinimumSecretBytes = 32;

    private const int MaximumTokenLength = 4096;
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);
    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);
    private static readonly JsonSerializerOptions Json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = 4,
    };

    // The first one signs. Replaced as a whole, never changed.
    private volatile byte[][] _secrets;
    private readonly TimeProvider _clock;

    /// <param name="secret">The shared secret; its UTF-8 bytes are the key.</param>
    /// <param name="clock">What the time is.</param>
    /// <param name="previous">The secret before this one, as long as tokens signed with it may be about.</param>
    /// <exception cref="ArgumentException">A secret is shorter than <see cref="MinimumSecretBytes"/>.</exception>
    public SignedToken(string secret, TimeProvider clock, string? previous = null)
    {
        _secrets = Keys(secret, previous);
        _clock = clock;
    }

    /// <summary>Goes on with other secrets, as after a change in the key vault.</summary>
    /// <exception cref="ArgumentException">A secret is shorter than <see cref="MinimumSecretBytes"/>.</exception>
    public void Use(string secret, string? previous) => _secrets = Keys(secret, previous);

    /// <summary>Signs a token. Issuer, issue time and, where absent, the start of validity are filled in.</summary>
    public string Sign(TokenClaims claims)
    {
        var now = _clock.GetUtcNow().ToUnixTimeSeconds();
        var complete = claims with
        {
            Issuer = Issuer,
            IssuedAt = now,
            NotBefore = claims.NotBefore == 0 ? now : claims.NotBefore,
        };
        var signed = $"{Header}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(complete, Json))}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(_secrets[0], Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>Checks signature, issuer, audience and times of a token. Never throws for what a stranger may send.</summary>
    /// <param name="token">The token as it came.</param>
    /// <param name="audiences">Whom the token must be meant for: any of these.</param>
    public TokenCheck Verify(string token, params ReadOnlySpan<string> audiences)
    {
        if (token.Length > MaximumTokenLength || !Ascii.IsValid(token))
            return Refused(TokenRefusal.Invalid);
        var parts = token.Split('.');
        if (parts.Length != 3 || !SignatureFits(parts) || !HeaderIsOurs(parts[0]) || ReadClaims(parts[1]) is not { } claims)
            return Refused(TokenRefusal.Invalid);
        if (claims.Issuer != Issuer || claims.Audience is null || !audiences.Contains(claims.Audience) || string.IsNullOrEmpty(claims.Subject))
            return Refused(TokenRefusal.Invalid);

        var now = _clock.GetUtcNow().ToUnixTimeSeconds();
        if (claims.NotBefore > now + (long)ClockSkew.TotalSeconds)
            return Refused(TokenRefusal.Invalid);
        return claims.ExpiresAt <= now ? Refused(TokenRefusal.Expired) : new TokenCheck(claims, null);
    }

    private static byte[][] Keys(string secret, string? previous)
    {
        byte[][] keys = previous is null ? [Encoding.UTF8.GetBytes(secret)] : [Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(previous)];
        return keys.All(bytes => bytes.Length >= MinimumSecretBytes) ? keys : throw new ArgumentException($"A secret needs at least {MinimumSecretBytes} bytes.", nameof(secret));
    }

    private static TokenCheck Refused(TokenRefusal why) => new(null, why);

    private bool SignatureFits(string[] parts)
    {
        Span<byte> claimed = stackalloc byte[HMACSHA256.HashSizeInBytes];
        // 43 characters are 32 bytes; any other length cannot be one of ours.
        if (parts[2].Length != 43
            || Base64Url.DecodeFromChars(parts[2], claimed, out _, out var written) != OperationStatus.Done || written != claimed.Length)
            return false;
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        Span<byte> actual = stackalloc byte[HMACSHA256.HashSizeInBytes];
        foreach (var secret in _secrets)
        {
            HMACSHA256.HashData(secret, signed, actual);
            if (CryptographicOperations.FixedTimeEquals(claimed, actual))
                return true;
        }
        return false;
    }

    // Another service that shares the secret may order or format the header differently.
    private static bool HeaderIsOurs(string encoded)
    {
        if (encoded == Header)
            return true;
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(encoded), new JsonDocumentOptions { MaxDepth = 4 });
            return header.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("alg", out var alg) && alg.ValueKind == JsonValueKind.String && alg.GetString() == "HS256"
                && !root.TryGetProperty("crit", out _);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return false;
        }
    }

    private static TokenClaims? ReadClaims(string encoded)
    {
        try
        {
            return JsonSerializer.Deserialize<TokenClaims>(Base64Url.DecodeFromChars(encoded), Json);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }
}
