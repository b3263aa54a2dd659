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
    private const string TicketAudience = "trainer-request";

    /// <summary>Creates a token for the attempt that is valid until the given time.</summary>
    public string Mint(Guid attemptId, DateTimeOffset expiresAt) => Sign(Audience, attemptId, expiresAt);

    /// <summary>Creates a ticket with which an execution fetches the request of its attempt. It is no token for callbacks.</summary>
    public string MintTicket(Guid attemptId, DateTimeOffset expiresAt) => Sign(TicketAudience, attemptId, expiresAt);

    /// <summary>Checks a token. The caller must check that the attempt is still active.</summary>
    public AttemptTokenCheck Verify(string token) => Verify(token, Audience);

    /// <summary>Checks a ticket. The caller must check that the attempt has not begun.</summary>
    public AttemptTokenCheck VerifyTicket(string ticket) => Verify(ticket, TicketAudience);

    private string Sign(string audience, Guid attemptId, DateTimeOffset expiresAt) =>
        tokens.Sign(new TokenClaims { Audience = audience, Subject = attemptId.ToString(), ExpiresAt = expiresAt.ToUnixTimeSeconds() });

    private AttemptTokenCheck Verify(string token, string audience) => tokens.Verify(token, audience) switch
    {
        { Claims.Subject: { } subject } when Guid.TryParseExact(subject, "D", out var id) => new(id, null),
        { Refusal: { } refusal } => new(null, refusal),
        _ => new(null, TokenRefusal.Invalid),
    };
}
