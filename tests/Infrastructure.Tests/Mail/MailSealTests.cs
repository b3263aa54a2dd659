using Microsoft.Extensions.Configuration;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Mail;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Tests.Mail;

public sealed class MailSealTests
{
    private const string First = "the first secret, which is long enough";
    private const string Second = "the second secret, which is long enough";

    [Fact]
    public void A_mail_opens_only_with_its_secret_also_when_that_is_the_previous_one()
    {
        var content = With(First).Seal("Grüße");

        Assert.Equal("Grüße", With(First).Open(content));
        Assert.Equal("Grüße", With(Second, previous: First).Open(content));
        Assert.Null(With(Second).Open(content));
    }

    [Fact]
    public void A_mail_sealed_by_an_earlier_version_opens_and_its_key_has_the_same_name()
    {
        // Sealed by a version in which the mail queue did its own sealing.
        var content = Convert.FromHexString("18c1f4017d0a5c40584248c9201c2e97ed799723f271bd380dc05e2e5d2e059f260b1b");

        Assert.Equal("Grüße", With(First).Open(content));
        Assert.Equal("209dda83bd05b8f5", Assert.Single(With(First).KeyNames));
    }

    [Fact]
    public void Changed_or_truncated_content_does_not_open()
    {
        var content = With(First).Seal("Grüße");
        content[^1] ^= 1;

        Assert.Null(With(First).Open(content));
        Assert.Null(With(First).Open([1, 2, 3]));
        Assert.NotEqual(With(First).Seal("x"), With(First).Seal("x"));
    }

    private static MailSeal With(string secret, string? previous = null) => new(SettingsReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("JWT_SECRET", (string?)secret), KeyValuePair.Create("JWT_SECRET_PREVIOUS", previous)]).Build(), AccountSettings.From));
}
