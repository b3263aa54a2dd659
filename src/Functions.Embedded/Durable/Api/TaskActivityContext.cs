namespace Microsoft.DurableTask;

/// <summary>What an activity may know of the call it serves.</summary>
public abstract class TaskActivityContext
{
    public abstract TaskName Name { get; }

    /// <summary>The orchestration instance that called.</summary>
    public abstract string InstanceId { get; }

    public virtual string Version => "";
}

/// <summary>The orchestration that started a sub-orchestration.</summary>
public record ParentOrchestrationInstance(TaskName Name, string InstanceId);
