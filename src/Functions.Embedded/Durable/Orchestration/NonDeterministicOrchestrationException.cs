namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The replay of an orchestrator did not repeat its history. The message names both.</summary>
internal sealed class NonDeterministicOrchestrationException(string message) : Exception(message)
{
    public static NonDeterministicOrchestrationException Missing(HistoryEvent expected) => new(
        $"Non-deterministic orchestrator: its history says that it {Describe(expected)}, but the replay did not. {Advice}");

    public static NonDeterministicOrchestrationException Different(HistoryEvent expected, HistoryEvent actual) => new(
        $"Non-deterministic orchestrator: its history says that it {Describe(expected)}, but the replay {Describe(actual)}. {Advice}");

    public static NonDeterministicOrchestrationException Extra(HistoryEvent actual) => new(
        $"Non-deterministic orchestrator: the replay {Describe(actual)}, which is not in its history. {Advice}");

    private const string Advice =
        "Did the code change while the instance was running, or does it depend on the clock, random numbers or I/O?";

    private static string Describe(HistoryEvent call) => call.Kind switch
    {
        EventKind.TaskScheduled => $"called the activity '{call.Name}' as #{call.TaskId}",
        EventKind.SubOrchestrationCreated => $"called the sub-orchestrator '{call.Name}' as #{call.TaskId}",
        EventKind.TimerCreated => $"created a timer as #{call.TaskId}",
        EventKind.EventSent => $"sent the event '{call.Name}' as #{call.TaskId}",
        EventKind.EntityCalled => $"called '{call.Name}' of entity {call.Target} as #{call.TaskId}",
        EventKind.EntitySignaled => $"signalled '{call.Name}' to entity {call.Target} as #{call.TaskId}",
        EventKind.EntityLockRequested => $"locked entities, first {call.Target}, as #{call.TaskId}",
        EventKind.EntityUnlocked => $"unlocked entity {call.Target} as #{call.TaskId}",
        _ => $"did {call.Kind} '{call.Name}' as #{call.TaskId}",
    };
}
