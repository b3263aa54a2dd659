using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>Inputs and rows that cannot be used, and very large instances: they cost their own instance at most.</summary>
public sealed class PoisonTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_input_that_the_orchestrator_cannot_read_fails_its_instance()
    {
        await using TestEngine engine = await database.StartAsync(Functions());

        OrchestrationMetadata poisoned = await engine.RunAsync("Numbers", "not a number");
        OrchestrationMetadata whole = await engine.RunAsync("Numbers", 1);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, poisoned.RuntimeStatus);
        Assert.True(poisoned.FailureDetails!.IsCausedBy<System.Text.Json.JsonException>());
        Assert.Equal(2, whole.ReadOutputAs<int>());
    }

    [Theory]
    [InlineData("UPDATE durable.history SET kind = 'Nonsense' WHERE {0} AND seq = 2", "unknown kind 'Nonsense'")]
    [InlineData("DELETE FROM durable.history WHERE {0} AND seq = 2", "readable events")]
    [InlineData("UPDATE durable.history SET data = '{{' WHERE {0} AND kind = 'TaskCompleted'", "JsonException")]
    [InlineData("UPDATE durable.history SET task_id = 77 WHERE {0} AND kind = 'TaskScheduled'", "Non-deterministic orchestrator")]
    [InlineData("UPDATE durable.instances SET input = '{{' WHERE {0}", "Non-deterministic orchestrator")]
    [InlineData("UPDATE durable.messages SET kind = 'Nonsense' WHERE {0}", "unknown kind 'Nonsense'")]
    [InlineData("UPDATE durable.messages SET name = NULL WHERE {0}", "")]
    [InlineData("UPDATE durable.messages SET data = '{{' WHERE {0}", "JsonException")]
    [InlineData(
        "INSERT INTO durable.history SELECT (jsonb_populate_record(h, jsonb_build_object('seq', i.history_length + 1))).* "
        + "FROM durable.history h JOIN durable.instances i USING (hub, instance_id) WHERE {0} AND seq = 0",
        "")]
    public async Task A_corrupt_row_fails_only_its_instance(string corruption, string named)
    {
        string hub = $"poison-{Guid.NewGuid():N}";
        await using TestEngine writer = await database.StartAsync(Functions(), hub: hub);
        foreach (string id in (string[])["damaged", "whole"])
        {
            await writer.Client.ScheduleNewOrchestrationInstanceAsync("Numbers", 1, new StartOrchestrationOptions(id), Cancellation);
            await Eventually.TrueAsync(async () => (await writer.HistoryOf(id)).Any(e => e.Kind == EventKind.TaskCompleted));
        }

        await writer.StopAsync();
        foreach (string id in (string[])["damaged", "whole"])
            await writer.Client.RaiseEventAsync(id, "more", 5, Cancellation);
        await writer.QueryAsync<long>(
            $"WITH done AS ({string.Format(System.Globalization.CultureInfo.InvariantCulture, corruption, $"hub = '{hub}' AND instance_id = 'damaged'")} RETURNING 1) SELECT count(*) FROM done");
        await using TestEngine reader = await database.StartAsync(Functions(), hub: hub);

        Assert.Equal(7, (await reader.EndOf("whole")).ReadOutputAs<int>());
        OrchestrationMetadata end = await reader.EndOf("damaged");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains(named, end.FailureDetails!.ToString());
        Assert.Equal(2, (await reader.RunAsync("Numbers", 1)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Another_engine_takes_over_an_instance_with_a_long_history()
    {
        int calls = TestSize.Of(990, large: 9_990);
        string hub = $"long-{Guid.NewGuid():N}";
        await using TestEngine one = await database.StartAsync(Functions(), hub: hub);
        string id = await one.Client.ScheduleNewOrchestrationInstanceAsync("Long", calls, Cancellation);
        await Eventually.TrueAsync(async () => (await one.Client.GetInstanceAsync(id, true, Cancellation))!.SerializedCustomStatus is not null);
        await one.StopAsync();
        await using TestEngine two = await database.StartAsync(Functions(), hub: hub);

        await two.Client.RaiseEventAsync(id, "more", 10, Cancellation);

        Assert.Equal(10 + (calls * (calls + 1) / 2), (await two.EndOf(id)).ReadOutputAs<int>());
        Assert.True((await two.HistoryOf(id)).Count > 2 * calls);
    }

    [Fact]
    public async Task Many_suspended_instances_keep_their_events_and_delay_no_others()
    {
        await using TestEngine engine = await database.StartAsync(Functions());
        int count = TestSize.Of(100, large: 3_000);
        string[] ids = [.. Enumerable.Range(0, count).Select(i => $"suspended-{i}")];
        await Parallel.ForEachAsync(ids, Cancellation, async (id, cancellation) =>
        {
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("Pair", null, new StartOrchestrationOptions(id), cancellation);
            await engine.Client.SuspendInstanceAsync(id, "wait", cancellation);
            await engine.Client.RaiseEventAsync(id, "item", 1, cancellation);
            await engine.Client.RaiseEventAsync(id, "item", 2, cancellation);
        });
        await Eventually.TrueAsync(async () => await engine.QueryAsync<long>(
            $"SELECT count(*) FROM durable.instances WHERE hub = '{engine.Store.Hub}' AND status = 'Suspended' AND ready_at IS NULL") == count);

        string other = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Pair", Cancellation);
        await engine.Client.RaiseEventAsync(other, "item", 3, Cancellation);
        await engine.Client.RaiseEventAsync(other, "item", 4, Cancellation);
        Assert.Equal(34, (await engine.EndOf(other)).ReadOutputAs<int>());

        await Parallel.ForEachAsync(ids, Cancellation, async (id, cancellation) => await engine.Client.ResumeInstanceAsync(id, "go", cancellation));
        foreach (string id in ids)
            Assert.Equal(12, (await engine.EndOf(id)).ReadOutputAs<int>());
    }

    private static TestFunctions Functions() => new TestFunctions()
        .Activity<int, int>("Add", value => value + 1)
        .Orchestrator("Numbers", async context =>
        {
            int value = await context.CallActivityAsync<int>("Add", context.GetInput<int>());
            return context.InstanceId is "damaged" or "whole" ? value + await context.WaitForExternalEvent<int>("more") : value;
        })
        .Orchestrator("Pair", async context =>
            10 * await context.WaitForExternalEvent<int>("item") + await context.WaitForExternalEvent<int>("item"))
        .Orchestrator("Long", async context =>
        {
            int[] results = await Task.WhenAll(Enumerable.Range(0, context.GetInput<int>()).Select(i => context.CallActivityAsync<int>("Add", i)));
            context.SetCustomStatus("waiting");
            return results.Sum() + await context.WaitForExternalEvent<int>("more");
        });
}
