using System.Text.Json.Nodes;
using Microsoft.DurableTask.Client;
using Npgsql;

namespace VisionPlatform.Bench.Engine;

/// <summary>
/// Shows whether a hub gets slower as it grows: runs chains on a hub with many instances and on a new one, alternately in the same
/// run. <c>latencyRatio</c> and <c>throughputRatio</c> above 1 mean that the grown hub is slower.
/// </summary>
internal static class GrowthScenarios
{
    public static Task FinishedAsync(Server server, Sizes sizes, CancellationToken cancellation) =>
        RunAsync("growth-finished-100000", server, sizes, sizes.Finished, nameof(Functions.Chain), finished: true, cancellation);

    public static Task WaitingAsync(Server server, Sizes sizes, CancellationToken cancellation) =>
        RunAsync("growth-waiting-10000", server, sizes, sizes.Waiting, nameof(Functions.Wait), finished: false, cancellation);

    private static async Task RunAsync(
        string scenario, Server server, Sizes sizes, int count, string orchestrator, bool finished, CancellationToken cancellation)
    {
        await using EngineApp fresh = await Scenarios.FreshAsync(server, cancellation);
        string database = await server.NewDatabaseAsync("grown", cancellation);
        await using EngineApp grown = await EngineApp.StartAsync(database, "grown", cancellation);
        string template = finished
            ? await RunOneAsync(grown, orchestrator, cancellation)
            : (await grown.StartWaitingAsync(orchestrator, null, 1, cancellation))[0];
        Report.Progress($"{scenario}: making {count} instances");
        await GrowAsync(database, template, count, cancellation);

        Report.Progress($"{scenario}: chains on both hubs");
        List<double> freshTimes = [], grownTimes = [], freshRates = [], grownRates = [];
        for (int round = -2; round < sizes.Rounds; round++)
        {
            double[] onFresh = await fresh.ChainsInTurnAsync(sizes.Chains / 5, cancellation);
            double[] onGrown = await grown.ChainsInTurnAsync(sizes.Chains / 5, cancellation);
            double freshRate = (await fresh.ChainsAtOnceAsync(sizes.AtOnce, cancellation)).PerSecond;
            double grownRate = (await grown.ChainsAtOnceAsync(sizes.AtOnce, cancellation)).PerSecond;
            if (round < 0)
                continue;
            freshTimes.AddRange(onFresh);
            grownTimes.AddRange(onGrown);
            freshRates.Add(freshRate);
            grownRates.Add(grownRate);
        }

        double freshP50 = Report.Percentile(freshTimes, 50), grownP50 = Report.Percentile(grownTimes, 50);
        double freshPerSecond = Report.Percentile(freshRates, 50), grownPerSecond = Report.Percentile(grownRates, 50);
        Report.Result(scenario, count, grownTimes, grownPerSecond, new JsonObject
        {
            ["latencyRatio"] = Report.Rounded(grownP50 / freshP50),
            ["throughputRatio"] = Report.Rounded(freshPerSecond / grownPerSecond),
            ["freshP50Ms"] = Report.Rounded(freshP50),
            ["freshPerSecond"] = Report.Rounded(freshPerSecond),
            ["rounds"] = grownRates.Count,
        });
    }

    private static async Task<string> RunOneAsync(EngineApp app, string orchestrator, CancellationToken cancellation)
    {
        string id = await app.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, cancellation: cancellation);
        await app.Client.WaitForInstanceCompletionAsync(id, cancellation);
        return id;
    }

    /// <summary>Copies the rows of one instance under new ids, spread over the last hundred days. Rows that an engine would have updated are updated here too.</summary>
    private static async Task GrowAsync(string connectionString, string template, int count, CancellationToken cancellation)
    {
        await using NpgsqlDataSource database = NpgsqlDataSource.Create(connectionString);
        const int Batch = 10_000;
        for (int done = 0; done < count; done += Batch)
        {
            foreach (string table in (string[])["instances", "history", "messages"])
                await CopyAsync(database, table, template, done, Math.Min(count, done + Batch), cancellation);
            await using NpgsqlCommand update = database.CreateCommand(
                "UPDATE durable.instances SET updated_at = updated_at + interval '1 second' WHERE instance_id >= $1 AND instance_id < $2");
            update.Parameters.Add(new() { Value = $"grown-{done:D7}" });
            update.Parameters.Add(new() { Value = $"grown-{done + Batch:D7}" });
            await update.ExecuteNonQueryAsync(cancellation);
        }

        // Autovacuum does this when a hub grows at a usual speed.
        foreach (string table in (string[])["instances", "history", "messages"])
        {
            await using NpgsqlCommand vacuum = database.CreateCommand($"VACUUM (ANALYZE) durable.{table}");
            vacuum.CommandTimeout = 0;
            await vacuum.ExecuteNonQueryAsync(cancellation);
        }

        await using NpgsqlCommand checkpoint = database.CreateCommand("CHECKPOINT");
        checkpoint.CommandTimeout = 0;
        await checkpoint.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task CopyAsync(NpgsqlDataSource database, string table, string template, int from, int to, CancellationToken cancellation)
    {
        List<string> columns = [];
        await using (NpgsqlCommand names = database.CreateCommand(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'durable' AND table_name = $1 AND is_generated = 'NEVER'"))
        {
            names.Parameters.Add(new() { Value = table });
            await using NpgsqlDataReader reader = await names.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                columns.Add(reader.GetString(0));
        }

        // Message numbers come from the sequence.
        if (table == "messages")
            columns.Remove("id");
        IEnumerable<string> values = columns.Select(column => column switch
        {
            "instance_id" => "'grown-' || lpad(g::text, 7, '0')",
            "execution_id" when table == "messages" => "CASE WHEN t.execution_id IS NOT NULL THEN md5(g::text)::uuid END",
            "execution_id" => "md5(g::text)::uuid",
            "created_at" or "updated_at" or "completed_at" or "at" => $"t.{column} - g * interval '86 seconds'",
            _ => $"t.{column}",
        });
        await using NpgsqlCommand copy = database.CreateCommand(
            $"""
            INSERT INTO durable.{table} ({string.Join(", ", columns)})
            SELECT {string.Join(", ", values)}
            FROM generate_series($2::int, $3::int - 1) g, durable.{table} t
            WHERE t.instance_id = $1
            """);
        copy.Parameters.Add(new() { Value = template });
        copy.Parameters.Add(new() { Value = from });
        copy.Parameters.Add(new() { Value = to });
        copy.CommandTimeout = 0;
        await copy.ExecuteNonQueryAsync(cancellation);
    }
}
