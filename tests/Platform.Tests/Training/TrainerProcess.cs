using System.Collections.Concurrent;
using System.Diagnostics;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>A trainer of this repository in a Python process of its own, which a test may kill and start again.</summary>
/// <param name="name">The name of its folder in <c>trainers</c>.</param>
public sealed class TrainerProcess(string name) : IAsyncDisposable
{
    private readonly Dictionary<string, string> _description = Describe(name);
    private readonly int _port = LoopbackPort.Free();
    private readonly string _cache = Directory.CreateTempSubdirectory("trainer-cache-").FullName;
    private readonly ConcurrentQueue<string> _log = [];
    private Process? _process;
    private bool _isFrozen;

    public string Name => name;

    /// <summary>The setting that gives its address to the app.</summary>
    public string Setting => $"TRAINER_{name.ToUpperInvariant()}_URL";

    public Uri Address => new($"http://127.0.0.1:{_port}");

    public IReadOnlyCollection<string> Log => _log;

    public async Task StartAsync()
    {
        var trainers = Path.Combine(Repository.Root, "trainers");
        var own = Path.Combine(trainers, name, ".venv", "bin", "python");
        var start = new ProcessStartInfo(File.Exists(own) ? own : "/usr/bin/python3", ["-m", _description["module"], "--host", "127.0.0.1", "--port", $"{_port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONPATH"] = $"{trainers}/sdk:{trainers}/{name}";
        start.Environment["TRAINER_CACHE_DIR"] = _cache;
        start.Environment["TRAINER_SLOTS"] = _description["slots"];
        start.Environment.Remove("TRAINER_API_KEY");
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var http = new HttpClient();
        await Waiting.UntilAsync(async () =>
        {
            if (_process.HasExited)
                Assert.Fail($"The trainer ended with {_process.ExitCode}:\n{string.Join('\n', _log)}");
            try
            {
                return (await http.GetAsync(new Uri(Address, _description["health"]))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "the trainer answers");
    }

    /// <summary>Stops it and its jobs as a hanging node does: connections are accepted, and nothing answers. Only killing it helps then.</summary>
    public async Task FreezeAsync()
    {
        _isFrozen = true;
        using var stop = Process.Start("bash", ["-c", "stop() { kill -STOP $1; for child in $(pgrep -P $1); do stop $child; done; }; stop $0", $"{_process!.Id}"]);
        await stop.WaitForExitAsync();
        Assert.Equal(0, stop.ExitCode);
    }

    /// <summary>
    /// Processes of its jobs, and of those that it had before it was killed. They are known by its environment, which a process keeps whoever its parent
    /// is; the service itself and the two processes that it forks jobs from do not count.
    /// </summary>
    public IReadOnlyList<int> JobProcesses()
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(folder), out var id) && File.ReadAllText($"{folder}/environ").Contains($"TRAINER_CACHE_DIR={_cache}\0", StringComparison.Ordinal))
                    parents[id] = int.Parse(File.ReadAllText($"{folder}/stat").Split(") ")[^1].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It ended in the meantime, or belongs to somebody else.
            }
        }

        var service = _process?.Id;
        return [.. parents.Where(process => process.Key != service && process.Value != service).Select(process => process.Key)];
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        // Its jobs end when they notice that it is gone, and frozen ones notice nothing.
        _process.Kill(entireProcessTree: _isFrozen);
        _isFrozen = false;
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_cache, recursive: true);
    }

    /// <summary>Keys and values of its <c>trainer.conf</c>.</summary>
    private static Dictionary<string, string> Describe(string name) =>
        File.ReadLines(Path.Combine(Repository.Root, "trainers", name, "trainer.conf"))
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries))
            .ToDictionary(pair => pair[0], pair => pair[1]);

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
            _log.Enqueue(text);
    }
}
