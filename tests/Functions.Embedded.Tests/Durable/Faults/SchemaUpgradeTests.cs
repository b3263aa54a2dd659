using System.Globalization;
using System.Text;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>
/// A database as the first version of the schema left it, with instances under way, and what newer programs make of it.
/// <c>Data/schema-1.sql</c> is that schema as released, <c>Data/in-flight-1.sql</c> the rows that the first engine wrote before it was killed.
/// </summary>
public sealed class SchemaUpgradeTests(PostgresServer server)
{
    private const string Hub = "in-flight";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Engines_that_upgrade_the_first_schema_at_the_same_time_finish_its_running_instances()
    {
        string connection = DurableEngineOptions.ParseConnectionString(await server.NewDatabaseAsync());
        await ExecuteAsync(connection, await File.ReadAllTextAsync(Data("schema-1.sql"), Cancellation), await File.ReadAllTextAsync(Data("in-flight-1.sql"), Cancellation));
        await using TestEngine one = await TestEngine.StartAsync(connection, Hub, Functions(), start: false);
        await using TestEngine two = await TestEngine.StartAsync(connection, Hub, Functions(), start: false);

        await Task.WhenAll(one.StartAsync(), two.StartAsync());
        DurableTaskClient client = two.Client;
        await client.RaiseEventAsync("collecting", "item", 3, Cancellation);
        await client.RaiseEventAsync("collecting", "item", 4, Cancellation);
        await client.RaiseEventAsync("suspended", "item", 2, Cancellation);
        await client.ResumeInstanceAsync("suspended", "done", Cancellation);
        await client.RaiseEventAsync("generations", "add", 7, Cancellation);
        await client.RaiseEventAsync("generations", "add", 8, Cancellation);
        await client.RaiseEventAsync("child", "item", 9, Cancellation);

        Assert.Equal(6, (await one.EndOf("chain")).ReadOutputAs<int>());
        Assert.Equal(7, (await one.EndOf("later")).ReadOutputAs<int>());
        Assert.Equal(1830, (await one.EndOf("fan-out")).ReadOutputAs<int>());
        Assert.Equal(new[] { 1, 2, 3, 4 }, (await one.EndOf("collecting")).ReadOutputAs<int[]>());
        Assert.Equal(new[] { 1, 2 }, (await one.EndOf("suspended")).ReadOutputAs<int[]>());
        Assert.Equal(26, (await one.EndOf("generations")).ReadOutputAs<int>());
        Assert.Equal(42, (await one.EndOf("timer")).ReadOutputAs<int>());
        Assert.Equal(23, (await one.EndOf("parent")).ReadOutputAs<int>());
        Assert.Equal(2, (await one.EndOf("retrying")).ReadOutputAs<int>());
        Assert.Equal("Attempt 0 failed.", (await one.EndOf("failed")).FailureDetails!.InnerFailure!.ErrorMessage);
        Assert.Empty(await HubCheck.ProblemsAsync(connection, Hub, effects: false));
        Assert.Equal(1, (await client.PurgeInstanceAsync("finished", Cancellation)).PurgedInstanceCount);
        Assert.DoesNotContain(one.Log.Concat(two.Log), line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_program_works_on_a_newer_schema_unless_the_schema_requires_a_newer_program()
    {
        string connection = DurableEngineOptions.ParseConnectionString(await server.NewDatabaseAsync());
        await using TestEngine first = await TestEngine.StartAsync(connection, Hub, Functions());
        Assert.Equal(5, (await first.RunAsync("Chain", 1)).ReadOutputAs<int>());

        // What newer programs have made of the schema: one adds a column and an index, the next changes what is there.
        await ExecuteAsync(connection, """
            INSERT INTO durable.schema_version (version, name) VALUES (9001, '9001_more');
            ALTER TABLE durable.instances ADD COLUMN more text NOT NULL DEFAULT '';
            CREATE INDEX instances_more ON durable.instances (hub, more);
            """);
        await using TestEngine second = await TestEngine.StartAsync(connection, Hub, Functions());
        Assert.Equal(6, (await first.RunAsync("Chain", 2)).ReadOutputAs<int>());
        Assert.Equal(7, (await second.RunAsync("Chain", 3)).ReadOutputAs<int>());

        await ExecuteAsync(connection, "INSERT INTO durable.schema_version (version, name, works_from) VALUES (9002, '9002_other', 9002)");
        await using TestEngine third = await TestEngine.StartAsync(connection, Hub, Functions());
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => third.Client.ScheduleNewOrchestrationInstanceAsync("Chain", 4, Cancellation));
        Assert.Contains("needs a program that knows version 9002", error.Message);
        await Eventually.TrueAsync(() => third.Log.Any(line => line.Contains("Start a newer one")));
    }

    [Fact]
    public async Task The_first_schema_file_is_unchanged_since_its_release()
    {
        await using Stream shipped = typeof(DurableSchema).Assembly.GetManifestResourceStream(
            typeof(DurableSchema).Assembly.GetManifestResourceNames().Single(name => name.EndsWith("0001_tables.sql", StringComparison.Ordinal)))!;

        // What has run on databases must not change; what comes after has a number of its own.
        Assert.EndsWith(
            (await new StreamReader(shipped).ReadToEndAsync(Cancellation)).Trim(),
            (await File.ReadAllTextAsync(Data("schema-1.sql"), Cancellation)).Trim(),
            StringComparison.Ordinal);
    }

    /// <summary>How the rows were made; needs a program whose newest schema is version 1.</summary>
    [Fact(Explicit = true)]
    public async Task Write_the_rows_of_running_instances()
    {
        string connection = DurableEngineOptions.ParseConnectionString(await server.NewDatabaseAsync());
        await using (TestEngine engine = await TestEngine.StartAsync(connection, Hub, Functions(), options => options.MaxConcurrentActivities = 2))
        {
            DurableTaskClient client = engine.Client;
            foreach ((string name, string id, object? input) in Started)
                await client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), Cancellation);
            await client.ScheduleNewOrchestrationInstanceAsync(
                "Chain", 3, new StartOrchestrationOptions("later", DateTimeOffset.UtcNow.AddSeconds(3)), Cancellation);
            await client.RaiseEventAsync("collecting", "item", 1, Cancellation);
            await client.RaiseEventAsync("collecting", "item", 2, Cancellation);
            await client.RaiseEventAsync("generations", "add", 5, Cancellation);
            await client.RaiseEventAsync("generations", "add", 6, Cancellation);
            await client.SuspendInstanceAsync("suspended", "maintenance", Cancellation);
            await Eventually.TrueAsync(async () => (await client.GetInstanceAsync("suspended", Cancellation))!.RuntimeStatus == OrchestrationRuntimeStatus.Suspended);
            await client.RaiseEventAsync("suspended", "item", 1, Cancellation);
            await client.WaitForInstanceCompletionAsync("finished", Cancellation);
            await client.WaitForInstanceCompletionAsync("failed", Cancellation);
            await Eventually.TrueAsync(async () => (await engine.HistoryOf("fan-out")).Any(e => e.Kind == EventKind.TaskCompleted));
            await File.WriteAllTextAsync(Environment.GetEnvironmentVariable("IN_FLIGHT_FILE")!, await DumpAsync(connection), Cancellation);
        }
    }

    private static readonly (string Name, string Id, object? Input)[] Started =
    [
        ("Chain", "finished", 1),
        ("Failing", "failed", null),
        ("Collecting", "collecting", 4),
        ("Collecting", "suspended", 2),
        ("Generations", "generations", new Generation(0, 3, 0, 0)),
        ("Timer", "timer", null),
        ("Parent", "parent", 10),
        ("FanOut", "fan-out", 60),
        ("Chain", "chain", 2),
        ("Retrying", "retrying", null),
    ];

    private static TestFunctions Functions() => new TestFunctions()
        .Activity<int, int>("Add", async (int value, CancellationToken cancellation) =>
        {
            await Task.Delay(30, cancellation);
            return value + 1;
        })
        .Activity<int, int>("Fail", (int attempt) => attempt < 2 ? throw new InvalidOperationException($"Attempt {attempt} failed.") : attempt)
        .Orchestrator("Chain", async context =>
        {
            int value = context.GetInput<int>();
            for (int i = 0; i < 4; i++)
                value = await context.CallActivityAsync<int>("Add", value);
            return value;
        })
        .Orchestrator("FanOut", async context => (await Task.WhenAll(
            Enumerable.Range(0, context.GetInput<int>()).Select(i => context.CallActivityAsync<int>("Add", i)))).Sum())
        .Orchestrator("Failing", context => context.CallActivityAsync<int>("Fail", 0))
        .Orchestrator("Retrying", async context =>
        {
            for (int attempt = 0; ; attempt++)
            {
                try
                {
                    return await context.CallActivityAsync<int>("Fail", attempt);
                }
                catch (TaskFailedException failure) when (failure.FailureDetails.IsCausedBy<InvalidOperationException>())
                {
                }

                await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
            }
        })
        .Orchestrator("Timer", async context =>
        {
            context.SetCustomStatus("waiting");
            await context.CreateTimer(TimeSpan.FromSeconds(2), CancellationToken.None);
            return await context.CallActivityAsync<int>("Add", 41);
        })
        .Orchestrator("Collecting", async context =>
        {
            List<int> items = [];
            while (items.Count < context.GetInput<int>())
                items.Add(await context.WaitForExternalEvent<int>("item"));
            return items;
        })
        .Orchestrator("Generations", async context =>
        {
            Generation generation = context.GetInput<Generation>()!;
            int sum = generation.Sum + await context.WaitForExternalEvent<int>("add");
            if (generation.Number < generation.Last)
                context.ContinueAsNew(generation with { Number = generation.Number + 1, Sum = sum });
            return sum;
        })
        .Orchestrator("Parent", async context =>
        {
            Task<int> chain = context.CallSubOrchestratorAsync<int>("Chain", context.GetInput<int>());
            Task<List<int>> items = context.CallSubOrchestratorAsync<List<int>>("Collecting", 1, new SubOrchestrationOptions(instanceId: "child"));
            return await chain + (await items).Sum();
        });

    private static string Data(string file) => Path.Combine(AppContext.BaseDirectory, "Durable", "Faults", "Data", file);

    private static async Task ExecuteAsync(string connectionString, params string[] scripts)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancellation);
        foreach (string script in scripts)
        {
            await using var command = new NpgsqlCommand(script, connection);
            await command.ExecuteNonQueryAsync(Cancellation);
        }
    }

    /// <summary>The rows of the engine's tables as INSERT statements, in one snapshot.</summary>
    private static async Task<string> DumpAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancellation);
        await using NpgsqlTransaction snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, Cancellation);
        var text = new StringBuilder();
        foreach (string table in (string[])["schema_version", "instances", "history", "messages", "activities"])
        {
            // quote_nullable writes any value as a literal, which its column reads back.
            await using var command = new NpgsqlCommand(
                $"""
                SELECT format('INSERT INTO durable.{table} (%s) VALUES (%s);',
                              string_agg(quote_ident(c.key), ', ' ORDER BY c.ordinality), string_agg(quote_nullable(c.value), ', ' ORDER BY c.ordinality))
                FROM (SELECT row_number() OVER () AS number, to_json(t) AS row FROM durable.{table} t) r,
                     json_each_text(r.row) WITH ORDINALITY AS c (key, value, ordinality)
                GROUP BY r.number
                ORDER BY r.number
                """,
                connection);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Cancellation);
            while (await reader.ReadAsync(Cancellation))
                text.AppendLine(CultureInfo.InvariantCulture, $"{reader.GetString(0)}");
        }

        await using var sequence = new NpgsqlCommand("SELECT last_value FROM durable.messages_id_seq", connection);
        text.AppendLine(CultureInfo.InvariantCulture, $"SELECT setval('durable.messages_id_seq', {await sequence.ExecuteScalarAsync(Cancellation)});");
        return text.ToString();
    }
}
