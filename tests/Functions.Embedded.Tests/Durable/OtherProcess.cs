using System.Diagnostics;
using Microsoft.DurableTask;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>An engine in a process of its own, which a test may kill or halt: this test program, told to run <see cref="OtherProcessWorker"/>.</summary>
internal sealed class OtherProcess : IDisposable
{
    private const string Database = "DURABLE_TEST_WORKER_DATABASE";
    private const string Hub = "DURABLE_TEST_WORKER_HUB";
    private const string ReleaseFile = "DURABLE_TEST_WORKER_RELEASE";

    private readonly Process _process;
    private readonly string _release;

    private OtherProcess(Process process, string release) => (_process, _release) = (process, release);

    public static OtherProcess Start(string connectionString, string hub)
    {
        string release = Path.Combine(Path.GetTempPath(), $"durable-release-{Guid.NewGuid():N}");
        string program = Path.ChangeExtension(typeof(OtherProcess).Assembly.Location, ".dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, "-explicit", "only", "-class", typeof(OtherProcessWorker).FullName!])
        {
            RedirectStandardOutput = true,
            Environment =
            {
                [Database] = connectionString,
                [Hub] = hub,
                [ReleaseFile] = release,
                ["TEST_DATABASE_URL"] = connectionString, // no server of its own
            },
        };
        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        return new OtherProcess(process, release);
    }

    public static TestFunctions Functions(string by, Func<Task>? until = null) => new TestFunctions()
        .Activity<string, string>("Work", async (string _, CancellationToken _) =>
        {
            if (until is not null)
                await until();
            return by;
        })
        .Orchestrator("Job", async context => "done by " + await context.CallActivityAsync<string>("Work"));

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public async Task SignalAsync(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Lets its activity end, and waits until the process has stopped its engine and gone.</summary>
    public async Task FinishAsync()
    {
        await File.WriteAllTextAsync(_release, "");
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        File.Delete(_release);
        Assert.Equal(0, _process.ExitCode);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }

    /// <summary>The other process's work: runs an engine until its activity was let go, then stops it.</summary>
    public static async Task WorkAsync()
    {
        string release = Environment.GetEnvironmentVariable(ReleaseFile)!;
        var ended = new TaskCompletionSource();
        TestFunctions functions = Functions("the other process", async () =>
        {
            while (!File.Exists(release))
                await Task.Delay(20);
            ended.SetResult();
        });
        await using TestEngine engine = await TestEngine.StartAsync(
            Environment.GetEnvironmentVariable(Database)!, Environment.GetEnvironmentVariable(Hub)!, functions);
        await ended.Task;
        await engine.StopAsync();
        Assert.DoesNotContain(engine.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }
}

public sealed class OtherProcessWorker
{
    /// <summary>Only run by <see cref="OtherProcess"/>.</summary>
    [Fact(Explicit = true)]
    public Task Runs_an_engine() => OtherProcess.WorkAsync();
}
