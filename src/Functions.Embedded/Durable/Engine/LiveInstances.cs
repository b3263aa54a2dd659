using System.Threading.Channels;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The instances that are live in this engine's memory. Every change of their state happens here, under one lock.</summary>
internal sealed class LiveInstances(DurableEngineOptions options, TimeProvider time)
{
    private readonly Dictionary<string, LiveInstance> _live = new(StringComparer.Ordinal);
    private readonly Channel<LiveInstance> _queue = Channel.CreateUnbounded<LiveInstance>();
    private readonly Lock _gate = new();
    private int _busy;
    private volatile bool _closed = true;

    /// <summary>Instances that wait for a turn, in order.</summary>
    public ChannelReader<LiveInstance> Queue => _queue.Reader;

    /// <summary>How many more instances may become live now.</summary>
    public int Room
    {
        get
        {
            lock (_gate)
                return _closed ? 0 : Math.Max(0, 32 * options.MaxConcurrentOrchestrators - _busy);
        }
    }

    /// <summary>Whether an instance may stay in memory while it waits.</summary>
    public bool MayKeep
    {
        get
        {
            lock (_gate)
                return !_closed && _live.Count <= options.MaxLiveInstances;
        }
    }

    public bool IsIdle
    {
        get
        {
            lock (_gate)
                return _busy == 0;
        }
    }

    /// <summary>Accepts instances from now on. A process that only has a client never calls this and leaves instances to engines that run.</summary>
    public void Open() => _closed = false;

    /// <summary>Accepts no more instances. Those that are live leave memory after their current turn.</summary>
    public void Close() => _closed = true;

    /// <summary>Ends the queue. Call it when no turn runs any more.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    public bool Holds(string instanceId)
    {
        lock (_gate)
            return _live.ContainsKey(instanceId);
    }

    /// <summary>Ids of the instances that run a turn or wait for one.</summary>
    public string[] Busy()
    {
        lock (_gate)
            return [.. _live.Where(pair => pair.Value.State != LiveInstanceState.Idle).Select(pair => pair.Key)];
    }

    /// <summary>Whether the instance is live in the state that the database has, so that its history need not be read.</summary>
    public bool IsCurrent(InstanceRow row)
    {
        lock (_gate)
            return _live.TryGetValue(row.InstanceId, out LiveInstance? instance) && IsSame(instance, row);
    }

    /// <summary>Starts an instance that was just stored under this engine's lease.</summary>
    public void Adopt(InstanceRow row)
    {
        lock (_gate)
        {
            // A fetch may have found the row before this call.
            if (!_live.TryGetValue(row.InstanceId, out LiveInstance? held) || held.Row.ExecutionId != row.ExecutionId)
                Start(new LiveInstance(row, null));
        }
    }

    /// <summary>Accepts an instance that was fetched. False when the live instance is in another state; the instance must be fetched again then.</summary>
    /// <param name="row">The instance's row, leased.</param>
    /// <param name="messages">Its messages.</param>
    /// <param name="history">Its history; null when it was live and the history was not read.</param>
    /// <param name="corruption">Why these cannot be used; null when they can.</param>
    public bool Offer(InstanceRow row, List<InboxItem> messages, IReadOnlyList<HistoryEvent>? history, string? corruption)
    {
        lock (_gate)
        {
            if (_live.TryGetValue(row.InstanceId, out LiveInstance? instance))
            {
                if (instance.State != LiveInstanceState.Idle)
                    return true; // after its commit the messages are fetched again
                if (IsSame(instance, row) && corruption is null)
                {
                    instance.LeasedAt = time.GetTimestamp();
                    instance.Inbox.AddRange(messages);
                    Enqueue(instance);
                    return true;
                }

                _live.Remove(row.InstanceId);
            }

            if (history is null && corruption is null)
                return false;
            Start(new LiveInstance(row, history) { Inbox = messages, Corruption = corruption });
            return true;
        }
    }

    /// <summary>Delivers the result of an activity that ran in this engine. False when the instance is not live here.</summary>
    public bool TryDeliver(ActivityKey activity, HistoryEvent result)
    {
        lock (_gate)
        {
            if (_closed || !_live.TryGetValue(activity.InstanceId, out LiveInstance? instance) || instance.Row.ExecutionId != activity.ExecutionId)
                return false;
            instance.Inbox.Add(new InboxItem(result, null, activity));
            if (instance.State == LiveInstanceState.Idle)
                Enqueue(instance);
            return true;
        }
    }

    /// <summary>Begins a turn and returns its events.</summary>
    public List<InboxItem> Begin(LiveInstance instance)
    {
        lock (_gate)
        {
            instance.State = LiveInstanceState.Running;
            List<InboxItem> inbox = instance.Inbox;
            instance.Inbox = [];
            return inbox;
        }
    }

    /// <summary>Ends a committed turn.</summary>
    /// <returns>Events that arrived meanwhile for an instance that leaves memory; they must reach it through the database.</returns>
    public List<InboxItem> End(LiveInstance instance, InstanceRow row, bool keep)
    {
        lock (_gate)
        {
            _busy--;
            if (!keep)
                return Remove(instance);

            if (instance.Row.ExecutionId != row.ExecutionId)
                instance.Execution = null;
            instance.Row = row;
            instance.LeasedAt = instance.IdleSince = time.GetTimestamp();
            instance.State = LiveInstanceState.Idle;
            if (instance.Inbox.Count > 0)
                Enqueue(instance);
            return [];
        }
    }

    /// <summary>Removes an instance whose turn was refused.</summary>
    /// <returns>Events that arrived meanwhile; they must reach the instance through the database.</returns>
    public List<InboxItem> Abandon(LiveInstance instance)
    {
        lock (_gate)
        {
            _busy--;
            return Remove(instance);
        }
    }

    /// <summary>Instances whose lease was not renewed for this long, by a renewal or a commit.</summary>
    public string[] DueForRenewal(TimeSpan after)
    {
        lock (_gate)
            return [.. _live.Where(pair => time.GetElapsedTime(pair.Value.LeasedAt) >= after).Select(pair => pair.Key)];
    }

    /// <summary>Notes which leases were renewed. An idle instance that lost its lease leaves memory; one that runs a turn learns it when it commits.</summary>
    public void Renewed(string[] asked, IReadOnlySet<string> renewed)
    {
        lock (_gate)
        {
            foreach (string id in asked)
            {
                if (!_live.TryGetValue(id, out LiveInstance? instance))
                    continue;
                if (renewed.Contains(id))
                    instance.LeasedAt = time.GetTimestamp();
                else if (instance.State == LiveInstanceState.Idle)
                    _live.Remove(id);
            }
        }
    }

    /// <summary>Removes instances that have waited this long and returns their ids. The caller releases their leases.</summary>
    public string[] TakeIdle(TimeSpan longerThan)
    {
        lock (_gate)
        {
            string[] idle =
            [
                .. _live.Where(pair => pair.Value.State == LiveInstanceState.Idle && time.GetElapsedTime(pair.Value.IdleSince) >= longerThan)
                    .Select(pair => pair.Key),
            ];
            foreach (string id in idle)
                _live.Remove(id);
            return idle;
        }
    }

    private static bool IsSame(LiveInstance instance, InstanceRow row) => instance.Row.ExecutionId == row.ExecutionId && instance.Row.Turn == row.Turn;

    private void Start(LiveInstance instance)
    {
        instance.LeasedAt = time.GetTimestamp();
        _live[instance.Row.InstanceId] = instance;
        Enqueue(instance);
    }

    private void Enqueue(LiveInstance instance)
    {
        instance.State = LiveInstanceState.Queued;
        _busy++;
        _queue.Writer.TryWrite(instance);
    }

    private List<InboxItem> Remove(LiveInstance instance)
    {
        if (_live.TryGetValue(instance.Row.InstanceId, out LiveInstance? current) && current == instance)
            _live.Remove(instance.Row.InstanceId);
        List<InboxItem> left = instance.Inbox;
        instance.Inbox = [];
        return left;
    }
}
