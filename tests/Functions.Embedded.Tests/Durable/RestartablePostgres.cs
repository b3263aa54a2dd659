using System.Diagnostics;
using Npgsql;
using VisionPlatform.Tests;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>A PostgreSQL server that a test may stop and start again. Its data is durable as far as a killed server process goes.</summary>
public sealed class RestartablePostgres : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("postgres-restart-").FullName;
    private readonly string _options;
    private readonly int _port = LoopbackPort.Free();
    private int _databases;

    public RestartablePostgres()
        : this("")
    {
    }

    /// <param name="options">For the server's command line.</param>
    internal RestartablePostgres(string options) => _options = options;

    public string ConnectionString => ConnectionStringOf("postgres");

    private string Data => Path.Combine(_directory, "data");

    public async ValueTask InitializeAsync()
    {
        string passwordFile = Path.Combine(_directory, "password");
        await File.WriteAllTextAsync(passwordFile, "app");
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "-R", "postgres", _directory);
        await PostgresAsync(
            "initdb", "-D", Data, "-A", "scram-sha-256", "-U", "app", $"--pwfile={passwordFile}", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8");
        await StartAsync();
    }

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        string name = $"t{Interlocked.Increment(ref _databases)}";
        // Connections of a pool may have broken with the server.
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionStringOf(name);
    }

    public Task StartAsync() => PostgresAsync(
        "pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_directory, "log"), "-o",
        $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_directory} -c fsync=off {_options}", "start");

    /// <summary>Stops it as a crash would: connections break, nothing is finished.</summary>
    public Task CrashAsync() => PostgresAsync("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");

    public async ValueTask DisposeAsync()
    {
        await CrashAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private string ConnectionStringOf(string database) => $"Host=127.0.0.1;Port={_port};Username=app;Password=app;Database={database}";

    private static Task PostgresAsync(string tool, params string[] arguments)
    {
        string path = Path.Combine("/usr/lib/postgresql/15/bin", tool);
        return Environment.IsPrivilegedProcess
            ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments])
            : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // The server inherits the streams, so they are not read to their end.
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "\"$0\" \"$@\" >/dev/null 2>&1", program, .. arguments]))!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} exited with {process.ExitCode}.");
    }
}
