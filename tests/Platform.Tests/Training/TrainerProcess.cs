using System.Collections.Concurrent;
using System.Diagnostics;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>The torchvision trainer as people run it: a Python process of its own, which a test may kill and start again.</summary>
public sealed class TrainerProcess : IAsyncDisposable
{
    private readonly int _port = LoopbackPort.Free();
    private readonly string _cache = Directory.CreateTempSubdirectory("trainer-cache-").FullName;
    private readonly ConcurrentQueue<string> _log = [];
    private Process? _process;

    public Uri Address => new($"http://127.0.0.1:{_port}");

    public IReadOnlyCollection<string> Log => _log;

    public async Task StartAsync()
    {
        var trainers = Path.Combine(Repository.Root, "trainers");
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("PYTHON") ?? "/usr/bin/python3", ["-m", "torchvision_trainer", "--host", "127.0.0.1", "--port", $"{_port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONPATH"] = $"{trainers}/sdk:{trainers}/torchvision";
        start.Environment["TRAINER_CACHE_DIR"] = _cache;
        start.Environment["TRAINER_SLOTS"] = "2";
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
                return (await http.GetAsync(new Uri(Address, "health"))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "the trainer answers", seconds: 120);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_cache, recursive: true);
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
            _log.Enqueue(text);
    }
}
