using System.Diagnostics;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// The engine's spans. An instance keeps the trace context of its start; the spans of its activities and its own, which is made once when it ends, are
/// children of it. A replay makes none. Where nobody listens, an activity only continues the trace, so that its log lines and requests have the id.
/// </summary>
internal static class EngineTraces
{
    public const string SourceName = "VisionPlatform.Durable";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>The trace context of the code that is running, as W3C traceparent; null when there is none.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current.Id : null;

    /// <summary>The span of a start. It becomes the parent of everything that the instance does, so an instance that nobody's request started has a trace too.</summary>
    public static Activity? Scheduling(string orchestrator) =>
        Source.HasListeners() ? Source.StartActivity($"create_orchestration:{orchestrator}", ActivityKind.Producer) : null;

    /// <summary>The span of a running activity.</summary>
    public static Activity? Running(ActivityCall call)
    {
        if (!Source.HasListeners())
            return ForLogs(call.TraceParent);
        return Source.StartActivity(
            $"activity:{call.Name}", ActivityKind.Consumer, ContextOf(call.TraceParent),
            [new("durabletask.type", "activity"), new("durabletask.task.name", call.Name), new("durabletask.task.instance_id", call.Key.InstanceId), new("durabletask.task.task_id", call.Key.TaskId)]);
    }

    /// <summary>Continues a trace without a span of its own; null when there is no trace.</summary>
    public static Activity? ForLogs(string? traceParent)
    {
        if (traceParent is null || !ActivityContext.TryParse(traceParent, null, out ActivityContext parent))
            return null;
        return new Activity("durable").SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags).Start();
    }

    /// <summary>Makes the span of an instance that has ended, from its creation to now.</summary>
    public static void Ended(Turn turn)
    {
        if (!Source.HasListeners())
            return;
        Activity? caller = Activity.Current;
        Activity.Current = null;
        using (Activity? span = Source.StartActivity(
            $"orchestration:{turn.Before.Name}", ActivityKind.Internal, ContextOf(turn.Before.TraceParent),
            [new("durabletask.type", "orchestration"), new("durabletask.task.name", turn.Before.Name), new("durabletask.task.instance_id", turn.InstanceId), new("durabletask.task.status", turn.Outcome.Status.ToString())],
            startTime: turn.Before.CreatedAt))
        {
            if (turn.Outcome.Failure is { } failure)
                span?.SetStatus(ActivityStatusCode.Error, Failures.Read(failure).ErrorType);
        }

        Activity.Current = caller;
    }

    private static ActivityContext ContextOf(string? traceParent) => ActivityContext.TryParse(traceParent, null, isRemote: true, out ActivityContext parent) ? parent : default;
}
