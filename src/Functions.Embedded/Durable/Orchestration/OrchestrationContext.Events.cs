using System.Text.Json;
using Microsoft.DurableTask.Entities;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The side that the engine sees. Called within the turn.</summary>
internal sealed partial class OrchestrationContext
{
    /// <summary>Whether something is open that an event can still answer.</summary>
    public bool IsWaiting => _open.Count > 0 || _waiting.Values.Any(waits => waits.Any(wait => wait.IsOpen));

    /// <summary>What the orchestrator did outside of its turn, or null.</summary>
    public string? Violation => _violation;

    /// <summary>Events that came and nobody waited for, in order of arrival.</summary>
    public IReadOnlyList<HistoryEvent> Unclaimed => _unclaimed;

    public void BeginTurn(DateTime now, bool replaying)
    {
        _now = now;
        _replaying = replaying;
    }

    /// <summary>Takes what was asked for since the last call, in order.</summary>
    public List<HistoryEvent> TakeAsked()
    {
        List<HistoryEvent> asked = [.. _asked];
        _asked.Clear();
        return asked;
    }

    /// <summary>Takes the numbers of the timers that were cancelled since the last call.</summary>
    public List<int> TakeCancelledTimers()
    {
        List<int> cancelled = [.. _cancelledTimers];
        _cancelledTimers.Clear();
        return cancelled;
    }

    /// <summary>At replay: the history has this call; the orchestrator must have made it too.</summary>
    public void Match(HistoryEvent recorded)
    {
        if (!_asked.TryDequeue(out HistoryEvent? asked))
            throw NonDeterministicOrchestrationException.Missing(recorded);
        bool same = asked.Kind == recorded.Kind
            && asked.TaskId == recorded.TaskId
            && string.Equals(asked.Name, recorded.Name, StringComparison.OrdinalIgnoreCase)
            && (!asked.Kind.IsForEntity() || asked.Target == recorded.Target);
        if (!same)
            throw NonDeterministicOrchestrationException.Different(recorded, asked);
    }

    /// <summary>At replay: the turn's recorded calls are over; the orchestrator must not have made more.</summary>
    public void EnsureNothingExtra()
    {
        if (_asked.TryPeek(out HistoryEvent? extra))
            throw NonDeterministicOrchestrationException.Extra(extra);
    }

    /// <summary>Gives an answer or an event to whoever waits for it. An answer that nobody waits for any more is dropped.</summary>
    public void Deliver(HistoryEvent happened)
    {
        switch (happened.Kind)
        {
            case EventKind.EventRaised:
                Raise(happened);
                break;
            case var failure when failure.IsFailure():
                if (_open.Remove(happened.TaskId, out OpenTask? failed))
                    failed.Fail(Failures.Read(happened.Data));
                break;
            case var answer when answer.IsAnswer():
                if (_open.Remove(happened.TaskId, out OpenTask? done))
                    done.Complete(happened.Data);
                break;
            default:
                throw new InvalidOperationException($"{happened.Kind} is not for the orchestrator.");
        }
    }

    private void Raise(HistoryEvent raised)
    {
        if (_waiting.TryGetValue(raised.Name!, out Stack<OpenTask>? waits))
        {
            while (waits.TryPop(out OpenTask? wait))
            {
                if (!wait.IsOpen)
                    continue;
                wait.Complete(raised.Data);
                return;
            }
        }

        _unclaimed.Add(raised);
    }
}

/// <summary>Failure details as they are stored.</summary>
internal static class Failures
{
    public static string Write(TaskFailureDetails details) => JsonSerializer.Serialize(details);

    public static string Write(Exception error) => Write(Of(error));

    /// <summary>What an exception says. A failed call carries what failed as details, not as an inner exception.</summary>
    public static TaskFailureDetails Of(Exception error)
    {
        TaskFailureDetails? inner = error switch
        {
            TaskFailedException failed => failed.FailureDetails,
            EntityOperationFailedException failed => failed.FailureDetails,
            { InnerException: { } cause } => Of(cause),
            _ => null,
        };
        return TaskFailureDetails.FromException(error) with { InnerFailure = inner };
    }

    public static TaskFailureDetails Read(string? data) =>
        (data is null ? null : JsonSerializer.Deserialize<TaskFailureDetails>(data)) ?? new TaskFailureDetails("(unknown)", "", null, null, null);
}

/// <summary>Times as the database keeps them: whole microseconds.</summary>
internal static class Clock
{
    private const long Step = TimeSpan.TicksPerMicrosecond;

    public static DateTime RoundDown(DateTime time) => new(time.Ticks - time.Ticks % Step, DateTimeKind.Utc);

    /// <summary>Stays below <see cref="DateTime.MaxValue"/>, which the database would take for infinity.</summary>
    public static DateTime RoundUp(DateTime time) =>
        RoundDown(time.Ticks > DateTime.MaxValue.Ticks - Step ? DateTime.MaxValue : time.AddTicks(Step - 1));

    public static DateTime Now(this TimeProvider time) => RoundDown(time.GetUtcNow().UtcDateTime);
}
