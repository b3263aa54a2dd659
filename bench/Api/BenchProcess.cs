using System.Diagnostics;
using VisionPlatform.Tests;

namespace VisionPlatform.Bench.Api;

/// <summary>A measured server in its own process. It writes its log as in production; the output is discarded.</summary>
internal sealed class BenchProcess : IAsyncDisposable
{
    private readonly Process _process;

    private BenchProcess(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    /// <summary>Processor time that the process has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The most memory that the process has had resident, in MB.</summary>
    public double PeakMb => Data.MeasuredProcess.PeakOf(_process.Id);

    /// <inheritdoc cref="Data.MeasuredProcess.PeakOwnAsync"/>
    public Task<double> PeakOwnMbAsync(Task during) => Data.MeasuredProcess.PeakOwnAsync(_process.Id, during);

    /// <param name="data">The databases of the app.</param>
    /// <param name="cancellation">Cancels waiting for the start.</param>
    /// <param name="more">Settings beside or in place of the usual ones, as of an object store: usually there is none.</param>
    public static Task<BenchProcess> StartAppAsync(BenchData data, CancellationToken cancellation, IReadOnlyDictionary<string, string>? more = null)
    {
        // bench/bin/Release/net10.0 → src/Functions.Api/bin/Release/net10.0
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var folder = Path.Combine(output.Parent!.Parent!.Parent!.Parent!.FullName, "src", "Functions.Api", "bin", output.Parent.Name, output.Name);
        var settings = new Dictionary<string, string>
        {
            ["USER_DATABASE_URL"] = data.Users,
            ["DATABASE_URL"] = data.Platform,
            ["JWT_SECRET"] = BenchData.Secret,
            ["EXTERNAL_STORAGE_ENDPOINT"] = "http://127.0.0.1:9",
            ["EXTERNAL_STORAGE_ACCESS_KEY"] = "bench",
            ["EXTERNAL_STORAGE_SECRET_KEY"] = "bench-secret",
            ["RATE_LIMIT_PER_ADDRESS"] = "0",
            ["RATE_LIMIT_PER_USER"] = "0",
            ["RATE_LIMIT_PER_TOKEN"] = "0",
        };
        foreach (var (name, value) in more ?? new Dictionary<string, string>())
            settings[name] = value;
        return StartAsync(Path.Combine(folder, "Functions.Api.dll"), [], folder, "/health/live", settings, cancellation);
    }

    /// <summary>An app on the embedded host with one function that does nothing.</summary>
    public static Task<BenchProcess> StartEmptyAppAsync(BenchData data, CancellationToken cancellation) =>
        StartAsync(Own, ["api", ApiBench.ServeEmpty], AppContext.BaseDirectory, "/nothing", new() { ["DATABASE_URL"] = data.Platform, ["AzureFunctionsJobHost__extensions__durableTask__hubName"] = "empty" }, cancellation);

    private static string Own => Path.Combine(AppContext.BaseDirectory, "Bench.dll");

    public static Task<BenchProcess> StartBareAsync(BenchData data, CancellationToken cancellation) =>
        StartAsync(Own, ["api", ApiBench.ServeBare], AppContext.BaseDirectory, "/ready", new()
            {
                ["BENCH_BARE_DATABASE"] = data.Platform,
                ["BENCH_BARE_USER"] = data.User.ToString(),
                ["BENCH_BARE_DATASET"] = data.Dataset.ToString(),
            }, cancellation);

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<BenchProcess> StartAsync(
        string program, string[] arguments, string folder, string untilPath, Dictionary<string, string> settings, CancellationToken cancellation)
    {
        var port = LoopbackPort.Free();
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        start.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await pause.WaitForNextTickAsync(cancellation))
        {
            if (process.HasExited)
                throw new InvalidOperationException($"{Path.GetFileName(program)} ended with {process.ExitCode}.");
            try
            {
                using var answer = await http.GetAsync(untilPath, cancellation);
                if (answer.IsSuccessStatusCode)
                    break;
            }
            catch (HttpRequestException)
            {
                // Not there yet.
            }
        }
        return new BenchProcess(process, port);
    }
}
