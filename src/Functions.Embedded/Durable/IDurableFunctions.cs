namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The app's orchestrators, activities and entities as the engine calls them.</summary>
internal interface IDurableFunctions
{
    IEnumerable<string> Orchestrators { get; }

    IEnumerable<string> Activities { get; }

    IEnumerable<string> Entities { get; }

    bool HasOrchestrator(string name);

    bool HasActivity(string name);

    bool HasEntity(string name);

    /// <summary>Runs an orchestrator. It is called on the turn's thread and must stay on the turn's scheduler: no ConfigureAwait(false), no I/O.</summary>
    Task<object?> RunOrchestratorAsync(string name, OrchestrationContext context);

    /// <summary>Runs an activity. The orchestrator gets its exception as a failure.</summary>
    Task<object?> RunActivityAsync(ActivityCall call, CancellationToken cancellation);

    /// <summary>Runs an entity's operations by <see cref="EntityBatch.ExecuteAsync"/>. An exception fails the operations that have not run.</summary>
    Task RunEntityAsync(string name, EntityBatch batch, CancellationToken cancellation);
}
