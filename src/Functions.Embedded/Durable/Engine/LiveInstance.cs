namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An instance that this engine holds the lease of.</summary>
internal sealed class LiveInstance(InstanceRow row, IReadOnlyList<HistoryEvent>? history)
{
    public InstanceRow Row { get; set; } = row;

    /// <summary>What the code has to be replayed through; null once <see cref="Execution"/> is up to date.</summary>
    public IReadOnlyList<HistoryEvent>? History { get; set; } = history;

    /// <summary>Why what is stored of the instance cannot be used; null when it can.</summary>
    public string? Corruption { get; init; }

    /// <summary>The live code; null before the first turn here.</summary>
    public OrchestrationExecution? Execution { get; set; }

    public List<InboxItem> Inbox { get; set; } = [];

    public LiveInstanceState State { get; set; }

    /// <summary>When the lease was last known to be good (ticks of <see cref="TimeProvider.GetTimestamp"/>).</summary>
    public long LeasedAt { get; set; }

    public long IdleSince { get; set; }
}

internal enum LiveInstanceState
{
    /// <summary>Waits for something to happen.</summary>
    Idle,

    /// <summary>Has something to do and waits for a turn.</summary>
    Queued,

    /// <summary>Runs a turn or commits it.</summary>
    Running,
}
