using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Runs activities. Calls come from the queue in the database, or straight from the commit that made them; results go straight to their
/// instance if it is in this engine's memory, and through the database otherwise.
/// </summary>
internal sealed class ActivityWorker : IAsyncDisposable
{
    private readonly DurableStore _store;
    private readonly IDurableFunctions _functions;
    private readonly LiveInstances _live;
    private readonly ActivityResults _results;
    private readonly EngineSignals _signals;
    private readonly DataConverter _converter;
    private readonly TimeProvider _time;
    private readonly ILogger<ActivityWorker> _logger;
    private readonly Channel<ActivityCall> _queue = Channel.CreateUnbounded<ActivityCall>();
    private readonly ConcurrentDictionary<ActivityKey, HeldActivity> _held = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Task[] _loops;
    private int _waiting;
    private volatile bool _closed;
    private volatile bool _more;

    public ActivityWorker(
        DurableStore store,
        IDurableFunctions functions,
        LiveInstances live,
        ActivityResults results,
        EngineSignals signals,
        DataConverter converter,
        TimeProvider time,
        ILogger<ActivityWorker> logger)
    {
        (_store, _functions, _live, _results, _signals) = (store, functions, live, results, signals);
        (_converter, _time, _logger) = (converter, time, logger);
        _results.Settled = Settled;
        _loops = [.. Enumerable.Range(0, store.Options.MaxConcurrentActivities).Select(_ => Task.Run(RunAsync))];
    }

    /// <summary>Calls taken on at most: those that run, and as many again that wait, so that a slot never waits for a query.</summary>
    private int Capacity => 2 * _store.Options.MaxConcurrentActivities;

    /// <summary>How many more calls may be taken on now.</summary>
    public int Room => _closed ? 0 : Math.Max(0, Capacity - Volatile.Read(ref _waiting));

    /// <summary>Notes whether calls wait in the database that there was no room for: then the queue is looked at when there is room again.</summary>
    public void NoteMore(bool more) => _more = more;

    /// <summary>Books room for the first of these calls.</summary>
    /// <returns>How many; they are to be given to <see cref="Run"/> or back by <see cref="Unreserve"/>.</returns>
    public int Reserve(IReadOnlyList<ActivityCall> calls) => Reserve(calls.TakeWhile(call => _functions.HasActivity(call.Name)).Count());

    /// <summary>Books room for so many calls or fewer.</summary>
    /// <returns>How many; what is not given to <see cref="Run"/> goes back by <see cref="Unreserve"/>.</returns>
    public int Reserve(int most)
    {
        while (true)
        {
            int before = Volatile.Read(ref _waiting);
            int taken = _closed ? 0 : Math.Clamp(Capacity - before, 0, most);
            if (taken == 0 || Interlocked.CompareExchange(ref _waiting, before + taken, before) == before)
                return taken;
        }
    }

    public void Unreserve(int count) => Interlocked.Add(ref _waiting, -count);

    /// <summary>Runs calls that room was booked for and whose lease is this engine's.</summary>
    public void Run(IEnumerable<ActivityCall> calls)
    {
        foreach (ActivityCall call in calls)
        {
            _held[call.Key] = new HeldActivity(call, _time.GetTimestamp());
            _queue.Writer.TryWrite(call);
        }
    }

    /// <summary>Whether a call is here already, run or running: then it is not to be run once more, even if its lease had ended.</summary>
    public bool Holds(ActivityKey key) => _held.ContainsKey(key);

    /// <summary>The call's row is gone: its result is stored, or it is someone else's.</summary>
    public void Settled(ActivityKey key) => _held.TryRemove(key, out _);

    /// <summary>Calls whose lease was not renewed for this long.</summary>
    public ActivityKey[] DueForRenewal(TimeSpan after) =>
        [.. _held.Values.Where(held => _time.GetElapsedTime(held.LeasedAt) >= after).Select(held => held.Call.Key)];

    /// <summary>Notes which leases were renewed. A call whose lease is gone is cancelled: it is run elsewhere, or its instance was purged.</summary>
    public void Renewed(IEnumerable<ActivityKey> asked, IReadOnlySet<ActivityKey> renewed)
    {
        foreach (ActivityKey key in asked)
        {
            if (!_held.TryGetValue(key, out HeldActivity? held))
                continue;
            if (renewed.Contains(key))
                held.LeasedAt = _time.GetTimestamp();
            else
                held.Cancel();
        }
    }

    /// <summary>Takes on nothing more.</summary>
    public void Close()
    {
        _closed = true;
        _queue.Writer.TryComplete();
    }

    /// <summary>Once closed: gives up the calls that are here and have not begun; they are to be handed back.</summary>
    public ActivityKey[] TakeUnstarted()
    {
        List<ActivityKey> unstarted = [];
        foreach (HeldActivity held in _held.Values)
        {
            if (!held.TryStart())
                continue;
            Settled(held.Call.Key);
            unstarted.Add(held.Call.Key);
        }

        return [.. unstarted];
    }

    /// <summary>Once closed: lets what runs finish for some time, then cancels it.</summary>
    public async Task FinishAsync(TimeSpan grace)
    {
        Task all = Task.WhenAll(_loops);
        if (await all.EndsWithinAsync(grace))
            return;
        // Cancelled, an activity that listens ends at once; one that does not is left to end with the process.
        _ = _abort.CancelAsync();
        await all.EndsWithinAsync(TimeSpan.FromMilliseconds(500));
    }

    /// <summary>Cancels what still runs.</summary>
    public ValueTask DisposeAsync()
    {
        Close();
        _ = _abort.CancelAsync();
        return ValueTask.CompletedTask;
    }

    private async Task RunAsync()
    {
        await foreach (ActivityCall call in _queue.Reader.ReadAllAsync())
        {
            try
            {
                await RunAsync(call);
            }
            finally
            {
                int left = Interlocked.Decrement(ref _waiting);
                if (_more && (left == Capacity / 2 || left == 0))
                    _signals.Activities.Set();
            }
        }
    }

    private async Task RunAsync(ActivityCall call)
    {
        if (_closed || !_held.TryGetValue(call.Key, out HeldActivity? held) || !held.TryStart())
            return;
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(_abort.Token, held.Token);
        HistoryEvent result;
        try
        {
            object? value = await _functions.RunActivityAsync(call, cancellation.Token);
            result = new HistoryEvent(EventKind.TaskCompleted, _time.Now()) { TaskId = call.Key.TaskId, Name = call.Name, Data = _converter.Serialize(value) };
        }
        catch (OperationCanceledException) when (held.Token.IsCancellationRequested)
        {
            Settled(call.Key);
            return;
        }
        catch (OperationCanceledException) when (_abort.IsCancellationRequested)
        {
            return; // to be handed back
        }
        catch (Exception error)
        {
            _logger.LogWarning(error, "Activity {Name} (#{TaskId}) of the orchestration {InstanceId} failed", call.Name, call.Key.TaskId, call.Key.InstanceId);
            result = new HistoryEvent(EventKind.TaskFailed, _time.Now()) { TaskId = call.Key.TaskId, Name = call.Name, Data = Failures.Write(error) };
        }

        if (!_live.TryDeliver(call.Key, result))
            _results.Add(call.Key, result);
    }

    /// <summary>A call under this engine's lease, until its result is stored.</summary>
    private sealed class HeldActivity(ActivityCall call, long leasedAt)
    {
        // Never disposed: without a timer or a wait handle there is nothing to free, and a late cancel does no harm.
        private readonly CancellationTokenSource _cancellation = new();
        private long _leasedAt = leasedAt;
        private int _started;

        public ActivityCall Call => call;

        public CancellationToken Token => _cancellation.Token;

        public long LeasedAt
        {
            get => Volatile.Read(ref _leasedAt);
            set => Volatile.Write(ref _leasedAt, value);
        }

        /// <summary>True once: for who runs it, or for who hands it back because it has not begun.</summary>
        public bool TryStart() => Interlocked.Exchange(ref _started, 1) == 0;

        public void Cancel() => _cancellation.Cancel();
    }
}
