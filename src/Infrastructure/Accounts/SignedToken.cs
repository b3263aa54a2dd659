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

    /// <summary>The session of the token (OpenID Connect Front-Channel Logout 3).</summary>
    [JsonPropertyName("sid")] public string? SessionId { get; init; }

    /// <summary>The calling service (OpenID Connect Core 2).</summary>
    [JsonPropertyName("azp")] public string? AuthorizedParty { get; init; }

    /// <summary>Scopes separated by spaces (RFC 8693 4.2).</summary>
    [JsonPropertyName("scope")] public string? Scope { get; init; }
}

/// <summary>Why a token was refused. The caller learns only <see cref="Expired"/>, because a new token solves it.</summary>
public enum TokenRefusal
{
    Invalid,
    Expired,
}

/// <summary>The claims of a valid token, or why the token was refused.</summary>
public readonly record struct TokenCheck(TokenClaims? Claims, TokenRefusal? Refusal);

/// <summary>
/// JSON Web Tokens in compact form, signed with HMAC-SHA-256 (RFC 7515, RFC 7518 3.2). The algorithm is fixed; the
/// header of a token does not choose it. During a rotation tokens of the previous secret are accepted, and only the
/// current secret signs.
/// </summary>
public sealed class SignedToken
{
    /// <summary>The issuer of every token, also of those that the labeler signs with the shared secret.</summary>
    public const string Issuer = "vision-platform";

    /// <summary>Least size of a secret in bytes: the size of the hash (RFC 7518 3.2).</summary>
    public const int MinimumSecretBytes = 32;

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);
    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = 4096 };
    private static readonly JsonSerializerOptions Json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = 4,
    };

    // Immutable; a rotation replaces the whole object.
    private volatile Keys _keys;
    private readonly TimeProvider _time;

    /// <param name="secret">The shared secret; its UTF-8 bytes are the key.</param>
    /// <param name="time">The clock.</param>
    /// <param name="previous">The previous secret, as long as tokens signed with it may exist.</param>
    /// <exception cref="ArgumentException">A secret is shorter than <see cref="MinimumSecretBytes"/>.</exception>
    public SignedToken(string secret, TimeProvider time, string? previous = null)
    {
        _keys = new Keys(secret, previous);
        _time = time;
    }

    /// <summary>Replaces the secrets, e.g. after a change in the key vault.</summary>
    /// <exception cref="ArgumentException">A secret is shorter than <see cref="MinimumSecretBytes"/>.</exception>
    public void Use(string secret, string? previous) => _keys = new Keys(secret, previous);

    /// <summary>Signs a token. Sets the issuer, the issue time and, if it is missing, the start of validity.</summary>
    public string Sign(TokenClaims claims)
    {
        var now = _time.GetUtcNow().ToUnixTimeSeconds();
        var complete = claims with
        {
            Issuer = Issuer,
            IssuedAt = now,
            NotBefore = claims.NotBefore == 0 ? now : claims.NotBefore,
        };
        return Handler.CreateToken(JsonSerializer.Serialize(complete, Json), _keys.Signing);
    }

    /// <summary>Checks signature, issuer, audience and times of a token. Does not throw for any text.</summary>
    /// <param name="token">The token.</param>
    /// <param name="audiences">Accepted audiences; the token must have one of them.</param>
    public TokenCheck Verify(string token, params ReadOnlySpan<string> audiences)
    {
        if (ReadSigned(token) is not { } claims || claims.Audience is null || !audiences.Contains(claims.Audience) || string.IsNullOrEmpty(claims.Subject))
            return Refused(TokenRefusal.Invalid);

        var now = _time.GetUtcNow().ToUnixTimeSeconds();
        if (claims.NotBefore > now + (long)ClockSkew.TotalSeconds)
            return Refused(TokenRefusal.Invalid);
        return claims.ExpiresAt <= now ? Refused(TokenRefusal.Expired) : new TokenCheck(claims, null);
    }

    private static TokenCheck Refused(TokenRefusal why) => new(null, why);

    /// <summary>The claims of a token with a valid signature; null for any other token.</summary>
    private TokenClaims? ReadSigned(string token)
    {
        // Check this first: the library throws and catches an exception for text that is not a token.
        if (!Handler.CanReadToken(token))
            return null;
        // The keys are local, so the task has completed.
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

    /// <summary>The secrets in the forms that signing and validation need.</summary>
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
                // Verify checks both. Callers try one kind of token after another, and the library would throw for each token of another kind.
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
