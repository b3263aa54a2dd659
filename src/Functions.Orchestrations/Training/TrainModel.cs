using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Orchestrations.Training;

/// <summary>Takes a training job from the queue to a model version, or to its failure.</summary>
public static class TrainModel
{
    [Function(nameof(TrainModel))]
    public static async Task<JobEnd> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var jobId = context.GetInput<Guid>();
        JobEnd end;
        try
        {
            var run = await context.CallSubOrchestratorAsync<TrainerRunEnd>(
                nameof(RunOnTrainer), new TrainerRun(AttemptKind.Train, jobId), new SubOrchestrationOptions(instanceId: RunOnTrainer.InstanceId(jobId)));
            end = run.State == AttemptState.Completed
                ? await context.CallActivityAsync<JobEnd>(nameof(JobActivities.FinalizeJob), jobId, ActivityRetry.Standard)
                : new JobEnd(jobId, run.State == AttemptState.Cancelled ? JobState.Cancelled : JobState.Failed, run.Failure);
        }
        catch (TaskFailedException failed)
        {
            context.CreateReplaySafeLogger(nameof(TrainModel)).LogError(failed, "Job {JobId} failed unexpectedly", jobId);
            end = new JobEnd(jobId, JobState.Failed, Failure.Of(ErrorCodes.Internal));
        }

        if (end.State != JobState.Completed)
            await context.CallActivityAsync(nameof(JobActivities.EndJob), end, ActivityRetry.Standard);
        return end;
    }
}

/// <summary>The end of a job.</summary>
public sealed class JobActivities(JobCompletion completion)
{
    [Function(nameof(FinalizeJob))]
    public Task<JobEnd> FinalizeJob([ActivityTrigger] Guid jobId, CancellationToken cancellation) => completion.FinalizeAsync(jobId, cancellation);

    [Function(nameof(EndJob))]
    public Task EndJob([ActivityTrigger] JobEnd end, CancellationToken cancellation) => completion.EndAsync(end, cancellation);
}
