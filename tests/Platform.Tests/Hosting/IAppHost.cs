using System.Diagnostics;

namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>What runs the app: all in which the hosts differ for a test.</summary>
public interface IAppHost
{
    /// <summary>The process that serves the app at an address; the app's settings are added to its environment.</summary>
    ProcessStartInfo Command(Uri address);

    /// <summary>What this host needs besides the app's settings.</summary>
    IReadOnlyDictionary<string, string?> Settings { get; }

    /// <summary>Whether <c>/admin</c> and <c>/runtime</c> ask for a key; Core Tools do not.</summary>
    bool AsksForKeys { get; }
}

/// <summary>The app's own process with the embedded host in it.</summary>
/// <param name="folder">Where it was published to; what the API project was built into when null.</param>
public sealed class EmbeddedHost(string? folder = null) : IAppHost
{
    private readonly string _folder = folder ?? Repository.AppFolder;

    public IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>();

    public bool AsksForKeys => true;

    public ProcessStartInfo Command(Uri address) => new("dotnet", [Path.Combine(_folder, "Functions.Api.dll")]) { WorkingDirectory = _folder };
}
