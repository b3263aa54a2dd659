using Google.Protobuf;
using Microsoft.DurableTask.Entities;
using Microsoft.DurableTask.Worker.Grpc;
using P = Microsoft.DurableTask.Protobuf;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An action of an operation: it signals an entity or starts an orchestration.</summary>
internal sealed record EntityAction(EntityMessage? Signal, InstanceRow? Start);

/// <summary>The result of an operation.</summary>
internal sealed record OperationOutcome(string? Result, TaskFailureDetails? Failure);

/// <summary>
/// Operations that run one after the other on the state of one entity. The official package runs them and exchanges the same messages as with a
/// Functions host. An operation that throws has no effect: its change of the state and its actions are undone.
/// </summary>
internal sealed class EntityBatch(EntityInstanceId id, string? stateBefore, IReadOnlyList<EntityMessage> operations, TimeProvider time)
{
    private readonly List<EntityAction> _actions = [];
    private readonly List<OperationOutcome> _outcomes = [];
    private string? _stateAfter;
    private bool _isComplete;

    public EntityInstanceId Id { get; } = id;

    public IReadOnlyList<OperationOutcome> Outcomes => _outcomes;

    public IReadOnlyList<EntityAction> Actions => _actions;

    /// <summary>The state as the data converter wrote it; null when there is none.</summary>
    public string? State => _isComplete ? _stateAfter : stateBefore;

    /// <summary>Runs the operations on an entity. Their exceptions become outcomes and are not thrown.</summary>
    public async Task ExecuteAsync(ITaskEntity entity, IServiceProvider? services = null) =>
        Complete(await GrpcEntityRunner.LoadAndRunAsync(ToRequest(), entity, services));

    /// <summary>The operations as an entity function receives them: an <c>EntityBatchRequest</c> in base64.</summary>
    public string ToRequest()
    {
        var request = new P.EntityBatchRequest { InstanceId = Id.ToString(), EntityState = State };
        request.Operations.AddRange(operations.Select(operation => new P.OperationRequest
        {
            // Unused here, but it must be a UUID.
            RequestId = Guid.NewGuid().ToString(),
            Operation = operation.Operation,
            Input = operation.Input,
        }));
        return Convert.ToBase64String(request.ToByteArray());
    }

    /// <summary>Reads what an entity function returns: an <c>EntityBatchResult</c> in base64.</summary>
    public void Complete(string? encoded)
    {
        if (string.IsNullOrEmpty(encoded))
            return;
        P.EntityBatchResult result = P.EntityBatchResult.Parser.ParseFrom(Convert.FromBase64String(encoded));
        if (result.FailureDetails is { } failure)
        {
            FailRest(Of(failure));
            return;
        }

        _outcomes.AddRange(result.Results.Select(one => one.ResultTypeCase == P.OperationResult.ResultTypeOneofCase.Failure
            ? new OperationOutcome(null, Of(one.Failure.FailureDetails))
            : new OperationOutcome(one.Success.Result, null)));
        _actions.AddRange(result.Actions.Select(Of));
        (_stateAfter, _isComplete) = (result.EntityState, true);
    }

    /// <summary>The same operations, all of them failed, on an unchanged state.</summary>
    public EntityBatch Failed(Exception error)
    {
        var failed = new EntityBatch(Id, stateBefore, operations, time);
        failed.FailRest(Failures.Of(error));
        return failed;
    }

    /// <summary>Fails the operations that have not run.</summary>
    public void FailRest(TaskFailureDetails failure)
    {
        while (_outcomes.Count < operations.Count)
            _outcomes.Add(new OperationOutcome(null, failure));
    }

    private EntityAction Of(P.OperationAction action) => action.OperationActionTypeCase == P.OperationAction.OperationActionTypeOneofCase.SendSignal
        ? new EntityAction(
            EntityMessage.Signal(action.SendSignal.InstanceId, action.SendSignal.Name, action.SendSignal.Input, action.SendSignal.ScheduledTime?.ToDateTime()),
            null)
        : new EntityAction(null, Of(action.StartNewOrchestration));

    private InstanceRow Of(P.StartNewOrchestrationAction start)
    {
        EntityIds.ThrowIfEntity(start.InstanceId);
        DateTime now = time.Now();
        DateTime? at = start.ScheduledTime?.ToDateTime();
        return new InstanceRow(start.InstanceId, Guid.CreateVersion7(), start.Name)
        {
            Version = start.Version ?? "",
            Input = start.Input,
            CreatedAt = now,
            StartAt = at > now ? DatabaseTime.RoundUp(at.Value) : null,
        };
    }

    private static TaskFailureDetails Of(P.TaskFailureDetails failure) => new(
        failure.ErrorType,
        failure.ErrorMessage,
        failure.StackTrace,
        failure.InnerFailure is { } inner ? Of(inner) : null,
        null);
}
