using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Runs activities. Calls come from the queue in the database or directly from the commit that made them. Results go directly to an instance that
/// is live in this engine, and through the database to any other.
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
    private readonly EngineMetrics _metrics;
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
        EngineMetrics metrics,
        ILogger<ActivityWorker> logger)
    {
        (_store, _functions, _live, _results, _signals) = (store, functions, live, results, signals);
        (_converter, _time, _metrics, _logger) = (converter, time, metrics, logger);
        _results.Settled = Settled;
        _loops = [.. Enumerable.Range(0, store.Options.MaxConcurrentActivities).Select(_ => Task.Run(RunAsync))];
    }

    /// <summary>Calls that this engine holds at most: those that run and as many that wait, so that a free slot never waits for a query.</summary>
    private int Capacity => 2 * _store.Options.MaxConcurrentActivities;

    /// <summary>How many more calls this engine can hold now.</summary>
    public int Room => _closed ? 0 : Math.Max(0, Capacity - Volatile.Read(ref _waiting));

    /// <summary>Notes whether calls stayed in the database for lack of room. If so, the fetcher is woken when there is room again.</summary>
    public void NoteMore(bool more) => _more = more;

    /// <summary>Reserves room for as many of the first of these calls as possible.</summary>
    /// <returns>How many. Pass each to <see cref="Run"/> or give its room back by <see cref="Unreserve"/>.</returns>
    public int Reserve(IReadOnlyList<ActivityCall> calls) => Reserve(calls.TakeWhile(call => _functions.HasActivity(call.Name)).Count());

    /// <summary>Reserves room for at most this many calls.</summary>
    /// <returns>How many. Pass each to <see cref="Run"/> or give its room back by <see cref="Unreserve"/>.</returns>
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

    /// <summary>Runs calls that have room reserved and are under this engine's lease.</summary>
    public void Run(IEnumerable<ActivityCall> calls)
    {
        foreach (ActivityCall call in calls)
        {
            _held[call.Key] = new HeldActivity(call, _time.GetTimestamp());
            _queue.Writer.TryWrite(call);
        }
    }

    /// <summary>Whether this engine holds the call already. It must not start again here, even if its lease had ended.</summary>
    public bool Holds(ActivityKey key) => _held.ContainsKey(key);

    /// <summary>Forgets a call: its result is stored, or another engine took it over.</summary>
    public void Settled(ActivityKey key) => _held.TryRemove(key, out _);

    /// <summary>Calls whose lease was not renewed for this long.</summary>
    public ActivityKey[] DueForRenewal(TimeSpan after) =>
        [.. _held.Values.Where(held => _time.GetElapsedTime(held.LeasedAt) >= after).Select(held => held.Call.Key)];

    /// <summary>Notes which leases were renewed. Cancels a call that lost its lease: it runs elsewhere, or its instance was purged.</summary>
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

    /// <summary>Accepts no more calls.</summary>
    public void Close()
    {
        _closed = true;
        _queue.Writer.TryComplete();
    }

    /// <summary>After <see cref="Close"/>: forgets the calls that have not started and returns them. The caller releases their leases.</summary>
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

    /// <summary>After <see cref="Close"/>: waits for running activities, and cancels them when the time is over.</summary>
    public async Task FinishAsync(TimeSpan grace)
    {
        Task all = Task.WhenAll(_loops);
        if (await all.EndsWithinAsync(grace))
            return;
        // An activity that observes its token ends now. One that does not is left to end with the process.
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
        using Activity? span = EngineTraces.Running(call);
        long begun = Stopwatch.GetTimestamp();
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
            return; // its lease is released at the stop
        }
        catch (Exception error)
        {
            _logger.LogWarning(error, "Activity {Name} (#{TaskId}) of orchestration {InstanceId} failed", call.Name, call.Key.TaskId, call.Key.InstanceId);
            span?.SetStatus(ActivityStatusCode.Error, error.GetType().FullName);
            result = new HistoryEvent(EventKind.TaskFailed, _time.Now()) { TaskId = call.Key.TaskId, Name = call.Name, Data = Failures.Write(error) };
        }

        _metrics.Ran(call.Name, begun, failed: result.Kind == EventKind.TaskFailed);
        if (!_live.TryDeliver(call.Key, result))
            _results.Add(call.Key, result);
    }

    /// <summary>A call under this engine's lease, until its result is stored.</summary>
    private sealed class HeldActivity(ActivityCall call, long leasedAt)
    {
        // Never disposed: it has no timer or wait handle to free, and it may be cancelled late.
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

        /// <summary>True for the first caller only: either the one that runs the call or the one that releases it.</summary>
        public bool TryStart() => Interlocked.Exchange(ref _started, 1) == 0;

        public void Cancel() => _cancellation.Cancel();
    }
}
