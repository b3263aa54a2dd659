using VisionPlatform.Cli.Demo;

namespace VisionPlatform.Cli.Tests.Demo;

public sealed class CredentialsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Credentials_are_saved_in_a_file_that_only_its_owner_can_read_and_load_unchanged()
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
    public void The_error_for_a_file_with_other_content_names_the_file()
    {
        var file = new FileInfo(Path.Combine(_folder.FullName, "credentials.json"));
        File.WriteAllText(file.FullName, "{\"email\":\"a@b.c\"}");

        var failure = Assert.Throws<CommandException>(() => Credentials.Load(file));

        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Contains(file.FullName, failure.Message);
    }

    [Fact]
    public void Without_a_file_there_are_no_credentials() => Assert.Null(Credentials.Load(new FileInfo(Path.Combine(_folder.FullName, "none"))));
}
