using System.Collections.Concurrent;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>A database that restarts, a network that drops, no connection free, a full disk: the engine waits, says so once, and goes on.</summary>
public sealed class DatabaseFaultTests(RestartablePostgres server) : IClassFixture<RestartablePostgres>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_lost_or_duplicated_when_database_and_network_fail_at_random()
    {
        string database = await server.NewDatabaseAsync();
        await using var network = new FaultyNetwork(database);
        await using var faults = new DatabaseFaults(server, database, network, seed: Random.Shared.Next(100_000));

        SoakReport report = await faults.RunAsync(rounds: 7, atOnce: 10, Cancellation);

        TestContext.Current.TestOutputHelper!.WriteLine(report.Summary);
        Assert.True(report.Problems.Count == 0, report.ToString());
    }

    [Fact]
    public async Task A_transaction_whose_answer_is_lost_counts_once()
    {
        string database = await server.NewDatabaseAsync();
        await using var network = new FaultyNetwork(database) { LosesAnswerOfEvery = 9 };
        await using TestEngine engine = await TestEngine.StartAsync(network.ConnectionString, "lost", Adding(), Short);
        await using TestEngine client = await TestEngine.StartAsync(database, "lost", Adding(), start: false);
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => client.Client.ScheduleNewOrchestrationInstanceAsync("Adds", i, Cancellation)));

        foreach ((int index, string id) in ids.Index())
            Assert.Equal(index + 8, (await client.EndOf(id)).ReadOutputAs<int>());

        Assert.True(network.AnswersLost > 3);
        Assert.Empty(await HubCheck.ProblemsAsync(database, "lost", effects: false));
    }

    [Fact]
    public async Task An_outage_of_the_database_is_logged_once_when_it_begins_and_once_when_it_ends()
    {
        string database = await server.NewDatabaseAsync();
        await using TestEngine engine = await TestEngine.StartAsync(database, "away", Adding(), Short);
        Assert.Equal(8, (await engine.RunAsync("Adds", 0)).ReadOutputAs<int>());

        await server.CrashAsync();
        await Eventually.TrueAsync(() => engine.Log.Any(line => line.Contains("cannot use its database")));
        await server.StartAsync();
        await Eventually.TrueAsync(() => engine.Log.Any(line => line.Contains("can use its database again")));
        Assert.Equal(9, (await engine.RunAsync("Adds", 1)).ReadOutputAs<int>());

        Assert.Single(engine.Log, line => line.Contains("cannot use its database"));
        Assert.Single(engine.Log, line => line.Contains("can use its database again"));
        Assert.DoesNotContain(engine.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_lost_when_the_database_crashes()
    {
        string database = await server.NewDatabaseAsync();
        var runs = new ConcurrentBag<int>();
        TestFunctions functions = new TestFunctions()
            .Activity<int, int>("Work", async (value, cancellation) =>
            {
                runs.Add(value);
                await Task.Delay(20, cancellation);
                return value;
            })
            .Orchestrator("Chain", async context =>
            {
                int sum = 0;
                for (int i = 0; i < 20; i++)
                    sum += await context.CallActivityAsync<int>("Work", i);
                return sum;
            });
        await using TestEngine engine = await TestEngine.StartAsync(database, "crash", functions);
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => engine.Client.ScheduleNewOrchestrationInstanceAsync("Chain", Cancellation)));
        await Eventually.TrueAsync(() => runs.Count > 50);

        await server.CrashAsync();
        await Eventually.TrueAsync(() => engine.Log.Any(line => line.Contains("cannot use its database")));
        await server.StartAsync();

        foreach (string id in ids)
        {
            Assert.Equal(190, (await engine.EndOf(id)).ReadOutputAs<int>());
            IReadOnlyList<HistoryEvent> history = await engine.HistoryOf(id);
            Assert.Equal(Enumerable.Range(0, 20), history.Where(e => e.Kind == EventKind.TaskCompleted).Select(e => e.TaskId));
        }
    }

    [Fact]
    public async Task An_engine_waits_when_the_database_has_no_free_connection()
    {
        await using var small = new RestartablePostgres("-c max_connections=10");
        await small.InitializeAsync();
        List<NpgsqlConnection> others = await TakeAllConnectionsAsync(small.ConnectionString);
        await using TestEngine engine = await TestEngine.StartAsync(small.ConnectionString, "full", Adding(), Short);
        await Eventually.TrueAsync(() => engine.Log.Any(line => line.Contains("cannot use its database") && line.Contains("53300")));

        foreach (NpgsqlConnection connection in others.Skip(3))
            await connection.DisposeAsync();

        string id = "";
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Adds", 1, Cancellation);
                return true;
            }
            catch (Exception error) when (DurableStore.IsTransient(error))
            {
                return false;
            }
        });
        Assert.Equal(9, (await engine.EndOf(id)).ReadOutputAs<int>());
        foreach (NpgsqlConnection connection in others)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task Turns_are_committed_after_a_full_disk_has_space_again()
    {
        string database = await server.NewDatabaseAsync();
        await using TestEngine engine = await TestEngine.StartAsync(database, "disk", Adding(), Short);
        await engine.Store.UpgradeAsync(Cancellation);
        // What the server says when a table cannot grow.
        await ExecuteAsync(database, """
            CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON durable.history EXECUTE FUNCTION disk_is_full();
            """);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Adds", 1, Cancellation);
        await Eventually.TrueAsync(() => engine.Log.Any(line => line.Contains("No space left on device")));

        await ExecuteAsync(database, "DROP TRIGGER full_disk ON durable.history");

        Assert.Equal(9, (await engine.EndOf(id)).ReadOutputAs<int>());
        Assert.Empty(await HubCheck.ProblemsAsync(database, "disk", effects: false));
    }

    private static void Short(DurableEngineOptions options) => options.LeaseDuration = TimeSpan.FromSeconds(1);

    private static TestFunctions Adding() => new TestFunctions()
        .Activity<int, int>("Add", value => value + 1)
        .Orchestrator("Adds", async context =>
        {
            int value = context.GetInput<int>();
            for (int i = 0; i < 8; i++)
                value = await context.CallActivityAsync<int>("Add", value);
            return value;
        });

    private static async Task<List<NpgsqlConnection>> TakeAllConnectionsAsync(string connectionString)
    {
        List<NpgsqlConnection> taken = [];
        string text = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;
        while (true)
        {
            var connection = new NpgsqlConnection(text);
            try
            {
                await connection.OpenAsync(Cancellation);
                taken.Add(connection);
            }
            catch (PostgresException full) when (full.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                return taken;
            }
        }
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
