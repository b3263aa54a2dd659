using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>The claims of a valid service token.</summary>
/// <param name="Service">The calling service.</param>
/// <param name="UserId">The account that it acts for.</param>
/// <param name="Scopes">What it may be used for.</param>
public sealed record ServiceTokenClaims(string Service, Guid UserId, IReadOnlyList<string> Scopes);

/// <summary>The claims of a valid service token, or why the token was refused.</summary>
public readonly record struct ServiceTokenCheck(ServiceTokenClaims? Claims, TokenRefusal? Refusal);

/// <summary>
/// Tokens with which one service calls another for a person, for five minutes and within scopes. Audience
/// <c>service:</c> and the called module, subject the person's id, <c>azp</c> the calling service, <c>scope</c> the
/// scopes separated by spaces. A service that has JWT_SECRET can sign its own tokens in this form.
/// </summary>
public sealed class ServiceTokens(SignedToken tokens, TimeProvider time)
{
    /// <summary>How long a token is valid.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public string Issue(string service, Guid userId, AppModule audience, TokenScopes scopes) => tokens.Sign(new TokenClaims
    {
        Audience = AudienceOf(audience),
        Subject = userId.ToString(),
        AuthorizedParty = service,
        Scope = string.Join(' ', scopes.Names),
        Id = Guid.CreateVersion7().ToString("N"),
        ExpiresAt = (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds(),
    });

    /// <summary>Checks signature, times and audience. Refuses a token with a longer lifetime than <see cref="Lifetime"/>.</summary>
    public ServiceTokenCheck Verify(string token, AppModule module)
    {
        var check = tokens.Verify(token, module is AppModule.Accounts or AppModule.Operations ? [AudienceOf(AppModule.Platform), AudienceOf(AppModule.Labeling)] : [AudienceOf(module)]);
        return check.Claims is not { } claims ? new(null, check.Refusal)
            : Guid.TryParseExact(claims.Subject, "D", out var user) && claims is { AuthorizedParty.Length: > 0, Scope: not null }
                && claims.ExpiresAt - claims.IssuedAt <= (long)Lifetime.TotalSeconds
                ? new(new ServiceTokenClaims(claims.AuthorizedParty, user, claims.Scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)), null)
                : new(null, TokenRefusal.Invalid);
    }

    private static string AudienceOf(AppModule module) => $"service:{module.AsText()}";
}
