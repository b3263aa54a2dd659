using VisionPlatform.Cli.Demo;

namespace VisionPlatform.Cli.Tests.Demo;

public sealed class CredentialsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Credentials_come_back_as_saved_from_a_file_that_only_its_owner_can_read()
    {
        var file = new FileInfo(Path.Combine(_folder.FullName, "new-folder", "credentials.json"));
        var saved = new Credentials("admin@example.com", Credentials.NewPassword());

        saved.Save(file);
        saved.Save(file);

        Assert.Equal(saved, Credentials.Load(file));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.FullName));
    }

    [Fact]
    public void A_file_with_something_else_in_it_is_named_in_the_error()
    {
        var file = new FileInfo(Path.Combine(_folder.FullName, "credentials.json"));
        File.WriteAllText(file.FullName, "{\"email\":\"a@b.c\"}");

        var failure = Assert.Throws<CommandException>(() => Credentials.Load(file));

        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Contains(file.FullName, failure.Message);
    }

    [Fact]
    public void No_file_is_no_credentials() => Assert.Null(Credentials.Load(new FileInfo(Path.Combine(_folder.FullName, "none"))));
}
