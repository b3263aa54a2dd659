namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Runs an orchestrator's code on one thread at a time and in a fixed order: tasks that can run are queued, and <see cref="Pump"/> runs the queue
/// until it is empty. The order depends only on the delivered events, so a replay repeats it.
/// </summary>
internal sealed class TurnScheduler : TaskScheduler
{
    private readonly Queue<Task> _queue = new();
    private readonly Lock _gate = new();
    private int _thread;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Whether the caller is orchestrator code in its turn.</summary>
    public bool IsTurnThread => Volatile.Read(ref _thread) == Environment.CurrentManagedThreadId;

    /// <summary>Runs an action in the turn, and then everything that it made runnable.</summary>
    public void Pump(Action action)
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
        try
        {
            var first = new Task(action);
            first.Start(this);
            while (TryTake(out Task? task))
                TryExecuteTask(task);
            first.GetAwaiter().GetResult();
        }
        finally
        {
            Volatile.Write(ref _thread, 0);
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    protected override void QueueTask(Task task)
    {
        lock (_gate)
            _queue.Enqueue(task);
    }

    // Never inlined, to keep the order of the queue.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_gate)
            return [.. _queue];
    }

    private bool TryTake(out Task task)
    {
        lock (_gate)
            return _queue.TryDequeue(out task!);
    }
}
