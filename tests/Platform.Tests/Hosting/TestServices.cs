using System.Diagnostics;

namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>
/// The real servers the tests run against. TEST_DATABASE_URL (a Postgres server where databases may be created) and
/// EXTERNAL_STORAGE_* are used when given; what is not given is started by <c>./platform services</c> in a temporary folder and stopped at the end.
/// </summary>
internal sealed class TestServices : IAsyncDisposable
{
    private string? _folder;

    /// <summary>A <c>postgresql://</c> URL of a server.</summary>
    public string Postgres { get; private set; } = "";

    /// <summary>Settings of the app that say where storage and trainers are.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; private set; } = new Dictionary<string, string>();

    public static async Task<TestServices> StartAsync()
    {
        var services = new TestServices();
        var given = Passed(Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Select(entry => ((string)entry.Key, (string)entry.Value!)));
        var missing = new List<string>();
        if (!given.ContainsKey("TEST_DATABASE_URL"))
            missing.Add("postgres");
        if (!given.ContainsKey("EXTERNAL_STORAGE_ENDPOINT"))
            missing.Add("s3");
        if (missing.Count > 0)
        {
            services._folder = Directory.CreateTempSubdirectory("platform-tests-").FullName;
            var lines = await RunAsync("services", "--dir", services._folder, "--fast", "--only", string.Join(',', missing));
            foreach (var (key, value) in Passed(lines.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).Select(pair => (pair[0], pair[1]))))
                given[key] = value;
        }
        services.Postgres = given["TEST_DATABASE_URL"];
        given.Remove("TEST_DATABASE_URL");
        services.Settings = given;
        return services;
    }

    public async ValueTask DisposeAsync()
    {
        if (_folder is null)
            return;
        await RunAsync("services", "--dir", _folder, "--stop");
        Directory.Delete(_folder, recursive: true);
    }

    private static Dictionary<string, string> Passed(IEnumerable<(string Key, string Value)> settings) => settings
        .Where(pair => pair.Value.Length > 0 && (pair.Key == "TEST_DATABASE_URL"
            || pair.Key.StartsWith("EXTERNAL_STORAGE_", StringComparison.Ordinal)
            || pair.Key.StartsWith("INTERNAL_STORAGE_", StringComparison.Ordinal)
            || pair.Key.StartsWith("TRAINER_", StringComparison.Ordinal)))
        .ToDictionary(pair => pair.Key, pair => pair.Value.Trim().Trim('\'', '"'));

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "platform"), arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"platform {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}

internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>What the API project was built into, in the same configuration as these tests.</summary>
    public static string AppFolder { get; } =
        Path.Combine(Root, "src", "Functions.Api", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
