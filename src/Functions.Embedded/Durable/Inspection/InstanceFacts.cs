using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>What the database says of one instance at one moment.</summary>
internal sealed record InstanceFacts(
    InstanceRow Row, DateTime UpdatedAt, DateTime? StartAt, DateTime? ReadyAt, Guid? LockedBy, string? Failure, DateTime Now,
    IReadOnlyList<HistoryEvent> History, IReadOnlyList<StoredMessage> Messages, IReadOnlyDictionary<int, OpenCall> Calls, IReadOnlyList<HostFacts> Hosts)
{
    /// <summary>States of the orchestrations that it called, by id.</summary>
    public IReadOnlyDictionary<string, InstanceState> Called { get; init; } = new Dictionary<string, InstanceState>();

    public IReadOnlyList<HostFacts> Living { get; } = [.. Hosts.Where(host => host.IsAlive)];

    /// <summary>The living processes that have a function.</summary>
    public IReadOnlyList<HostFacts> With(FunctionKind kind, string name) => [.. Living.Where(host => host.Has(kind, name))];

    /// <summary>When the last process that had a function was alive; null when there never was one.</summary>
    public DateTime? LastSeen(FunctionKind kind, string name) =>
        Hosts.Where(host => host.Has(kind, name)).Select(host => (DateTime?)host.AliveUntil).Max();
}

/// <summary>An event that has not been delivered.</summary>
internal sealed record StoredMessage(EventKind Kind, int TaskId, string? Name, DateTime VisibleAt, bool IsDue);

/// <summary>A call of an activity that has no result.</summary>
/// <param name="LockedBy">The process that took it; null while it is queued.</param>
/// <param name="VisibleAt">When another process may take it.</param>
/// <param name="IsLeased">Whether that is still to come.</param>
/// <param name="IsAlive">Whether the process that took it is alive.</param>
internal sealed record OpenCall(Guid? LockedBy, DateTime VisibleAt, bool IsLeased, bool IsAlive);

/// <summary>A process of the hub.</summary>
internal sealed record HostFacts(Guid Id, IReadOnlySet<string> Names, DateTime AliveUntil, bool IsAlive)
{
    public bool Has(FunctionKind kind, string name) => Names.Contains(HostRegistry.KeyOf(kind, name));
}

/// <summary>State of another instance.</summary>
internal sealed record InstanceState(string Name, OrchestrationRuntimeStatus Status, DateTime UpdatedAt);
