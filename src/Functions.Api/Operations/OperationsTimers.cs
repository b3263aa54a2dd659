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
    /// than all retries, or an operator terminated the orchestration.
    /// </summary>
    [Function(nameof(RecoverWork))]
    public async Task RecoverWork([TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var before = time.GetUtcNow().AddMinutes(-1);
        foreach (var work in modules.All.SelectMany(module => module.Work))
            foreach (var id in await work.FindAsync(services, before, Batch, cancellation))
                await durable.ScheduleAgainAsync(work.Orchestrator, id, work.InstanceId(id), cancellation);
    }

    /// <summary>Applies every retention rule. One that fails does not keep the others from running; the timer fails at the end.</summary>
    [Function(nameof(RemoveExpired))]
    public async Task RemoveExpired([TimerTrigger("0 */15 * * * *")] TimerInfo timer, CancellationToken cancellation)
    {
        var failures = new List<Exception>();
        foreach (var rule in modules.All.SelectMany(module => module.Retention))
        {
            try
            {
                if (await rule.RunAsync(services, cancellation) is > 0 and var removed)
                    Removed(removed, rule.What);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                failures.Add(new InvalidOperationException($"Removing {rule.What} failed.", failure));
            }
        }
        if (failures.Count > 0)
            throw new AggregateException(failures);
    }

    [LoggerMessage(LogLevel.Information, "Removed {Count} {What}")]
    private partial void Removed(int count, string what);
}
