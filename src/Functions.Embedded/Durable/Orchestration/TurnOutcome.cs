using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>What a turn came to.</summary>
/// <param name="Recorded">The turn's history: its start, the events delivered, what the orchestrator asked for, its end.</param>
/// <param name="Actions">What the orchestrator asked for in this turn.</param>
/// <param name="CancelledTimers">Timers of earlier turns that are not needed any more.</param>
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

    /// <summary>Set when the orchestrator continues as new: the next execution's input, version and inherited events.</summary>
    public NextExecution? Next { get; init; }
}

internal sealed record NextExecution(Guid ExecutionId, string? Input, string? Version, IReadOnlyList<HistoryEvent> Events);
