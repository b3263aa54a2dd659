namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>The attempt of a valid trainer's token, or why the token was refused.</summary>
public readonly record struct AttemptTokenCheck(Guid? AttemptId, TokenRefusal? Refusal);

/// <summary>
/// Tokens that let a trainer report for one attempt of one job and nothing else. Audience <c>trainer</c>, subject the
/// attempt's id. Neither this nor an access token is ever accepted in place of the other.
/// </summary>
public sealed class AttemptTokens(SignedToken tokens)
{
    private const string Audience = "trainer";

    /// <summary>Creates a token for the attempt that is valid until the given time.</summary>
    public string Mint(Guid attemptId, DateTimeOffset expiresAt) => tokens.Sign(new TokenClaims
    {
        Audience = Audience,
        Subject = attemptId.ToString(),
        ExpiresAt = expiresAt.ToUnixTimeSeconds(),
    });

    /// <summary>Checks a token. The caller must check that the attempt is still active.</summary>
    public AttemptTokenCheck Verify(string token) => tokens.Verify(token, Audience) switch
    {
        { Claims.Subject: { } subject } when Guid.TryParseExact(subject, "D", out var id) => new(id, null),
        { Refusal: { } refusal } => new(null, refusal),
        _ => new(null, TokenRefusal.Invalid),
    };
}
