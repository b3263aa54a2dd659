using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded;

/// <summary>
/// Runs timer functions. Each firing runs in one process, and runs of a function never overlap. A firing that a crash or a stop interrupted runs again.
/// A failure of the function is logged, and the schedule continues.
/// </summary>
internal sealed class TimerFunctions : BackgroundService
{
    /// <summary>A firing that is later than this is past due.</summary>
    private static readonly TimeSpan s_late = TimeSpan.FromSeconds(5);

    /// <summary>How often a process reads the timer's state while another process runs the function.</summary>
    private static readonly TimeSpan s_contended = TimeSpan.FromSeconds(1);

    /// <summary>The longest sleep. After it a changed system clock is noticed.</summary>
    private static readonly TimeSpan s_longestSleep = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_afterDatabaseFailure = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Timer> _timers;
    private readonly TimerStatusStore _store;
    private readonly FunctionExecutionDelegate _pipeline;
    private readonly HostSettings _settings;
    private readonly HostDrain _drain;
    private readonly IServiceProvider _services;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<Task, byte> _firedByHand = [];

    /// <exception cref="InvalidOperationException">A schedule is invalid, or there is no database to store schedules in.</exception>
    public TimerFunctions(
        FunctionCatalog functions, FunctionExecutionDelegate pipeline, HostSettings settings, HostDrain drain, IServiceProvider services,
        IConfiguration configuration, TimeProvider time, ILoggerFactory logging, HostDatabase database)
    {
        (_pipeline, _settings, _drain, _services, _time) = (pipeline, settings, drain, services, time);
        _log = logging.CreateLogger(HostLog.Timers);
        _timers = functions.OfKind(TriggerKind.Timer)
            .Select(function => new Timer(function, TimerSchedule.Parse(function.Name, function.Trigger.Schedule!, configuration)))
            .ToDictionary(t => t.Name, StringComparer.OrdinalIgnoreCase);
        if (_timers.Count > 0 && !database.IsSet)
            throw new InvalidOperationException("Timer functions need a database: set DURABLE_DATABASE_URL or DATABASE_URL.");
        _store = new TimerStatusStore(database, settings.HubName);
    }

    /// <summary>Runs a timer function in the background, after a run that is in progress. The name must be that of a timer function.</summary>
    public void FireNow(string name)
    {
        Timer timer = _timers[name];
        Task run = Task.Run(() => FireByHandAsync(timer));
        _firedByHand.TryAdd(run, 0);
        run.ContinueWith(done => _firedByHand.TryRemove(done, out _), TaskScheduler.Default);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAny(Task.WhenAll(_firedByHand.Keys), Task.Delay(Timeout.Infinite, cancellationToken));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => Task.WhenAll(_timers.Values.Select(timer => Task.Run(() => LoopAsync(timer, stoppingToken), CancellationToken.None)));

    private async Task LoopAsync(Timer timer, CancellationToken stopping)
    {
        TimerStatus? status = null;
        bool startup = timer.Trigger.RunOnStartup;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                status ??= await RegisterAsync(timer, stopping);
                DateTimeOffset now = _time.GetUtcNow();
                if (startup || status.Next <= now)
                {
                    status = await RunWhenFreeAsync(timer, evenIfNotDue: startup, stopping) ?? await ReadLaterAsync(timer, stopping);
                    startup = false;
                }
                else
                {
                    TimeSpan left = status.Next - now;
                    await Task.Delay(left < s_longestSleep ? left : s_longestSleep, _time, stopping);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
            {
                _log.LogError(e, "Timer {Function} cannot reach its state in the database; it tries again in {Delay}", timer.Name, s_afterDatabaseFailure);
                status = null;
                await Task.Delay(s_afterDatabaseFailure, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private Task<TimerStatus> RegisterAsync(Timer timer, CancellationToken cancellation)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return _store.RegisterAsync(timer.Name, timer.Schedule.Text, NextAfter(timer, now), now, timer.Trigger.UseMonitor, cancellation);
    }

    /// <summary>Waits for another process that runs the function, whose end shows in the timer's row.</summary>
    private async Task<TimerStatus> ReadLaterAsync(Timer timer, CancellationToken stopping)
    {
        await Task.Delay(s_contended, _time, stopping);
        return await _store.ReadAsync(timer.Name, stopping);
    }

    /// <summary>Runs the function under the timer's lock if it is still due. Null when another run holds the lock.</summary>
    private async Task<TimerStatus?> RunWhenFreeAsync(Timer timer, bool evenIfNotDue, CancellationToken stopping)
    {
        await using IAsyncDisposable? held = await _store.LockAsync(timer.Name, wait: evenIfNotDue, stopping);
        if (held is null)
            return null;
        TimerStatus status = await _store.ReadAsync(timer.Name, stopping);
        DateTimeOffset now = _time.GetUtcNow();
        bool due = status.Next <= now;
        if (!due && !evenIfNotDue)
            return status;

        var info = new TimerInfo
        {
            IsPastDue = due && now - status.Next > s_late,
            ScheduleStatus = timer.Trigger.UseMonitor ? status.ToScheduleStatus() : null,
        };
        bool finished = await RunAsync(timer, info, due ? "due" : "host start");
        if (!finished)
            throw new OperationCanceledException(stopping);
        if (!due)
            return status;
        DateTimeOffset after = now > status.Next ? now : status.Next;
        return await _store.AdvanceAsync(timer.Name, status.Next, NextAfter(timer, after), _time.GetUtcNow(), CancellationToken.None);
    }

    private async Task FireByHandAsync(Timer timer)
    {
        try
        {
            await using IAsyncDisposable? held = await _store.LockAsync(timer.Name, wait: true, _drain.Stopping);
            // The loop may not have created the row yet.
            TimerStatus status = await RegisterAsync(timer, _drain.Stopping);
            await RunAsync(timer, new TimerInfo { ScheduleStatus = timer.Trigger.UseMonitor ? status.ToScheduleStatus() : null }, "by hand");
        }
        catch (Exception e)
        {
            _log.LogError(e, "Timer {Function} could not be run by hand", timer.Name);
        }
    }

    /// <summary>Runs the function, and again as its retry attribute says. False when the host's stop interrupted it, so that the firing runs again.</summary>
    private async Task<bool> RunAsync(Timer timer, TimerInfo info, string reason)
    {
        for (int failed = 0; ; failed++)
        {
            long started = _time.GetTimestamp();
            using CancellationTokenSource limited = _drain.ForFunction(_settings.FunctionTimeout);
            await using var invocation = new Invocation(timer.Function, _services, limited.Token)
            {
                InputData = new Dictionary<string, object?> { [timer.Trigger.Name] = info },
                RetryCount = failed,
            };
            _log.LogInformation("Timer {Function} starts, reason: {Reason} ({InvocationId})", timer.Name, reason, invocation.InvocationId);
            try
            {
                await _pipeline(invocation);
                _log.LogInformation(
                    "Timer {Function} done in {Milliseconds:F0} ms ({InvocationId})", timer.Name, _time.GetElapsedTime(started).TotalMilliseconds, invocation.InvocationId);
                return true;
            }
            catch (OperationCanceledException) when (_drain.Deadline.IsCancellationRequested)
            {
                _log.LogWarning("Timer {Function} was interrupted because the host stops; it will run again ({InvocationId})", timer.Name, invocation.InvocationId);
                return false;
            }
            catch (Exception e)
            {
                _log.LogError(e, "Timer {Function} failed ({InvocationId})", timer.Name, invocation.InvocationId);
                if (timer.Function.Retry is not { } retry || (retry.MaxRetryCount >= 0 && failed >= retry.MaxRetryCount))
                    return true;
                reason = $"retry {failed + 1}";
                await Task.Delay(DelayOf(retry, failed), _time, _drain.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (_drain.Stopping.IsCancellationRequested)
                    return false;
            }
        }
    }

    /// <summary>The fixed delay, or the shortest interval, doubled after each failure up to the longest.</summary>
    private static TimeSpan DelayOf(IRetryOptions retry, int failed)
    {
        if (retry.DelayInterval is { } delay)
            return delay;
        TimeSpan least = retry.MinimumInterval ?? TimeSpan.Zero, most = retry.MaximumInterval ?? TimeSpan.FromMinutes(15);
        double milliseconds = least.TotalMilliseconds * Math.Pow(2, Math.Min(failed, 30));
        return milliseconds < most.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : most;
    }

    private static DateTimeOffset NextAfter(Timer timer, DateTimeOffset after) => timer.Schedule.Next(after) ?? DateTimeOffset.MaxValue.AddDays(-1);

    private sealed record Timer(LoadedFunction Function, TimerSchedule Schedule)
    {
        public string Name => Function.Name;

        public RawBinding Trigger => Function.Trigger;
    }
}
