using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An instance in the JSON of the management API.</summary>
internal static class InstanceJson
{
    public static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonObject Of(OrchestrationMetadata instance, bool withInput, IReadOnlyList<HistoryEvent>? history, bool withHistoryOutput)
    {
        var json = new JsonObject
        {
            ["name"] = instance.Name,
            ["instanceId"] = instance.InstanceId,
            ["runtimeStatus"] = instance.RuntimeStatus.ToString(),
            ["input"] = withInput ? Value(instance.SerializedInput) : null,
            ["customStatus"] = Value(instance.SerializedCustomStatus),
            ["output"] = instance.FailureDetails is { } failure ? $"{failure.ErrorType}: {failure.ErrorMessage}" : Value(instance.SerializedOutput),
            ["createdTime"] = Time(instance.CreatedAt.UtcDateTime),
            ["lastUpdatedTime"] = Time(instance.LastUpdatedAt.UtcDateTime),
        };
        if (history is not null)
            json["historyEvents"] = HistoryOf(history, withInput, withHistoryOutput);
        return json;
    }

    /// <summary>Shows events as the extension does: a finished call replaces its start, and the beginning of a turn is left out.</summary>
    private static JsonArray HistoryOf(IReadOnlyList<HistoryEvent> history, bool withInput, bool withOutput)
    {
        var starts = new Dictionary<int, HistoryEvent>();
        foreach (HistoryEvent start in history.Where(IsStart))
            starts[start.TaskId] = start;
        HashSet<int> answered = [.. history.Where(IsAnswer).Select(e => e.TaskId)];

        var json = new JsonArray();
        foreach (HistoryEvent happened in history)
        {
            if (happened.Kind == EventKind.OrchestratorStarted || (IsStart(happened) && answered.Contains(happened.TaskId)))
                continue;
            json.Add(EventOf(happened, IsAnswer(happened) ? starts.GetValueOrDefault(happened.TaskId) : null, withInput, withOutput));
        }

        return json;
    }

    private static bool IsStart(HistoryEvent happened) => happened.Kind
        is EventKind.TaskScheduled or EventKind.SubOrchestrationCreated or EventKind.TimerCreated;

    private static bool IsAnswer(HistoryEvent happened) => happened.Kind
        is EventKind.TaskCompleted or EventKind.TaskFailed
        or EventKind.SubOrchestrationCompleted or EventKind.SubOrchestrationFailed
        or EventKind.TimerFired;

    private static JsonObject EventOf(HistoryEvent happened, HistoryEvent? start, bool withInput, bool withOutput)
    {
        var json = new JsonObject { ["EventType"] = TypeOf(happened.Kind), ["Timestamp"] = happened.At.ToString("o") };
        if (start is not null)
            json["ScheduledTime"] = start.At.ToString("o");
        if (happened.Kind == EventKind.ExecutionCompleted)
            json["OrchestrationStatus"] = happened.Name;
        else if (happened.Kind == EventKind.EventRaised)
            json["Name"] = happened.Name;
        else if ((start ?? happened).Name is { } name)
            json["FunctionName"] = name;
        if ((start ?? happened).Target is { } target)
            json["InstanceId"] = target;
        if ((happened.FireAt ?? start?.FireAt) is { } due)
            json["FireAt"] = due.ToString("o");
        AddData(json, happened, start, withInput, withOutput);
        return json;
    }

    private static void AddData(JsonObject json, HistoryEvent happened, HistoryEvent? start, bool withInput, bool withOutput)
    {
        switch (happened.Kind)
        {
            case EventKind.TaskFailed or EventKind.SubOrchestrationFailed:
                TaskFailureDetails failure = Failures.Read(happened.Data);
                json["Reason"] = failure.ErrorMessage;
                json["Details"] = failure.StackTrace;
                break;
            case EventKind.ExecutionSuspended or EventKind.ExecutionResumed or EventKind.ExecutionTerminated:
                json["Reason"] = happened.Data;
                break;
            case EventKind.TaskCompleted or EventKind.SubOrchestrationCompleted or EventKind.ExecutionCompleted when withOutput:
                json["Result"] = Value(happened.Data);
                break;
            case EventKind.EventRaised when withInput:
                json["Input"] = Value(happened.Data);
                break;
        }

        if (withInput && start?.Data is { } input)
            json["Input"] = Value(input);
    }

    private static string TypeOf(EventKind kind) => kind switch
    {
        EventKind.SubOrchestrationCreated => "SubOrchestrationInstanceCreated",
        EventKind.SubOrchestrationCompleted => "SubOrchestrationInstanceCompleted",
        EventKind.SubOrchestrationFailed => "SubOrchestrationInstanceFailed",
        EventKind.EntityCalled or EventKind.EntitySignaled or EventKind.EntityLockRequested or EventKind.EntityUnlocked => "EventSent",
        EventKind.EntityCallCompleted or EventKind.EntityCallFailed or EventKind.EntityLockGranted => "EventRaised",
        _ => kind.ToString(),
    };

    private static string Time(DateTime time) => time.ToString("s", System.Globalization.CultureInfo.InvariantCulture) + "Z";

    /// <summary>Stored JSON as JSON. Text that another converter stored becomes a string.</summary>
    private static JsonNode? Value(string? stored)
    {
        if (stored is null)
            return null;
        try
        {
            return JsonNode.Parse(stored);
        }
        catch (JsonException)
        {
            return JsonValue.Create(stored);
        }
    }
}
