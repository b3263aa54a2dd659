using System.Diagnostics;
using VisionPlatform.Functions.Host.Tests.Publishing;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Hosts;

/// <summary>
/// The Azure Functions host of this machine on the published app: <c>func</c>, or what FUNCTIONS_HOST_COMMAND names. APP_DIR is an app that
/// was published before.
/// </summary>
public sealed class FunctionsHost : IAppHost
{
    private readonly string _command;
    private readonly string _folder;

    private FunctionsHost(string command, string folder)
    {
        _command = command;
        _folder = folder;
    }

    public IReadOnlyDictionary<string, string?> Settings { get; private set; } = new Dictionary<string, string?>();

    public bool AsksForKeys => !_command.StartsWith("func ", StringComparison.Ordinal);

    /// <summary>The host, or in one line what this machine lacks for it.</summary>
    public static async Task<(FunctionsHost? Host, string? Missing)> FindAsync(PublishedApp published)
    {
        var command = Environment.GetEnvironmentVariable("FUNCTIONS_HOST_COMMAND");
        if (string.IsNullOrWhiteSpace(command))
        {
            var func = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, "func")).FirstOrDefault(File.Exists);
            if (func is null)
                return (null, "There is no Functions host here: func is not on the PATH and FUNCTIONS_HOST_COMMAND is not set.");
            command = "func host start --no-build --port {port}";
        }
        var folder = Environment.GetEnvironmentVariable("APP_DIR");
        return (new FunctionsHost(command, string.IsNullOrWhiteSpace(folder) ? await published.FolderAsync() : Path.GetFullPath(folder)), null);
    }

    public void Use(Azurite storage) => Settings = new Dictionary<string, string?>
    {
        ["AzureWebJobsStorage"] = storage.ConnectionString,
        ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
        ["ASPNETCORE_URLS"] = null, // The host listens; what it says to the app's process is between the two.
        ["APP_DIR"] = _folder,
    };

    // By exec: signals reach the host and not a shell in between.
    public ProcessStartInfo Command(Uri address) =>
        new("sh", ["-c", "exec " + _command.Replace("{port}", $"{address.Port}", StringComparison.Ordinal)]) { WorkingDirectory = _folder };
}
