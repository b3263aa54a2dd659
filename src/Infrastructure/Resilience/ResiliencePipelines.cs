using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace VisionPlatform.Infrastructure.Resilience;

/// <summary>Builds the Polly pipeline of an <see cref="IntegrationPolicy"/>: retry around breaker around timeout.</summary>
public static class ResiliencePipelines
{
    /// <summary>Window in which failures are counted against <see cref="IntegrationPolicy.BreakerFailures"/>.</summary>
    private static readonly TimeSpan BreakerWindow = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A pipeline for calls that fail by throwing. An attempt that times out counts as transient. While the circuit is open, calls fail at once
    /// with <see cref="BrokenCircuitException"/>; the circuit opens when at least <see cref="IntegrationPolicy.BreakerFailures"/>
    /// calls ran within 30 s and half of them or more failed.
    /// Keep one pipeline for each remote endpoint, because it holds the state of the breaker.
    /// </summary>
    /// <param name="policy">The integration's row of <see cref="Integrations"/>.</param>
    /// <param name="isTransient">Whether the same call may succeed later. Only such failures are retried and counted by the breaker.</param>
    /// <param name="retryAfter">The wait that the other side asked for, or null; at most <see cref="IntegrationPolicy.LongestWait"/>.</param>
    /// <param name="time">Clock for waits and the breaker.</param>
    /// <param name="target">Which of several remote endpoints it is for, in metrics: a trainer, a bucket.</param>
    public static ResiliencePipeline Build(
        IntegrationPolicy policy, Func<Exception, bool> isTransient, Func<Exception, TimeSpan?>? retryAfter = null, TimeProvider? time = null, string target = "")
    {
        var state = new CircuitBreakerStateProvider();
        var builder = new ResiliencePipelineBuilder { Name = policy.Name, TimeProvider = time };
        var handled = new PredicateBuilder().Handle<Exception>(error => error is TimeoutRejectedException || isTransient(error));

        if (policy.Attempts > 1)
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = handled,
                MaxRetryAttempts = policy.Attempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = policy.FirstWait,
                MaxDelay = policy.LongestWait,
                DelayGenerator = arguments => ValueTask.FromResult(Capped(policy, arguments.Outcome.Exception is { } error ? retryAfter?.Invoke(error) : null)),
            });

        if (policy.BreakerFailures > 0)
            builder.AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = handled,
                FailureRatio = 0.5,
                MinimumThroughput = Math.Max(2, policy.BreakerFailures),
                SamplingDuration = BreakerWindow,
                BreakDuration = policy.BreakerDuration,
                StateProvider = state,
            });

        var pipeline = builder.AddTimeout(policy.Timeout).Build();
        if (policy.BreakerFailures > 0)
            Breakers.Watch(pipeline, policy.Name, target, state);
        return pipeline;
    }

    private static TimeSpan? Capped(IntegrationPolicy policy, TimeSpan? asked) =>
        asked is { } wait ? (wait < policy.LongestWait ? wait : policy.LongestWait) : null;
}
