using System.Threading.Channels;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An instance that this engine holds the lease of.</summary>
internal sealed class Session(InstanceRow row, IReadOnlyList<HistoryEvent>? history)
{
    public InstanceRow Row { get; set; } = row;

    /// <summary>What the code has to be replayed through; null once <see cref="Execution"/> is up to date.</summary>
    public IReadOnlyList<HistoryEvent>? History { get; set; } = history;

    /// <summary>Why what is stored of the instance cannot be used; null when it can.</summary>
    public string? Damage { get; init; }

    /// <summary>The live code; null before the first turn here.</summary>
    public OrchestrationExecution? Execution { get; set; }

    public List<InboxItem> Inbox { get; set; } = [];

    public SessionState State { get; set; }

    /// <summary>When the lease was last known to be good (ticks of <see cref="TimeProvider.GetTimestamp"/>).</summary>
    public long LeasedAt { get; set; }

    public long IdleSince { get; set; }
}

internal enum SessionState
{
    /// <summary>Waits for something to happen.</summary>
    Idle,

    /// <summary>Has something to do and waits for a turn.</summary>
    Queued,

    /// <summary>Runs a turn or commits it.</summary>
    Running,
}

/// <summary>The instances in this engine's memory. Every change of a session's state is made here, under one lock.</summary>
internal sealed class Sessions(DurableEngineOptions options, TimeProvider time)
{
    private readonly Dictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly Channel<Session> _queue = Channel.CreateUnbounded<Session>();
    private readonly Lock _gate = new();
    private int _busy;
    private volatile bool _closed = true;

    /// <summary>Sessions that wait for a turn, in order.</summary>
    public ChannelReader<Session> Queue => _queue.Reader;

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
                return !_closed && _sessions.Count <= options.MaxSessions;
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
            return _sessions.ContainsKey(instanceId);
    }

    /// <summary>Ids of the instances that are in a turn or wait for one.</summary>
    public string[] Busy()
    {
        lock (_gate)
            return [.. _sessions.Where(pair => pair.Value.State != SessionState.Idle).Select(pair => pair.Key)];
    }

    /// <summary>Whether the instance as the database has it is live here, so that its history need not be read.</summary>
    public bool IsCurrent(InstanceRow row)
    {
        lock (_gate)
            return _sessions.TryGetValue(row.InstanceId, out Session? session) && IsSame(session, row);
    }

    /// <summary>Starts with an instance that was just stored under this engine's lease.</summary>
    public void Adopt(InstanceRow row)
    {
        lock (_gate)
            Start(new Session(row, null));
    }

    /// <summary>Takes on what was fetched. False when it does not fit what is here (any more) and is to be fetched again.</summary>
    /// <param name="row">The instance, leased and as the messages were read with.</param>
    /// <param name="messages">What it is to be told.</param>
    /// <param name="history">Its history, unless it is live here.</param>
    /// <param name="damage">Why these cannot be used; null when they can.</param>
    public bool Offer(InstanceRow row, List<InboxItem> messages, IReadOnlyList<HistoryEvent>? history, string? damage)
    {
        lock (_gate)
        {
            if (_sessions.TryGetValue(row.InstanceId, out Session? session))
            {
                if (session.State != SessionState.Idle)
                    return true; // its commit looks for what is left
                if (IsSame(session, row) && damage is null)
                {
                    session.LeasedAt = time.GetTimestamp();
                    session.Inbox.AddRange(messages);
                    Enqueue(session);
                    return true;
                }

                _sessions.Remove(row.InstanceId);
            }

            if (history is null && damage is null)
                return false;
            Start(new Session(row, history) { Inbox = messages, Damage = damage });
            return true;
        }
    }

    /// <summary>Hands the result of an activity that ran here to its instance. False when the instance is not here.</summary>
    public bool TryDeliver(ActivityKey activity, HistoryEvent result)
    {
        lock (_gate)
        {
            if (_closed || !_sessions.TryGetValue(activity.InstanceId, out Session? session) || session.Row.ExecutionId != activity.ExecutionId)
                return false;
            session.Inbox.Add(new InboxItem(result, null, activity));
            if (session.State == SessionState.Idle)
                Enqueue(session);
            return true;
        }
    }

    /// <summary>Begins a turn: gives what the instance is to be told.</summary>
    public List<InboxItem> Begin(Session session)
    {
        lock (_gate)
        {
            session.State = SessionState.Running;
            List<InboxItem> inbox = session.Inbox;
            session.Inbox = [];
            return inbox;
        }
    }

    /// <summary>Ends a committed turn.</summary>
    /// <returns>What came in meanwhile for a session that is not kept: it has to reach the instance through the database.</returns>
    public List<InboxItem> End(Session session, InstanceRow row, bool keep)
    {
        lock (_gate)
        {
            _busy--;
            if (!keep)
                return Remove(session);

            if (session.Row.ExecutionId != row.ExecutionId)
                session.Execution = null;
            session.Row = row;
            session.LeasedAt = session.IdleSince = time.GetTimestamp();
            session.State = SessionState.Idle;
            if (session.Inbox.Count > 0)
                Enqueue(session);
            return [];
        }
    }

    /// <summary>Ends a session whose turn did not happen because the instance is someone else's.</summary>
    /// <returns>Results that came in meanwhile and have to go through the database.</returns>
    public List<InboxItem> Abandon(Session session)
    {
        lock (_gate)
        {
            _busy--;
            return Remove(session);
        }
    }

    /// <summary>Instances to renew the lease of: those not renewed or committed for this long.</summary>
    public string[] DueForRenewal(TimeSpan after)
    {
        lock (_gate)
            return [.. _sessions.Where(pair => time.GetElapsedTime(pair.Value.LeasedAt) >= after).Select(pair => pair.Key)];
    }

    /// <summary>Notes which leases were renewed; an idle session whose lease is gone is forgotten. One in a turn learns it at its commit.</summary>
    public void Renewed(string[] asked, IReadOnlySet<string> renewed)
    {
        lock (_gate)
        {
            foreach (string id in asked)
            {
                if (!_sessions.TryGetValue(id, out Session? session))
                    continue;
                if (renewed.Contains(id))
                    session.LeasedAt = time.GetTimestamp();
                else if (session.State == SessionState.Idle)
                    _sessions.Remove(id);
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
                .. _sessions.Where(pair => pair.Value.State == SessionState.Idle && time.GetElapsedTime(pair.Value.IdleSince) >= longerThan)
                    .Select(pair => pair.Key),
            ];
            foreach (string id in idle)
                _sessions.Remove(id);
            return idle;
        }
    }

    private static bool IsSame(Session session, InstanceRow row) => session.Row.ExecutionId == row.ExecutionId && session.Row.Turn == row.Turn;

    private void Start(Session session)
    {
        session.LeasedAt = time.GetTimestamp();
        _sessions[session.Row.InstanceId] = session;
        Enqueue(session);
    }

    private void Enqueue(Session session)
    {
        session.State = SessionState.Queued;
        _busy++;
        _queue.Writer.TryWrite(session);
    }

    private List<InboxItem> Remove(Session session)
    {
        if (_sessions.TryGetValue(session.Row.InstanceId, out Session? current) && current == session)
            _sessions.Remove(session.Row.InstanceId);
        List<InboxItem> left = session.Inbox;
        session.Inbox = [];
        return left;
    }
}
