using System.Diagnostics;
using VisionPlatform.Tests;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>A PostgreSQL server that a test may stop and start again. Its data is durable as far as a killed server process goes.</summary>
public sealed class RestartablePostgres : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("postgres-restart-").FullName;
    private string _options = "";
    private readonly int _port = LoopbackPort.Free();

    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=app;Password=app;Database=postgres";

    private string Data => Path.Combine(_directory, "data");

    /// <param name="options">For the server's command line.</param>
    public static async Task<RestartablePostgres> CreateAsync(string options = "")
    {
        var server = new RestartablePostgres { _options = options };
        string passwordFile = Path.Combine(server._directory, "password");
        await File.WriteAllTextAsync(passwordFile, "app");
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "-R", "postgres", server._directory);
        await PostgresAsync(
            "initdb", "-D", server.Data, "-A", "scram-sha-256", "-U", "app", $"--pwfile={passwordFile}", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8");
        await server.StartAsync();
        return server;
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
