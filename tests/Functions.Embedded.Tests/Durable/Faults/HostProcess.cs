using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>An engine with <see cref="MixedLoad"/> in a process of its own: this test program, told to run <see cref="HostProcessWorker"/>.</summary>
internal sealed class HostProcess : IDisposable
{
    private const string Database = "DURABLE_TEST_HOST_DATABASE";
    private const string Hub = "DURABLE_TEST_HOST_HUB";
    private const string Version = "DURABLE_TEST_HOST_VERSION";
    private const string Parent = "DURABLE_TEST_HOST_PARENT";

    private readonly Process _process;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool _disposed;

    private HostProcess(Process process) => _process = process;

    /// <summary>Lines that the process wrote as errors.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    /// <summary>Ends when its engine runs.</summary>
    public Task Ready => _ready.Task;

    /// <param name="version">Of its program: each has an orchestrator and an activity that no other has.</param>
    public static HostProcess Start(string connectionString, string hub, string version = "")
    {
        string program = Path.ChangeExtension(typeof(HostProcess).Assembly.Location, ".dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, "-explicit", "only", "-class", typeof(HostProcessWorker).FullName!])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                [Database] = connectionString,
                [Hub] = hub,
                [Version] = version,
                [Parent] = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture),
                ["TEST_DATABASE_URL"] = connectionString, // no server of its own
            },
        };
        var host = new HostProcess(Process.Start(start)!);
        host._process.OutputDataReceived += (_, line) => host.Read(line.Data);
        host._process.ErrorDataReceived += (_, line) => host.Read(line.Data);
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        return host;
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>STOP and CONT let it hang and go on.</summary>
    public async Task SignalAsync(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Asks it to stop by SIGTERM and waits until it has gone.</summary>
    public async Task StopAsync()
    {
        await Ready.WaitAsync(TimeSpan.FromSeconds(60)); // before, it does not know the signal
        await SignalAsync("TERM");
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        if (_process.ExitCode != 0)
            Errors.Enqueue($"The process ended with {_process.ExitCode}.");
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }

    /// <summary>The process's work: runs an engine until SIGTERM, or until whoever started it is gone.</summary>
    public static async Task WorkAsync()
    {
        string database = Environment.GetEnvironmentVariable(Database)!;
        string hub = Environment.GetEnvironmentVariable(Hub)!;
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.TrySetResult();
        });
        await using var effects = new Effects(database, hub);
        string version = Environment.GetEnvironmentVariable(Version)!;
        TestFunctions functions = MixedLoad.Functions(effects)
            .Activity<Call, string>($"Work of {version}", async (string instance, Call call, CancellationToken cancellation) =>
            {
                await effects.DoAsync(instance, call.Step, cancellation);
                return version;
            })
            .Orchestrator($"Only {version}", async context =>
            {
                await context.WaitForExternalEvent<bool>("go");
                return "done by " + await context.CallActivityAsync<string>($"Work of {version}", new Call("work", 0));
            });
        await using TestEngine engine = await TestEngine.StartAsync(database, hub, functions, Options, errors: Console.Out);
        await Console.Out.WriteLineAsync("ready");
        using var parent = Process.GetProcessById(int.Parse(Environment.GetEnvironmentVariable(Parent)!, System.Globalization.CultureInfo.InvariantCulture));
        await Task.WhenAny(stop.Task, parent.WaitForExitAsync());
        await engine.StopAsync();
    }

    private static void Options(DurableEngineOptions options) => options.MaxConcurrentActivities = 8;

    private void Read(string? line)
    {
        if (line is null)
            return;
        if (line.EndsWith("ready", StringComparison.Ordinal))
            _ready.TrySetResult();
        else if (line.Contains("Error:", StringComparison.Ordinal) || line.Contains("[FAIL]", StringComparison.Ordinal))
            Errors.Enqueue(line);
    }
}

public sealed class HostProcessWorker
{
    /// <summary>Only run by <see cref="HostProcess"/>.</summary>
    [Fact(Explicit = true)]
    public Task Runs_an_engine() => HostProcess.WorkAsync();
}
