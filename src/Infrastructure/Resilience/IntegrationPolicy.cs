namespace VisionPlatform.Infrastructure.Resilience;

/// <summary>What happens when an integration stays away after its retries.</summary>
public enum IntegrationFallback
{
    /// <summary>The failure is reported to the caller.</summary>
    FailFast,

    /// <summary>The work stays queued and is tried again when the integration is back.</summary>
    Queue,

    /// <summary>The failure is logged and the work goes on without the integration.</summary>
    LogOnly,

    /// <summary>The data is kept and sent later.</summary>
    Buffer,

    /// <summary>A copy held locally is served where there is one.</summary>
    Cache,

    /// <summary>The feature that needs the integration is switched off.</summary>
    DisableFeature,
}

/// <summary>
/// How one integration is called. <see cref="Timeout"/> bounds one attempt, not the sum of them.
/// </summary>
/// <param name="Name">Name in logs, metrics and the readiness answer.</param>
/// <param name="Timeout">Longest one attempt may take.</param>
/// <param name="ConnectTimeout">Longest the TCP and TLS handshake may take.</param>
/// <param name="Attempts">Tries in all, the first included; 1 means no retry.</param>
/// <param name="FirstWait">Wait before the second attempt; doubles from there, with jitter.</param>
/// <param name="LongestWait">Upper bound of one wait.</param>
/// <param name="BreakerFailures">Failures that open the circuit; 0 means no breaker.</param>
/// <param name="BreakerDuration">How long the circuit stays open.</param>
/// <param name="Fallback">What the callers do when it stays away.</param>
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
