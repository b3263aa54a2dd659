using System.Diagnostics;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace VisionPlatform.Bench.Engine;

/// <summary>An app on the embedded host with the repository's host.json and its own task hub.</summary>
internal sealed class EngineApp : IAsyncDisposable
{
    private readonly IHost _host;

    private EngineApp(IHost host, string hub) => (_host, Hub) = (host, hub);

    public string Hub { get; }

    public DurableTaskClient Client => _host.Services.GetRequiredService<DurableTaskClient>();

    public static async Task<EngineApp> StartAsync(
        string connectionString, string hub, CancellationToken cancellation, params (string Name, string Value)[] durableTask)
    {
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.ConfigureFunctionsWebApplication();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DURABLE_DATABASE_URL"] = connectionString,
            ["DATABASE_URL"] = connectionString,
            ["AzureFunctionsJobHost:extensions:durableTask:hubName"] = hub,
        });
        builder.Configuration.AddInMemoryCollection(durableTask.Select(setting =>
            KeyValuePair.Create("AzureFunctionsJobHost:extensions:durableTask:" + setting.Name, (string?)setting.Value)));
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.PostConfigure<LoggerFilterOptions>(logging =>
        {
            // Keep all rules except the one that silences the worker's own provider.
            foreach (LoggerFilterRule rule in logging.Rules.Where(rule => rule.LogLevel != LogLevel.None).ToList())
                logging.Rules.Remove(rule);
            logging.MinLevel = LogLevel.Warning;
        });
        var app = new EngineApp(builder.Build(), hub);
        await app._host.StartAsync(cancellation);
        return app;
    }

    /// <summary>Runs chains one after another. Returns the milliseconds of each from scheduling to completion, as the client sees it.</summary>
    public async Task<double[]> ChainsInTurnAsync(int count, CancellationToken cancellation)
    {
        var times = new double[count];
        for (int i = 0; i < count; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            await RunAsync(nameof(Functions.Chain), null, cancellation);
            times[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }

        return times;
    }

    /// <summary>Schedules all chains at once. Returns the milliseconds of each and the number completed per second.</summary>
    public async Task<(double[] Times, double PerSecond)> ChainsAtOnceAsync(int count, CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        double[] times = await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            await RunAsync(nameof(Functions.Chain), null, cancellation);
            return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }));
        return (times, count / Stopwatch.GetElapsedTime(begun).TotalSeconds);
    }

    public async Task RunAsync(string orchestrator, object? input, CancellationToken cancellation)
    {
        string id = await Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, cancellation: cancellation);
        OrchestrationMetadata end = await Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, cancellation);
        if (end.RuntimeStatus != OrchestrationRuntimeStatus.Completed)
            throw new InvalidOperationException($"{orchestrator} {id} is {end.RuntimeStatus}: {end.FailureDetails}");
    }

    /// <summary>Starts instances and waits until each of them waits.</summary>
    public async Task<string[]> StartWaitingAsync(string orchestrator, object? input, int count, CancellationToken cancellation)
    {
        List<string> ids = [];
        foreach (int[] some in Enumerable.Range(0, count).Chunk(500))
        {
            ids.AddRange(await Task.WhenAll(some.Select(async _ =>
            {
                string id = await Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, cancellation: cancellation);
                await Client.WaitForInstanceStartAsync(id, cancellation);
                return id;
            })));
        }

        return [.. ids];
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
        else
            _host.Dispose();
    }
}
