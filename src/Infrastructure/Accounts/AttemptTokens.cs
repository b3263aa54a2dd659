namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>The outcome of checking a trainer's token: which attempt it speaks for, or why it is refused.</summary>
public readonly record struct AttemptTokenCheck(Guid? AttemptId, TokenRefusal? Refusal);

/// <summary>
/// Tokens that let a trainer report for one attempt of one job and nothing else. Audience <c>trainer</c>, subject the
/// attempt's id; a person's access token is never accepted in its place, nor the other way round.
/// </summary>
public sealed class AttemptTokens(SignedToken tokens)
{
    private const string Audience = "trainer";

    /// <summary>A token for the attempt, good until the given time.</summary>
    public string Mint(Guid attemptId, DateTimeOffset expiresAt) => tokens.Sign(new TokenClaims
    {
        Audience = Audience,
        Subject = attemptId.ToString(),
        ExpiresAt = expiresAt.ToUnixTimeSeconds(),
    });

    /// <summary>Checks a token. Whether the attempt still wants reports is for the caller to look up.</summary>
    public AttemptTokenCheck Verify(string token) => tokens.Verify(token, Audience) switch
    {
        { Claims.Subject: { } subject } when Guid.TryParseExact(subject, "D", out var id) => new(id, null),
        { Refusal: { } refusal } => new(null, refusal),
        _ => new(null, TokenRefusal.Invalid),
    };
}
