using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The columns of <c>durable.instances</c> that running an instance needs.</summary>
internal sealed record InstanceRow(string InstanceId, Guid ExecutionId, string Name)
{
    public string Version { get; init; } = "";

    public string? Input { get; init; }

    public string? Tags { get; init; }

    public string? ParentId { get; init; }

    public string? ParentName { get; init; }

    public Guid? ParentExecutionId { get; init; }

    public int? ParentTaskId { get; init; }

    /// <summary>The trace context in which it was started (W3C traceparent); null when there was none. Readers that only inspect leave it out.</summary>
    public string? TraceParent { get; init; }

    public OrchestrationRuntimeStatus Status { get; init; } = OrchestrationRuntimeStatus.Pending;

    public string? CustomStatus { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime? StartAt { get; init; }

    /// <summary>Number of committed turns. A commit is refused when the database has another number.</summary>
    public long Turn { get; init; }

    public int HistoryLength { get; init; }
}
