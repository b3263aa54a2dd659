using Microsoft.DurableTask;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Orchestrators that many tests use.</summary>
internal static class Samples
{
    /// <summary>Wait (for the event "go"), Echo, Throw, and Parent, whose child waits.</summary>
    public static TestFunctions Functions => new TestFunctions()
        .Orchestrator("Wait", context => context.WaitForExternalEvent<string>("go"))
        .Orchestrator("Echo", context => Task.FromResult(context.GetInput<string>()))
        .Orchestrator<string>("Throw", _ => throw new InvalidOperationException("thrown"))
        .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>(
            "Wait", options: new SubOrchestrationOptions(instanceId: context.InstanceId + "-child")));
}
