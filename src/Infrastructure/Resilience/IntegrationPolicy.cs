namespace VisionPlatform.Infrastructure.Resilience;

/// <summary>What happens when an integration is still unavailable after the retries.</summary>
public enum IntegrationFallback
{
    /// <summary>The failure is reported to the caller.</summary>
    FailFast,

    /// <summary>The work stays queued and is tried again when the integration is available.</summary>
    Queue,

    /// <summary>The failure is logged and the work goes on without the integration.</summary>
    LogOnly,

    /// <summary>The data is kept and sent later.</summary>
    Buffer,

    /// <summary>A local copy is used if there is one.</summary>
    Cache,

    /// <summary>The feature that needs the integration is switched off.</summary>
    DisableFeature,
}

/// <summary>
/// How one integration is called. <see cref="Timeout"/> limits one attempt, not all attempts together.
/// </summary>
/// <param name="Name">Name in logs, metrics and the readiness answer.</param>
/// <param name="Timeout">Time limit of one attempt.</param>
/// <param name="ConnectTimeout">Time limit of the TCP and TLS handshake.</param>
/// <param name="Attempts">Number of attempts, including the first; 1 means no retry.</param>
/// <param name="FirstWait">Wait before the second attempt. It doubles before each further one, with jitter.</param>
/// <param name="LongestWait">Upper bound of one wait.</param>
/// <param name="BreakerFailures">The circuit opens only after at least this many calls; 0 means no breaker.</param>
/// <param name="BreakerDuration">How long the circuit stays open.</param>
/// <param name="Fallback">What callers do when the integration is still unavailable.</param>
public sealed record IntegrationPolicy(
    string Name,
    TimeSpan Timeout,
    TimeSpan ConnectTimeout,
    int Attempts,
    TimeSpan FirstWait,
    TimeSpan LongestWait,
    int BreakerFailures,
    TimeSpan BreakerDuration,
    IntegrationFallback Fallback);
