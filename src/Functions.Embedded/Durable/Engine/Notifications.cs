using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Listens for what other processes announce, on a connection of its own. While it is away the loops' own looks at the database stand in.</summary>
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

                // What was announced before listening.
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
