using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Listens to the notifications of other processes, on a connection of its own. During an outage the loops' regular queries find the work.</summary>
internal sealed class Notifications(DurableStore store, EngineSignals signals, ILogger<Notifications> logger)
{
    public async Task RunAsync(CancellationToken stop)
    {
        var backoff = new Backoff("Listening for durable work", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using NpgsqlConnection connection = await store.OpenAsync(stop);
                connection.Notification += (_, notification) => signals.Set(notification.Payload);
                await using (NpgsqlBatch listen = connection.ToBatch(ConnectionSql.Listen.Replace(":channel", EngineSignals.ChannelOf(store.Hub), StringComparison.Ordinal).ToCommand()))
                    await listen.ExecuteNonQueryAsync(stop);
                backoff.Succeeded();

                // Wakes for what was announced before it listened.
                signals.Instances.Set();
                signals.Activities.Set();
                signals.Entities.Set();
                while (true)
                    await connection.WaitAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                await backoff.FailedAsync(error, stop);
            }
        }
    }
}
