namespace VisionPlatform.Functions.Embedded.Durable;

internal sealed partial class OrchestrationContext
{
    // No ConfigureAwait(false): continuations must run in the turn.
    private Task<T> WithRetries<T>(Func<Task<T>> call, TaskRetryOptions? retry) => retry switch
    {
        { Policy: { } policy } => WithPolicyAsync(call, policy),
        { Handler: { } handler } => WithHandlerAsync(call, handler),
        _ => call(),
    };

    private async Task<T> WithPolicyAsync<T>(Func<Task<T>> call, RetryPolicy policy)
    {
        DateTime first = _now;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (TaskFailedException failure) when (attempt < policy.MaxNumberOfAttempts && policy.Handle(Failures.ForPolicy(failure)) && !Expired())
            {
                // It waits below, so that the exception can be collected meanwhile.
            }

            await CreateTimer(Delay(policy, attempt), CancellationToken.None);
        }

        bool Expired() => policy.RetryTimeout != Timeout.InfiniteTimeSpan
            && policy.RetryTimeout != TimeSpan.MaxValue
            && _now - first >= policy.RetryTimeout;
    }

    /// <summary>The wait after attempt n: first interval · coefficient^(n-1), but at most the policy's longest interval.</summary>
    private static TimeSpan Delay(RetryPolicy policy, int attempt)
    {
        double milliseconds = policy.FirstRetryInterval.TotalMilliseconds * Math.Pow(policy.BackoffCoefficient, attempt - 1);
        TimeSpan longest = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.FromDays(3650) : policy.MaxRetryInterval;
        return milliseconds < longest.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : longest;
    }

    private async Task<T> WithHandlerAsync<T>(Func<Task<T>> call, AsyncRetryHandler handler)
    {
        DateTime first = _now;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (TaskFailedException failure)
            {
                var context = new RetryContext(this, attempt, failure.FailureDetails, _now - first, CancellationToken.None);
                if (!await handler(context))
                    throw;
            }
        }
    }
}
