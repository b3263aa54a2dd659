using Microsoft.DurableTask;

namespace VisionPlatform.Orchestrations;

/// <summary>How activities are tried again after an unexpected failure (a database or store that is away). Expected failures are return values.</summary>
internal static class ActivityRetry
{
    /// <summary>Ten tries, 1 s apart and doubling up to a minute: some five minutes in all.</summary>
    public static readonly TaskOptions Standard = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 10, firstRetryInterval: TimeSpan.FromSeconds(1), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromSeconds(60)));
}
