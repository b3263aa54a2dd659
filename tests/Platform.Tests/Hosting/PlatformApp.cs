using System.Collections.Concurrent;
using System.Diagnostics;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>The app as people run it: a process of its own, which a test may kill and start again.</summary>
public sealed class PlatformApp : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    private readonly IAppHost _host;
    private readonly Dictionary<string, string?> _settings;
    private readonly ConcurrentQueue<string> _log = [];
    private Process? _process;

    internal PlatformApp(AppDatabases databases, IReadOnlyDictionary<string, string?> settings, IAppHost? host = null)
    {
        _host = host ?? new EmbeddedHost();
        Databases = databases;
        Address = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}");
        _settings = new Dictionary<string, string?>(settings)
        {
            ["ASPNETCORE_URLS"] = Address.ToString().TrimEnd('/'),
        };
        foreach (var (name, url) in databases.Settings)
            _settings[name] = url;
        _settings.TryAdd("PUBLIC_URL", Address.ToString().TrimEnd('/'));
    }

    public AppDatabases Databases { get; }

    public Uri Address { get; }

    /// <summary>What it wrote to its console, over all its starts.</summary>
    public IReadOnlyCollection<string> Log => _log;

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("It is not running.");

    /// <summary>Starts the process and waits until <paramref name="untilPath"/> answers 200.</summary>
    public async Task StartAsync(string untilPath = "/health/ready")
    {
        var start = _host.Command(Address);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        // Only what the test says: a developer's own settings must not leak into the app.
        foreach (var key in start.Environment.Keys.Where(key => !IsNeededByDotnet(key)).ToList())
            start.Environment.Remove(key);
        foreach (var (key, value) in _settings.Where(pair => pair.Value is not null).Concat(_host.Settings))
            start.Environment[key] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await WaitForAsync(untilPath);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Asks it to stop (SIGTERM) and waits; the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{ProcessId}"]))
            await kill.WaitForExitAsync();
        await _process!.WaitForExitAsync();
        var code = _process.ExitCode;
        _process.Dispose();
        _process = null;
        return code;
    }

    /// <summary>A client without a session.</summary>
    public ApiClient NewClient() => new(this);

    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task WaitForAsync(string path)
    {
        using var http = new HttpClient { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
        using var limit = new CancellationTokenSource(StartLimit);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var last = "no answer";
        try
        {
            do
            {
                if (_process!.HasExited)
                    throw new InvalidOperationException($"The app ended with {_process.ExitCode}:\n{string.Join('\n', _log)}");
                try
                {
                    using var response = await http.GetAsync(path, limit.Token);
                    if (response.IsSuccessStatusCode)
                        return;
                    last = await response.Content.ReadAsStringAsync(limit.Token);
                }
                catch (HttpRequestException e)
                {
                    last = e.Message;
                }
            }
            while (await pause.WaitForNextTickAsync(limit.Token));
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{path} was not ready within {StartLimit}: {last}\n{string.Join('\n', _log)}");
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
            _log.Enqueue(text);
    }

    private static bool IsNeededByDotnet(string key) =>
        key is "PATH" or "HOME" or "TMPDIR" or "LANG" || key.StartsWith("DOTNET_", StringComparison.Ordinal) || key.StartsWith("NUGET_", StringComparison.Ordinal);
}
