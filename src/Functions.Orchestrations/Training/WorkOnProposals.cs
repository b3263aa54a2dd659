using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Orchestrations.Training;

/// <summary>Proposes, accepts or rejects the labels of many images, some in each step.</summary>
public static class WorkOnProposals
{
    [Function(nameof(WorkOnProposals))]
    public static async Task<ProposalRunState?> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var id = context.GetInput<Guid>();
        Failure? failure = null;
        try
        {
            while (await context.CallActivityAsync<bool>(nameof(ProposalActivities.WorkOnSomeProposals), id, ActivityRetry.Standard))
            {
            }
        }
        catch (TaskFailedException failed)
        {
            context.CreateReplaySafeLogger(nameof(WorkOnProposals)).LogError(failed, "Proposals {RunId} could not be worked on", id);
            failure = Failure.Of(ErrorCodes.Internal);
        }
        return await context.CallActivityAsync<ProposalRunState?>(nameof(ProposalActivities.EndProposalRun), new ProposalRunEnd(id, failure), ActivityRetry.Standard);
    }
}

/// <summary>A run that has no image left, or cannot go on.</summary>
public sealed record ProposalRunEnd(Guid RunId, Failure? Failure);

/// <summary>The steps of a run. Each may run more than once.</summary>
public sealed class ProposalActivities(ProposalSteps steps, ProposalRuns runs)
{
    [Function(nameof(WorkOnSomeProposals))]
    public Task<bool> WorkOnSomeProposals([ActivityTrigger] Guid runId, CancellationToken cancellation) => steps.StepAsync(runId, cancellation);

    [Function(nameof(EndProposalRun))]
    public Task<ProposalRunState?> EndProposalRun([ActivityTrigger] ProposalRunEnd end, CancellationToken cancellation) => runs.EndAsync(end.RunId, end.Failure, cancellation);
}
