using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Tests;

namespace VisionPlatform.Cli.Tests.Operations;

/// <summary>The commands of docs/operations, run exactly as printed.</summary>
public sealed partial class OperationsPagesTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly CliProgram _cli = new();
    private readonly HttpListener _app = new();
    private readonly string _bucket = $"test-pages-{Guid.CreateVersion7():n}";

    public async ValueTask InitializeAsync()
    {
        var (old, next, empty) = (await postgres.NewDatabaseAsync(), await postgres.NewDatabaseAsync(), await postgres.NewDatabaseAsync());
        var health = $"http://127.0.0.1:{LoopbackPort.Free()}/";
        foreach (var (name, value) in new[]
                 {
                     ("DATABASE_URL", old), ("OLD_URL", old), ("NEW_URL", next), ("EMPTY_URL", empty), ("NEW_DATABASE", new Uri(next).AbsolutePath.Trim('/')),
                     ("USER_DATABASE_URL", await postgres.NewDatabaseAsync()), ("LABELER_DATABASE_URL", await postgres.NewDatabaseAsync()),
                     ("RESTART", "true"), ("HEALTH", health), ("BACKUP_BUCKET", _bucket), ("BACKUP_ENCRYPTION_KEY", Convert.ToBase64String(new byte[32])),
                 })
            _cli.Environment[name] = value;
        await File.WriteAllTextAsync(Path.Combine(_cli.Folder, "platform.env"), $"DATABASE_URL={old}\n");
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "migrate")).ExitCode);
        _app.Prefixes.Add(health);
        _app.Start();
        _ = AnswerAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _app.Close();
        using var store = new ObjectStore(
            StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()).External with { Bucket = _bucket }, TimeProvider.System);
        await store.CreateBucketAsync(CancellationToken.None);
        var keys = new List<string>();
        await foreach (var stored in store.ListAsync("", CancellationToken.None))
            keys.Add(stored.Key);
        await store.DeleteAsync(keys, CancellationToken.None);
        await store.DeleteBucketAsync(CancellationToken.None);
        _cli.Dispose();
    }

    [Fact]
    public async Task Databases_are_migrated_and_rolled_back_as_the_pages_say()
    {
        var before = await File.ReadAllTextAsync(Path.Combine(_cli.Folder, "platform.env"));

        var migrated = await _cli.ShellAsync(await CommandsAsync("migrate-to-railway.md"));

        Assert.True(migrated.ExitCode == ExitCode.Success, migrated.All);
        Assert.Contains(_cli.Environment["NEW_URL"]!, await File.ReadAllTextAsync(Path.Combine(_cli.Folder, "platform.env")));
        var back = await _cli.ShellAsync(Blocks(await PageAsync("roll-back.md"))[0]);
        Assert.True(back.ExitCode == ExitCode.Success, back.All);
        Assert.Equal(before, await File.ReadAllTextAsync(Path.Combine(_cli.Folder, "platform.env")));
    }

    [Fact]
    public async Task Databases_are_backed_up_restored_and_exchanged_as_the_pages_say()
    {
        var run = await _cli.ShellAsync(await CommandsAsync("backup-and-restore.md"));
        var back = await _cli.ShellAsync(Blocks(await PageAsync("roll-back.md"))[1]);

        Assert.True(run.ExitCode == ExitCode.Success, run.All);
        Assert.Contains("the former database is now ", run.Output);
        Assert.True(back.ExitCode == ExitCode.Success, back.All);
        var same = await _cli.RunAsync("database", "verify", "env:DATABASE_URL", "env:EMPTY_URL");
        Assert.True(same.ExitCode == ExitCode.Success, same.All);
    }

    /// <summary>The pages, and the test that runs the commands of each as printed; of observe.md it compares the metrics.</summary>
    private static readonly Dictionary<string, string> HeldBy = new(StringComparer.Ordinal)
    {
        ["backup-and-restore.md"] = "Cli.Tests/Operations/OperationsPagesTests.cs", ["import.md"] = "Cli.Tests/Import/ImportCommandTests.cs",
        ["migrate-to-railway.md"] = "Cli.Tests/Operations/OperationsPagesTests.cs", ["move-to-r2.md"] = "Cli.Tests/Storage/SyncCommandTests.cs",
        ["observe.md"] = "Platform.Tests/Telemetry/DashboardTests.cs", ["roll-back.md"] = "Cli.Tests/Operations/OperationsPagesTests.cs",
        ["runbook.md"] = "Platform.Tests/Training/RunbookTests.cs", ["running-app.md"] = "Platform.Tests/Operations/OperationTests.cs",
    };

    [Fact]
    public async Task Every_page_of_operations_is_held_by_a_test()
    {
        var pages = Directory.GetFiles(Path.GetDirectoryName(PathOf("roll-back.md"))!, "*.md").Select(path => Path.GetFileName(path)!).ToList();

        Assert.Equal(HeldBy.Keys.Order(StringComparer.Ordinal), pages.Order(StringComparer.Ordinal));
        foreach (var page in pages)
        {
            var test = await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(PathOf(page))!, "../../tests", HeldBy[page]), TestContext.Current.CancellationToken);
            Assert.True(test.Contains(page, StringComparison.Ordinal), $"{HeldBy[page]} does not read {page}.");
        }
    }

    /// <summary>What no test runs: addresses and keys that everybody has others for, and the start of a laptop from production's backup.</summary>
    [Fact]
    public async Task Only_addresses_and_keys_are_in_blocks_that_no_test_runs()
    {
        foreach (var page in HeldBy.Keys)
            foreach (Match block in ShellBlock().Matches(await PageAsync(page)))
                Assert.All(
                    block.Groups[1].Value.Replace("\\\n", "", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries),
                    line => Assert.True(line.StartsWith("export ", StringComparison.Ordinal) || line.StartsWith("./platform up --from-backup ", StringComparison.Ordinal), $"{page}: {line}"));
    }

    private static async Task<string> CommandsAsync(string page) => string.Join('\n', Blocks(await PageAsync(page)));

    internal static List<string> Blocks(string page) => [.. BashBlock().Matches(page).Select(match => match.Groups[1].Value)];

    internal static Task<string> PageAsync(string page) => File.ReadAllTextAsync(PathOf(page), TestContext.Current.CancellationToken);

    private static string PathOf(string page)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "docs/operations", page)))
            folder = folder.Parent ?? throw new DirectoryNotFoundException(page);
        return Path.Combine(folder.FullName, "docs/operations", page);
    }

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
                (await _app.GetContextAsync()).Response.Close();
        }
        catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
        {
        }
    }

    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex BashBlock();

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
