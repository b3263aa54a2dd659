using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Training;

namespace VisionPlatform.Orchestrations.Training;

/// <summary>
/// Runs a sweep: the database says which jobs are to run, each of them is an orchestration of its own below this one, and the end of one leads to the next
/// look. Cancelling it in the database and raising <see cref="Wake"/> ends it; the jobs end by themselves then.
/// </summary>
public static class RunSweep
{
    /// <summary>The event that asks for a look at the database.</summary>
    public const string Wake = "wake";

    [Function(nameof(RunSweep))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var sweepId = context.GetInput<Guid>();
        var running = new Dictionary<Guid, Task<JobEnd>>();
        var wake = context.WaitForExternalEvent<string>(Wake);
        var step = await AdvanceAsync(context, sweepId);
        while (!step.Ended)
        {
            foreach (var job in step.Jobs.Where(job => !running.ContainsKey(job)))
                running[job] = context.CallSubOrchestratorAsync<JobEnd>(nameof(TrainModel), job, new SubOrchestrationOptions(instanceId: TrainingWork.Train.InstanceId(job)));
            foreach (var ended in running.Where(run => run.Value.IsCompleted).Select(run => run.Key).ToList())
                running.Remove(ended);
            using var stop = new CancellationTokenSource();
            var timer = context.CreateTimer(step.CheckAgainIn, stop.Token);
            await Task.WhenAny([.. running.Values, wake, timer]);
            if (!timer.IsCompleted)
                stop.Cancel();
            if (wake.IsCompleted)
                wake = context.WaitForExternalEvent<string>(Wake);
            step = await AdvanceAsync(context, sweepId);
        }
    }

    private static Task<SweepStep> AdvanceAsync(TaskOrchestrationContext context, Guid sweepId) =>
        context.CallActivityAsync<SweepStep>(nameof(SweepActivities.AdvanceSweep), sweepId, ActivityRetry.Standard);
}

/// <summary>The steps of a sweep.</summary>
public sealed class SweepActivities(SweepLifecycle sweeps)
{
    [Function(nameof(AdvanceSweep))]
    public Task<SweepStep> AdvanceSweep([ActivityTrigger] Guid sweepId, CancellationToken cancellation) => sweeps.AdvanceAsync(sweepId, cancellation);
}
