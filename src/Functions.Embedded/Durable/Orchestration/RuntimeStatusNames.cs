using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Durable;

internal static class RuntimeStatusNames
{
    /// <summary>The stored names of the statuses of instances that have ended.</summary>
    public static readonly string[] Final = ["Completed", "Failed", "Terminated"];

    public static bool IsFinal(this OrchestrationRuntimeStatus status) => status
        is OrchestrationRuntimeStatus.Completed
        or OrchestrationRuntimeStatus.Failed
        or OrchestrationRuntimeStatus.Terminated;
}
