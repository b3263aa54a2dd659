using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Tests.Weights;

/// <summary><c>weights</c> on a database and a bucket of its own.</summary>
public sealed class WeightsCommandTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly string[] OfResNet = ["--trainer", "torchvision", "--model", "resnet18"];

    private readonly CliProgram _cli = new();
    private ObjectStore _bucket = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var setting in new[] { "DATABASE_URL", "USER_DATABASE_URL", "LABELER_DATABASE_URL" })
            _cli.Environment[setting] = await postgres.NewDatabaseAsync();
        _cli.Environment["INTERNAL_BUCKET_WEIGHTS"] = $"test-{Guid.CreateVersion7():n}";
        var settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(_cli.Environment).Build());
        _bucket = new ObjectStore(settings.Weights, TimeProvider.System);
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "migrate")).ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        await _bucket.DeleteAsync(await KeysAsync(), CancellationToken.None);
        await _bucket.DeleteBucketAsync(CancellationToken.None);
        _bucket.Dispose();
        _cli.Dispose();
    }

    [Fact]
    public async Task Weights_are_imported_listed_shown_and_removed()
    {
        await _bucket.CreateBucketAsync(Cancellation);
        var sha256 = await FileAsync("resnet18-f37072fd.pth", 6_000_000);

        var imported = await RunAsync(ExitCode.Success, ["weights", "import", "resnet18-f37072fd.pth", .. OfResNet, "--licence", "BSD-3-Clause"]);

        Assert.Contains($"torchvision resnet18: resnet18-f37072fd.pth, 6,000,000 bytes, SHA-256 {sha256}, licence BSD-3-Clause", imported.Output, StringComparison.Ordinal);
        Assert.Contains("was not checked", imported.Output, StringComparison.Ordinal);
        var key = $"torchvision/resnet18/{sha256}.pth";
        Assert.Equal([key], await KeysAsync());
        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData((await _bucket.GetBytesAsync(key, 10_000_000, Cancellation))!.Bytes!)));
        var listed = JsonDocument.Parse((await RunAsync(ExitCode.Success, ["weights", "list", "--json"])).Output).RootElement;
        Assert.Equal((1, "BSD-3-Clause"), (listed.GetArrayLength(), listed[0].GetProperty("licence").GetString()));
        Assert.Contains(sha256, (await RunAsync(ExitCode.Success, ["weights", "show", .. OfResNet])).Output, StringComparison.Ordinal);

        await RunAsync(ExitCode.Success, ["weights", "remove", .. OfResNet]);
        Assert.Empty(await KeysAsync());
        await RunAsync(ExitCode.Failed, ["weights", "remove", .. OfResNet], "torchvision's resnet18 has no weights");
        await RunAsync(ExitCode.Failed, ["weights", "show", .. OfResNet], "has no weights");
    }

    [Fact]
    public async Task Other_weights_take_nothing_away_and_what_a_dead_import_left_is_removed()
    {
        await _bucket.CreateBucketAsync(Cancellation);
        var sha256 = await FileAsync("a.pt", 100);
        await FileAsync("b.pt", 200);
        await _bucket.PutAsync("torchvision/resnet18/left.pt", new byte[3], "application/octet-stream", Cancellation);
        await _bucket.PutAsync("torchvision/resnet18_other/kept.pt", new byte[3], "application/octet-stream", Cancellation);

        await RunAsync(ExitCode.Success, ["weights", "import", "a.pt", .. OfResNet]);
        await RunAsync(ExitCode.Failed, ["weights", "import", "b.pt", .. OfResNet], "has other weights: a.pt");
        await RunAsync(ExitCode.Success, ["weights", "import", "a.pt", .. OfResNet]);

        Assert.Equal([$"torchvision/resnet18/{sha256}.pt", "torchvision/resnet18_other/kept.pt"], await KeysAsync());
    }

    [Fact]
    public async Task What_cannot_be_imported_is_refused_with_a_reason()
    {
        await FileAsync("empty.pt", 0);
        await FileAsync("a.pt", 100);
        await RunAsync(ExitCode.Usage, ["weights", "import", "absent.pt", .. OfResNet], "there is no file");
        await RunAsync(ExitCode.Usage, ["weights", "import", "a.pt", "--trainer", "torchvision", "--model", "../x"], "--model is a name");
        await RunAsync(ExitCode.Failed, ["weights", "import", "empty.pt", .. OfResNet], "The file is empty");
        await RunAsync(ExitCode.Failed, ["weights", "import", "a.pt", .. OfResNet], "run platform-cli storage init");
        await _bucket.CreateBucketAsync(Cancellation);
        await ExecuteAsync(
            """
            INSERT INTO trainers (framework, capabilities, seen_at) VALUES
              ('torchvision', '{"framework":"torchvision","taskTypes":[],"models":[{"name":"small_cnn","taskTypes":[]}],"configSchema":{"fields":[{"name":"pretrained","type":"bool"}]},"exportFormats":[],"slots":1}', now()),
              ('ultralytics', '{"framework":"ultralytics","taskTypes":[],"models":[{"name":"yolo11n","taskTypes":[]}],"configSchema":{"fields":[]},"exportFormats":[],"slots":1}', now())
            """);
        await RunAsync(ExitCode.Failed, ["weights", "import", "a.pt", .. OfResNet], "torchvision has no model 'resnet18'. It has: small_cnn");
        await RunAsync(ExitCode.Failed, ["weights", "import", "a.pt", "--trainer", "ultralytics", "--model", "yolo11n"], "cannot begin with imported weights");
        Assert.Empty(await KeysAsync());
    }

    private async Task<CliRun> RunAsync(int exitCode, string[] arguments, string error = "")
    {
        var run = await _cli.RunAsync(arguments);
        Assert.True(run.ExitCode == exitCode && run.Error.Contains(error, StringComparison.Ordinal), $"{run.ExitCode}: {run.All}");
        return run;
    }

    private async Task<string> FileAsync(string name, int size)
    {
        var content = new byte[size];
        Random.Shared.NextBytes(content);
        await File.WriteAllBytesAsync(Path.Combine(_cli.Folder, name), content, Cancellation);
        return Convert.ToHexStringLower(SHA256.HashData(content));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(DatabaseSettings.ConnectionString(new ConfigurationBuilder().AddInMemoryCollection(_cli.Environment).Build(), "DATABASE_URL"));
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var found in _bucket.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }
}
