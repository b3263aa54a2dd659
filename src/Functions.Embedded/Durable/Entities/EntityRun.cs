using Microsoft.DurableTask.Entities;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An entity that this engine holds the lease of, as it was read.</summary>
internal sealed record EntityRow(string EntityId, string? State, long Turn, Guid? LockId, string? LockOwner, Guid? LockExecution);

/// <summary>
/// What an entity does in one go: operations in the order they came, until a critical section begins or ends. While it is locked it does only
/// what comes from the critical section.
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

    /// <summary>The entity's lock after this run.</summary>
    public (Guid? Id, string? Owner, Guid? Execution) LockAfter => _last switch
    {
        { Kind: EntityMessageKind.Lock } begun => (begun.LockId, begun.Sender, begun.SenderExecution),
        // An unlock of a critical section that is over already ends no other one.
        { Kind: EntityMessageKind.Unlock } ended when ended.LockId == _row.LockId => (null, null, null),
        _ => (_row.LockId, _row.LockOwner, _row.LockExecution),
    };

    /// <summary>What is sent to other entities because of a lock.</summary>
    public EntityMessage? Forwarded => _last is { Kind: EntityMessageKind.Lock } ? _last.NextLock() : null;

    /// <summary>Whom the run answers, with what.</summary>
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
