using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>Deploys an export and waits until it answers predictions.</summary>
internal static class Deploy
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(5);

    public static async Task<Deployment> CreateAsync(
        PlatformClient api, ModelExport export, Project project, Terminal terminal, CancellationToken cancellation)
    {
        var deployment = await api.DeployAsync(export.Id, $"{project.Name} {export.Format}", cancellation);
        terminal.Line($"deployment '{deployment.Name}' [dim]{deployment.Id}[/]");
        return deployment;
    }

    /// <summary>The active deployment and its key, which only the answer to its creation contains.</summary>
    /// <exception cref="CommandException">It did not become active.</exception>
    public static async Task<Deployment> WaitAsync(PlatformClient api, Deployment created, Terminal terminal, CancellationToken cancellation)
    {
        if (created.ApiKey is not { Length: > 0 } apiKey)
            throw new CommandException($"deployment {created.Id} came without an API key.");
        var deployment = await terminal.WhileAsync("loading the model", _ => Polling.UntilAsync(
            $"deployment {created.Id}", _limit, () => api.GetDeploymentAsync(created.Id, cancellation), d => d.State is "active" or "failed" or "deactivated", cancellation));
        if (deployment.State != "active")
            throw new CommandException($"deployment {created.Id} ended as '{deployment.State}'. {deployment.Error?.Describe()}");
        terminal.Line($"active; it has an API key of its own");
        return deployment with { ApiKey = apiKey };
    }
}
