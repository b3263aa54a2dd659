using MimeKit;
using VisionPlatform.Infrastructure.Mail;

namespace VisionPlatform.Infrastructure.Tests.Mail;

public sealed class MailDropTests : IDisposable
{
    private const string Link = "https://platform.example.test/reset-password#token=abc_DEF-1234567890-abc_DEF-1234567890-abc_DEF-1234567890-abc_DEF-1234567890";

    private readonly string _folder = Directory.CreateTempSubdirectory("mail-drop-").FullName;

    [Fact]
    public async Task A_dropped_mail_is_a_private_text_file_with_an_intact_link_and_unencoded_letters()
    {
        var settings = new MailSettings(null, 0, null, null, MailEncryption.None, new MailboxAddress("", "no-reply@platform.example.test"), _folder, TimeSpan.Zero, 0, 0);

        await new MailDrop(settings, TimeProvider.System).SendAsync(Guid.CreateVersion7(), new OutgoingMail("zoë@example.test", "Prüfung", $"Grüße,\n\n{Link}\n"), TestContext.Current.CancellationToken);

        var file = Assert.Single(Directory.GetFiles(_folder));
        var lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains(Link, lines);
        Assert.Contains("Grüße,", lines);
        Assert.Contains("To: zoë@example.test", lines);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
