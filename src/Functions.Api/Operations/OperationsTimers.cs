using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Modules;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Operations;

/// <summary>The timers that go through the declarations of all served modules.</summary>
public sealed partial class OperationsTimers(ServedModules modules, IServiceProvider services, TimeProvider time, ILogger<OperationsTimers> logger)
{
    private const int Batch = 200;

    /// <summary>
    /// Schedules work whose orchestration is missing: the host ended between writing the row and scheduling, a service was away for longer
    /// than all retries, or an operator terminated the orchestration. Settles what was left half done between two databases.
    /// </summary>
    [Function(nameof(RecoverWork))]
    public async Task RecoverWork([TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var before = time.GetUtcNow().AddMinutes(-1);
        foreach (var work in modules.All.SelectMany(module => module.Work))
            foreach (var id in await work.FindAsync(services, before, Batch, cancellation))
                await durable.ScheduleAgainAsync(work.Orchestrator, id, work.InstanceId(id), cancellation);
        await RunAllAsync(modules.All.SelectMany(module => module.Repairs).Select(repair => (repair.What, repair.RunAsync)), Settled, "Settling", cancellation);
    }

    /// <summary>Applies every retention rule. One that fails does not keep the others from running; the timer fails at the end.</summary>
    [Function(nameof(RemoveExpired))]
    public Task RemoveExpired([TimerTrigger("0 */15 * * * *")] TimerInfo timer, CancellationToken cancellation) =>
        RunAllAsync(modules.All.SelectMany(module => module.Retention).Select(rule => (rule.What, rule.RunAsync)), Removed, "Removing", cancellation);

    private async Task RunAllAsync(
        IEnumerable<(string What, Func<IServiceProvider, CancellationToken, Task<int>> RunAsync)> rules, Action<int, string> tell, string doing, CancellationToken cancellation)
    {
        var failures = new List<Exception>();
        foreach (var (what, run) in rules)
        {
            try
            {
                if (await run(services, cancellation) is > 0 and var count)
                    tell(count, what);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                failures.Add(new InvalidOperationException($"{doing} {what} failed.", failure));
            }
        }
        if (failures.Count > 0)
            throw new AggregateException(failures);
    }

    [LoggerMessage(LogLevel.Warning, "Settled {Count} {What}, which a crash had left half done")]
    private partial void Settled(int count, string what);

    [LoggerMessage(LogLevel.Information, "Removed {Count} {What}")]
    private partial void Removed(int count, string what);
}
