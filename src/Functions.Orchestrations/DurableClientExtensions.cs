using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Application.Modules;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Orchestrations;

/// <summary>What the API does with orchestrations, such that doing it twice, late or from two hosts at once does no harm.</summary>
public static class DurableClientExtensions
{
    /// <summary>Schedules the orchestration of a row unless there is one, in whatever state.</summary>
    public static Task ScheduleOnceAsync(this DurableTaskClient durable, RecoverableWork work, Guid id, CancellationToken cancellation) =>
        durable.ScheduleOnceAsync(work.Orchestrator, id, work.InstanceId(id), cancellation);

    /// <summary>Schedules an orchestration unless one of that id exists, in whatever state.</summary>
    public static async Task ScheduleOnceAsync(
        this DurableTaskClient durable, TaskName orchestrator, object input, string instanceId, CancellationToken cancellation)
    {
        if (await durable.GetInstanceAsync(instanceId, cancellation) is null)
            await ScheduleUnlessAsync(durable, orchestrator, input, instanceId, there => there is not null, cancellation);
    }

    /// <summary>Schedules an orchestration unless one of that id is under way; for work that its row says is not done.</summary>
    public static async Task ScheduleAgainAsync(
        this DurableTaskClient durable, TaskName orchestrator, object input, string instanceId, CancellationToken cancellation)
    {
        var before = await durable.GetInstanceAsync(instanceId, cancellation);
        if (before is not { IsCompleted: false })
            // What somebody else scheduled since then may have ended by now; that was the same work.
            await ScheduleUnlessAsync(
                durable, orchestrator, input, instanceId, there => there is not null && (!there.IsCompleted || there.CreatedAt != before?.CreatedAt), cancellation);
    }

    /// <summary>Asks the run of a job or export for a status check. A run that has ended is left alone.</summary>
    public static Task WakeAsync(this DurableTaskClient durable, Guid subjectId, string why, CancellationToken cancellation) =>
        durable.WakeAsync(RunOnTrainer.InstanceId(subjectId), RunOnTrainer.Wake, why, cancellation);

    /// <summary>Raises an event of an instance. One that has ended is left alone.</summary>
    public static async Task WakeAsync(this DurableTaskClient durable, string instanceId, string name, string why, CancellationToken cancellation)
    {
        try
        {
            await durable.RaiseEventAsync(instanceId, name, why, cancellation);
        }
        catch (Exception refused) when (refused is not OperationCanceledException)
        {
            // Hosts differ in whether they refuse an event for an instance that is gone.
            if (await durable.GetInstanceAsync(instanceId, cancellation) is { IsCompleted: false })
                throw;
        }
    }

    private static async Task ScheduleUnlessAsync(
        DurableTaskClient durable, TaskName orchestrator, object input, string instanceId, Predicate<OrchestrationMetadata?> wanted,
        CancellationToken cancellation)
    {
        try
        {
            await durable.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOrchestrationOptions(instanceId), cancellation);
        }
        catch (Exception raced) when (raced is not OperationCanceledException)
        {
            // Hosts differ in what they throw for an id that somebody else has just scheduled; what counts is whether it is there.
            if (!wanted(await durable.GetInstanceAsync(instanceId, cancellation)))
                throw;
        }
    }
}
