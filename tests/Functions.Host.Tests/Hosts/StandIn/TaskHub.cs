using System.Collections.Concurrent;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.DurableTask.Protobuf;

namespace VisionPlatform.Functions.Host.Tests.Hosts.StandIn;

/// <summary>
/// What the Durable extension in the Functions host is to the worker: takes orchestrations that are scheduled through
/// <c>[DurableClient]</c>. It does not run them: a test gives an orchestrator its history, turn by turn.
/// </summary>
internal sealed class TaskHub : TaskHubSidecarService.TaskHubSidecarServiceBase
{
    private readonly ConcurrentDictionary<string, CreateInstanceRequest> _scheduled = new();

    /// <summary>The request by which an instance was scheduled; fails when there was none.</summary>
    public CreateInstanceRequest Scheduled(string instanceId) =>
        _scheduled.TryGetValue(instanceId, out var request) ? request : throw new KeyNotFoundException($"{instanceId} was not scheduled; scheduled: {string.Join(", ", _scheduled.Keys)}");

    public override Task<CreateInstanceResponse> StartInstance(CreateInstanceRequest request, ServerCallContext context)
    {
        _scheduled[request.InstanceId] = request;
        return Task.FromResult(new CreateInstanceResponse { InstanceId = request.InstanceId });
    }

    public override Task<GetInstanceResponse> GetInstance(GetInstanceRequest request, ServerCallContext context) => Task.FromResult(new GetInstanceResponse { Exists = false });
}

/// <summary>The history of an instance, as the Durable extension sends it with each turn.</summary>
internal sealed class History(CreateInstanceRequest scheduled)
{
    private readonly OrchestratorRequest _request = new() { InstanceId = scheduled.InstanceId, ExecutionId = Guid.NewGuid().ToString("n") };

    /// <summary>The first turn.</summary>
    public string Start() => Turn(new HistoryEvent
    {
        ExecutionStarted = new()
        {
            Name = scheduled.Name, Input = scheduled.Input, OrchestrationInstance = new() { InstanceId = scheduled.InstanceId, ExecutionId = _request.ExecutionId },
        },
    });

    /// <summary>The turn after an activity that the turn before asked for.</summary>
    /// <param name="asked">What that turn asked for.</param>
    /// <param name="result">The activity's result, as JSON.</param>
    public string Completed(OrchestratorAction asked, string result)
    {
        _request.PastEvents.Add(Now(new HistoryEvent { EventId = asked.Id, TaskScheduled = new() { Name = asked.ScheduleTask.Name, Input = asked.ScheduleTask.Input } }));
        return Turn(new HistoryEvent { TaskCompleted = new() { TaskScheduledId = asked.Id, Result = result } });
    }

    /// <summary>The input of an activity that a turn asked for, as JSON: a list of one in the history, which the Durable extension opens.</summary>
    public static string InputOf(OrchestratorAction asked) => Assert.Single(JsonDocument.Parse(asked.ScheduleTask.Input).RootElement.EnumerateArray()).GetRawText();

    private string Turn(HistoryEvent happened)
    {
        _request.NewEvents.Clear();
        _request.NewEvents.Add([Now(new HistoryEvent { OrchestratorStarted = new() }), Now(happened)]);
        var turn = Convert.ToBase64String(_request.ToByteArray());
        _request.PastEvents.Add(_request.NewEvents);
        return turn;
    }

    private static HistoryEvent Now(HistoryEvent happened)
    {
        if (happened.EventId == 0 && happened.TaskScheduled is null)
            happened.EventId = -1;
        happened.Timestamp = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow);
        return happened;
    }
}
