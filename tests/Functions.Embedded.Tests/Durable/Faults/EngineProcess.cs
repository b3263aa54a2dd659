using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.DurableTask;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>
/// An engine in a process of its own, which a test may kill, halt or stop. It is this test program with other arguments. The process ends when the
/// test's process does.
/// </summary>
internal sealed class EngineProcess : IDisposable
{
    /// <summary>The first argument of such a process; the program name, database, hub and the id of the test's process follow.</summary>
    public const string Argument = "run-an-engine";

    /// <summary>Runs <see cref="Job"/>; every other program is a version of the app, see <see cref="App"/>.</summary>
    public const string JobProgram = "job";

    private readonly Process _process;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _disposed;

    private EngineProcess(Process process) => _process = process;

    /// <summary>Lines that the process wrote as errors.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    /// <summary>Ends when the engine runs.</summary>
    public Task Ready => _ready.Task;

    public static EngineProcess Start(string connectionString, string hub, string program = "")
    {
        string tests = Path.ChangeExtension(typeof(EngineProcess).Assembly.Location, ".dll");
        string parent = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("dotnet", ["exec", tests, Argument, program, connectionString, hub, parent])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var engine = new EngineProcess(Process.Start(start)!);
        engine._process.OutputDataReceived += (_, line) => engine.Read(line.Data);
        engine._process.ErrorDataReceived += (_, line) => engine.Read(line.Data);
        engine._process.BeginOutputReadLine();
        engine._process.BeginErrorReadLine();
        return engine;
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <param name="name">STOP halts the process, CONT lets it go on.</param>
    public async Task SignalAsync(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Stops the engine by SIGTERM and waits until the process has ended.</summary>
    public async Task StopAsync()
    {
        await Ready.EndsAsync(); // before, it does not know the signal
        await SignalAsync("TERM");
        await _process.WaitForExitAsync().EndsAsync();
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

    /// <summary>An orchestrator with one activity that ends when it is let go.</summary>
    /// <param name="by">Who runs it; part of the result.</param>
    /// <param name="letGo">Ends the activity.</param>
    public static TestFunctions Job(string by, Task letGo) => new TestFunctions()
        .Activity<string, string>("Work", async (string _, CancellationToken _) =>
        {
            await letGo;
            return by;
        })
        .Orchestrator("Job", async context => "done by " + await context.CallActivityAsync<string>("Work"));

    /// <summary>The process's work: runs an engine until SIGTERM, or until the test's process is gone.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        (string program, string database, string hub, string parent) = (arguments[0], arguments[1], arguments[2], arguments[3]);
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.TrySetResult();
        });
        await using var effects = new Effects(database, hub);
        TestFunctions functions = program == JobProgram ? Job("the other process", stop.Task) : App(program, effects);
        await using TestEngine engine = await TestEngine.StartAsync(database, hub, functions, Options, errors: Console.Out);
        await Console.Out.WriteLineAsync("ready");
        using var test = Process.GetProcessById(int.Parse(parent, CultureInfo.InvariantCulture));
        await Task.WhenAny(stop.Task, test.WaitForExitAsync());
        await engine.StopAsync();
        return 0;
    }

    /// <summary>A version of an app: <see cref="MixedLoad"/>, and an orchestrator and an activity that no other version has.</summary>
    private static TestFunctions App(string version, Effects effects) => MixedLoad.Functions(effects)
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

    /// <summary>Short leases: what a killed process held goes on soon.</summary>
    private static void Options(DurableEngineOptions options) =>
        (options.MaxConcurrentActivities, options.LeaseDuration) = (8, TimeSpan.FromSeconds(2));

    private void Read(string? line)
    {
        if (line is null)
            return;
        if (line == "ready")
            _ready.TrySetResult();
        else if (line.Contains("Error:", StringComparison.Ordinal) || line.Contains("Unhandled exception", StringComparison.Ordinal))
            Errors.Enqueue(line);
    }
}
