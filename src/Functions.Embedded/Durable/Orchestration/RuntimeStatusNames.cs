using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Durable;

internal static class RuntimeStatusNames
{
    /// <summary>The statuses an instance never leaves, as stored.</summary>
    public static readonly string[] Final = ["Completed", "Failed", "Terminated"];

    public static bool IsFinal(this OrchestrationRuntimeStatus status) => status
        is OrchestrationRuntimeStatus.Completed
        or OrchestrationRuntimeStatus.Failed
        or OrchestrationRuntimeStatus.Terminated;
}
