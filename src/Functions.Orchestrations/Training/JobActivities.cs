using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Training;

namespace VisionPlatform.Orchestrations.Training;

/// <summary>The end of a job.</summary>
public sealed class JobActivities(JobCompletion completion)
{
    [Function(nameof(FinalizeJob))]
    public Task<JobEnd> FinalizeJob([ActivityTrigger] Guid jobId, CancellationToken cancellation) => completion.FinalizeAsync(jobId, cancellation);

    [Function(nameof(EndJob))]
    public Task EndJob([ActivityTrigger] JobEnd end, CancellationToken cancellation) => completion.EndAsync(end, cancellation);
}
