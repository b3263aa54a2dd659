using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.DurableTask.Entities;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Orchestrations that have entities to themselves.</summary>
public sealed class CriticalSectionTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static readonly EntityInstanceId A = new("account", "a");
    private static readonly EntityInstanceId B = new("account", "b");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Transfers_between_locked_accounts_keep_the_total()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<EntityTests.Counter>("Account")
            .Orchestrator("Transfer", async context =>
            {
                (bool forth, int amount) = context.GetInput<(bool, int)>();
                (EntityInstanceId from, EntityInstanceId to) = forth ? (A, B) : (B, A);
                await using (await context.Entities.LockEntitiesAsync(from, to))
                {
                    int balance = await context.Entities.CallEntityAsync<int>(from, "Get");
                    await context.Entities.CallEntityAsync(from, "Add", -amount);
                    await context.Entities.CallEntityAsync(to, "Add", amount);
                    // Nobody came in between.
                    return await context.Entities.CallEntityAsync<int>(from, "Get") == balance - amount;
                }
            }));

        OrchestrationMetadata[] ends = await Task.WhenAll(Enumerable.Range(1, 10).Select(i => engine.RunAsync("Transfer", (i % 3 == 0, i))));

        Assert.All(ends, end => Assert.True(end.ReadOutputAs<bool>()));
        Assert.Equal(0, await StateOf(engine, A) + await StateOf(engine, B));
        await Eventually.TrueAsync(async () => await engine.QueryAsync<long>(
            $"SELECT count(*) FROM durable.entities WHERE hub = '{engine.Store.Hub}' AND lock_id IS NOT NULL") == 0);
    }

    [Fact]
    public async Task Other_callers_of_a_locked_entity_wait_until_the_critical_section_ends()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<EntityTests.Counter>("Account")
            .Orchestrator("Hold", async context =>
            {
                await using (await context.Entities.LockEntitiesAsync(A))
                {
                    context.SetCustomStatus(context.Entities.InCriticalSection(out IReadOnlyList<EntityInstanceId>? ids) ? ids.Count : -1);
                    await context.WaitForExternalEvent<bool>("go");
                    await context.Entities.CallEntityAsync(A, "Add", 1);
                }

                return context.Entities.InCriticalSection();
            })
            .Orchestrator("Other", context => context.Entities.CallEntityAsync<int>(A, "Add", 10)));
        string holding = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Hold", Cancellation);
        await Eventually.TrueAsync(async () => (await engine.Client.GetInstanceAsync(holding, true, Cancellation))!.SerializedCustomStatus == "1");

        string waiting = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Other", Cancellation);
        await Eventually.TrueAsync(() => engine.QueryAsync<bool>(
            $"SELECT count(*) = 1 FROM durable.entity_messages WHERE hub = '{engine.Store.Hub}' AND sender = '{waiting}'"));
        EntityMetadata? locked = await engine.Client.Entities.GetAllEntitiesAsync(new EntityQuery { IncludeTransient = true }).SingleAsync(Cancellation);
        await engine.Client.RaiseEventAsync(holding, "go", true, Cancellation);

        Assert.Equal((holding, 1), (locked.LockedBy, locked.BacklogQueueSize));
        Assert.False((await engine.EndOf(holding)).ReadOutputAs<bool>());
        Assert.Equal(11, (await engine.EndOf(waiting)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Operations_that_a_critical_section_does_not_allow_are_refused()
    {
        var refused = new List<string>();
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<EntityTests.Counter>("Account")
            .Orchestrator("Rules", async context =>
            {
                async Task Refused(string what, Func<Task> act)
                {
                    try
                    {
                        await act();
                    }
                    catch (InvalidOperationException) when (!context.IsReplaying)
                    {
                        refused.Add(what);
                    }
                }

                await using (await context.Entities.LockEntitiesAsync(A))
                {
                    await Refused("nested", () => context.Entities.LockEntitiesAsync(B));
                    await Refused("call another", () => context.Entities.CallEntityAsync(B, "Get"));
                    await Refused("signal a locked one", () => context.Entities.SignalEntityAsync(A, "Add", 1));
                    await Refused("sub-orchestration", () => context.CallSubOrchestratorAsync("Rules"));
                    Task first = context.Entities.CallEntityAsync(A, "Add", 1);
                    await Refused("two calls at once", () => context.Entities.CallEntityAsync(A, "Add", 1));
                    await first;
                    await context.Entities.SignalEntityAsync(B, "Add", 1);
                }

                return await context.Entities.CallEntityAsync<int>(A, "Get");
            }));

        Assert.Equal(1, (await engine.RunAsync("Rules")).ReadOutputAs<int>());
        Assert.Equal(["nested", "call another", "signal a locked one", "sub-orchestration", "two calls at once"], refused);
    }

    [Theory]
    [InlineData("fails")]
    [InlineData("continues as new")]
    [InlineData("ends")]
    public async Task An_orchestration_that_ends_inside_a_critical_section_releases_its_locks(string how)
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<EntityTests.Counter>("Account")
            .Orchestrator("Careless", async context =>
            {
                string input = context.GetInput<string>()!;
                if (input == "again")
                    return "done";
                await context.Entities.LockEntitiesAsync(A, B);
                if (input == "fails")
                    throw new IOException();
                if (input == "continues as new")
                    context.ContinueAsNew("again");
                return input;
            })
            .Orchestrator("Next", context => context.Entities.CallEntityAsync<int>(B, "Add", 1)));

        await engine.RunAsync("Careless", how);

        Assert.Equal(1, (await engine.RunAsync("Next")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_terminated_orchestration_releases_its_locks()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<EntityTests.Counter>("Account")
            .Orchestrator("Hold", async context =>
            {
                await using (await context.Entities.LockEntitiesAsync(A, B))
                    await context.WaitForExternalEvent<bool>("never");
            })
            .Orchestrator("Next", context => context.Entities.CallEntityAsync<int>(A, "Add", 1)));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Hold", Cancellation);
        await Eventually.TrueAsync(() => engine.QueryAsync<bool>(
            $"SELECT count(*) = 2 FROM durable.entities WHERE hub = '{engine.Store.Hub}' AND lock_owner = '{id}'"));
        string next = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Next", Cancellation);

        await engine.Client.TerminateInstanceAsync(id, Cancellation);

        Assert.Equal(1, (await engine.EndOf(next)).ReadOutputAs<int>());
        await Eventually.TrueAsync(async () =>
        {
            await engine.Client.Entities.CleanEntityStorageAsync(cancellation: Cancellation);
            return await engine.QueryAsync<long>($"SELECT count(*) FROM durable.entities WHERE hub = '{engine.Store.Hub}' AND lock_id IS NOT NULL") == 0;
        });
    }

    [Fact]
    public async Task Cleaning_up_keeps_an_entity_without_state_that_an_orchestration_has_locked()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<EntityTests.Counter>("Account")
            .Orchestrator("Hold", async context =>
            {
                await using (await context.Entities.LockEntitiesAsync(A))
                {
                    await context.WaitForExternalEvent<bool>("go");
                    return await context.Entities.CallEntityAsync<int>(A, "Add", 1);
                }
            }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Hold", Cancellation);
        await Eventually.TrueAsync(() => engine.QueryAsync<bool>(
            $"SELECT count(*) = 1 FROM durable.entities WHERE hub = '{engine.Store.Hub}' AND lock_owner = '{id}' AND ready_at IS NULL AND locked_until <= now()"));

        CleanEntityStorageResult cleaned = await engine.Client.Entities.CleanEntityStorageAsync(cancellation: Cancellation);
        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);

        Assert.Equal((0, 0), (cleaned.EmptyEntitiesRemoved, cleaned.OrphanedLocksReleased));
        Assert.Equal(1, (await engine.EndOf(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_termination_that_waits_for_the_commit_of_a_locked_entity_makes_the_entity_ready()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Entity<EntityTests.Counter>("Account")
            .Orchestrator("Hold", async context =>
            {
                await using (await context.Entities.LockEntitiesAsync(A))
                    await context.WaitForExternalEvent<bool>("never");
            }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Hold", Cancellation);
        string locked = $"hub = '{engine.Store.Hub}' AND lock_owner = '{id}'";
        await Eventually.TrueAsync(() => engine.QueryAsync<bool>($"SELECT EXISTS (SELECT FROM durable.entities WHERE {locked})"));
        await engine.StopAsync();

        // What a commit does that found nothing for the entity to do.
        await using NpgsqlConnection commit = await engine.Store.OpenAsync(Cancellation);
        await using NpgsqlTransaction transaction = await commit.BeginTransactionAsync(Cancellation);
        await using (var update = new NpgsqlCommand($"UPDATE durable.entities SET ready_at = now() + interval '1 day' WHERE {locked}", commit))
            Assert.Equal(1, await update.ExecuteNonQueryAsync(Cancellation));
        Task termination = engine.Client.TerminateInstanceAsync(id, Cancellation);
        await Eventually.TrueAsync(
            () => engine.QueryAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database()))"),
            "the termination waits for the lock");
        await transaction.CommitAsync(Cancellation);
        await termination.EndsAsync();

        Assert.True(await engine.QueryAsync<bool>($"SELECT ready_at <= now() FROM durable.entities WHERE {locked}"));
    }

    private static async Task<int> StateOf(TestEngine engine, EntityInstanceId id) =>
        (await engine.Client.Entities.GetEntityAsync<int>(id, Cancellation))!.State;
}
