using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>The account, session and issue time of a valid access token, or why the token was refused.</summary>
public readonly record struct AccessTokenCheck(Guid UserId, Guid SessionId, DateTimeOffset IssuedAt, TokenRefusal? Refusal);

/// <summary>
/// Access tokens of people: audience <c>platform</c>, subject the user's id, <c>sid</c> the session's id. Every module accepts them. E-mail
/// and role are for clients to display; no check uses them.
/// </summary>
public sealed class AccessTokens(SignedToken tokens, AccountSettings settings, TimeProvider time)
{
    private const string Audience = "platform";

    public TimeSpan Lifetime => settings.AccessTokenLifetime;

    public string Issue(User user, Guid sessionId) => tokens.Sign(new TokenClaims
    {
        Audience = Audience,
        Subject = user.Id.ToString(),
        Email = user.Email,
        Role = AccessPolicy.NameOf(user.Role),
        SessionId = sessionId.ToString(),
        Id = Guid.CreateVersion7().ToString("N"),
        ExpiresAt = (time.GetUtcNow() + settings.AccessTokenLifetime).ToUnixTimeSeconds(),
    });

    /// <summary>Checks signature and times. The caller must check that the account and the session are active.</summary>
    public AccessTokenCheck Verify(string token) => tokens.Verify(token, Audience) switch
    {
        { Claims: { } claims } when Guid.TryParseExact(claims.Subject, "D", out var id) && Guid.TryParseExact(claims.SessionId, "D", out var session) =>
            new(id, session, DateTimeOffset.FromUnixTimeSeconds(claims.IssuedAt), null),
        { Refusal: { } refusal } => new(default, default, default, refusal),
        _ => new(default, default, default, TokenRefusal.Invalid),
    };
}
