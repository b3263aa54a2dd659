using System.Diagnostics;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>Checks the description with Redocly's recommended rules for any OpenAPI document (docs/redocly.yaml).</summary>
public sealed class LintTests
{
    [Fact]
    public async Task The_description_passes_the_rules_of_Redocly()
    {
        var (code, output) = await LintAsync(ApiDescription.Present.Text);

        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task A_description_that_breaks_a_rule_is_refused()
    {
        var (code, output) = await LintAsync(ApiDescription.Present.Text.Replace("\"operationId\": \"login\"", "\"operationId\": \"logout\"", StringComparison.Ordinal));

        Assert.Equal(1, code);
        Assert.Contains("operation-operationId-unique", output);
    }

    private static async Task<(int Code, string Output)> LintAsync(string description)
    {
        var folder = Directory.CreateTempSubdirectory("openapi-");
        try
        {
            var file = Path.Combine(folder.FullName, "openapi.json");
            await File.WriteAllTextAsync(file, description);
            using var process = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "platform"), ["openapi", "--lint", file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, $"{output}\n{await error}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
