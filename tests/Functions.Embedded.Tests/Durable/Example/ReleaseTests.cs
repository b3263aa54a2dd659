using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Functions.Embedded.Tests.Worker;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Example;

/// <summary>The example of docs/engine.md.</summary>
public sealed class ReleaseTests(PostgresServer postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_example_releases_the_best_model_after_its_approval()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(ReleaseFunctions)], new() { ["DATABASE_URL"] = await postgres.NewDatabaseAsync() });
        var client = app.Host.Services.GetRequiredService<DurableTaskClient>();

        HttpResponseMessage started = await app.Client.PostAsJsonAsync("/api/releases", (string[])["resnet18", "cnn"], Cancellation);
        string id = (await started.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("id").GetString()!;
        await Eventually.TrueAsync(
            async () => (await client.GetInstanceAsync(id, getInputsAndOutputs: true, Cancellation))?.ReadCustomStatusAs<string>() == "waits for the approval of cnn",
            "the orchestration waits for the approval");
        await client.RaiseEventAsync(id, "Approval", true, Cancellation);

        OrchestrationMetadata end = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Cancellation).EndsAsync();
        Assert.Equal("cnn released", end.ReadOutputAs<string>());
    }

    [Fact]
    public void The_documentation_shows_the_example_as_it_is_compiled()
    {
        string code = File.ReadAllText(Path.Combine(Repository(), "tests/Functions.Embedded.Tests/Durable/Example/ReleaseFunctions.cs"));
        string shown = code[code.IndexOf("public sealed record", StringComparison.Ordinal)..];

        Assert.Contains($"```csharp\n{shown}```", File.ReadAllText(Path.Combine(Repository(), "docs/engine.md")));
    }

    private static string Repository()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Platform.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return folder;
    }
}
