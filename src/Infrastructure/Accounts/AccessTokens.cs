using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>What a valid access token says: whose it is and since when.</summary>
public readonly record struct AccessTokenCheck(Guid UserId, DateTimeOffset IssuedAt, TokenRefusal? Refusal);

/// <summary>Access tokens of people: audience <c>platform</c>, subject the user's id, with e-mail and role for the labeler.</summary>
public sealed class AccessTokens(SignedToken tokens, AccountSettings settings, TimeProvider clock)
{
    private const string Audience = "platform";

    public TimeSpan Lifetime => settings.AccessTokenLifetime;

    public string Issue(User user) => tokens.Sign(new TokenClaims
    {
        Audience = Audience,
        Subject = user.Id.ToString(),
        Email = user.Email,
        Role = AccessPolicy.NameOf(user.Role),
        Id = Guid.CreateVersion7().ToString("N"),
        ExpiresAt = (clock.GetUtcNow() + settings.AccessTokenLifetime).ToUnixTimeSeconds(),
    });

    /// <summary>Checks signature and times. Whether the account still exists and is active is for the caller to look up.</summary>
    public AccessTokenCheck Verify(string token) => tokens.Verify(token, Audience) switch
    {
        { Claims: { } claims } when Guid.TryParseExact(claims.Subject, "D", out var id) =>
            new(id, DateTimeOffset.FromUnixTimeSeconds(claims.IssuedAt), null),
        { Refusal: { } refusal } => new(default, default, refusal),
        _ => new(default, default, TokenRefusal.Invalid),
    };
}
