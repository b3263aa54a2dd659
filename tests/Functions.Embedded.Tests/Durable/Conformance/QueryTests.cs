using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Looking for instances.</summary>
public sealed class QueryTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Instances_are_listed_by_filter_in_pages()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        DateTimeOffset begun = DateTimeOffset.UtcNow.AddSeconds(-1);
        for (int i = 0; i < 7; i++)
            await engine.RunAsync("Echo", $"{i}", $"list-{i}");
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("list-waiting"), Cancellation);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("other"), Cancellation);

        var query = new OrchestrationQuery(
            begun, Statuses: [OrchestrationRuntimeStatus.Completed], InstanceIdPrefix: "list-", PageSize: 3, FetchInputsAndOutputs: true);
        var pages = new List<Page<OrchestrationMetadata>>();
        await foreach (Page<OrchestrationMetadata> page in engine.Client.GetAllInstancesAsync(query).AsPages())
            pages.Add(page);

        Assert.Equal([3, 3, 1], pages.Select(page => page.Values.Count));
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], pages.SelectMany(page => page.Values).Select(found => found.ReadOutputAs<string>()));
        Assert.Empty(await engine.Client.GetAllInstancesAsync(new OrchestrationQuery(CreatedTo: begun)).ToListAsync(Cancellation));
        Page<string> ids = await engine.Client.ListInstanceIdsAsync([OrchestrationRuntimeStatus.Completed], begun, null, 5, null, Cancellation);
        Assert.Equal(5, ids.Values.Count);
        Assert.Equal("list-4", ids.ContinuationToken);
    }

    [Fact]
    public async Task Instances_can_be_listed_by_every_status()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.RunAsync("Echo", "x", "completed");
        await engine.RunAsync("Throw", null, "failed");
        foreach (string id in (string[])["running", "suspended", "terminated"])
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions(id), Cancellation);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Wait", new StartOrchestrationOptions("pending", DateTimeOffset.UtcNow.AddDays(1)), Cancellation);
        await engine.Client.SuspendInstanceAsync("suspended", "", Cancellation);
        await engine.Client.TerminateInstanceAsync("terminated", Cancellation);
        await Eventually.TrueAsync(async () => await StatusOf("suspended") == OrchestrationRuntimeStatus.Suspended
            && await StatusOf("running") == OrchestrationRuntimeStatus.Running);

        foreach (OrchestrationRuntimeStatus status in (OrchestrationRuntimeStatus[])
            [
                OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Running,
                OrchestrationRuntimeStatus.Suspended, OrchestrationRuntimeStatus.Terminated, OrchestrationRuntimeStatus.Pending,
            ])
        {
            List<OrchestrationMetadata> found = await engine.Client.GetAllInstancesAsync(new OrchestrationQuery(Statuses: [status])).ToListAsync(Cancellation);
            Assert.Equal([status.ToString().ToLowerInvariant()], found.Select(instance => instance.InstanceId));
        }

        async Task<OrchestrationRuntimeStatus> StatusOf(string id) => (await engine.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus;
    }

    [Fact]
    public async Task Created_time_id_prefix_hub_and_continuation_token_narrow_a_list()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.RunAsync("Echo", "x", "a-1");
        DateTimeOffset between = (await engine.Client.GetInstanceAsync("a-1", Cancellation))!.CreatedAt.AddMicroseconds(1);
        await engine.RunAsync("Echo", "x", "a-2");
        await engine.RunAsync("Echo", "x", "b-1");

        Assert.Equal(["a-1"], await IdsOf(new OrchestrationQuery(CreatedTo: between)));
        Assert.Equal(["a-2", "b-1"], await IdsOf(new OrchestrationQuery(CreatedFrom: between)));
        Assert.Equal(["a-1", "a-2"], await IdsOf(new OrchestrationQuery(InstanceIdPrefix: "a-")));
        Assert.Equal(3, (await IdsOf(new OrchestrationQuery(TaskHubNames: [engine.Store.Hub, "another"]))).Count);
        Assert.Empty(await IdsOf(new OrchestrationQuery(TaskHubNames: ["another"])));
        Assert.Equal(["a-2", "b-1"], await IdsOf(new OrchestrationQuery(ContinuationToken: "a-1")));
        Page<OrchestrationMetadata> second = await engine.Client.GetAllInstancesAsync().AsPages("a-1", pageSizeHint: 1).FirstAsync(Cancellation);
        Assert.Equal(("a-2", "a-2"), (second.Values.Single().InstanceId, second.ContinuationToken));

        async Task<List<string>> IdsOf(OrchestrationQuery query) =>
            [.. (await engine.Client.GetAllInstancesAsync(query).ToListAsync(Cancellation)).Select(instance => instance.InstanceId)];
    }

    [Fact]
    public async Task Inputs_outputs_custom_status_and_failures_are_returned_only_on_request()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.RunAsync("Echo", "x", "e");

        OrchestrationMetadata bare = (await engine.Client.GetInstanceAsync("e", Cancellation))!;
        OrchestrationMetadata full = (await engine.Client.GetInstanceAsync("e", getInputsAndOutputs: true, Cancellation))!;

        Assert.Null(bare.SerializedInput ?? bare.SerializedOutput ?? bare.SerializedCustomStatus);
        Assert.Throws<InvalidOperationException>(bare.ReadOutputAs<string>);
        Assert.Equal(("x", "x"), (full.ReadInputAs<string>(), full.ReadOutputAs<string>()));
        Assert.True(full is { IsCompleted: true, IsRunning: false } && full.LastUpdatedAt >= full.CreatedAt);
    }

    [Fact]
    public async Task Ids_are_listed_by_the_end_time_of_their_instances()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        for (int i = 0; i < 3; i++)
            await engine.RunAsync("Echo", "x", $"done-{i}");
        DateTimeOffset ended = (await engine.Client.GetInstanceAsync("done-1", Cancellation))!.LastUpdatedAt;
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("waiting"), Cancellation);

        Page<string> early = await engine.Client.ListInstanceIdsAsync(completedTimeTo: ended, cancellation: Cancellation);
        Page<string> first = await engine.Client.ListInstanceIdsAsync(completedTimeFrom: DateTimeOffset.UnixEpoch, pageSize: 2, cancellation: Cancellation);
        Page<string> rest = await engine.Client.ListInstanceIdsAsync(
            completedTimeFrom: DateTimeOffset.UnixEpoch, pageSize: 2, lastInstanceKey: first.ContinuationToken, cancellation: Cancellation);

        Assert.Equal(["done-0", "done-1"], early.Values);
        Assert.Equal(["done-0", "done-1"], first.Values);
        Assert.Equal(["done-2"], rest.Values);
        Assert.Null(rest.ContinuationToken);
    }
}
