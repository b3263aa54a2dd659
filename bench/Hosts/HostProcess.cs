using System.Diagnostics;
using VisionPlatform.Tests;

namespace VisionPlatform.Bench.Hosts;

/// <summary>A host under test.</summary>
/// <param name="Name">Name in the results.</param>
/// <param name="Command">Shell command that starts it; <c>{port}</c> is replaced.</param>
/// <param name="Folder">Folder of the published app, in which the command runs.</param>
internal sealed record HostUnderTest(string Name, string Command, string Folder)
{
    /// <summary>The embedded host, and the Functions host if the entry script has found one.</summary>
    public static IReadOnlyList<HostUnderTest> FromEnvironment()
    {
        var hosts = new List<HostUnderTest>
        {
            new("embedded", "dotnet Functions.Api.dll --urls http://127.0.0.1:{port}",
                Environment.GetEnvironmentVariable("BENCH_APP_DIR") ?? throw new BenchArgumentException("BENCH_APP_DIR is not set: start this by ./platform bench hosts.")),
        };
        if (Environment.GetEnvironmentVariable("BENCH_FUNCTIONS_COMMAND") is { Length: > 0 } command)
            hosts.Add(new HostUnderTest("functions", command, Environment.GetEnvironmentVariable("BENCH_FUNCTIONS_DIR")!));
        return hosts;
    }
}

/// <summary>A started host. Disposing it ends it and all processes that it started.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;

    private HostProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Starts it and waits for the first healthy answer of <c>/health/ready</c>. Returns the milliseconds that this took.</summary>
    public static async Task<(HostProcess Host, double Milliseconds)> StartAsync(HostUnderTest host, CancellationToken cancellation)
    {
        int port = LoopbackPort.Free();
        var address = new Uri($"http://127.0.0.1:{port}");
        var start = new ProcessStartInfo("sh", ["-c", "exec " + host.Command.Replace("{port}", $"{port}", StringComparison.Ordinal)])
        {
            WorkingDirectory = host.Folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["APP_DIR"] = host.Folder;
        start.Environment["PUBLIC_URL"] = address.ToString();
        start.Environment.Remove("ASPNETCORE_URLS");
        using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(5) };
        long begun = Stopwatch.GetTimestamp();
        Process process = Process.Start(start)!;
        var said = new System.Text.StringBuilder();
        process.OutputDataReceived += (_, line) => Keep(said, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(said, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        while (!await IsReadyAsync(http, cancellation))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(begun) > TimeSpan.FromMinutes(3))
                throw new InvalidOperationException($"The {host.Name} host did not become ready: {said}");
            await Task.Delay(5, cancellation);
        }
        return (new HostProcess(process, address), Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static void Keep(System.Text.StringBuilder said, string? line)
    {
        lock (said)
        {
            if (said.Length < 20_000)
                said.Append(line).Append('\n');
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync("/health/ready", cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }
}
