using System.Collections.Immutable;

namespace Microsoft.DurableTask;

/// <summary>How an activity or sub-orchestration is called: retries, tags, version.</summary>
public record TaskOptions
{
    public TaskOptions(TaskRetryOptions? retry)
        : this(retry, null)
    {
    }

    public TaskOptions(TaskRetryOptions? retry = null, IDictionary<string, string>? tags = null)
    {
        Retry = retry;
        Tags = tags;
    }

    public TaskRetryOptions? Retry { get; init; }

    public IDictionary<string, string>? Tags { get; init; }

    public TaskVersion? Version { get; init; }

    public static TaskOptions FromRetryPolicy(RetryPolicy policy) => new(policy);

    public static TaskOptions FromRetryHandler(AsyncRetryHandler handler) => new(handler);

    public static TaskOptions FromRetryHandler(RetryHandler handler) => new(handler);

    public SubOrchestrationOptions WithInstanceId(string instanceId) => new(this, instanceId);
}

/// <summary>How a sub-orchestration is called: with a chosen instance id beside the rest.</summary>
public record SubOrchestrationOptions : TaskOptions
{
    public SubOrchestrationOptions(TaskRetryOptions? retry = null, string? instanceId = null)
        : base(retry) => InstanceId = instanceId;

    public SubOrchestrationOptions(TaskOptions options, string? instanceId = null)
        : base(options)
    {
        InstanceId = instanceId;
        Version = options.Version;
        if (options is SubOrchestrationOptions derived)
        {
            InstanceId ??= derived.InstanceId;
            Version = derived.Version;
        }
    }

    public string? InstanceId { get; init; }

    public new TaskVersion? Version { get; init; }
}

/// <summary>What <see cref="TaskOrchestrationContext.ContinueAsNew(ContinueAsNewOptions)"/> starts again with.</summary>
public class ContinueAsNewOptions
{
    public object? NewInput { get; set; }

    /// <summary>Whether events that arrived and nobody waited for go to the next execution.</summary>
    public bool PreserveUnprocessedEvents { get; set; } = true;

    public string? NewVersion { get; set; }
}

/// <summary>How a new orchestration instance is started.</summary>
public record StartOrchestrationOptions
{
    public StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null)
    {
        this.InstanceId = InstanceId;
        this.StartAt = StartAt;
    }

    public string? InstanceId { get; init; }

    /// <summary>When to start; null starts at once.</summary>
    public DateTimeOffset? StartAt { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = ImmutableDictionary<string, string>.Empty;

    public TaskVersion? Version { get; init; }

    /// <summary>Names of the statuses in which an existing instance of the same id refuses the start; null: every status that is not final.</summary>
    public IReadOnlyList<string>? DedupeStatuses { get; init; }
}
