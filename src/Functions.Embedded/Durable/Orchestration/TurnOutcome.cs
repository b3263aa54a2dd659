using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>What a turn did.</summary>
/// <param name="Recorded">The turn's history events: its start, the delivered events, the orchestrator's actions, and its end.</param>
/// <param name="Actions">The orchestrator's actions in this turn.</param>
/// <param name="CancelledTimers">Numbers of timers of earlier turns that the orchestrator cancelled.</param>
/// <param name="Status">The instance's status after the turn.</param>
internal sealed record TurnOutcome(
    List<HistoryEvent> Recorded,
    List<HistoryEvent> Actions,
    List<int> CancelledTimers,
    OrchestrationRuntimeStatus Status)
{
    public string? Output { get; init; }

    public string? Failure { get; init; }

    public string? CustomStatus { get; init; }

    /// <summary>The next execution, when the orchestrator continues as new: its input, version and inherited events.</summary>
    public NextExecution? Next { get; init; }
}

internal sealed record NextExecution(Guid ExecutionId, string? Input, string? Version, IReadOnlyList<HistoryEvent> Events);
