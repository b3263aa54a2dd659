using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Wakes callers that wait for instances to start or to end. A commit in this process wakes them at once. Commits of other processes are found by
/// one query for all callers, at intervals.
/// </summary>
internal sealed class InstanceWaiters(DurableStore store, ILogger<InstanceWaiters> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, List<Waiter>> _waiters = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private bool _polling;

    /// <summary>Waits until the instance has probably started or ended; the caller checks it.</summary>
    public async Task WaitAsync(string instanceId, bool forEnd, Func<Task<bool>> isThere, CancellationToken cancellation)
    {
        var waiter = new Waiter(instanceId, forEnd);
        lock (_gate)
        {
            if (!_waiters.TryGetValue(instanceId, out List<Waiter>? same))
                _waiters[instanceId] = same = [];
            same.Add(waiter);
            if (!_polling)
            {
                _polling = true;
                _ = Task.Run(PollAsync, CancellationToken.None);
            }
        }

        try
        {
            // Checked after the waiter is registered, so that no commit is missed in between.
            if (!await isThere())
                await waiter.Source.Task.WaitAsync(cancellation);
        }
        finally
        {
            lock (_gate)
            {
                if (_waiters.TryGetValue(instanceId, out List<Waiter>? same) && same.Remove(waiter) && same.Count == 0)
                    _waiters.Remove(instanceId);
            }
        }
    }

    public void Reached(string instanceId, OrchestrationRuntimeStatus status)
    {
        lock (_gate)
        {
            if (!_waiters.TryGetValue(instanceId, out List<Waiter>? same))
                return;
            foreach (Waiter waiter in same)
            {
                if (status.IsFinal() || (!waiter.ForEnd && status != OrchestrationRuntimeStatus.Pending))
                    waiter.Source.TrySetResult();
            }
        }
    }

    private async Task PollAsync()
    {
        var backoff = new Backoff("Waiting for durable instances", store, logger);
        while (true)
        {
            await Task.Delay(Interval);
            Waiter[] waiting;
            lock (_gate)
            {
                waiting = [.. _waiters.Values.SelectMany(same => same).Where(waiter => !waiter.Source.Task.IsCompleted)];
                if (_waiters.Count == 0)
                {
                    backoff.GiveUp();
                    _polling = false;
                    return;
                }
            }

            try
            {
                await LookAsync(waiting);
                backoff.Succeeded();
            }
            catch (ObjectDisposedException error)
            {
                foreach (Waiter waiter in waiting)
                    waiter.Source.TrySetException(error);
            }
            catch (Exception error)
            {
                await backoff.FailedAsync(error, CancellationToken.None);
            }
        }
    }

    private async Task LookAsync(Waiter[] waiting)
    {
        if (waiting.Length == 0)
            return;
        HashSet<string> missing = [.. waiting.Select(waiter => waiter.InstanceId)];
        await using NpgsqlConnection connection = await store.OpenAsync(CancellationToken.None);
        await using NpgsqlBatch batch = connection.ToBatch(
            InstanceSql.ReadStatuses.ToCommand(store.Hub, missing.ToArray()));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            missing.Remove(reader.GetString(0));
            if (Enum.TryParse(reader.GetString(1), out OrchestrationRuntimeStatus status))
                Reached(reader.GetString(0), status);
        }

        // They were purged. Their callers look for the instance and learn it.
        foreach (string id in missing)
            Reached(id, OrchestrationRuntimeStatus.Terminated);
    }

    private sealed class Waiter(string instanceId, bool forEnd)
    {
        public string InstanceId => instanceId;

        public bool ForEnd => forEnd;

        public TaskCompletionSource Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
