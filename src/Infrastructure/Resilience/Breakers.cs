using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Polly;
using Polly.CircuitBreaker;

namespace VisionPlatform.Infrastructure.Resilience;

/// <summary>The metric <c>circuit_breaker_open</c> of every pipeline that has a circuit breaker and is still in use.</summary>
internal static class Breakers
{
    private static readonly ConditionalWeakTable<ResiliencePipeline, Watched> Known = [];

    // Kept, or the meter would be collected with its instruments.
    private static readonly Meter Meter = new("VisionPlatform.Resilience");

    static Breakers() => Meter.CreateObservableGauge("circuit_breaker_open", Measure, description: "1 while calls fail at once because too many failed before, otherwise 0.");

    public static void Watch(ResiliencePipeline pipeline, string integration, string target, CircuitBreakerStateProvider state) =>
        Known.Add(pipeline, new Watched(integration, target, state));

    // Several pipelines may be for the same endpoint.
    private static IEnumerable<Measurement<int>> Measure() =>
        from known in Known
        let breaker = known.Value
        group breaker.State.CircuitState is CircuitState.Open or CircuitState.Isolated by (breaker.Integration, breaker.Target) into breakers
        select new Measurement<int>(breakers.Any(isOpen => isOpen) ? 1 : 0, new("integration", breakers.Key.Integration), new("target", breakers.Key.Target));

    private sealed record Watched(string Integration, string Target, CircuitBreakerStateProvider State);
}
