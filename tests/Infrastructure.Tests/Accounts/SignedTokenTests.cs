using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Infrastructure.Tests.Accounts;

public sealed class SignedTokenTests
{
    private const string Secret = "an independent secret of 40 characters!!";
    private const string Subject = "0193e0a0-0000-7000-8000-000000000001";

    // Made with Python's hmac and json modules: iat = nbf = 2026-01-01T00:00:00Z, exp one hour later.
    private const string Foreign =
        "eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
        + "eyJpc3MiOiAidmlzaW9uLXBsYXRmb3JtIiwgImF1ZCI6ICJwbGF0Zm9ybSIsICJzdWIiOiAiMDE5M2UwYTAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwgImlhdCI6IDE3NjcyMjU2MDAsICJuYmYiOiAxNzY3MjI1NjAwLCAiZXhwIjogMTc2NzIyOTIwMH0."
        + "sJ-7iTx0_xu-3DjJDib6W4jJzqbZGUjoPSHmLfywI0Y";

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly StoppedClock _clock = new() { Now = Start };
    private readonly SignedToken _tokens;

    public SignedTokenTests() => _tokens = new SignedToken(Secret, _clock);

    [Fact]
    public void A_token_signed_by_another_implementation_verifies()
    {
        var check = _tokens.Verify(Foreign, "platform");

        Assert.Null(check.Refusal);
        Assert.Equal(Subject, check.Claims!.Subject);
    }

    [Fact]
    public void Our_own_tokens_verify_with_all_their_claims()
    {
        var token = _tokens.Sign(new TokenClaims { Audience = "platform", Subject = Subject, Email = "a@b.c", Role = "admin", Id = "1", ExpiresAt = Start.AddHours(1).ToUnixTimeSeconds() });

        var claims = _tokens.Verify(token, "platform").Claims!;

        Assert.Equal(("a@b.c", "admin", "1", SignedToken.Issuer, Start.ToUnixTimeSeconds()), (claims.Email, claims.Role, claims.Id, claims.Issuer, claims.IssuedAt));
    }

    [Fact]
    public void A_token_expires_exactly_at_its_expiry()
    {
        _clock.Now = Start.AddSeconds(3599);
        Assert.Null(_tokens.Verify(Foreign, "platform").Refusal);
        _clock.Now = Start.AddSeconds(3600);
        Assert.Equal(TokenRefusal.Expired, _tokens.Verify(Foreign, "platform").Refusal);
    }

    [Fact]
    public void A_token_from_more_than_half_a_minute_in_the_future_is_refused()
    {
        _clock.Now = Start.AddSeconds(-30);
        Assert.Null(_tokens.Verify(Foreign, "platform").Refusal);
        _clock.Now = Start.AddSeconds(-31);
        Assert.Equal(TokenRefusal.Invalid, _tokens.Verify(Foreign, "platform").Refusal);
    }

    [Fact]
    public void A_token_for_another_audience_issuer_or_secret_is_refused()
    {
        AssertInvalid(Foreign, "trainer");
        AssertInvalid(Signed("""{"alg":"HS256"}""", Payload.Replace("vision-platform", "somebody-else", StringComparison.Ordinal)));
        Assert.Equal(TokenRefusal.Invalid, new SignedToken(Secret.Replace('a', 'b'), _clock).Verify(Foreign, "platform").Refusal);
    }

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"HS512"}""")]
    [InlineData("""{"alg":"RS256"}""")]
    [InlineData("""{"alg":["HS256"]}""")]
    [InlineData("""{"typ":"JWT"}""")]
    [InlineData("""{"alg":"HS256","crit":["x"],"x":1}""")]
    [InlineData("""["HS256"]""")]
    [InlineData("not json")]
    public void Another_header_is_refused_even_with_a_correct_signature(string header) =>
        AssertInvalid(Signed(header, Payload));

    [Fact]
    public void A_token_signed_with_another_algorithm_is_refused()
    {
        const string secret = "a secret of at least sixty-four characters, enough for any of the hashes";
        var tokens = new SignedToken(secret, _clock);
        var signed = $"{Encode("""{"alg":"HS512","typ":"JWT"}""")}.{Encode(Payload)}";

        var token = $"{signed}.{Base64Url.EncodeToString(HMACSHA512.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(signed)))}";

        Assert.Equal(TokenRefusal.Invalid, tokens.Verify(token, "platform").Refusal);
    }

    [Theory]
    [InlineData("""{"alg":"HS256"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"HS256","kid":"of another service"}""")]
    public void Equivalent_spellings_of_the_header_are_accepted(string header) =>
        Assert.Equal(Subject, _tokens.Verify(Signed(header, Payload), "platform").Claims?.Subject);

    [Fact]
    public void The_bytes_of_a_token_do_not_change_between_versions()
    {
        var token = _tokens.Sign(new TokenClaims { Audience = "platform", Subject = Subject, ExpiresAt = Start.AddHours(1).ToUnixTimeSeconds() });

        Assert.Equal(Signed("""{"alg":"HS256","typ":"JWT"}""", Payload), token);
    }

    [Fact]
    public void A_token_longer_than_four_kilobytes_is_refused()
    {
        Assert.NotNull(_tokens.Verify(_tokens.Sign(Long(2900)), "platform").Claims);
        AssertInvalid(_tokens.Sign(Long(3100)));

        static TokenClaims Long(int characters) => new() { Audience = "platform", Subject = new string('x', characters), ExpiresAt = Start.AddHours(1).ToUnixTimeSeconds() };
    }

    [Fact]
    public void A_token_with_a_changed_payload_or_signature_is_refused()
    {
        var parts = Foreign.Split('.');
        AssertInvalid($"{parts[0]}.{Encode(Payload.Replace("000000000001", "000000000002", StringComparison.Ordinal))}.{parts[2]}");
        AssertInvalid($"{parts[0]}.{parts[1]}.{parts[2][1..]}a");
        AssertInvalid($"{parts[0]}.{parts[1]}.");
        AssertInvalid($"{Encode("""{"alg":"none"}""")}.{parts[1]}.");
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a.b.c.d")]
    [InlineData("%%%.%%%.%%%")]
    [InlineData("a.b.c.d.e")]
    [InlineData("ä.ö.ü")]
    public void Text_that_is_not_a_token_is_refused_without_an_exception(string text) => AssertInvalid(text);

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"iss":"vision-platform","aud":"platform","exp":9999999999}""")]
    [InlineData("""{"iss":"vision-platform","aud":"platform","sub":"x","exp":"soon"}""")]
    [InlineData("""{"iss":"vision-platform","aud":["platform"],"sub":"x","exp":9999999999}""")]
    [InlineData("""{"iss":"vision-platform","aud":"platform/","sub":"x","exp":9999999999}""")]
    [InlineData("""{"iss":"Vision-Platform","aud":"platform","sub":"x","exp":9999999999}""")]
    [InlineData("""{"iss":"vision-platform","aud":"platform","sub":"x","exp":"9999999999"}""")]
    [InlineData("""{"iss":"vision-platform","aud":"platform","sub":7,"exp":9999999999}""")]
    public void A_payload_with_a_missing_or_mistyped_claim_is_refused(string payload) => AssertInvalid(Signed("""{"alg":"HS256"}""", payload));

    [Fact]
    public void During_a_rotation_the_previous_secret_verifies_and_the_new_one_signs()
    {
        const string next = "the next secret, of forty characters too";
        var both = new SignedToken(next, _clock, previous: Secret);

        Assert.Null(both.Verify(Foreign, "platform").Refusal);
        var fresh = both.Sign(new TokenClaims { Audience = "platform", Subject = Subject, ExpiresAt = Start.AddHours(1).ToUnixTimeSeconds() });
        Assert.Null(new SignedToken(next, _clock).Verify(fresh, "platform").Refusal);
        Assert.Equal(TokenRefusal.Invalid, _tokens.Verify(fresh, "platform").Refusal);
        Assert.Throws<ArgumentException>(() => new SignedToken(next, _clock, previous: "too short"));
    }

    [Fact]
    public void A_short_secret_is_refused_at_startup() => Assert.Throws<ArgumentException>(() => new SignedToken("too short", _clock));

    [Fact]
    public void An_attempt_token_identifies_its_attempt_and_is_not_an_access_token()
    {
        var attempt = Guid.CreateVersion7();
        var attempts = new AttemptTokens(_tokens);
        var token = attempts.Mint(attempt, Start.AddHours(2));

        Assert.Equal(attempt, attempts.Verify(token).AttemptId);
        AssertInvalid(token);
        Assert.Equal(TokenRefusal.Invalid, attempts.Verify(Foreign).Refusal);
        _clock.Now = Start.AddHours(2);
        Assert.Equal(new AttemptTokenCheck(null, TokenRefusal.Expired), attempts.Verify(token));
    }

    private const string Payload =
        """{"iss":"vision-platform","aud":"platform","sub":"0193e0a0-0000-7000-8000-000000000001","iat":1767225600,"nbf":1767225600,"exp":1767229200}""";

    private void AssertInvalid(string token, string audience = "platform") => Assert.Equal(new TokenCheck(null, TokenRefusal.Invalid), _tokens.Verify(token, audience));

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string Signed(string header, string payload)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(signed)))}";
    }

    private sealed class StoppedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
