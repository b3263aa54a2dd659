using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Tests.Storage;

/// <summary>The program itself between two buckets on the real store; <c>rclone check</c> judges what it did.</summary>
public sealed partial class SyncCommandTests : IAsyncLifetime
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory.Replace(Path.Combine("tests", "Cli.Tests"), Path.Combine("src", "Cli"), StringComparison.Ordinal), "platform-cli.dll");

    private readonly Dictionary<string, string?> _environment = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("sync-").FullName;
    private BucketSettings _settings = null!;
    private ObjectStore _minio = null!;
    private ObjectStore _r2 = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()).External with { Bucket = $"test-minio-{Guid.CreateVersion7():n}" };
        // A store of its own if there is one, or another host name, so that the store does not copy by itself.
        var other = SecondStore.Of(_settings) with { Bucket = $"test-r2-{Guid.CreateVersion7():n}" };
        (_minio, _r2) = (new ObjectStore(_settings, TimeProvider.System), new ObjectStore(other, TimeProvider.System));
        await _minio.CreateBucketAsync(Cancellation);
        await _r2.CreateBucketAsync(Cancellation);
        Name("MINIO", _settings);
        Name("R2", other);
        (_environment["OPERATIONS_DIR"], _environment["AWS_CA_BUNDLE"]) = (Path.Combine(_folder, "operations"), null);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in (ObjectStore[])[_minio, _r2])
        {
            await foreach (var left in store.ListMultipartsAsync("", CancellationToken.None))
                await store.AbortMultipartAsync(left.Key, left.UploadId, CancellationToken.None);
            foreach (var key in await KeysAsync(store) is { Count: < 10 } few ? few : [])
                await store.DeleteAsync(key, CancellationToken.None);
            await store.DeleteAsync(await KeysAsync(store), CancellationToken.None);
            await store.DeleteBucketAsync(CancellationToken.None);
            store.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Rclone_finds_no_difference_after_a_sync()
    {
        Assert.SkipUnless(await HasRcloneAsync(), "rclone is not installed (apt-get install rclone)");
        await Parallel.ForAsync(0, Environment.GetEnvironmentVariable("LONG_TESTS") is null ? 2000 : 20_000, Cancellation, async (i, stop) =>
            await _minio.PutAsync($"datasets/{i % 7}/img {i:d5}+é.png", RandomNumberGenerator.GetBytes(100 + (i % 900)), "image/png", stop));
        await _minio.PutAsync("models/64", new MemoryStream(RandomNumberGenerator.GetBytes(65 * 1024 * 1024)), "application/x-weights", Cancellation);
        await _minio.PutAsync("models/empty", Array.Empty<byte>(), "text/plain", Cancellation);
        await _r2.PutAsync("datasets/0/img 00000+é.png", new byte[3], "image/png", Cancellation);
        await _r2.PutAsync("datasets/old.png", new byte[3], "image/png", Cancellation);

        var sync = await RunAsync("storage", "sync", "env:MINIO", "env:R2", "--delete", "--yes", "--max-delete", "50%");

        Assert.Equal((ExitCode.Success, true), (sync.ExitCode, sync.Output.Contains("deleted 1 of 2 objects", StringComparison.Ordinal)));
        var check = await ShellAsync($"rclone check minio:{_minio.Bucket} r2:{_r2.Bucket} --download");
        Assert.Equal(0, check.ExitCode);
        Assert.Contains("0 differences found", check.Error);
        Assert.Equal(ExitCode.Success, (await RunAsync("storage", "compare", "env:MINIO", "env:R2")).ExitCode);
    }

    [Fact]
    public async Task A_comparison_is_text_or_json_lines_and_ends_with_1_when_something_differs()
    {
        await _minio.PutAsync("same", new byte[1], "text/plain", Cancellation);
        await _r2.PutAsync("same", new byte[1], "text/plain", Cancellation);
        await _minio.PutAsync("new\u001b[31m", new byte[2], "text/plain", Cancellation);
        await _r2.PutAsync("old", new byte[3], "text/plain", Cancellation);

        var text = await RunAsync("storage", "compare", "env:MINIO", "env:R2");
        var json = await RunAsync("storage", "compare", "env:MINIO", "env:R2", "--json");
        var same = await RunAsync("storage", "compare", "env:MINIO", "env:R2", "--prefix", "same");

        Assert.Equal((ExitCode.Failed, ExitCode.Failed, ExitCode.Success), (text.ExitCode, json.ExitCode, same.ExitCode));
        Assert.Equal(["new\\u001b[31m: missing at the target (2 bytes)", "old: only at the target (3 bytes)", "1 object equal, 2 differ"], text.Output.TrimEnd().Split('\n').OrderBy(line => line.EndsWith("differ", StringComparison.Ordinal)).ThenBy(line => line, StringComparer.Ordinal));
        var lines = json.Output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["MissingAtTarget", "OnlyAtTarget"], lines[..2].Select(line => line.GetProperty("kind").GetString()).Order());
        Assert.Equal((1, 2), (lines[2].GetProperty("equal").GetInt32(), lines[2].GetProperty("differing").GetInt32()));
        Assert.Empty(json.Error);
    }

    [Fact]
    public async Task Too_much_to_delete_ends_with_1_and_deletes_nothing()
    {
        await _minio.PutAsync("kept", new byte[1], "text/plain", Cancellation);
        await _r2.PutAsync("extra", new byte[1], "text/plain", Cancellation);

        var refused = await RunAsync("storage", "sync", "env:MINIO", "env:R2", "--delete", "--yes");
        var restored = await RunAsync("storage", "restore", "env:MINIO", "env:R2");

        Assert.Equal(ExitCode.Failed, refused.ExitCode);
        Assert.Contains("1 of 1 objects (100%) would go, more than 25% (--max-delete)", refused.Error);
        Assert.Equal(["extra", "kept"], await KeysAsync(_r2));
        Assert.Equal(ExitCode.Success, restored.ExitCode);
    }

    [Fact]
    public async Task Nothing_is_deleted_before_somebody_said_yes()
    {
        await _minio.PutAsync("kept", new byte[1], "text/plain", Cancellation);
        await _r2.PutAsync("extra", new byte[1], "text/plain", Cancellation);
        const string sync = "storage sync env:MINIO env:R2 --delete --max-delete 100%";

        var script = await ShellAsync($"platform-cli {sync} </dev/null");
        var no = await ShellAsync($"echo no | script -qec \"dotnet '{Program}' {sync}\" /dev/null");

        Assert.Equal(ExitCode.Usage, script.ExitCode);
        Assert.Contains("--yes", script.Error);
        Assert.Equal(ExitCode.Failed, no.ExitCode);
        Assert.Contains("would delete 1 of 1 object of the target", no.Output);
        Assert.Contains("nothing was copied or deleted", no.Output);
        Assert.Equal(["extra"], await KeysAsync(_r2));
        var yes = await ShellAsync($"echo yes | script -qec \"dotnet '{Program}' {sync}\" /dev/null");
        Assert.True(yes.ExitCode == ExitCode.Success, AllOf(yes));
        Assert.Equal(["kept"], await KeysAsync(_r2));
    }

    [Theory]
    [InlineData("R2_SECRET_KEY is not set.", "R2_SECRET_KEY", "")]
    [InlineData("R2_ENDPOINT is not an http or https address.", "R2_ENDPOINT", "ftp://somewhere")]
    [InlineData("the secret key of", "R2_SECRET_KEY", "not-the-secret-key")]
    [InlineData("there is no bucket 'no-such-bucket'", "R2_BUCKET", "no-such-bucket")]
    public async Task A_wrong_place_is_one_sentence_without_a_secret(string message, string name, string value)
    {
        _environment[name] = value;

        var refused = await RunAsync("storage", "sync", "env:MINIO", "env:R2");

        Assert.NotEqual(ExitCode.Success, refused.ExitCode);
        Assert.Contains(message, refused.Error);
        Assert.DoesNotContain("   at ", refused.Error);
        Assert.DoesNotContain(_settings.SecretKey, AllOf(refused));
        Assert.DoesNotContain("not-the-secret-key", AllOf(refused));
    }

    [Theory]
    [InlineData(90)]
    [InlineData(40)]
    public async Task A_killed_sync_goes_on_inside_a_large_object(int megabytes)
    {
        var content = RandomNumberGenerator.GetBytes(megabytes * 1024 * 1024);
        await _minio.PutAsync("large", new MemoryStream(content), "application/x-weights", Cancellation, 8 * 1024 * 1024);
        using var client = new AmazonS3Client(
            new BasicAWSCredentials(_settings.AccessKey, _settings.SecretKey), new AmazonS3Config { ServiceURL = _settings.Endpoint.ToString(), ForcePathStyle = true, AuthenticationRegion = "auto" });
        string[] command = ["storage", "sync", "env:MINIO", "env:R2", "--bandwidth", "20M"];

        using var first = Start("dotnet", [Program, .. command]);
        var id = OperationId().Match((await first.StandardError.ReadLineAsync(Cancellation))!).Value;
        MultipartInfo? upload = null;
        while (upload is null || (await client.ListPartsAsync(_r2.Bucket, upload.Key, upload.UploadId, Cancellation)).Parts is not { Count: >= 2 })
        {
            Assert.False(first.HasExited, "it ended before it was killed");
            await foreach (var found in _r2.ListMultipartsAsync("", Cancellation))
                upload = found;
            await Task.Delay(20, Cancellation);
        }
        first.Kill();
        await first.WaitForExitAsync(Cancellation);
        var other = await RunAsync(["storage", "sync", "env:R2", "env:MINIO", "--bandwidth", "20M", "--resume", id]);
        var second = await RunAsync([.. command, "--resume", id]);

        Assert.Equal(ExitCode.Usage, other.ExitCode);
        Assert.Equal(ExitCode.Success, second.ExitCode);
        Assert.Contains("goes on", second.Error);
        Assert.Equal(content, (await _r2.GetBytesAsync("large", long.MaxValue, Cancellation))!.Bytes);
        await foreach (var left in _r2.ListMultipartsAsync("", Cancellation))
            Assert.Fail($"another upload of {left.Key} was begun");
        Assert.Empty(Directory.GetFiles(_environment["OPERATIONS_DIR"]!));
    }

    [Fact]
    public async Task The_commands_of_the_page_move_a_bucket_and_bring_it_back()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
            folder = folder.Parent!;
        var page = await File.ReadAllTextAsync(Path.Combine(folder.FullName, "docs/operations/move-to-r2.md"), Cancellation);
        var commands = BashBlock().Matches(page).Select(block => block.Groups[1].Value).ToList();
        await _minio.PutAsync("datasets/1/images/a.png", new byte[10], "image/png", Cancellation);
        await _r2.PutAsync("datasets/2/images/after the switch.png", new byte[20], "image/png", Cancellation);

        foreach (var block in commands[..^1])
            // compare: what was written after the switch is only at R2.
            Assert.Equal(block.Contains("compare", StringComparison.Ordinal) ? ExitCode.Failed : ExitCode.Success, (await ShellAsync(block)).ExitCode);
        var back = await ShellAsync(commands[^1]);

        Assert.Equal((4, ExitCode.Success), (commands.Count, back.ExitCode));
        Assert.Equal(["datasets/1/images/a.png", "datasets/2/images/after the switch.png"], await KeysAsync(_minio));
        Assert.Equal(ExitCode.Success, (await ShellAsync("platform-cli storage compare env:MINIO env:R2")).ExitCode);
    }

    [GeneratedRegex("syncstorage-[0-9a-f]+")]
    private static partial Regex OperationId();

    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex BashBlock();

    private static string AllOf((int ExitCode, string Output, string Error) run) => run.Output + run.Error;

    private static async Task<List<string>> KeysAsync(ObjectStore store)
    {
        var keys = new List<string>();
        await foreach (var found in store.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }

    private void Name(string name, BucketSettings settings)
    {
        foreach (var (part, value) in new[] { ("ENDPOINT", settings.Endpoint.ToString()), ("ACCESS_KEY", settings.AccessKey), ("SECRET_KEY", settings.SecretKey), ("BUCKET", settings.Bucket) })
            _environment[$"{name}_{part}"] = value;
        var rclone = $"RCLONE_CONFIG_{name}";
        foreach (var (part, value) in new[]
                 {
                     ("TYPE", "s3"), ("PROVIDER", "Ceph"), ("ENDPOINT", settings.Endpoint.ToString()), ("ACCESS_KEY_ID", settings.AccessKey), ("SECRET_ACCESS_KEY", settings.SecretKey), ("NO_CHECK_BUCKET", "true"),
                 })
            _environment[$"{rclone}_{part}"] = value;
    }

    private async Task<bool> HasRcloneAsync() => (await ShellAsync("command -v rclone")).ExitCode == 0;

    private Task<(int ExitCode, string Output, string Error)> ShellAsync(string script) =>
        EndOfAsync("bash", ["-euc", $"platform-cli() {{ dotnet '{Program}' \"$@\"; }}\n{script}"]);

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) => EndOfAsync("dotnet", [Program, .. arguments]);

    private async Task<(int ExitCode, string Output, string Error)> EndOfAsync(string program, string[] arguments)
    {
        using var process = Start(program, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, await output, await error);
    }

    private Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder, StandardOutputEncoding = Encoding.UTF8 };
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
