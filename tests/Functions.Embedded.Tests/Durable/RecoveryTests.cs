using System.Collections.Concurrent;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Npgsql;
using VisionPlatform.Functions.Embedded.Durable;
using VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>Several engines on one hub, and engines that die.</summary>
public sealed class RecoveryTests(DurableDatabase database, PostgresServer server) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_engines_on_one_hub_share_activities_and_each_result_is_recorded_once()
    {
        string hub = NewHub();
        var runs = new ConcurrentBag<(int Engine, int Value)>();
        // Whoever is first waits for the other, which finds more than enough that the first has no room for.
        var met = new TaskCompletionSource[] { new(), new() };
        TestFunctions On(int engine) => new TestFunctions()
            .Activity<int, int>("Work", async (value, cancellation) =>
            {
                runs.Add((engine, value));
                met[engine - 1].TrySetResult();
                await Task.WhenAll(met.Select(one => one.Task)).WaitAsync(cancellation);
                return value;
            })
            .Orchestrator("FanOut", async context => (await Task.WhenAll(
                Enumerable.Range(0, 200).Select(i => context.CallActivityAsync<int>("Work", i)))).Sum());
        await using TestEngine one = await database.StartAsync(On(1), options => options.MaxConcurrentActivities = 4, hub);
        await using TestEngine two = await database.StartAsync(On(2), options => options.MaxConcurrentActivities = 4, hub);

        OrchestrationMetadata end = await one.RunAsync("FanOut");

        Assert.Equal(199 * 200 / 2, end.ReadOutputAs<int>());
        Assert.Equal(200, runs.Count);
        Assert.Equal([1, 2], runs.Select(run => run.Engine).Distinct().Order());
        IReadOnlyList<HistoryEvent> history = await one.HistoryOf(end.InstanceId);
        Assert.Equal(Enumerable.Range(0, 200), history.Where(e => e.Kind == EventKind.TaskCompleted).Select(e => e.TaskId).Order());
    }

    [Fact]
    public async Task An_engine_takes_only_as_many_activities_as_it_has_room_for()
    {
        string hub = NewHub();
        using var gate = new SemaphoreSlim(0);
        int running = 0;
        TestFunctions functions = new TestFunctions()
            .Activity<int, int>("Work", async (value, cancellation) =>
            {
                Interlocked.Increment(ref running);
                await gate.WaitAsync(cancellation);
                return value;
            })
            .Orchestrator("FanOut", async context => (await Task.WhenAll(
                Enumerable.Range(0, 100).Select(i => context.CallActivityAsync<int>("Work", i)))).Length);
        static void Four(DurableEngineOptions options) => options.MaxConcurrentActivities = 4;
        await using TestEngine one = await database.StartAsync(functions, Four, hub);
        string id = await one.Client.ScheduleNewOrchestrationInstanceAsync("FanOut", Cancellation);
        await Eventually.TrueAsync(() => Volatile.Read(ref running) == 4);
        await using TestEngine two = await database.StartAsync(functions, Four, hub);
        await Eventually.TrueAsync(() => Volatile.Read(ref running) == 8);

        // Four that run and four that wait their turn, in each.
        Assert.Equal(16, await one.QueryAsync<long>($"SELECT count(*) FROM durable.activities WHERE hub = '{hub}' AND locked_by IS NOT NULL"));
        gate.Release(100);
        Assert.Equal(100, (await one.EndOf(id)).ReadOutputAs<int>());
        Assert.Equal(100, running);
    }

    [Fact]
    public async Task Events_and_waits_work_across_engines()
    {
        string hub = NewHub();
        await using TestEngine one = await database.StartAsync(Waiting(), hub: hub);
        await using TestEngine two = await database.StartAsync(Waiting(), hub: hub);
        string id = await one.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        await two.Client.WaitForInstanceStartAsync(id, Cancellation);
        Task<OrchestrationMetadata> end = two.EndOf(id);

        await two.Client.RaiseEventAsync(id, "go", "from the other", Cancellation);

        Assert.Equal("from the other", (await end).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Another_engine_takes_over_from_a_killed_process_when_its_leases_end()
    {
        string hub = NewHub();
        using EngineProcess killed = EngineProcess.Start(database.ConnectionString, hub, EngineProcess.JobProgram);
        await using TestEngine client = await TestEngine.StartAsync(
            database.ConnectionString, hub, EngineProcess.Job("the living", Task.CompletedTask), start: false);
        string id = await client.Client.ScheduleNewOrchestrationInstanceAsync("Job", Cancellation);
        await Eventually.TrueAsync(async () => await client.QueryAsync<long>($"SELECT count(*) FROM durable.activities WHERE hub = '{hub}'") == 1);

        killed.Kill();
        await client.StartAsync();

        Assert.Equal("done by the living", (await client.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Results_of_a_process_that_hung_are_refused_after_another_engine_took_over()
    {
        string hub = NewHub();
        using EngineProcess hung = EngineProcess.Start(database.ConnectionString, hub, EngineProcess.JobProgram);
        await using TestEngine living = await TestEngine.StartAsync(
            database.ConnectionString, hub, EngineProcess.Job("the living", Task.CompletedTask), start: false);
        string id = await living.Client.ScheduleNewOrchestrationInstanceAsync("Job", Cancellation);
        await Eventually.TrueAsync(async () => await living.QueryAsync<long>($"SELECT count(*) FROM durable.activities WHERE hub = '{hub}'") == 1);

        await hung.SignalAsync("STOP");
        await living.StartAsync();
        OrchestrationMetadata end = await living.EndOf(id);
        await hung.SignalAsync("CONT");
        await hung.StopAsync();

        Assert.Empty(hung.Errors);
        Assert.Equal("done by the living", end.ReadOutputAs<string>());
        IReadOnlyList<HistoryEvent> history = await living.HistoryOf(id);
        Assert.Single(history, e => e.Kind == EventKind.TaskCompleted);
        Assert.Single(history, e => e.Kind == EventKind.ExecutionCompleted);
        Assert.Equal("\"done by the living\"", (await living.Client.GetInstanceAsync(id, true, Cancellation))!.SerializedOutput);
        Assert.Equal(0, await living.QueryAsync<long>($"SELECT count(*) FROM durable.messages WHERE hub = '{hub}'"));
    }

    [Fact]
    public async Task Only_the_result_of_a_call_that_is_stored_first_counts()
    {
        string hub = NewHub();
        using var gate = new SemaphoreSlim(0);
        TestFunctions functions = new TestFunctions()
            .Activity<string, string>("Work", async (_, cancellation) =>
            {
                await gate.WaitAsync(cancellation);
                return "second";
            })
            .Orchestrator("Job", async context =>
            {
                string result = await context.CallActivityAsync<string>("Work");
                await context.WaitForExternalEvent<bool>("go");
                return result;
            });
        await using TestEngine engine = await database.StartAsync(functions, hub: hub);
        await using TestEngine other = await TestEngine.StartAsync(database.ConnectionString, hub, functions, start: false);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Job", Cancellation);
        await Eventually.TrueAsync(async () => await engine.QueryAsync<long>($"SELECT count(*) FROM durable.activities WHERE hub = '{hub}'") == 1);
        Guid execution = await engine.QueryAsync<Guid>($"SELECT execution_id FROM durable.activities WHERE hub = '{hub}'");

        other.Get<ActivityResults>().Add(
            new ActivityKey(id, execution, 0), new HistoryEvent(EventKind.TaskCompleted, DateTime.UtcNow) { TaskId = 0, Data = "\"first\"" });
        await Eventually.TrueAsync(async () => (await engine.HistoryOf(id)).Any(e => e.Kind == EventKind.TaskCompleted));
        gate.Release();
        await Eventually.TrueAsync(() => engine.Log.Any(line => line.Contains("was refused")));
        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);

        Assert.Equal("first", (await engine.EndOf(id)).ReadOutputAs<string>());
        Assert.Single(await engine.HistoryOf(id), e => e.Kind == EventKind.TaskCompleted);
    }

    [Fact]
    public async Task A_result_that_is_stored_together_with_a_later_one_counts_only_if_it_is_the_first()
    {
        TestFunctions functions = new TestFunctions()
            .Activity<string, string>("Work", async (_, cancellation) =>
            {
                await Task.Delay(Timeout.Infinite, cancellation);
                return "never";
            })
            .Orchestrator("Job", async context => string.Join(' ', await Task.WhenAll(
                context.CallActivityAsync<string>("Work"), context.CallActivityAsync<string>("Work"))));
        await using TestEngine engine = await database.StartAsync(functions, options => options.StopTimeout = TimeSpan.FromMilliseconds(300));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Job", Cancellation);
        await Eventually.TrueAsync(async () => await engine.QueryAsync<long>($"SELECT count(*) FROM durable.activities WHERE instance_id = '{id}'") == 2);
        Guid execution = await engine.QueryAsync<Guid>($"SELECT DISTINCT execution_id FROM durable.activities WHERE instance_id = '{id}'");
        async Task<int> StoreAsync(int[] tasks, string[] results)
        {
            await using NpgsqlConnection connection = await engine.Store.OpenAsync(Cancellation);
            await using NpgsqlBatch batch = connection.ToBatch(ActivitySql.StoreResults.ToCommand(
                engine.Store.Hub, Array.ConvertAll(tasks, _ => id), Array.ConvertAll(tasks, _ => execution), tasks,
                Array.ConvertAll(tasks, _ => EventKind.TaskCompleted.ToString()), results));
            return await batch.ExecuteNonQueryAsync(Cancellation);
        }

        Assert.Equal(1, await StoreAsync([0], ["\"first\""]));
        Assert.Equal(1, await StoreAsync([0, 1], ["\"late\"", "\"second\""]));

        Assert.Equal("first second", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_engine_takes_an_instance_of_another_one_only_when_the_lease_has_ended()
    {
        string hub = NewHub();
        await using TestEngine one = await TestEngine.StartAsync(database.ConnectionString, hub, Waiting(), start: false);
        await using TestEngine two = await TestEngine.StartAsync(database.ConnectionString, hub, Waiting(), start: false);
        string id = await one.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        static async Task<List<string>> TakeAsync(TestEngine engine, TimeSpan lease)
        {
            await using NpgsqlConnection connection = await engine.Store.OpenAsync(Cancellation);
            await using NpgsqlBatch batch = connection.ToBatch(InstanceSql.Take.ToCommand(
                engine.Store.Hub, engine.Store.Owner, lease, 10, Array.Empty<string>(), Array.Empty<string>()));
            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(Cancellation);
            List<string> taken = [];
            while (await reader.ReadAsync(Cancellation))
                taken.Add(reader.GetString(0));
            return taken;
        }

        Assert.Equal([id], await TakeAsync(one, TimeSpan.FromHours(1)));
        Assert.Empty(await TakeAsync(two, TimeSpan.FromHours(1)));
        Assert.Equal([id], await TakeAsync(one, TimeSpan.Zero)); // It may take its own again; this lease has ended at once.
        Assert.Equal([id], await TakeAsync(two, TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task Leases_of_a_long_activity_and_of_one_that_waits_behind_it_are_renewed()
    {
        string hub = NewHub();
        int runs = 0;
        var ends = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        TestFunctions functions = new TestFunctions()
            .Activity<string, int>("Long", (string _, CancellationToken cancellation) =>
            {
                Interlocked.Increment(ref runs);
                return ends.Task.WaitAsync(cancellation);
            })
            .Orchestrator("Job", async context =>
                (await Task.WhenAll(context.CallActivityAsync<int>("Long"), context.CallActivityAsync<int>("Long"))).Sum());
        // Leases are renewed when a third of them is over. With one call that runs and one that waits the first engine is full: if they lost their
        // leases, only the second could take them.
        static void Short(DurableEngineOptions options) => (options.LeaseDuration, options.MaxConcurrentActivities) = (TimeSpan.FromSeconds(6), 1);
        await using TestEngine one = await database.StartAsync(functions, Short, hub);
        Task<OrchestrationMetadata> job = one.RunAsync("Job");
        await Eventually.TrueAsync(async () => await one.QueryAsync<long>($"SELECT count(*) FROM durable.activities WHERE hub = '{hub}' AND locked_by IS NOT NULL") == 2);
        await using TestEngine two = await database.StartAsync(functions, Short, hub);
        for (int renewal = 0; renewal < 2; renewal++)
        {
            DateTime end = await one.QueryAsync<DateTime>($"SELECT max(visible_at) FROM durable.activities WHERE hub = '{hub}'");
            await Eventually.TrueAsync(
                () => one.QueryAsync<bool>($"SELECT min(visible_at) > '{end:O}' FROM durable.activities WHERE hub = '{hub}'"), "both leases are renewed");
        }

        Assert.Equal(one.Store.Owner, await one.QueryAsync<Guid>($"SELECT DISTINCT locked_by FROM durable.activities WHERE hub = '{hub}'"));
        Assert.Equal(1, Volatile.Read(ref runs));
        ends.SetResult(1);

        Assert.Equal(2, (await job).ReadOutputAs<int>());
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task The_lease_of_an_instance_that_waits_in_memory_is_renewed()
    {
        await using TestEngine engine = await database.StartAsync(Waiting(), options =>
            (options.LeaseDuration, options.LiveInstanceIdleTime) = (TimeSpan.FromSeconds(6), Eventually.Limit));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        await Eventually.TrueAsync(() => engine.Get<LiveInstances>().Holds(id));

        for (int renewal = 0; renewal < 2; renewal++)
        {
            DateTime end = await engine.QueryAsync<DateTime>($"SELECT locked_until FROM durable.instances WHERE instance_id = '{id}'");
            await Eventually.TrueAsync(
                () => engine.QueryAsync<bool>($"SELECT locked_until > '{end:O}' FROM durable.instances WHERE instance_id = '{id}'"), "the lease is renewed");
        }

        Assert.True(engine.Get<LiveInstances>().Holds(id));
    }

    [Fact]
    public async Task Another_engine_continues_at_once_after_a_stop()
    {
        string hub = NewHub();
        var started = new ConcurrentBag<string>();
        TestFunctions On(string engine) => new TestFunctions()
            .Activity<string, string>("Slow", async (string _, CancellationToken cancellation) =>
            {
                started.Add(engine);
                if (engine == "first")
                    await Task.Delay(Timeout.Infinite, cancellation);
                return engine;
            })
            .Orchestrator("Job", context => context.CallActivityAsync<string>("Slow"));
        static void Patient(DurableEngineOptions options)
        {
            options.LeaseDuration = TimeSpan.FromMinutes(5);
            options.StopTimeout = TimeSpan.FromMilliseconds(300);
        }

        await using TestEngine first = await database.StartAsync(On("first"), Patient, hub);
        string id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Job", Cancellation);
        await Eventually.TrueAsync(() => started.Contains("first"));
        await first.StopAsync();

        await using TestEngine second = await database.StartAsync(On("second"), Patient, hub);

        Assert.Equal("second", (await second.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_stopping_engine_lets_running_activities_finish_and_records_their_results()
    {
        string hub = NewHub();
        int runs = 0;
        using var begun = new SemaphoreSlim(0);
        var finish = new TaskCompletionSource();
        TestFunctions functions = new TestFunctions()
            .Activity<string, int>("Work", async (string _, CancellationToken cancellation) =>
            {
                begun.Release();
                await finish.Task.WaitAsync(cancellation);
                return Interlocked.Increment(ref runs);
            })
            .Orchestrator("Job", context => context.CallActivityAsync<int>("Work"));
        await using TestEngine first = await database.StartAsync(functions, options => options.StopTimeout = Eventually.Limit, hub);
        string id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Job", Cancellation);
        await begun.WaitAsync(Cancellation);
        Task stop = first.StopAsync();
        finish.SetResult();
        await stop.EndsAsync();

        await using TestEngine second = await database.StartAsync(functions, hub: hub);

        Assert.Equal(1, (await second.EndOf(id)).ReadOutputAs<int>());
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task Work_for_functions_that_an_app_lacks_waits_for_an_app_that_has_them()
    {
        string hub = NewHub();
        await using TestEngine without = await database.StartAsync(new TestFunctions(), hub: hub);
        string id = await without.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        await Eventually.TrueAsync(() => without.Log.Any(line => line.Contains("no orchestrator Wait")));
        await using TestEngine onlyOrchestrator = await database.StartAsync(
            new TestFunctions().Orchestrator("Wait", context => context.CallActivityAsync<string>("There")), hub: hub);
        await Eventually.TrueAsync(() => onlyOrchestrator.Log.Concat(without.Log).Any(line => line.Contains("no activity There")));

        await using TestEngine withActivity = await database.StartAsync(new TestFunctions().Activity<string, string>("There", (string _) => "found"), hub: hub);

        Assert.Equal("found", (await onlyOrchestrator.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_idle_instance_leaves_memory_and_returns_with_an_event()
    {
        await using TestEngine engine = await database.StartAsync(Waiting(), options =>
            (options.LiveInstanceIdleTime, options.LeaseDuration) = (TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1)));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        await engine.Client.WaitForInstanceStartAsync(id, Cancellation);
        await Eventually.TrueAsync(() => !engine.Get<LiveInstances>().Holds(id));

        await engine.Client.RaiseEventAsync(id, "go", "back", Cancellation);

        Assert.Equal("back", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Engines_that_start_together_on_an_empty_database_create_the_schema_once()
    {
        string empty = DurableEngineOptions.ParseConnectionString(await server.NewDatabaseAsync());
        string hub = NewHub();
        TestEngine[] engines = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => TestEngine.StartAsync(empty, hub, Waiting())));
        string id = await engines[0].Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        await engines[1].Client.RaiseEventAsync(id, "go", "x", Cancellation);

        Assert.Equal("x", (await engines[2].EndOf(id)).ReadOutputAs<string>());
        Assert.True(await engines[0].QueryAsync<bool>("SELECT count(*) = count(DISTINCT version) AND min(version) = 1 FROM durable.schema_version"));
        foreach (TestEngine engine in engines)
            await engine.DisposeAsync();
    }

    private static string NewHub() => $"hub-{Guid.NewGuid():N}";

    private static TestFunctions Waiting() => new TestFunctions().Orchestrator("Wait", context => context.WaitForExternalEvent<string>("go"));
}
