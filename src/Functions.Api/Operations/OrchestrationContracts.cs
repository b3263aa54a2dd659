using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Api.Operations;

/// <summary>What an orchestration waits for, in words and as data.</summary>
/// <param name="InstanceId">Id of the instance.</param>
/// <param name="Orchestrator">Name of its function.</param>
/// <param name="Version">The version that it was started with; empty for none.</param>
/// <param name="Status">`Pending`, `Running`, `Suspended`, `Completed`, `Failed` or `Terminated`.</param>
/// <param name="CreatedAt">When it was scheduled.</param>
/// <param name="UpdatedAt">When its last turn was committed.</param>
/// <param name="Summary">One sentence: what it waits for, or how it ended.</param>
/// <param name="WaitsFor">All that its code waits for now, oldest first.</param>
/// <param name="CanRun">The living processes that have its orchestrator.</param>
/// <param name="NextWakeUp">When it has something to do next even if nothing happens; null for never.</param>
/// <param name="ReplayError">Why the present code does not repeat its history, so that its next turn would fail; null when it does.</param>
public sealed record OrchestrationAnswer(
    string InstanceId, string Orchestrator, string Version, string Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string Summary,
    IReadOnlyList<OpenWaitAnswer> WaitsFor, IReadOnlyList<string> CanRun, DateTimeOffset? NextWakeUp, string? ReplayError)
{
    public static OrchestrationAnswer Of(InstanceExplanation e) => new(
        e.InstanceId, e.Orchestrator, e.Version, e.Status, e.CreatedAt, e.UpdatedAt, e.Summary,
        [.. e.WaitsFor.Select(wait => new OpenWaitAnswer(wait.Kind, wait.Name, wait.Since, wait.Until, wait.Text))], e.CanRun, e.NextWakeUp, e.ReplayError);
}

/// <summary>One thing that an orchestration waits for.</summary>
/// <param name="Kind">`activity`, `orchestration`, `timer`, `event` or `entity`.</param>
/// <param name="Name">Name of the function or the event; of an entity, its id; of a timer, empty.</param>
/// <param name="Since">When the orchestrator began to wait.</param>
/// <param name="Until">When a timer fires, or when the lease of a running activity ends unless it is renewed; null otherwise.</param>
/// <param name="Text">The same in words.</param>
public sealed record OpenWaitAnswer(string Kind, string Name, DateTimeOffset Since, DateTimeOffset? Until, string Text);
