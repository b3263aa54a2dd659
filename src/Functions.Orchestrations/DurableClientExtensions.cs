using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Orchestrations;

/// <summary>What the API does with orchestrations, such that doing it twice, late or from two hosts at once does no harm.</summary>
public static class DurableClientExtensions
{
    /// <summary>Schedules an orchestration unless one of that id exists, in whatever state.</summary>
    public static async Task ScheduleOnceAsync(
        this DurableTaskClient durable, TaskName orchestrator, object input, string instanceId, CancellationToken cancellation)
    {
        if (await durable.GetInstanceAsync(instanceId, cancellation) is null)
            await ScheduleAsync(durable, orchestrator, input, instanceId, cancellation);
    }

    /// <summary>Schedules an orchestration unless one of that id is under way; for work that its row says is not done.</summary>
    public static async Task ScheduleAgainAsync(
        this DurableTaskClient durable, TaskName orchestrator, object input, string instanceId, CancellationToken cancellation)
    {
        if (await durable.GetInstanceAsync(instanceId, cancellation) is null or { IsCompleted: true })
            await ScheduleAsync(durable, orchestrator, input, instanceId, cancellation);
    }

    /// <summary>Tells the run of a job or export to look at the database; one that has ended needs no telling.</summary>
    public static async Task WakeAsync(this DurableTaskClient durable, Guid subjectId, string why, CancellationToken cancellation)
    {
        var instanceId = RunOnTrainer.InstanceId(subjectId);
        try
        {
            await durable.RaiseEventAsync(instanceId, RunOnTrainer.Wake, why, cancellation);
        }
        catch (Exception refused) when (refused is not OperationCanceledException)
        {
            // Hosts differ in whether they refuse an event for an instance that is gone.
            if (await durable.GetInstanceAsync(instanceId, cancellation) is { IsCompleted: false })
                throw;
        }
    }

    private static async Task ScheduleAsync(
        DurableTaskClient durable, TaskName orchestrator, object input, string instanceId, CancellationToken cancellation)
    {
        try
        {
            await durable.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOrchestrationOptions(instanceId), cancellation);
        }
        catch (Exception raced) when (raced is not OperationCanceledException)
        {
            // Hosts differ in what they throw for an id that exists; what counts is whether it does.
            if (await durable.GetInstanceAsync(instanceId, cancellation) is null)
                throw;
        }
    }
}
