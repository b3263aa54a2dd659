namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An instance that this engine holds the lease of.</summary>
internal sealed class LiveInstance(InstanceRow row, IReadOnlyList<HistoryEvent>? history)
{
    public InstanceRow Row { get; set; } = row;

    /// <summary>The history to replay; null when <see cref="Execution"/> is up to date.</summary>
    public IReadOnlyList<HistoryEvent>? History { get; set; } = history;

    /// <summary>Why the stored state of the instance cannot be used; null when it can.</summary>
    public string? Corruption { get; init; }

    /// <summary>The running code; null before the first turn in this engine.</summary>
    public OrchestrationExecution? Execution { get; set; }

    public List<InboxItem> Inbox { get; set; } = [];

    public LiveInstanceState State { get; set; }

    /// <summary>When the lease was last renewed, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long LeasedAt { get; set; }

    public long IdleSince { get; set; }
}

internal enum LiveInstanceState
{
    /// <summary>It waits for an event.</summary>
    Idle,

    /// <summary>It has events and waits for a turn.</summary>
    Queued,

    /// <summary>It runs a turn or commits it.</summary>
    Running,
}
