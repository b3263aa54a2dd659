using Microsoft.DurableTask.Entities;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An entity's row, under this engine's lease.</summary>
internal sealed record EntityRow(string EntityId, string? State, long Turn, Guid? LockId, string? LockOwner, Guid? LockExecution);

/// <summary>
/// What an entity does under one lease: operations in the order in which they arrived, until a critical section begins or ends. A locked entity
/// handles only messages of its critical section.
/// </summary>
internal sealed class EntityRun
{
    private readonly List<EntityMessage> _operations = [];
    private readonly EntityRow _row;
    private readonly EntityMessage? _last;

    public EntityRun(EntityRow row, IReadOnlyList<EntityMessage> messages)
    {
        _row = row;
        foreach (EntityMessage message in messages)
        {
            if (message.Kind is EntityMessageKind.Lock or EntityMessageKind.Unlock)
            {
                _last = message;
                break;
            }

            _operations.Add(message);
        }
    }

    public EntityInstanceId Id => EntityInstanceId.FromString(_row.EntityId);

    public IReadOnlyList<EntityMessage> Operations => _operations;

    public long[] Consumed => [.. _operations.Select(message => message.Id), .. _last is null ? (long[])[] : [_last.Id]];

    /// <summary>The critical section that holds the entity after this run.</summary>
    public (Guid? Id, string? Owner, Guid? Execution) LockAfter => _last switch
    {
        { Kind: EntityMessageKind.Lock } begun => (begun.LockId, begun.Sender, begun.SenderExecution),
        // A late unlock of an earlier critical section must not end this one.
        { Kind: EntityMessageKind.Unlock } ended when ended.LockId == _row.LockId => (null, null, null),
        _ => (_row.LockId, _row.LockOwner, _row.LockExecution),
    };

    /// <summary>The lock request that goes on to the next entity; null when there is none.</summary>
    public EntityMessage? Forwarded => _last is { Kind: EntityMessageKind.Lock } ? _last.NextLock() : null;

    /// <summary>The answers to orchestrations.</summary>
    public List<(string Instance, Guid? Execution, EventKind Kind, int TaskId, string? Name, string? Data)> Answers(IReadOnlyList<OperationOutcome> outcomes)
    {
        List<(string, Guid?, EventKind, int, string?, string?)> answers = [];
        for (int i = 0; i < _operations.Count; i++)
        {
            EntityMessage call = _operations[i];
            if (call.Kind != EntityMessageKind.Call)
                continue;
            OperationOutcome outcome = outcomes[i];
            answers.Add((
                call.Sender!,
                call.SenderExecution,
                outcome.Failure is null ? EventKind.EntityCallCompleted : EventKind.EntityCallFailed,
                call.TaskId,
                call.Operation,
                outcome.Failure is null ? outcome.Result : Failures.Write(outcome.Failure)));
        }

        if (_last is { Kind: EntityMessageKind.Lock } granted && Forwarded is null)
            answers.Add((granted.Sender!, granted.SenderExecution, EventKind.EntityLockGranted, granted.TaskId, null, null));
        return answers;
    }
}
