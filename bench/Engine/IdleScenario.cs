using System.Diagnostics;
using System.Text.Json.Nodes;
using Npgsql;

namespace VisionPlatform.Bench.Engine;

/// <summary>The cost of a host that has nothing to do: many instances wait for an event or a distant time.</summary>
internal static class IdleScenario
{
    /// <summary>
    /// Prints <c>cpuPercentOfACore</c> (of the host's process), <c>queriesPerSecond</c> (statements sent to the engine's database) and
    /// <c>transactionsPerSecond</c>. <c>n</c> is the number of waiting instances; <c>p50Ms</c> and <c>p95Ms</c> are for single chains that run on that hub afterwards.
    /// </summary>
    public static async Task RunAsync(Server server, Sizes sizes, CancellationToken cancellation)
    {
        string database = await server.NewDatabaseAsync("idle", cancellation);
        await using EngineApp app = await EngineApp.StartAsync(database, "idle", cancellation);
        long begun = Stopwatch.GetTimestamp();
        await app.StartWaitingAsync(nameof(Functions.Wait), null, sizes.Waiting, cancellation);
        double startedPerSecond = sizes.Waiting / Stopwatch.GetElapsedTime(begun).TotalSeconds;

        Report.Progress($"idle-10000: {sizes.Waiting} instances wait; settling for {sizes.Settle.TotalSeconds:F0} s, then watching for {sizes.Idle.TotalSeconds:F0} s");
        await Task.Delay(sizes.Settle, cancellation);
        await using NpgsqlDataSource outside = NpgsqlDataSource.Create(server.ConnectionStringTo("postgres"));
        await using (NpgsqlCommand create = outside.CreateCommand("CREATE EXTENSION IF NOT EXISTS pg_stat_statements"))
            await create.ExecuteNonQueryAsync(cancellation);

        (long Statements, long Transactions) before = await CountAsync(outside, cancellation);
        TimeSpan cpuBefore = Process.GetCurrentProcess().TotalProcessorTime;
        begun = Stopwatch.GetTimestamp();
        await Task.Delay(sizes.Idle, cancellation);
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        double cpu = (Process.GetCurrentProcess().TotalProcessorTime - cpuBefore).TotalSeconds / seconds * 100;
        (long Statements, long Transactions) after = await CountAsync(outside, cancellation);

        double[] chains = await app.ChainsInTurnAsync(sizes.Chains / 2, cancellation);
        Report.Result("idle-10000", sizes.Waiting, chains, 1000 * chains.Length / chains.Sum(), new JsonObject
        {
            ["cpuPercentOfACore"] = Report.Rounded(cpu),
            ["queriesPerSecond"] = Report.Rounded((after.Statements - before.Statements) / seconds),
            ["transactionsPerSecond"] = Report.Rounded((after.Transactions - before.Transactions) / seconds),
            ["watchedSeconds"] = Report.Rounded(seconds),
            ["startedPerSecond"] = Report.Rounded(startedPerSecond),
        });
    }

    private static async Task<(long Statements, long Transactions)> CountAsync(NpgsqlDataSource outside, CancellationToken cancellation)
    {
        // A backend reports its statistics with a delay, which is small compared with the time of the measurement.
        await using NpgsqlCommand command = outside.CreateCommand(
            """
            SELECT (SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE dbid = d.datid AND toplevel), d.xact_commit + d.xact_rollback
            FROM pg_stat_database d
            WHERE d.datname = 'idle'
            """);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
