namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The orchestrators and activities of the app, as the engine calls them.</summary>
internal interface IDurableFunctions
{
    IEnumerable<string> Orchestrators { get; }

    IEnumerable<string> Activities { get; }

    IEnumerable<string> Entities { get; }

    bool HasOrchestrator(string name);

    bool HasActivity(string name);

    bool HasEntity(string name);

    /// <summary>Runs an orchestrator. Called on the turn's own thread and must stay on its task scheduler: no ConfigureAwait(false), no I/O.</summary>
    Task<object?> RunOrchestratorAsync(string name, OrchestrationContext context);

    /// <summary>Runs an activity. What it throws becomes the failure the orchestrator sees.</summary>
    Task<object?> RunActivityAsync(ActivityCall call, CancellationToken cancellation);

    /// <summary>Runs an entity's operations by <see cref="EntityBatch.ExecuteAsync"/>. What it throws itself fails those that have not run.</summary>
    Task RunEntityAsync(string name, EntityBatch batch, CancellationToken cancellation);
}
