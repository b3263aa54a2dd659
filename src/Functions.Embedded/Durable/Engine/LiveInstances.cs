using System.Threading.Channels;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The instances in this engine's memory. Every change of a instance's state is made here, under one lock.</summary>
internal sealed class LiveInstances(DurableEngineOptions options, TimeProvider time)
{
    private readonly Dictionary<string, LiveInstance> _live = new(StringComparer.Ordinal);
    private readonly Channel<LiveInstance> _queue = Channel.CreateUnbounded<LiveInstance>();
    private readonly Lock _gate = new();
    private int _busy;
    private volatile bool _closed = true;

    /// <summary>LiveInstances that wait for a turn, in order.</summary>
    public ChannelReader<LiveInstance> Queue => _queue.Reader;

    /// <summary>How many more instances may be taken on now.</summary>
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

    /// <summary>Takes on instances from here on. Before, as in a process that only has a client, they are left to engines that run.</summary>
    public void Open() => _closed = false;

    /// <summary>Takes on nothing new from here on; sessions end with their current turn.</summary>
    public void Close() => _closed = true;

    /// <summary>Ends the queue, once nothing runs any more.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    public bool Holds(string instanceId)
    {
        lock (_gate)
            return _live.ContainsKey(instanceId);
    }

    /// <summary>Ids of the instances that are in a turn or wait for one.</summary>
    public string[] Busy()
    {
        lock (_gate)
            return [.. _live.Where(pair => pair.Value.State != LiveInstanceState.Idle).Select(pair => pair.Key)];
    }

    /// <summary>Whether the instance as the database has it is live here, so that its history need not be read.</summary>
    public bool IsCurrent(InstanceRow row)
    {
        lock (_gate)
            return _live.TryGetValue(row.InstanceId, out LiveInstance? instance) && IsSame(instance, row);
    }

    /// <summary>Starts with an instance that was just stored under this engine's lease.</summary>
    public void Adopt(InstanceRow row)
    {
        lock (_gate)
        {
            // A fetch may have found the row before this was called.
            if (!_live.TryGetValue(row.InstanceId, out LiveInstance? held) || held.Row.ExecutionId != row.ExecutionId)
                Start(new LiveInstance(row, null));
        }
    }

    /// <summary>Takes on what was fetched. False when it does not fit what is here (any more) and is to be fetched again.</summary>
    /// <param name="row">The instance, leased and as the messages were read with.</param>
    /// <param name="messages">What it is to be told.</param>
    /// <param name="history">Its history, unless it is live here.</param>
    /// <param name="corruption">Why these cannot be used; null when they can.</param>
    public bool Offer(InstanceRow row, List<InboxItem> messages, IReadOnlyList<HistoryEvent>? history, string? corruption)
    {
        lock (_gate)
        {
            if (_live.TryGetValue(row.InstanceId, out LiveInstance? instance))
            {
                if (instance.State != LiveInstanceState.Idle)
                    return true; // its commit looks for what is left
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

    /// <summary>Hands the result of an activity that ran here to its instance. False when the instance is not here.</summary>
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

    /// <summary>Begins a turn: gives what the instance is to be told.</summary>
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
    /// <returns>What came in meanwhile for a instance that is not kept: it has to reach the instance through the database.</returns>
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

    /// <summary>Ends a instance whose turn did not happen because the instance is someone else's.</summary>
    /// <returns>Results that came in meanwhile and have to go through the database.</returns>
    public List<InboxItem> Abandon(LiveInstance instance)
    {
        lock (_gate)
        {
            _busy--;
            return Remove(instance);
        }
    }

    /// <summary>Instances to renew the lease of: those not renewed or committed for this long.</summary>
    public string[] DueForRenewal(TimeSpan after)
    {
        lock (_gate)
            return [.. _live.Where(pair => time.GetElapsedTime(pair.Value.LeasedAt) >= after).Select(pair => pair.Key)];
    }

    /// <summary>Notes which leases were renewed; an idle instance whose lease is gone is forgotten. One in a turn learns it at its commit.</summary>
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

    /// <summary>Forgets instances that have waited long (or all that wait, when closing) and gives their ids: their leases are to be given back.</summary>
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
