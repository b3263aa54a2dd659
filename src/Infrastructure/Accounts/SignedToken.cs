using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

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

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);
    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = 4096 };
    private static readonly JsonSerializerOptions Json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = 4,
    };

    // Replaced as a whole, never changed.
    private volatile Keys _keys;
    private readonly TimeProvider _clock;

    /// <param name="secret">The shared secret; its UTF-8 bytes are the key.</param>
    /// <param name="time">What the time is.</param>
    /// <param name="previous">The secret before this one, as long as tokens signed with it may be about.</param>
    /// <exception cref="ArgumentException">A secret is shorter than <see cref="MinimumSecretBytes"/>.</exception>
    public SignedToken(string secret, TimeProvider time, string? previous = null)
    {
        _keys = new Keys(secret, previous);
        _clock = time;
    }

    /// <summary>Goes on with other secrets, as after a change in the key vault.</summary>
    /// <exception cref="ArgumentException">A secret is shorter than <see cref="MinimumSecretBytes"/>.</exception>
    public void Use(string secret, string? previous) => _keys = new Keys(secret, previous);

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
        return Handler.CreateToken(JsonSerializer.Serialize(complete, Json), _keys.Signing);
    }

    /// <summary>Checks signature, issuer, audience and times of a token. Never throws for what a stranger may send.</summary>
    /// <param name="token">The token as it came.</param>
    /// <param name="audiences">Whom the token must be meant for: any of these.</param>
    public TokenCheck Verify(string token, params ReadOnlySpan<string> audiences)
    {
        if (ReadSigned(token) is not { } claims || claims.Audience is null || !audiences.Contains(claims.Audience) || string.IsNullOrEmpty(claims.Subject))
            return Refused(TokenRefusal.Invalid);

        var now = _clock.GetUtcNow().ToUnixTimeSeconds();
        if (claims.NotBefore > now + (long)ClockSkew.TotalSeconds)
            return Refused(TokenRefusal.Invalid);
        return claims.ExpiresAt <= now ? Refused(TokenRefusal.Expired) : new TokenCheck(claims, null);
    }

    private static TokenCheck Refused(TokenRefusal why) => new(null, why);

    /// <summary>The claims of a token that we signed; null for any other.</summary>
    private TokenClaims? ReadSigned(string token)
    {
        // Checked first: the validation throws and catches an exception for text that is no token.
        if (!Handler.CanReadToken(token))
            return null;
        // Nothing is fetched, so the task is complete.
        var validated = Handler.ValidateTokenAsync(token, _keys.Validation).GetAwaiter().GetResult();
        // The library ignores critical headers; a token with one that is not understood must be refused (RFC 7515 4.1.11).
        if (!validated.IsValid || validated.SecurityToken is not JsonWebToken read || read.TryGetHeaderValue<object>("crit", out _))
            return null;
        try
        {
            // Read strictly: the library would accept a list of audiences, and text in place of a number.
            return JsonSerializer.Deserialize<TokenClaims>(Base64Url.DecodeFromChars(read.EncodedPayload), Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The secrets in the forms that signing and validation take.</summary>
    private sealed class Keys
    {
        public Keys(string secret, string? previous)
        {
            SecurityKey[] keys = previous is null ? [KeyOf(secret)] : [KeyOf(secret), KeyOf(previous)];
            Signing = new SigningCredentials(keys[0], SecurityAlgorithms.HmacSha256);
            Validation = new TokenValidationParameters
            {
                IssuerSigningKeys = keys,
                ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
                ValidIssuer = Issuer,
                // Verify checks both. Each kind of token is tried in turn, and the library would throw for every token of another kind.
                // The library has one clock skew for start and end; here only the start has one.
                ValidateAudience = false,
                ValidateLifetime = false,
            };
        }

        public SigningCredentials Signing { get; }
        public TokenValidationParameters Validation { get; }

        private static SymmetricSecurityKey KeyOf(string secret) => Encoding.UTF8.GetBytes(secret) is { Length: >= MinimumSecretBytes } bytes
            ? new SymmetricSecurityKey(bytes)
            : throw new ArgumentException($"A secret needs at least {MinimumSecretBytes} bytes.", nameof(secret));
    }
}
