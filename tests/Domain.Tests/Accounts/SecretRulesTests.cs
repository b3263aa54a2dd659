using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Domain.Tests.Accounts;

public sealed class SecretRulesTests
{
    [Theory]
    [InlineData("q3VZ8c1mH0nTtE7yPpLxKw2sRj5uB9dA")]
    [InlineData("4f1c9b0e7a5d3826f0b1c2d3e4a59687")]
    [InlineData("a phrase that nobody but me would think of")]
    [InlineData("admin-Q7v2Zk9Lm4Xt8Wc1Rb6")]
    public void Long_random_secrets_are_accepted(string secret) => Assert.Null(SecretRules.Problem(secret));

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("1212121212121212121212121212121212")]
    [InlineData("change-me-change-me-change-me-now!")]
    [InlineData("your-secret-key-change-this-please")]
    [InlineData("Super_Secret_Password_123456789012")]
    [InlineData("example-example-example-example-1")]
    [InlineData("minioadmin-minioadmin-minioadmin")]
    public void Short_repetitive_and_well_known_secrets_are_refused(string secret) => Assert.NotNull(SecretRules.Problem(secret));
}
