using System.Diagnostics;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

/// <summary>The commands of docs/accounts.md.</summary>
public sealed class DocumentationTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task A_script_lists_projects_with_the_token_that_the_commands_give_it()
    {
        using var person = await Host.NewUserAsync();
        await person.NewProjectAsync("Steel plates");
        var start = new ProcessStartInfo("bash", ["-e", "-o", "pipefail", "-c", string.Join('\n', DocPage.Commands("docs/accounts.md", "Give a script a token"))])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["API"] = new Uri(Host.App.Address, "api/v1").ToString();
        start.Environment["TOKEN"] = person.AccessToken;

        using var script = Process.Start(start)!;
        var errors = script.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await script.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(script.ExitCode == 0, output + await errors);
        Assert.Equal("Steel plates\n", output);
        var token = Assert.Single((await person.GetAsync("auth/tokens")).Expect(200).Body.GetProperty("items").EnumerateArray());
        Assert.Equal("nightly report", token.GetProperty("name").GetString());
    }
}
