using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace VisionPlatform.Orchestrations;

public static class ScheduleOnce
{
    /// <summary>Schedules an orchestration unless one of that id exists, in whatever state; two callers at once make one.</summary>
    public static async Task ScheduleOnceAsync(
        this DurableTaskClient durable, TaskName orchestrator, object input, string instanceId, CancellationToken cancellation)
    {
        if (await durable.GetInstanceAsync(instanceId, cancellation) is not null)
            return;
        try
        {
            await durable.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOrchestrationOptions(instanceId), cancellation);
        }
        catch (Exception raced) when (raced is not OperationCanceledException)
        {
            // The hosts differ in what they throw for an id that exists; what counts is whether it does.
            if (await durable.GetInstanceAsync(instanceId, cancellation) is null)
                throw;
        }
    }
}
