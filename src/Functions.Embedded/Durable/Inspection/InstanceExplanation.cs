namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>What an orchestration waits for, in words and as data.</summary>
/// <param name="InstanceId">Id of the instance.</param>
/// <param name="Orchestrator">Name of its function.</param>
/// <param name="Version">The version that it was started with; empty for none.</param>
/// <param name="Status">Pending, Running, Suspended, Completed, Failed or Terminated.</param>
/// <param name="CreatedAt">When it was scheduled.</param>
/// <param name="UpdatedAt">When its last turn was committed.</param>
/// <param name="Summary">One sentence: what it waits for, or how it ended.</param>
/// <param name="WaitsFor">All that its code waits for now, oldest first. Empty when it has ended or when its history does not replay.</param>
/// <param name="CanRun">Ids of the living processes that have its orchestrator.</param>
/// <param name="NextWakeUp">When it has something to do next without anything happening; null for never.</param>
/// <param name="ReplayError">Why this build's code does not repeat its history; null when it does.</param>
public sealed record InstanceExplanation(
    string InstanceId, string Orchestrator, string Version, string Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string Summary,
    IReadOnlyList<OpenWait> WaitsFor, IReadOnlyList<string> CanRun, DateTimeOffset? NextWakeUp, string? ReplayError);

/// <summary>One thing that an orchestration waits for.</summary>
/// <param name="Kind">activity, orchestration, timer, event or entity.</param>
/// <param name="Name">Name of the function or event; of an entity, its id; of a timer, empty.</param>
/// <param name="Since">When the orchestrator began to wait.</param>
/// <param name="Until">When a timer fires, or when the lease of a running activity ends unless it is renewed; null otherwise.</param>
/// <param name="Text">The same as half a sentence.</param>
public sealed record OpenWait(string Kind, string Name, DateTimeOffset Since, DateTimeOffset? Until, string Text);

/// <summary>Whether an instance in flight can go on with this build's code.</summary>
/// <param name="InstanceId">Id of the instance.</param>
/// <param name="Orchestrator">Name of its function.</param>
/// <param name="Problem">Why it cannot; null when it can.</param>
public sealed record ReplayCheck(string InstanceId, string Orchestrator, string? Problem);

/// <summary>Calls that wait for an activity which this build does not have.</summary>
/// <param name="Activity">Name of the function.</param>
/// <param name="Calls">Number of calls without a result.</param>
public sealed record UnknownActivity(string Activity, long Calls);

/// <summary>The code of a build for <see cref="HubInspector"/>. Orchestrators are only replayed; no activity runs.</summary>
/// <param name="Orchestrators">Names of its orchestrators.</param>
/// <param name="Activities">Names of its activities.</param>
/// <param name="RunAsync">Calls an orchestrator by name. It stays on the context's scheduler: no ConfigureAwait(false), no I/O.</param>
/// <param name="Converter">How inputs and results are written.</param>
public sealed record OrchestratorCode(
    IReadOnlyCollection<string> Orchestrators, IReadOnlyCollection<string> Activities, Func<string, TaskOrchestrationContext, Task> RunAsync, DataConverter Converter);
