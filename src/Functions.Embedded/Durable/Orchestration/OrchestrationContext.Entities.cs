using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.DurableTask.Entities;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Calls and signals to entities, and critical sections.</summary>
internal sealed partial class OrchestrationContext
{
    private EntityFeature? _entities;

    public override TaskOrchestrationEntityFeature Entities => _entities ??= new EntityFeature(this);

    /// <summary>Releases the entities that the orchestrator still has locked when it ends. Called in the turn.</summary>
    public void LeaveCriticalSection() => _entities?.Leave(null);

    private void AddEntityAction(EventKind kind, EntityInstanceId id, string? name, string? data, Guid? lockId, DateTime? fireAt = null) => _actions.Enqueue(
        new HistoryEvent(kind, _now)
        {
            TaskId = ++_lastTaskId,
            Name = name,
            Target = id.ToString(),
            Data = data,
            LockId = lockId,
            FireAt = fireAt,
        });

    // No ConfigureAwait(false): continuations must run in the turn.
    private sealed class EntityFeature(OrchestrationContext context) : TaskOrchestrationEntityFeature
    {
        private readonly OrchestrationContext _context = context;
        private readonly HashSet<EntityInstanceId> _busy = [];
        private EntityInstanceId[] _locked = [];
        private Guid? _section;
        private bool _isEntering;

        public override async Task<TResult> CallEntityAsync<TResult>(
            EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null)
        {
            Check(id, operationName);
            bool isLocked = CheckCall(id);
            Task<TResult> call = _context.OpenFor<TResult>(
                new HistoryEvent(EventKind.EntityCalled, _context._now)
                {
                    Name = operationName,
                    Target = id.ToString(),
                    Data = _context.Serialize(input),
                    LockId = _section,
                },
                failure => new EntityOperationFailedException(id, operationName, failure)).Task;
            if (isLocked)
                _busy.Add(id);
            try
            {
                return await call;
            }
            finally
            {
                if (isLocked)
                    _busy.Remove(id);
            }
        }

        public override Task CallEntityAsync(EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null) =>
            CallEntityAsync<object?>(id, operationName, input, options);

        public override Task SignalEntityAsync(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null)
        {
            Check(id, operationName);
            if (_section is not null && _locked.Contains(id))
                throw new InvalidOperationException($"This orchestration has locked entity {id}; it can call the entity but not signal it.");
            DateTime? at = options?.SignalTime is { } due ? DatabaseTime.RoundUp(due.UtcDateTime) : null;
            _context.AddEntityAction(EventKind.EntitySignaled, id, operationName, _context.Serialize(input), null, at);
            return Task.CompletedTask;
        }

        public override async Task<IAsyncDisposable> LockEntitiesAsync(IEnumerable<EntityInstanceId> entityIds)
        {
            ArgumentNullException.ThrowIfNull(entityIds);
            _context.EnsureTurn();
            if (_section is not null || _isEntering)
                throw new InvalidOperationException("This orchestration is in a critical section already; critical sections cannot be nested.");
            // Locked in one order by all orchestrations, so critical sections cannot deadlock.
            EntityInstanceId[] set = [.. entityIds.Distinct().OrderBy(id => id.ToString(), StringComparer.Ordinal)];
            if (set.Length == 0)
                throw new ArgumentException("There is no entity to lock.", nameof(entityIds));
            foreach (EntityInstanceId id in set)
                ArgumentException.ThrowIfNullOrEmpty(id.Name, nameof(entityIds));

            Guid section = _context.NewGuid();
            _isEntering = true;
            try
            {
                await _context.OpenFor<object?>(
                    new HistoryEvent(EventKind.EntityLockRequested, _context._now)
                    {
                        Name = section.ToString(),
                        Target = set[0].ToString(),
                        Data = JsonSerializer.Serialize(set.Select(id => id.ToString())),
                        LockId = section,
                    },
                    failure => new EntityOperationFailedException(set[0], "lock", failure)).Task;
            }
            finally
            {
                _isEntering = false;
            }

            (_section, _locked) = (section, set);
            return new Section(this, section);
        }

        public override bool InCriticalSection([NotNullWhen(true)] out IReadOnlyList<EntityInstanceId>? entityIds)
        {
            entityIds = _section is null ? null : [.. _locked.Where(id => !_busy.Contains(id))];
            return _section is not null;
        }

        /// <summary>Ends the critical section if it is the given one; null ends any.</summary>
        public void Leave(Guid? section)
        {
            if (_section is not { } current || (section is not null && section != current))
                return;
            foreach (EntityInstanceId id in _locked)
                _context.AddEntityAction(EventKind.EntityUnlocked, id, current.ToString(), null, current);
            (_section, _locked) = (null, []);
        }

        /// <summary>Why a sub-orchestration cannot be called now; null when it can.</summary>
        public string? SubOrchestrationRefused => _section is null ? null : "A sub-orchestration cannot be called in a critical section.";

        private void Check(EntityInstanceId id, string operationName)
        {
            _context.EnsureTurn();
            ArgumentException.ThrowIfNullOrEmpty(id.Name, nameof(id));
            ArgumentException.ThrowIfNullOrEmpty(operationName);
        }

        /// <summary>Whether the orchestration has locked the entity.</summary>
        private bool CheckCall(EntityInstanceId id)
        {
            if (_section is null)
                return false;
            if (!_locked.Contains(id))
                throw new InvalidOperationException($"Only locked entities can be called in a critical section; {id} is not locked.");
            return _busy.Contains(id)
                ? throw new InvalidOperationException($"A call of the locked entity {id} is still running; await it first.")
                : true;
        }

        private sealed class Section(EntityFeature feature, Guid id) : IAsyncDisposable
        {
            public ValueTask DisposeAsync()
            {
                feature._context.EnsureTurn();
                feature.Leave(id);
                return ValueTask.CompletedTask;
            }
        }
    }
}
