using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Entities: operations, state, failures, signals, clients.</summary>
public sealed class EntityTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static readonly EntityInstanceId Mine = new("Counter", "mine");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static TestFunctions Functions => new TestFunctions()
        .Entity<Counter>("Counter")
        .Orchestrator("Add", async context =>
        {
            int[] values = context.GetInput<int[]>()!;
            int sum = 0;
            foreach (int value in values)
                sum = await context.Entities.CallEntityAsync<int>(Mine, "Add", value);
            return sum;
        });

    [Fact]
    public async Task A_call_runs_an_operation_on_the_state_and_returns_its_result()
    {
        await using TestEngine engine = await database.StartAsync(Functions);

        OrchestrationMetadata end = await engine.RunAsync("Add", (int[])[1, 2, 39]);

        Assert.Equal(42, end.ReadOutputAs<int>());
        EntityMetadata<int> entity = (await engine.Client.Entities.GetEntityAsync<int>(Mine, Cancellation))!;
        Assert.Equal((42, 0, null), (entity.State, entity.BacklogQueueSize, entity.LockedBy));
        Assert.Equal("@counter@mine", entity.Id.ToString());
    }

    [Fact]
    public async Task Calls_are_made_once_when_the_orchestrator_is_replayed_at_every_turn()
    {
        await using TestEngine engine = await database.StartAsync(Functions, options => options.MaxLiveInstances = -1);

        Assert.Equal(10, (await engine.RunAsync("Add", (int[])[1, 2, 3, 4])).ReadOutputAs<int>());
        Assert.Equal(10, (await engine.Client.Entities.GetEntityAsync<int>(Mine, Cancellation))!.State);
    }

    [Fact]
    public async Task Signals_of_a_client_run_in_the_order_they_were_sent()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Entity<Log>("Log"));
        var id = new EntityInstanceId("log", "x");

        for (int i = 0; i < 50; i++)
            await engine.Client.Entities.SignalEntityAsync(id, i % 2 == 0 ? "append" : "APPEND", i, cancellation: Cancellation);
        await UntilStateAsync<List<int>>(engine, id, state => state.Count == 50);

        Assert.Equal(Enumerable.Range(0, 50), (await engine.Client.Entities.GetEntityAsync<List<int>>(id, Cancellation))!.State);
    }

    [Fact]
    public async Task Signals_and_calls_of_one_orchestrator_run_in_the_order_they_were_made()
    {
        var id = new EntityInstanceId("log", "y");
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<Log>("Log")
            .Orchestrator("Mixed", async context =>
            {
                await context.Entities.SignalEntityAsync(id, "append", 1);
                await context.Entities.SignalEntityAsync(id, "append", 2);
                await context.Entities.CallEntityAsync(id, "append", 3);
                await context.Entities.SignalEntityAsync(id, "append", 4);
                return await context.Entities.CallEntityAsync<int[]>(id, "all");
            }));

        Assert.Equal((int[])[1, 2, 3, 4], (await engine.RunAsync("Mixed")).ReadOutputAs<int[]>());
    }

    [Fact]
    public async Task Operations_of_one_entity_never_overlap()
    {
        int running = 0, overlaps = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity("Slow", () => new Handler(async operation =>
            {
                if (Interlocked.Increment(ref running) > 1)
                    Interlocked.Increment(ref overlaps);
                await Task.Yield();
                operation.State.SetState(operation.State.GetState<int>() + 1);
                Interlocked.Decrement(ref running);
                return null;
            }))
            .Orchestrator("Call", context => context.Entities.CallEntityAsync(new EntityInstanceId("slow", "1"), "go")));

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => engine.RunAsync("Call")));

        Assert.Equal(0, overlaps);
        Assert.Equal(40, (await engine.Client.Entities.GetEntityAsync<int>(new EntityInstanceId("slow", "1"), Cancellation))!.State);
    }

    [Fact]
    public async Task A_failed_operation_is_undone_and_its_caller_gets_the_cause()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<Counter>("Counter")
            .Orchestrator("Try", async context =>
            {
                await context.Entities.CallEntityAsync(Mine, "Add", 5);
                try
                {
                    await context.Entities.CallEntityAsync(Mine, "AddAndThrow", 100);
                    return "?";
                }
                catch (EntityOperationFailedException failure)
                {
                    int left = await context.Entities.CallEntityAsync<int>(Mine, "Get");
                    return $"{failure.EntityId} {failure.OperationName} {failure.FailureDetails.IsCausedBy<InvalidDataException>()} {left}";
                }
            }));

        Assert.Equal("@counter@mine AddAndThrow True 5", (await engine.RunAsync("Try")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_unhandled_failure_of_an_operation_fails_the_instance_with_its_cause()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<Counter>("Counter")
            .Orchestrator("Fail", context => context.Entities.CallEntityAsync(Mine, "NoSuchOperation")));

        OrchestrationMetadata end = await engine.RunAsync("Fail");

        Assert.True(end.FailureDetails!.IsCausedBy<EntityOperationFailedException>());
        Assert.True(end.FailureDetails.InnerFailure!.IsCausedBy<NotSupportedException>());
    }

    [Fact]
    public async Task The_operation_delete_removes_the_state()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        await engine.RunAsync("Add", (int[])[7]);

        await engine.Client.Entities.SignalEntityAsync(Mine, "delete", Cancellation);
        await Eventually.TrueAsync(async () => await engine.Client.Entities.GetEntityAsync(Mine, Cancellation) is null);

        Assert.Equal(1, (await engine.RunAsync("Add", (int[])[1])).ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_entity_sends_signals_and_starts_orchestrations_only_when_its_operation_succeeds()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<Counter>("Counter")
            .Entity("Relay", () => new Handler(operation =>
            {
                operation.State.SetState(operation.State.GetState<int>() + operation.GetInput<int>());
                operation.Context.SignalEntity(Mine, "Add", operation.GetInput<int>());
                string id = operation.Context.ScheduleNewOrchestration("Echo", operation.GetInput<int>(), new StartOrchestrationOptions($"by-{operation.GetInput<int>()}"));
                return operation.Name == "fail" ? throw new IOException() : ValueTask.FromResult<object?>(id);
            }))
            .Orchestrator("Echo", context => Task.FromResult(context.GetInput<int>())));
        var relay = new EntityInstanceId("relay", "1");

        await engine.Client.Entities.SignalEntityAsync(relay, "fail", 100, cancellation: Cancellation);
        await engine.Client.Entities.SignalEntityAsync(relay, "go", 1, cancellation: Cancellation);
        await UntilStateAsync<int>(engine, Mine, state => state == 1);

        Assert.Equal(1, (await engine.EndOf("by-1")).ReadOutputAs<int>());
        Assert.Equal(1, (await engine.Client.Entities.GetEntityAsync<int>(relay, Cancellation))!.State);
        Assert.Null(await engine.Client.GetInstanceAsync("by-100", Cancellation));
    }

    [Fact]
    public async Task A_signal_with_a_time_is_delivered_at_that_time()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Entity("Clock", () => new Handler(operation =>
        {
            operation.State.SetState(DateTimeOffset.UtcNow);
            return default;
        })));
        var id = new EntityInstanceId("clock", "1");
        DateTimeOffset at = DateTimeOffset.UtcNow.AddMilliseconds(400);

        await engine.Client.Entities.SignalEntityAsync(id, "tick", new SignalEntityOptions { SignalTime = at }, Cancellation);
        await UntilStateAsync<DateTimeOffset>(engine, id, _ => true);

        DateTimeOffset ticked = (await engine.Client.Entities.GetEntityAsync<DateTimeOffset>(id, Cancellation))!.State;
        Assert.True(ticked >= at, $"{at - ticked} early");
    }

    [Fact]
    public async Task Entities_are_listed_by_name_and_time_in_pages()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Entity<Counter>("Counter").Entity<Log>("Log"));
        for (int i = 0; i < 5; i++)
            await engine.Client.Entities.SignalEntityAsync(new EntityInstanceId("counter", $"k{i}"), "Add", i, cancellation: Cancellation);
        await engine.Client.Entities.SignalEntityAsync(new EntityInstanceId("log", "l"), "append", 1, cancellation: Cancellation);
        await Eventually.TrueAsync(async () => (await engine.Client.Entities.GetAllEntitiesAsync().ToListAsync(Cancellation)).Count == 6);

        var counters = new EntityQuery { InstanceIdStartsWith = "COUNTER@", PageSize = 2 };
        var pages = new List<int>();
        await foreach (Page<EntityMetadata<int>> page in engine.Client.Entities.GetAllEntitiesAsync<int>(counters).AsPages())
            pages.Add(page.Values.Count);
        List<EntityMetadata> bare = await engine.Client.Entities.GetAllEntitiesAsync(counters with { IncludeState = false }).ToListAsync(Cancellation);

        Assert.Equal([2, 2, 1], pages);
        Assert.All(bare, entity => Assert.False(entity.IncludesState));
        Assert.Equal(["k0", "k1", "k2", "k3", "k4"], bare.Select(entity => entity.Id.Key));
        Assert.Empty(await engine.Client.Entities.GetAllEntitiesAsync(new EntityQuery { LastModifiedTo = DateTimeOffset.UtcNow.AddDays(-1) }).ToListAsync(Cancellation));
        Assert.Empty(await engine.Client.GetAllInstancesAsync().ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Cleaning_up_removes_entities_without_state()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        await engine.RunAsync("Add", (int[])[7]);
        await engine.Client.Entities.SignalEntityAsync(Mine, "delete", Cancellation);
        await Eventually.TrueAsync(async () => await engine.Client.Entities.GetEntityAsync(Mine, Cancellation) is null);
        Assert.Single(await engine.Client.Entities.GetAllEntitiesAsync(new EntityQuery { IncludeTransient = true }).ToListAsync(Cancellation));

        CleanEntityStorageResult result = await engine.Client.Entities.CleanEntityStorageAsync(cancellation: Cancellation);

        Assert.Equal((1, 0), (result.EmptyEntitiesRemoved, result.OrphanedLocksReleased));
        Assert.Empty(await engine.Client.Entities.GetAllEntitiesAsync(new EntityQuery { IncludeTransient = true }).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task An_operation_that_a_stopped_engine_did_not_commit_runs_again_in_another()
    {
        string hub = $"entities-{Guid.NewGuid():N}";
        using var never = new SemaphoreSlim(0);
        using var begun = new SemaphoreSlim(0);
        TestFunctions On(bool hangs) => new TestFunctions().Entity("Work", () => new Handler(async operation =>
        {
            begun.Release();
            if (hangs)
                await never.WaitAsync(Cancellation);
            operation.State.SetState(operation.State.GetState<int>() + operation.GetInput<int>());
            return null;
        }));
        var id = new EntityInstanceId("work", "1");
        await using TestEngine first = await database.StartAsync(On(hangs: true), options => options.StopTimeout = TimeSpan.FromMilliseconds(50), hub);
        await first.Client.Entities.SignalEntityAsync(id, "add", 5, cancellation: Cancellation);
        await begun.WaitAsync(Cancellation);
        await first.StopAsync();

        await using TestEngine second = await database.StartAsync(On(hangs: false), hub: hub);

        await UntilStateAsync<int>(second, id, state => state == 5);
        never.Release();
    }

    [Fact]
    public async Task Rewinding_repeats_the_failed_call_and_keeps_the_others()
    {
        bool broken = true;
        int gets = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity("Part", () => new Handler(operation =>
            {
                if (operation.Name == "get")
                    return ValueTask.FromResult<object?>(Interlocked.Increment(ref gets));
                return Volatile.Read(ref broken) ? throw new IOException() : ValueTask.FromResult<object?>(10);
            }))
            .Orchestrator("Sum", async context =>
            {
                var id = new EntityInstanceId("part", "1");
                int first = await context.Entities.CallEntityAsync<int>(id, "get");
                return first + await context.Entities.CallEntityAsync<int>(id, "break");
            }));
        OrchestrationMetadata failed = await engine.RunAsync("Sum");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, failed.RuntimeStatus);
        Volatile.Write(ref broken, false);

        await engine.Client.RewindInstanceAsync(failed.InstanceId, "repaired", Cancellation);

        Assert.Equal(11, (await engine.EndOf(failed.InstanceId)).ReadOutputAs<int>());
        Assert.Equal(1, gets);
    }

    [Fact]
    public async Task A_call_of_an_entity_that_no_app_has_fails()
    {
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions().Orchestrator("Call", context => context.Entities.CallEntityAsync(new EntityInstanceId("misspelt", "1"), "go")),
            options => options.UnknownNameGrace = TimeSpan.FromMilliseconds(200));

        OrchestrationMetadata end = await engine.RunAsync("Call");

        Assert.Equal("EntityTaskNotFound", end.FailureDetails!.InnerFailure!.ErrorType);
        Assert.Contains("no entity named 'misspelt'", end.FailureDetails.InnerFailure.ErrorMessage);
    }

    [Fact]
    public async Task A_state_that_cannot_be_stored_fails_the_operation_but_not_the_entity()
    {
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions()
                .Entity("Text", () => new Handler(operation =>
                {
                    operation.State.SetState(operation.Name == "bad" ? "a\0b" : "good");
                    return default;
                }))
                .WithConverter(new PlainText())
                .Orchestrator("Call", context => context.Entities.CallEntityAsync(new EntityInstanceId("text", "1"), context.GetInput<string>()!)),
            services: services => services.AddSingleton<DataConverter>(new PlainText()));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.RunAsync("Call", "bad")).RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await engine.RunAsync("Call", "fine")).RuntimeStatus);
    }

    [Fact]
    public async Task A_replay_with_another_entity_operation_fails()
    {
        string hub = $"changed-{Guid.NewGuid():N}";
        static TestFunctions With(string operation) => new TestFunctions().Entity<Counter>("Counter").Orchestrator("Code", async context =>
        {
            await context.Entities.CallEntityAsync(Mine, operation, 1);
            await context.WaitForExternalEvent<bool>("go");
        });
        string id;
        await using (TestEngine first = await database.StartAsync(With("Add"), hub: hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Code", Cancellation);
            await Eventually.TrueAsync(async () => (await first.HistoryOf(id)).Any(e => e.Kind == EventKind.EntityCallCompleted));
        }

        await using TestEngine second = await database.StartAsync(With("Get"), hub: hub);
        await second.Client.RaiseEventAsync(id, "go", true, Cancellation);

        string message = (await second.EndOf(id)).FailureDetails!.ErrorMessage;
        Assert.Contains("called 'Add' of entity @counter@mine as #0", message);
        Assert.Contains("called 'Get' of entity @counter@mine as #0", message);
    }

    private static Task UntilStateAsync<T>(TestEngine engine, EntityInstanceId id, Func<T, bool> holds) => Eventually.TrueAsync(
        async () => await engine.Client.Entities.GetEntityAsync<T>(id, Cancellation) is { IncludesState: true } entity && holds(entity.State));

    public sealed class Counter : TaskEntity<int>
    {
        public int Add(int value) => State += value;

        public int Get() => State;

        public void AddAndThrow(int value)
        {
            State += value;
            throw new InvalidDataException("no");
        }
    }

    public sealed class Log : TaskEntity<List<int>>
    {
        public void Append(int value) => State.Add(value);

        public Task<List<int>> All() => Task.FromResult(State);
    }

    private sealed class PlainText : DataConverter
    {
        public override string? Serialize(object? value) => value?.ToString();

        public override object? Deserialize(string? data, Type targetType) => data;
    }

    internal sealed class Handler(Func<TaskEntityOperation, ValueTask<object?>> run) : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation) => run(operation);
    }
}
