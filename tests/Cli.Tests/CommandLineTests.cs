namespace VisionPlatform.Cli.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--images' is required", "demo")]
    [InlineData("--epochs is a number from 1 to 1000.", "demo", "--images", "/tmp", "--epochs", "0")]
    [InlineData("--epochs is a number from 1 to 1000.", "demo", "--images", "/tmp", "--epochs", "many")]
    [InlineData("--timeout is a number from 0 to 86400.", "database", "migrate", "--timeout", "-1")]
    [InlineData("'datbase' is no command or option here.", "datbase", "migrate")]
    [InlineData("Required command was not provided.")]
    public async Task A_wrong_argument_gives_one_line_on_stderr_and_exit_code_2(string message, params string[] args)
    {
        var (exitCode, output, error) = await RunAsync(args);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Empty(output);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(message, error);
    }

    [Theory]
    [InlineData("is not an http or https address", "--url", "ftp://platform")]
    [InlineData("does not exist", "--images", "/no/such/folder")]
    [InlineData("has no images in class folders")]
    public async Task The_demo_reports_unusable_input_before_it_sends_anything(string message, params string[] args)
    {
        var empty = Directory.CreateTempSubdirectory();
        try
        {
            string[] images = args is ["--images", ..] ? [] : ["--images", empty.FullName];

            var (exitCode, output, error) = await RunAsync(["demo", .. images, .. args]);

            Assert.Equal((ExitCode.Usage, ""), (exitCode, output));
            Assert.Contains(message, error);
        }
        finally
        {
            empty.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Help_lists_the_commands_and_succeeds()
    {
        var (exitCode, output, _) = await RunAsync(["--help"]);

        Assert.Equal(ExitCode.Success, exitCode);
        Assert.All(["database", "storage", "demo"], command => Assert.Contains(command, output));
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] args)
    {
        using StringWriter output = new(), error = new();
        var exitCode = await CommandLine.RunAsync(args, output, error, TestContext.Current.CancellationToken);
        return (exitCode, output.ToString(), error.ToString());
    }
}
