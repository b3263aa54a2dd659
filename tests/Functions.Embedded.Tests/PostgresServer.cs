using System.Diagnostics;
using Npgsql;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Tests;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace VisionPlatform.Functions.Embedded.Tests;

/// <summary>
/// A Postgres for the tests of this assembly: the one at <c>TEST_DATABASE_URL</c>, else a fresh one in a temporary
/// folder, gone at the end. Each test that needs one takes a database of its own.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private const string Bin = "/usr/lib/postgresql/15/bin/";

    private string? _folder;
    private string _admin = string.Empty;
    private int _databases;

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("TEST_DATABASE_URL") is { Length: > 0 } url)
        {
            _admin = url;
            return;
        }

        _folder = Directory.CreateTempSubdirectory("postgres-test-").FullName;
        string passwordFile = Path.Combine(_folder, "password");
        await File.WriteAllTextAsync(passwordFile, "app");
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "-R", "postgres", _folder);
        string data = Path.Combine(_folder, "data");
        int port = LoopbackPort.Free();
        await RunAsPostgresAsync(
            "initdb", "-D", data, "-A", "scram-sha-256", "-U", "app", $"--pwfile={passwordFile}", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8");
        await RunAsPostgresAsync(
            "pg_ctl", "-D", data, "-w", "-l", Path.Combine(_folder, "log"),
            "-o", $"-p {port} -c listen_addresses=127.0.0.1 -c max_connections=300 -c unix_socket_directories={_folder} -c fsync=off -c synchronous_commit=off -c full_page_writes=off",
            "start");
        _admin = $"postgresql://app:app@127.0.0.1:{port}/postgres";
    }

    public async ValueTask DisposeAsync()
    {
        if (_folder is null)
            return;
        NpgsqlConnection.ClearAllPools();
        await RunAsPostgresAsync("pg_ctl", "-D", Path.Combine(_folder, "data"), "-w", "-m", "immediate", "stop");
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The <c>postgresql://</c> URL of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        string name = $"t{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        await using NpgsqlConnection connection = new(KeyValue(_admin));
        await connection.OpenAsync();
        await using NpgsqlCommand command = new($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return new UriBuilder(_admin) { Path = name }.Uri.ToString();
    }

    /// <summary>A database URL as Npgsql reads it.</summary>
    public static string KeyValue(string url)
    {
        var uri = new Uri(url);
        string[] user = uri.UserInfo.Split(':');
        return new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.Port,
            Username = user[0],
            Password = user[1],
            Database = uri.AbsolutePath.Trim('/'),
            Pooling = false,
        }.ConnectionString;
    }

    // The server refuses to run as root.
    private static Task RunAsPostgresAsync(string program, params string[] arguments)
        => Environment.IsPrivilegedProcess
            ? RunAsync("runuser", ["-u", "postgres", "--", Bin + program, .. arguments])
            : RunAsync(Bin + program, arguments);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output is not redirected: the server would inherit the pipe and hold it open.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", program, .. arguments]);
        using Process process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
