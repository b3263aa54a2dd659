using Microsoft.DurableTask;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Orchestrations.Operations;

/// <summary>How activities of operations are tried again: ten times over some five minutes, but not after an <see cref="OperationException"/>.</summary>
public static class OperationRetry
{
    public static readonly TaskOptions Standard = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 10, firstRetryInterval: TimeSpan.FromSeconds(1), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromSeconds(60))
        {
            HandleFailure = failure => !failure.IsCausedBy<OperationException>(),
        });
}
