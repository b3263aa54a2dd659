using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>What a valid service token says.</summary>
/// <param name="Service">Who calls.</param>
/// <param name="UserId">In whose name.</param>
/// <param name="Scopes">What it may be used for.</param>
public sealed record ServiceTokenClaims(string Service, Guid UserId, IReadOnlyList<string> Scopes);

/// <summary>The outcome of checking a service token.</summary>
public readonly record struct ServiceTokenCheck(ServiceTokenClaims? Claims, TokenRefusal? Refusal);

/// <summary>
/// Tokens by which one service calls another in the name of a person, for five minutes and within scopes. Audience
/// <c>service:</c> and the module that is called, subject the person's id, <c>azp</c> the calling service, <c>scope</c> the
/// scopes with spaces between them. A service that holds JWT_SECRET may sign its own in this form.
/// </summary>
public sealed class ServiceTokens(SignedToken tokens, TimeProvider time)
{
    /// <summary>How long one is good.</summary>
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

    /// <summary>Checks signature, times and audience. A token that claims to be good for longer than <see cref="Lifetime"/> is none of these.</summary>
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
