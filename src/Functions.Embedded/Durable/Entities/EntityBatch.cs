using System.Text.Json;
using Microsoft.DurableTask.Entities;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Something an operation asked for: a signal to an entity, or an orchestration to be started.</summary>
internal sealed record EntityAction(EntityMessage? Signal, InstanceRow? Start);

/// <summary>What an operation came to.</summary>
internal sealed record OperationOutcome(string? Result, TaskFailureDetails? Failure);

/// <summary>Operations for one entity that run one after the other on its state. An operation that throws is undone: its state and what it asked for.</summary>
internal sealed class EntityBatch
{
    private readonly IReadOnlyList<EntityMessage> _operations;
    private readonly DataConverter _converter;
    private readonly TimeProvider _time;
    private readonly StoredState _state;
    private readonly string? _stateBefore;
    private readonly List<EntityAction> _actions = [];
    private readonly List<OperationOutcome> _outcomes = [];

    public EntityBatch(EntityInstanceId id, string? state, IReadOnlyList<EntityMessage> operations, DataConverter converter, TimeProvider time)
    {
        Id = id;
        _operations = operations;
        _converter = converter;
        _time = time;
        _state = new StoredState(converter) { Text = state };
        _stateBefore = state;
    }

    public EntityInstanceId Id { get; }

    public IReadOnlyList<OperationOutcome> Outcomes => _outcomes;

    public IReadOnlyList<EntityAction> Actions => _actions;

    public string? State => _state.Text;

    /// <summary>Runs the operations. Comes back without an error, whatever they throw.</summary>
    public async Task ExecuteAsync(ITaskEntity entity, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (_outcomes.Count > 0)
            throw new InvalidOperationException("The operations were dispatched already.");
        foreach (EntityMessage operation in _operations)
        {
            cancellation.ThrowIfCancellationRequested();
            string? before = _state.Text;
            int asked = _actions.Count;
            try
            {
                object? result = await entity.RunAsync(new Operation(this, operation));
                string? text = _converter.Serialize(result);
                _state.Write();
                _outcomes.Add(new OperationOutcome(text, null));
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                _state.Text = before;
                _actions.RemoveRange(asked, _actions.Count - asked);
                _outcomes.Add(new OperationOutcome(null, TaskFailureDetails.FromException(error)));
            }
        }
    }

    /// <summary>The same operations, all failed: nothing has changed.</summary>
    public EntityBatch Failed(Exception error)
    {
        var failed = new EntityBatch(Id, _stateBefore, _operations, _converter, _time);
        failed.FailRest(TaskFailureDetails.FromException(error));
        return failed;
    }

    /// <summary>Fails the operations that have not run.</summary>
    public void FailRest(TaskFailureDetails failure)
    {
        while (_outcomes.Count < _operations.Count)
            _outcomes.Add(new OperationOutcome(null, failure));
    }

    /// <summary>The state as text, and as the object it was last read or set as.</summary>
    private sealed class StoredState(DataConverter converter) : TaskEntityState
    {
        private string? _text;
        private object? _value;
        private bool _isRead;
        private bool _isSet;

        public string? Text
        {
            get => _text;
            set
            {
                _text = value;
                _isRead = _isSet = false;
            }
        }

        public override bool HasState => _isSet ? _value is not null : _text is not null;

        /// <summary>Writes what was set; at the end of an operation, so that changes made to the object afterwards count too.</summary>
        public void Write()
        {
            if (_isSet)
                _text = converter.Serialize(_value);
            _isSet = false;
        }

        public override object? GetState(Type type)
        {
            if (_isSet || (_isRead && type.IsInstanceOfType(_value)))
                return _value;
            _value = converter.Deserialize(_text, type);
            _isRead = true;
            return _value;
        }

        public override void SetState(object? state)
        {
            _value = state;
            _isRead = _isSet = true;
        }
    }

    private sealed class Operation(EntityBatch batch, EntityMessage message) : TaskEntityOperation
    {
        public override string Name => message.Operation!;

        public override TaskEntityContext Context { get; } = new OperationContext(batch);

        public override TaskEntityState State => batch._state;

        public override bool HasInput => message.Input is not null;

        public override object? GetInput(Type inputType) => batch._converter.Deserialize(message.Input, inputType);
    }

    private sealed class OperationContext(EntityBatch batch) : TaskEntityContext
    {
        public override EntityInstanceId Id => batch.Id;

        public override void SignalEntity(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null)
        {
            ArgumentException.ThrowIfNullOrEmpty(operationName);
            ArgumentException.ThrowIfNullOrEmpty(id.Name, nameof(id));
            var signal = EntityMessage.Signal(id.ToString(), operationName, batch._converter.Serialize(input), options?.SignalTime?.UtcDateTime);
            batch._actions.Add(new EntityAction(signal, null));
        }

        public override string ScheduleNewOrchestration(TaskName name, object? input = null, StartOrchestrationOptions? options = null)
        {
            ArgumentException.ThrowIfNullOrEmpty(name.Name, nameof(name));
            EntityIds.ThrowIfEntity(options?.InstanceId);
            DateTime now = batch._time.Now();
            var row = new InstanceRow(
                options?.InstanceId is { Length: > 0 } chosen ? chosen : Guid.NewGuid().ToString("N"), Guid.CreateVersion7(), name.Name)
            {
                Version = options?.Version?.Version ?? "",
                Input = batch._converter.Serialize(input),
                Tags = options?.Tags is { Count: > 0 } tags ? JsonSerializer.Serialize(tags) : null,
                CreatedAt = now,
                StartAt = options?.StartAt is { } start && start.UtcDateTime > now ? Clock.RoundUp(start.UtcDateTime) : null,
            };
            batch._actions.Add(new EntityAction(null, row));
            return row.InstanceId;
        }
    }
}
