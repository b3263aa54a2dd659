using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Tests;

namespace VisionPlatform.Cli.Tests.Support;

/// <summary><c>support-bundle</c> says how an installation is, and holds none of its secrets.</summary>
public sealed partial class SupportBundleTests(PostgresServer postgres) : IDisposable
{
    private const string SigningKey = "a-signing-key-that-nobody-may-see-0123456789";
    private const string WebToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

    private readonly CliProgram _cli = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task A_bundle_tells_versions_settings_databases_work_and_logs_without_secrets_and_people()
    {
        var log = Path.Combine(_cli.Folder, "app.log");
        foreach (var setting in new[] { "DATABASE_URL", "USER_DATABASE_URL", "LABELER_DATABASE_URL" })
            _cli.Environment[setting] = await postgres.NewDatabaseAsync();
        (_cli.Environment["JWT_SECRET"], _cli.Environment["SMTP_HOST"], _cli.Environment["PUBLIC_URL"]) = (SigningKey, "mail.example.com", $"http://127.0.0.1:{LoopbackPort.Free()}");
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "migrate")).ExitCode);
        var password = new NpgsqlConnectionStringBuilder(ConnectionOf("DATABASE_URL")).Password!;
        await ExecuteAsync(
            "DATABASE_URL",
            """
            INSERT INTO attempts (id, kind, subject_id, number, trainer, state, last_sequence, error, created_at, ended_at)
            VALUES (gen_random_uuid(), 'train', gen_random_uuid(), 1, 'torchvision', 'failed', 3,
                    '{"code":"OUT_OF_MEMORY","category":"user","message":"at /home/ann/secret_plans/1.png"}', now(), now())
            """);
        await File.WriteAllTextAsync(
            log,
            $"""
            signed in ann.lee+test@example.co.uk with Bearer {WebToken}
            cookie {WebToken} and pat_0123456789abcdef0123456789 and vpd_0123456789abcdef
            GET https://store.example.com/b/k?X-Amz-Credential=AKIDEXAMPLE%2F2026&X-Amz-Signature=0badc0ffee&x=kept
            mail link https://app.example.com/reset?token=onceonly&lang=en
            connected to postgresql://app:other-password@db.example.com/platform
            the key is {SigningKey}, the password {password}
            """,
            Cancellation);

        var run = await _cli.RunAsync("support-bundle", "--output", "bundle.zip", "--file", "app.log");

        Assert.True(run.ExitCode == ExitCode.Success, run.All);
        var parts = await ReadAsync("bundle.zip");
        Assert.Equal(["about.json", "settings.txt", "databases.txt", "work.json", "operations.json", "orchestrations.txt", "health.json", "files/1-app.log"], parts.Keys);
        Assert.Contains("runtime", parts["about.json"]);
        Assert.Contains("SMTP_HOST = mail.example.com\n", parts["settings.txt"]);
        Assert.Contains("JWT_SECRET = (set)\n", parts["settings.txt"]);
        Assert.Contains("platform (", parts["databases.txt"]);
        Assert.Contains("0 missing", parts["databases.txt"]);
        var failure = JsonDocument.Parse(parts["work.json"]).RootElement.GetProperty("lastFailures")[0];
        Assert.Equal(("OUT_OF_MEMORY", "torchvision"), (failure.GetProperty("code").GetString(), failure.GetProperty("trainer").GetString()));
        Assert.StartsWith("could not be read: ", parts["health.json"]);
        Assert.Contains("left out: health.json", run.Error);
        Assert.Equal(
            """
            signed in [e-mail] with Bearer [token]
            cookie [token] and [token] and [token]
            GET https://store.example.com/b/k?X-Amz-Credential=[removed]&X-Amz-Signature=[removed]&x=kept
            mail link https://app.example.com/reset?token=[removed]&lang=en
            connected to postgresql://app:[password]@db.example.com/platform
            the key is [JWT_SECRET], the password [DATABASE_URL]
            """,
            DatabaseSetting().Replace(parts["files/1-app.log"], "[DATABASE_URL]"));
        Assert.DoesNotContain(parts.Values, text => text.Contains(SigningKey, StringComparison.Ordinal) || text.Contains(password, StringComparison.Ordinal) || text.Contains("secret_plans", StringComparison.Ordinal));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(_cli.Folder, "bundle.zip")) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public async Task A_bundle_is_made_although_the_databases_are_away()
    {
        foreach (var setting in new[] { "DATABASE_URL", "USER_DATABASE_URL", "LABELER_DATABASE_URL" })
            _cli.Environment[setting] = $"postgresql://app:not-for-others@127.0.0.1:{LoopbackPort.Free()}/platform";

        var run = await _cli.RunAsync("support-bundle", "--output", "bundle.zip", "--file", "no-such.log");

        Assert.True(run.ExitCode == ExitCode.Success, run.All);
        var parts = await ReadAsync("bundle.zip");
        Assert.Equal(["work.json", "operations.json", "orchestrations.txt", "files/1-no-such.log"], parts.Where(part => part.Value.StartsWith("could not be read: ", StringComparison.Ordinal)).Select(part => part.Key));
        Assert.Contains("platform: ", parts["databases.txt"]);
        Assert.DoesNotContain("not-for-others", string.Concat(parts.Values) + run.All);
    }

    // The databases of a test have one password: the bundle names the first setting that has it.
    [GeneratedRegex(@"\[[A-Z_]*DATABASE_URL\]")]
    private static partial Regex DatabaseSetting();

    private async Task<Dictionary<string, string>> ReadAsync(string name)
    {
        await using var zip = await ZipFile.OpenReadAsync(Path.Combine(_cli.Folder, name), Cancellation);
        var parts = new Dictionary<string, string>();
        foreach (var entry in zip.Entries)
        {
            using var reader = new StreamReader(await entry.OpenAsync(Cancellation));
            parts.Add(entry.FullName, await reader.ReadToEndAsync(Cancellation));
        }
        return parts;
    }

    private string ConnectionOf(string setting) => DatabaseSettings.Parse(_cli.Environment[setting]!)!.ConnectionString + ";Pooling=false";

    private async Task ExecuteAsync(string setting, string statement)
    {
        await using var connection = new NpgsqlConnection(ConnectionOf(setting));
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
