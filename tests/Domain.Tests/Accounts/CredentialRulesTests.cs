using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Domain.Tests.Accounts;

public sealed class CredentialRulesTests
{
    [Theory]
    [InlineData("correct horse battery staple")]
    [InlineData("Tr0ub4dor&3-and-more")]
    [InlineData("비밀번호는 길어야 합니다")]
    [InlineData("my password likes tulips")]
    public void Long_passwords_of_any_kind_are_accepted(string password) => Assert.Empty(PasswordRules.Check(password, "someone@example.org"));

    [Theory]
    [InlineData("elevenchars")]
    [InlineData("aaaaaaaaaaaaaaaa")]
    [InlineData("abababababababab")]
    [InlineData("Password12345!")]
    [InlineData("pASSWORD12345!")]
    [InlineData("xx SOMEONE and 73 more")]
    [InlineData("qwertyuiop123456")]
    [InlineData("admin1234567890")]
    [InlineData("someone-someone!")]
    public void Short_repetitive_common_and_account_derived_passwords_are_refused(string password) =>
        Assert.NotEmpty(PasswordRules.Check(password, "someone@example.org"));

    [Fact]
    public void A_password_above_the_maximum_length_is_refused() =>
        Assert.NotEmpty(PasswordRules.Check(string.Concat(Enumerable.Repeat("0123456789abcdef", 17)), "someone@example.org"));

    [Theory]
    [InlineData(" Ann@Example.ORG ", "ann@example.org")]
    [InlineData("a.b+tag@sub.example.org", "a.b+tag@sub.example.org")]
    [InlineData("ZO\u00cb@example.org", "zo\u00eb@example.org")]
    public void An_address_is_normalised_to_one_spelling(string text, string expected)
    {
        Assert.True(EmailAddress.TryNormalise(text, out var normalised));
        Assert.Equal(expected, normalised);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("no address")]
    [InlineData("Ann <ann@example.org>")]
    [InlineData("ann@example.org\nbcc: x@y.z")]
    [InlineData("a\0b@example.org")]
    [InlineData("half\ud800@example.org")]
    [InlineData("zoe\u0308@example.org")]
    [InlineData("a\u200bnn@example.org")]
    [InlineData("\u202eann@example.org")]
    [InlineData("a\u200dnn@example.org")]
    public void Text_that_is_not_a_plain_address_is_refused(string? text) => Assert.False(EmailAddress.TryNormalise(text, out _));
}
